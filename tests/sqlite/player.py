"""SQLite with Tocsin in it, as tests drive it: host.c through pipes, and cases as tables and queries."""
import json
import re
import subprocess
from dataclasses import dataclass, field

MARK = re.compile(r"END (\d+) (.*)")


@dataclass
class Answer:
    """What one script gave: columns and rows of its last statement that has some, the rows of all."""
    code: int = 0
    message: str = ""
    columns: list = None
    rows: list = field(default_factory=list)
    all_rows: list = field(default_factory=list)


def script(text):
    data = text.encode()
    return b"SQL %d\n%s\n" % (len(data), data)


def play(host, blocks, options=(), timeout=120):
    """The answers to blocks: strings are scripts of SQL, bytes stand as they are (b"OPEN\\n"), and give an answer if they open."""
    stdin = b"".join(b if isinstance(b, bytes) else script(b) for b in blocks)
    done = subprocess.run([host, *options], input=stdin, capture_output=True, timeout=timeout)
    answers, at = [], Answer()
    for line in done.stdout.decode(errors="surrogateescape").splitlines():
        end = MARK.match(line)
        if end:
            at.code, at.message = int(end[1]), end[2].replace("\\n", "\n")
            answers.append(at)
            at = Answer()
        elif line.startswith("COLUMNS "):
            at.columns, at.rows = json.loads(line[8:]), []
        else:
            at.rows.append(json.loads(line))
            at.all_rows.append(at.rows[-1])
    wanted = sum(isinstance(b, str) or b.startswith((b"OPEN", b"STEP")) for b in blocks)
    if done.returncode or len(answers) < wanted:
        answers += [Answer(-1, f"the host ended with status {done.returncode}: {done.stderr.decode(errors='replace')[-2000:]}")] * (wanted - len(answers))
    return answers


def step(text):
    data = text.encode()
    return b"STEP %d\n%s\n" % (len(data), data)


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def name(text):
    return '"' + text.replace('"', '""') + '"'


def table(stream, columns, rows):
    """A table with rows; columns are (name, type)."""
    made = f"CREATE TABLE {name(stream)} ({', '.join(name(n) + ' ' + t for n, t in columns)});\n"
    if not rows:
        return made
    values = ", ".join(f"value ->> {i}" for i in range(len(columns)))
    return made + f"INSERT INTO {name(stream)} SELECT {values} FROM json_each({quoted(json.dumps(rows))});\n"


def adhoc(text, options=None):
    more = ", " + quoted(json.dumps(options)) if options else ""
    return f"SELECT pattern, row FROM tocsin_query({quoted(text)}{more});"


def typed(text, options=""):
    return f"CREATE VIRTUAL TABLE temp.the_matches USING tocsin({quoted(text)}{options});\nSELECT * FROM temp.the_matches;"


def plain(value):
    """A value of JSON as SQLite gives it: truth as 0 and 1, lists as JSON text."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, (list, dict)):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return value

#!/usr/bin/env python3
"""Plays case files: text in, rows out.

  run.py [--tocsin ./tocsin] [--player tests/play] [--sqlite tests/sqlite/host] [--accept] [FILE or FOLDER ...]

The format stands at the head of format.py. --accept writes what came into the case files instead of complaining; look
at what it changed. The last line is "N passed, N failed"; a case counts once for itself and once for each law in it.
"""
import argparse
import concurrent.futures
import difflib
import os
import re
import shlex
import sqlite3
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True      # the source folder may be read-only
import format as f                  # noqa: E402
import in_sqlite                    # noqa: E402
from format import CaseError        # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
FINDING = re.compile(r"[^:\n]*:(\d+):(\d+): (error|warning|note)\[(\w+)\]: (.*)")
HINT = re.compile(r"\s*(?:= )?(hint: .*)")
BATCHES = (1, 2, 3, 7)
PARAMETER = ("-p", "--param")
PEAKS = {"live_paths": "live_paths_peak", "bytes": "state_bytes_peak"}
SECONDS = 60


class Wrong(Exception):
    """The answer is not the promised one: lines that say so."""


def difference(promised, came):
    lines = list(difflib.unified_diff(promised, came, "promised", "came", lineterm="", n=100))
    return "\n".join(lines[:2] + lines[3:])


def compare(promised, came):
    if promised != came:
        raise Wrong(difference(promised, came))


class Played:
    """A case on its way through the command, with its files in a folder of its own."""

    def __init__(self, case, options, folder):
        self.case, self.options, self.folder = case, options, folder
        self.inputs, self.declared = [], []
        for block in case.all("rows"):
            rows = f.rows_of(block)
            if any(i.startswith(rows.stream + "=") for i in self.inputs) and rows.is_table:
                if not case.one("host"):
                    raise CaseError(f"line {block.line}: the command loads a table once; host player does so again")
                continue
            if any(i.startswith(rows.stream + "=") for i in self.inputs):   # more of a stream, behind what came before
                with open(os.path.join(folder, rows.stream + ".jsonl"), "a", encoding="utf-8") as file:
                    file.write(f.json_lines(rows))
                continue
            self.add_input(rows.stream, rows.stream + ".jsonl", f.json_lines(rows))
            self.declared.append(f"CREATE {'TABLE' if rows.is_table else 'STREAM'} {rows.stream} ({' '.join(rows.declaration.split())});\n")
        for block in case.all("input"):
            words = block.head.split()
            if len(words) != 2:
                raise CaseError(f"line {block.line}: input stream file-name")
            whole = f.inner_text(f.Block("input", "", block.lines))
            if words[1].startswith("sqlite:"):
                self.add_database(*words, whole)
            else:
                self.add_input(words[0], words[1], whole + "\n")
        self.pattern = os.path.join(folder, "case.cep")
        self.text, self.lines_before = self.pattern_text()
        self.write("case.cep", self.text)

    def pattern_text(self):
        query, text = self.case.one("query"), self.case.one("text")
        if bool(query) == bool(text):
            raise CaseError("a case has either a query or a text")
        if text:
            return f.inner_text(text) + "\n", 0
        streams = "".join(self.declared)
        return streams + f.inner_text(query) + "\n", streams.count("\n")

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        return path

    def add_input(self, stream, name, text):
        self.inputs.append(f"{stream}={self.write(name, text)}")

    def add_database(self, stream, url, sql):
        path, _, query = url.removeprefix("sqlite:").partition("?")
        path = os.path.join(self.folder, path)
        connection = sqlite3.connect(path)
        try:
            connection.executescript(sql)
        except sqlite3.Error as e:
            raise CaseError(f"{url}: {e}") from e
        finally:
            connection.close()
        self.inputs.append(f"{stream}=sqlite:{path}" + ("?" + query if query else ""))

    def command(self, *arguments):
        try:
            done = subprocess.run([self.options.tocsin, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                                  timeout=SECONDS, env={**os.environ, "NO_COLOR": "1"})
        except subprocess.TimeoutExpired:
            raise Wrong(f"tocsin {arguments[0]} did not end within {SECONDS} s") from None
        if done.returncode < 0:
            raise Wrong(f"tocsin {arguments[0]} was ended by signal {-done.returncode}\n"
                        + done.stderr.decode(errors="replace"))
        return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")

    def host(self):
        """The words of the block `host`: player, and what stands on its PATTERN line."""
        return f.inner_text(self.case.one("host")).split() if self.case.one("host") else [""]

    def more(self):
        return [word for block in self.case.all("args") for word in shlex.split(f.inner_text(block))]

    # --- what came, as blocks: (head, lines), or None ---

    def diagnostics(self):
        more = self.more()
        bound = [word for i, word in enumerate(more) if word in PARAMETER or (i and more[i - 1] in PARAMETER)]
        asked = [word for block in self.case.all("check") for word in shlex.split(f.inner_text(block))]
        _, out, errors = self.command("check", self.pattern, *bound, *asked)
        lines = []
        for line in (out + errors).splitlines():
            found, hint = FINDING.fullmatch(line), HINT.fullmatch(line)
            if found:
                row, column, severity, code, message = found.groups()
                lines.append(f"  {int(row) - self.lines_before}:{column} {severity}[{code}] {message}")
            elif hint and lines:
                lines.append("    " + hint.group(1))
        return ("", lines) if lines else None

    def run(self):
        """(expect, fails, counters) of a run."""
        if self.case.one("host"):
            if self.host()[0] != "player":
                raise CaseError("a host is: player")
            rows, status, message, counters = self.play(0)
            return rows, (str(status), ["  " + message]) if status else None, counters
        status, out, errors = self.command("run", self.pattern, *self.inputs, "--to", "jsonl", "--stats", *self.more())
        said = errors.rstrip().splitlines()
        counters = {}
        if said and said[-1].startswith("{"):
            try:
                counters = f.loads(said[-1])
                said.pop()
            except ValueError:
                pass
        fails = None
        if status:
            fails = (str(status), ["  " + line.replace(self.folder + os.sep, "") for line in said if line.strip()])
        return self.rows(out), fails, counters

    def rows(self, out):
        """JSON Lines as the head of an expect block and rows of cells."""
        columns, rows = None, []
        for line in out.splitlines():
            try:
                row = f.loads(line)
            except ValueError:
                raise Wrong(f"this output line is no JSON: {line}") from None
            if columns is not None and columns != list(row):
                raise Wrong(f"rows with different columns: ({', '.join(columns)}) and ({', '.join(row)})")
            columns = list(row)
            rows.append([f.show(v) for v in row.values()])
        return ("" if columns is None else "(" + ", ".join(columns) + ")"), rows

    def play(self, size):
        """The rows that the player gives for batches of some size, its status, message and counters."""
        if not self.case.all("rows") or self.case.all("input"):
            raise CaseError("batches takes blocks of rows and no input")
        rows = [f.rows_of(block) for block in self.case.all("rows")]
        blocks = [("PATTERN", "".join(" " + word for word in self.host()[1:]), self.text)] + [("ROWS", " " + r.stream, f.json_lines(r)) for r in rows]
        blocks = b"".join(f"{kind} {len(text.encode())}{name}\n{text}\n".encode() for kind, name, text in blocks)
        try:
            done = subprocess.run([self.options.player, "--stats", "--batch", str(size)], input=blocks, capture_output=True,
                                  timeout=SECONDS)
        except subprocess.TimeoutExpired:
            raise Wrong(f"the player did not end within {SECONDS} s") from None
        lines = done.stdout.decode(errors="replace").splitlines()
        if done.returncode or not lines or not lines[-1].startswith("END "):
            raise Wrong(f"the player ended with status {done.returncode}\n" + done.stderr.decode(errors="replace"))
        _, status, message = (lines.pop() + "  ").split(" ", 2)
        message, brace, counters = message.partition('{"rows_in"')
        return self.rows("\n".join(lines)), int(status), message.strip(), f.loads(brace + counters)


def words(lines):
    """Without the blanks that only line columns up."""
    return [" ".join(line.split()) for line in lines]


def promised_rows(block):
    return [[f.show(v) for v in row] for row in f.table(block)]


def check_rows(block, came):
    head, rows = came
    if block.head and head:
        compare([block.head], [head])
    promised = promised_rows(block)
    if promised != rows:                         # lined up together, so that only what differs differs
        lines = f.lined_up(promised + rows)
        compare(lines[:len(promised)], lines[len(promised):])


def numbers(block, counters, limits):
    for name, value in f.pairs(block).items():
        name = PEAKS.get(name, name) if limits else name
        if name not in counters:
            raise Wrong(f"--stats has no {name}")
        came = float(counters[name])
        if came > float(value) if limits else came != float(value):
            raise Wrong(f"{name} is {counters[name]}, promised is {'at most ' if limits else ''}{value}")


def itself(played):
    """Plays the case and compares all that it promises."""
    case = played.case
    expect, diagnostics, fails = case.one("expect"), case.one("diagnostics"), case.one("fails")
    if not expect and not diagnostics and not fails:
        raise CaseError("the case promises nothing; --accept writes what comes")
    if diagnostics:
        came = played.diagnostics()
        compare(words(diagnostics.lines), words(came[1] if came else []))
    if not expect and not fails:
        return
    rows, failed, counters = played.run()
    if fails and not failed:
        raise Wrong("it should fail, but did not; rows:\n" + "\n".join(f.lined_up(rows[1])))
    if failed and not fails:
        raise Wrong(f"tocsin run ended with status {failed[0]}:\n" + "\n".join(failed[1]))
    if fails:
        compare([fails.head], [failed[0]])
        compare(words(fails.lines), words(failed[1]))
    if expect:
        check_rows(expect, rows)
    if case.one("stats"):
        numbers(case.one("stats"), counters, False)
    if case.one("limits"):
        numbers(case.one("limits"), counters, True)


def batches(played):
    """However the rows are cut into batches, the answer is the same."""
    if not os.path.exists(played.options.player):
        raise Wrong(f"there is no player at {played.options.player}")
    expect = played.case.one("expect")
    for size in BATCHES:
        rows, status, message, _ = played.play(size)
        try:
            if status and not played.case.one("fails"):
                raise Wrong(f"the player answered {status}: {message}")
            if expect:
                check_rows(expect, rows)
        except Wrong as e:
            raise Wrong(f"in batches of {size}:\n{e}") from None


def through_sqlite(played):
    """SQLite gives the rows that the command gives."""
    if "WATERMARK" in played.text.upper() and str(played.run()[2].get("rows_late", 0)) != "0":
        return
    wrong = in_sqlite.play(played.case, played.text, played.declared, played.options.sqlite)
    if wrong:
        raise Wrong(wrong)


LAWS = {"batches": batches}


def ways(case, options):
    """The case itself, the laws in `also`, and SQLite where the case is for it too."""
    found = [("", itself)]
    if options.sqlite and in_sqlite.suits(case):
        found.append(("sqlite", through_sqlite))
    for block in case.all("also"):
        for law in f.split_columns(f.inner_text(block)):
            if law not in LAWS:
                raise CaseError(f"line {block.line}: {law} is no law; there are {', '.join(LAWS)}")
            found.append((law, LAWS[law]))
    return found


def play(path, case, options):
    """(passed, failed, text) of one case."""
    try:
        todo = ways(case, options)
    except CaseError as e:
        return 0, 1, f"{os.path.relpath(path)}: {case.promise or case.name}\n    {e}"
    passed, failures = 0, []
    for law, way in todo:
        try:
            with tempfile.TemporaryDirectory(prefix="tocsin-case-") as folder:
                way(Played(case, options, folder))
            passed += 1
        except (Wrong, CaseError) as e:
            title = f"{os.path.relpath(path)}: {case.promise or case.name}" + (f" [{law}]" if law else "")
            failures.append(title + "\n" + "\n".join("    " + line for line in str(e).splitlines()))
    return passed, len(failures), "\n".join(failures)


def answers(case, options):
    """What came, as the blocks that --accept writes."""
    with tempfile.TemporaryDirectory(prefix="tocsin-case-") as folder:
        played = Played(case, options, folder)
        found = {}
        diagnostics = played.diagnostics()
        broken = diagnostics and any(re.search(r" error\[", line) for line in diagnostics[1])
        # Where a run goes well all the same, its inputs tell of the stream what the text alone does not.
        if broken and (case.one("diagnostics") or not played.inputs or played.run()[1]):
            return {"diagnostics": diagnostics, "expect": None, "fails": None}
        if case.one("diagnostics"):              # warnings are promised where a case asks for them
            found["diagnostics"] = diagnostics or ("", [])
        if not played.inputs:
            return found
        rows, failed, _ = played.run()
        found["fails"] = failed
        found["expect"] = None if failed and not rows[1] else (rows[0], f.lined_up(rows[1]))
        return found


def same_answer(case, new):
    """Whether a case says so already, so that its spelling may stay."""
    for kind, block in new.items():
        old = case.one(kind)
        if bool(old) != bool(block):
            return False
        if not old:
            continue
        if kind == "expect":
            if (old.head and old.head != block[0]) or f.lined_up(promised_rows(old)) != block[1]:
                return False
        elif old.head != block[0] or words(old.lines) != words(block[1]):
            return False
    return True


def accept(path, text, cases, options):
    """Writes what came into the file; answers how many cases could not be played."""
    changed = failed = 0
    for case in reversed(cases):                 # from the end, so that line numbers stay right
        try:
            new = answers(case, options)
            if not same_answer(case, new):
                text = f.replace(text, case, new)
                changed += 1
        except (CaseError, Wrong) as e:
            print(f"{os.path.relpath(path)}: {case.promise or case.name}\n    {e}")
            failed += 1
    if changed:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        print(f"{os.path.relpath(path)}: {changed} accepted")
    return failed


def files(places):
    for place in places:
        if os.path.isfile(place):
            yield place
        for folder, folders, names in os.walk(place):
            folders.sort()
            yield from (os.path.join(folder, name) for name in sorted(names) if name.endswith(".case"))


def main():
    parser = argparse.ArgumentParser(description="Plays case files.", epilog="The format: the head of format.py.")
    parser.add_argument("--tocsin", default="./tocsin", help="the command (./tocsin)")
    parser.add_argument("--player", default="tests/play", help="the player for batches (tests/play)")
    parser.add_argument("--sqlite", help="SQLite with Tocsin in it; without, it is left out")
    parser.add_argument("--accept", action="store_true", help="write what came into the case files")
    parser.add_argument("places", nargs="*", metavar="FILE-OR-FOLDER", default=[HERE])
    options = parser.parse_args()
    for name in ("tocsin", "player", "sqlite"):
        if getattr(options, name):
            setattr(options, name, os.path.abspath(getattr(options, name)))

    passed = failed = 0
    jobs = []
    for path in files(options.places):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        name = os.path.splitext(os.path.relpath(path, HERE))[0]
        try:
            cases = f.read(text, name)
            if options.accept:
                bad = accept(path, text, cases, options)
                passed, failed = passed + len(cases) - bad, failed + bad
            else:
                jobs += [(path, case) for case in cases]
        except (CaseError, Wrong) as e:
            print(f"{os.path.relpath(path)}: {e}")
            failed += 1
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for good, bad, report in pool.map(lambda job: play(*job, options), jobs):
            passed += good
            failed += bad
            if report:
                print(report, flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

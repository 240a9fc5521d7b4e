"""The engine under test, as a function from cases to answers.

A player program reads cases on standard input, each a line "PATTERN <bytes>", the pattern file, a newline, and blocks of
rows: a line "ROWS <bytes>[ <stream>]", JSON Lines and a newline. For each case it writes the output rows as JSON
Lines and a line "END <status> <message>": 0 done, 1 the pattern does not compile, 2 not supported yet, 3 a
run-time error. "cli:PATH" is the command line program instead, one process for each case.
"""
import json
import os
import re
import subprocess
import tempfile
from dataclasses import dataclass

OK, COMPILE, UNSUPPORTED, RUN, DIED = 0, 1, 2, 3, 4


@dataclass
class Played:
    status: int
    columns: list = None
    rows: list = None
    message: str = ""


def pattern_file(case):
    columns = [f'"{n}" {t}' if not re.fullmatch(r"[A-Za-z_]\w*", n) else f"{n} {t}" for n, t in case["stream"]]
    if "watermark_delay_ms" in case:
        columns.append(f"WATERMARK FOR ts AS ts - INTERVAL '{case['watermark_delay_ms'] / 1000}' SECOND")
    query = case["query"].rstrip().rstrip(";")
    return f"CREATE STREAM s ({', '.join(columns)});\nCREATE PATTERN m AS\n{query};\n"


def rows_file(case):
    names = [n for n, _ in case["stream"]]
    return "".join(json.dumps(dict(zip(names, row))) + "\n" for row in case["rows"])


def table(lines):
    """Column names and rows of JSON Lines, in order."""
    objects = [json.loads(line) for line in lines if line.strip()]
    columns = list(objects[0]) if objects else []
    for o in objects:
        if list(o) != columns:
            raise ValueError(f"rows with different columns: {columns}, {list(o)}")
    return columns, [list(o.values()) for o in objects]


def finished(status, lines, message):
    if status != OK:
        return Played(status, message=message)
    try:
        columns, rows = table(lines)
    except ValueError as e:
        return Played(DIED, message=f"output is not as promised: {e}")
    return Played(OK, columns, rows, message)


class Player:
    def __init__(self, command, options=(), timeout=60):
        self.command, self.options, self.timeout = command, list(options), timeout

    def play(self, cases):
        """One answer for each case, in order. A player that dies loses one case and goes on after it."""
        if self.command.startswith("cli:"):
            return [self.run_cli(case) for case in cases]
        answers = []
        while len(answers) < len(cases):
            rest = cases[len(answers):]
            found, why = self.session(rest)
            answers += found
            if len(found) < len(rest):
                answers.append(Played(DIED, message=why))
        return answers

    def session(self, cases):
        """The answers that one process gave, and why it gave no more."""
        blocks = b""
        for case in cases:
            for kind, text in (("PATTERN", pattern_file(case)), ("ROWS", rows_file(case))):
                data = text.encode()
                blocks += f"{kind} {len(data)}\n".encode() + data + b"\n"
        process = subprocess.Popen([self.command, *self.options], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        try:
            out, errors = process.communicate(blocks, timeout=self.timeout)
            why = f"the player ended with status {process.returncode}: {errors.decode(errors='replace')[-2000:]}"
        except subprocess.TimeoutExpired:
            process.kill()
            out, errors = process.communicate()
            why = f"no answer in {self.timeout} s"
        answers, lines = [], []
        for line in out.decode(errors="replace").splitlines():
            if line.startswith("END "):
                _, status, message = (line + "  ").split(" ", 2)
                answers.append(finished(int(status), lines, message.strip()))
                lines = []
            else:
                lines.append(line)
        return answers, why

    def run_cli(self, case):
        with tempfile.TemporaryDirectory() as folder:
            cep, rows = os.path.join(folder, "case.cep"), os.path.join(folder, "rows.jsonl")
            with open(cep, "w") as f:
                f.write(pattern_file(case))
            with open(rows, "w") as f:
                f.write(rows_file(case))
            command = [self.command[4:], "run", cep, f"s={rows}", "--to", "jsonl", *self.options]
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=self.timeout)
            except subprocess.TimeoutExpired:
                return Played(DIED, message=f"no answer in {self.timeout} s")
        errors = done.stderr.strip()
        if done.returncode == 0:
            return finished(OK, done.stdout.splitlines(), errors)
        if done.returncode == 1:
            return Played(UNSUPPORTED if "not supported yet" in errors else COMPILE, message=errors)
        return Played(RUN if done.returncode == 3 else DIED, message=f"status {done.returncode}: {errors[-2000:]}")

"""The engine under test, as a function from cases to answers.

A player program (tests/play.c) reads on standard input for each case a line "PATTERN <bytes>", the pattern file, a
newline, and then the feed: "ROWS <bytes> <stream or table>", rows as JSON Lines, a newline; "ADVANCE <watermark>". It writes the
output rows as JSON Lines, of several patterns with a first field `pattern`, and a line "END <status> <message>", behind
which --stats puts counters; with --marks a line "MARK" follows the rows that each part of the feed decided. Status: 0 done,
1 the pattern does not compile, 3 a run-time error.
"cli:PATH" is the command line program instead, one process for each case.
"""
import json
import os
import subprocess
import tempfile
from dataclasses import dataclass, field

from oracle.cases import feed_of, feeds_of, streams_of, text_of

OK, COMPILE, RUN, DIED = 0, 1, 3, 4


@dataclass
class Played:
    status: int
    outputs: dict = field(default_factory=dict)     # pattern, None where there is one: (columns, rows)
    message: str = ""
    stats: dict = None
    marks: list = None          # rows that were out after each block of the feed


def json_lines(case, stream, rows):
    names = [json.dumps(n) for n, _ in streams_of(case)[stream]]
    return "".join("{" + ", ".join(f"{n}: {json.dumps(v)}" for n, v in zip(names, row)) + "}\n" for row in rows)


def input_of(case, blocks):
    """What the player reads."""
    def block(head, tail, text):
        data = text.encode()
        return f"{head} {len(data)}{tail}\n".encode() + data + b"\n"

    policy = case.get("late_policy")
    words = [f"late={policy}"] * bool(policy) + [f"{name}={n}" for name, n in case.get("limits", {}).items()]
    found = block("PATTERN", "".join(" " + word for word in words), text_of(case))
    for head, what in blocks:
        found += f"ADVANCE {what}\n".encode() if head == "advance" else \
            block("ROWS", " " + head, json_lines(case, head, what))
    return found


def table(lines):
    """Columns and rows of each pattern, in order, from JSON Lines."""
    found = {}
    for line in lines:
        row = json.loads(line)
        pattern = row.pop("pattern", None)
        columns, rows = found.setdefault(pattern, (list(row), []))
        if list(row) != columns:
            raise ValueError(f"rows with different columns: {columns}, {list(row)}")
        rows.append(list(row.values()))
    return found


def finished(status, lines, message):
    marks = [at - n for n, at in enumerate(i for i, line in enumerate(lines) if line == "MARK")]
    lines = [line for line in lines if line != "MARK"]
    message, brace, counters = message.partition('{"rows_in"')
    stats = json.loads(brace + counters) if brace else None
    try:
        return Played(status, table(lines) if status == OK else {}, message.strip(), stats, marks)
    except ValueError as e:
        return Played(DIED, message=f"output is not as promised: {e}")


class Player:
    def __init__(self, command, options=(), timeout=60):
        self.command, self.options, self.timeout = command, list(options), timeout

    def play(self, cases):
        """One answer for each case, in order, fed as its first feed says."""
        return self.play_feeds([(case, feeds_of(case)[0]) for case in cases])

    def play_feeds(self, jobs):
        """One answer for each (case, feed). A player that dies loses one job and goes on after it."""
        if self.command.startswith("cli:"):
            return [self.run_cli(*job) for job in jobs]
        answers = []
        while len(answers) < len(jobs):
            rest = jobs[len(answers):]
            found, why = self.session(rest)
            answers += found
            if len(found) < len(rest):
                answers.append(Played(DIED, message=why))
        return answers

    def session(self, jobs):
        """The answers that one process gave, and why it gave no more."""
        process = subprocess.Popen([self.command, *self.options], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        try:
            out, errors = process.communicate(b"".join(input_of(*job) for job in jobs), timeout=self.timeout)
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

    def run_cli(self, case, blocks):
        with tempfile.TemporaryDirectory() as folder:
            cep, inputs = os.path.join(folder, "case.cep"), []
            with open(cep, "w") as f:
                f.write(text_of(case))
            for stream in streams_of(case):
                rows = [event[2] for event in feed_of(blocks) if event[:2] == ("row", stream)]
                inputs.append(f"{stream}={os.path.join(folder, stream)}.jsonl")
                with open(os.path.join(folder, stream + ".jsonl"), "w") as f:
                    f.write(json_lines(case, stream, rows))
            command = [self.command[4:], "run", cep, *inputs, "--to", "jsonl", *self.options]
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=self.timeout)
            except subprocess.TimeoutExpired:
                return Played(DIED, message=f"no answer in {self.timeout} s")
        errors = done.stderr.strip()
        if done.returncode == 0:
            return finished(OK, done.stdout.splitlines(), errors)
        if done.returncode == 1:
            return Played(COMPILE, message=errors)
        return Played(RUN if done.returncode == 3 else DIED, message=f"status {done.returncode}: {errors[-2000:]}")

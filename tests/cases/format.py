"""The format of case files: reading and writing.

    # a gap passes over what it cannot take
    query   SELECT * FROM s MATCH_RECOGNIZE ( PARTITION BY k ORDER BY ts
              MEASURES b.ts AS at PATTERN ( a[type = 'a'] -> b[type = 'b'] ) )
    rows    s (k BIGINT, type TEXT, ts TIMESTAMP)
      1  a  2026-01-01T00:00:01Z
      1  x  2026-01-01T00:00:02Z
      1  b  2026-01-01T00:00:03Z
    expect  (k, at)
      1  2026-01-01T00:00:03Z
    also    batches

A block begins with its word in the first column; its text goes on in lines that are indented. A line that begins
with # is a comment, and the first before a case says what it promises. A file holds one case, or several, each
begun by a line `case` with its promise.

  case     a promise; begins the next case of the file
  rule     the rules of docs/reference that it shows: words.md#numbers, time.md#late
  query    one query; its streams are declared from the heads of the rows
  text     a whole pattern file, as it is
  rows     stream (columns): the declaration's inside, or with `text` only the columns' names; then a table. Another
           block of the same stream goes on where the first one ended: in batches they arrive as the blocks stand. With
           a PRIMARY KEY among the columns it is a table of the program, of which another block takes the place of what
           it held: that only `host player` can play
  input    stream file-name: the file as it is, such as `input s bad.jsonl`; or stream sqlite:file?table=name, and SQL
           that goes to that database
  args     more arguments for the command, such as -p idle='45 minutes' --late drop
  check    more arguments for `tocsin check`, such as --from flink
  host     player: the command cannot play it (its functions come from the host), tests/play does; its head lists them,
           and what may stand behind `player`: late=drop, max-paths=3, max-rows=3, max-bytes=5000
  expect   the output rows; the columns' names in brackets are compared where they stand
  diagnostics  what `tocsin check` finds: `line:column severity[code] message`, and under it `hint ...`; lines and
           columns count in the block's text, without the indentation that all its lines share
  fails    exit-status, then what the run says on standard error
  stats    counters of --stats, exactly: rows_late 1, matches 2
  limits   counters of --stats, at most: live_paths 1, bytes 4096 (the peaks)
  also     laws under which the answer stays: batches

A table's cells stand between blanks. null is NULL. A text stands bare unless it could be mistaken: texts with blanks,
empty ones, those that look like numbers or begin with a quote or bracket are quoted as in JSON. Lists are JSON without
blanks. Times are compared without the zeros that end their fraction.
"""
import itertools
import json
import re
from dataclasses import dataclass, field

BLOCKS = ("case", "rule", "query", "text", "rows", "input", "args", "check", "host", "expect", "diagnostics", "fails", "stats",
          "limits", "also")
ANSWERS = ("expect", "diagnostics", "fails")     # what --accept may write
WIDTH = 8                                        # where a block's first line begins

NUMBER = re.compile(r"-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
TIME = re.compile(r"(-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d*?)0*)?Z")
DECODER = json.JSONDecoder()


class CaseError(Exception):
    """The case file is not as this page says."""


class Number(str):
    """A number as it is written: 1 is not 1.0."""


@dataclass
class Block:
    kind: str
    head: str                                    # behind the word
    lines: list = field(default_factory=list)    # indented ones, as they are
    line: int = 0                                # in the file, from 1
    count: int = 1                               # lines of the file that it takes


@dataclass
class Case:
    name: str
    promise: str
    blocks: list = field(default_factory=list)

    def all(self, kind):
        return [b for b in self.blocks if b.kind == kind]

    def one(self, kind):
        found = self.all(kind)
        if len(found) > 1:
            raise CaseError(f"line {found[1].line}: a second {kind}")
        return found[0] if found else None


# --- reading ---

def read(text, name):
    """The cases of a file, of which `name` is the path without its ending."""
    cases, promise, block = [], "", None
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("#"):
            promise = promise or line[1:].strip()
            block = None
        elif line[:1].isspace() or not line:
            if block:
                block.lines.append(line)
                if line.strip():
                    block.count = number - block.line + 1
            elif line.strip():
                raise CaseError(f"line {number}: text that belongs to no block")
        else:
            word, _, head = line.partition(" ")
            if word not in BLOCKS:
                raise CaseError(f"line {number}: {word} is no block; there are {', '.join(BLOCKS)}")
            block = Block(word, head.strip(), [], number)
            if word == "case":
                cases.append(Case(f"{name}:{len(cases) + 1}", head.strip()))
                continue
            if not cases:
                cases.append(Case(name, promise))
            cases[-1].blocks.append(block)
    for case in cases:
        for block in case.blocks:
            while block.lines and not block.lines[-1].strip():
                block.lines.pop()
    return cases


def inner_text(block):
    """The text of a block, its common indentation taken off."""
    lines = [line.rstrip() for line in block.lines]
    indent = min((len(line) - len(line.lstrip()) for line in lines if line), default=0)
    return "\n".join(([block.head] if block.head else []) + [line[indent:] for line in lines])


def cells(line):
    """The cells of a row: Number, str, bool, list, dict or None."""
    found, at = [], 0
    while at < len(line):
        if line[at].isspace():
            at += 1
            continue
        if line[at] in '"[{':
            try:
                value, at = decode(line, at)
            except ValueError as e:
                raise CaseError(f"not as in JSON: {line[at:]}: {e}") from e
        else:
            end = re.compile(r"\S+").match(line, at).end()
            value, at = bare(line[at:end]), end
        if at < len(line) and not line[at].isspace():
            raise CaseError(f"a blank is missing before {line[at:]}")
        found.append(value)
    return found


def decode(line, at):
    """The JSON value at a place and the place behind it; numbers inside as they are written."""
    _, end = DECODER.raw_decode(line, at)
    return loads(line[at:end]), end


def loads(text):
    return json.loads(text, parse_int=Number, parse_float=Number)


def bare(word):
    if word in ("null", "true", "false"):
        return {"null": None, "true": True, "false": False}[word]
    return Number(word) if NUMBER.fullmatch(word) else word


def table(block):
    rows = []
    for number, line in enumerate(block.lines, block.line + 1):
        if line.strip() and not line.strip().startswith("#"):
            try:
                rows.append(cells(line))
            except CaseError as e:
                raise CaseError(f"line {number}: {e}") from e
    return rows


def split_columns(text):
    """The parts of a list at its outer commas."""
    parts, depth, quote, begin = [], 0, "", 0
    for i, c in enumerate(text):
        if quote:
            quote = "" if c == quote else quote
        elif c in "'\"":
            quote = c
        elif c in "(":
            depth += 1
        elif c in ")":
            depth -= 1
        elif c == "," and depth == 0:
            parts.append(text[begin:i].strip())
            begin = i + 1
    parts.append(text[begin:].strip())
    return [p for p in parts if p]


@dataclass
class Rows:
    """A rows block: the stream or table, the inside of its declaration, its columns' names and types, the rows."""
    stream: str
    declaration: str
    columns: list
    types: list
    rows: list

    @property
    def is_table(self):
        return re.search(r"\bPRIMARY\s+KEY\b", self.declaration, re.I) is not None


def rows_of(block):
    found = re.fullmatch(r"(\w+)\s*\((.*)\)", block.head, re.S)
    if not found:
        raise CaseError(f"line {block.line}: rows stream (column type, ...)")
    columns, types = [], []
    for part in split_columns(found.group(2)):
        words = re.match(r'("(?:[^"]|"")*"|\w+)\s*(\w*)', part)
        if not words:
            raise CaseError(f"line {block.line}: {part} is no column")
        if words.group(1).upper() in ("WATERMARK", "PRIMARY"):
            continue
        name = words.group(1)
        columns.append(name[1:-1].replace('""', '"') if name.startswith('"') else name)
        types.append(words.group(2).upper())
    rows = table(block)
    for row in rows:
        if len(row) != len(columns):
            raise CaseError(f"block of line {block.line}: {len(columns)} columns, but a row of {len(row)}: {row}")
    return Rows(found.group(1), found.group(2), columns, types, rows)


def json_lines(rows):
    """The rows as JSON Lines."""
    return "".join("{" + ", ".join(f"{json.dumps(c)}: {as_json(v, t)}"
                                   for c, v, t in zip(rows.columns, row, rows.types)) + "}\n" for row in rows.rows)


TEXTS = ("TEXT", "VARCHAR", "STRING")


def as_json(value, kind=""):
    """A cell as JSON. In a column of texts what looks like a number is text."""
    if isinstance(value, Number):
        return json.dumps(str(value)) if kind in TEXTS else str(value)
    if isinstance(value, bool) and kind in TEXTS:
        return json.dumps("true" if value else "false")
    if isinstance(value, list):
        return "[" + ",".join(as_json(v) for v in value) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k, ensure_ascii=False)}:{as_json(v)}" for k, v in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)


def pairs(block):
    """name value, name value ..."""
    found = {}
    for part in split_columns(inner_text(block).replace("\n", ", ")):
        words = part.split()
        if len(words) != 2 or not NUMBER.fullmatch(words[1]):
            raise CaseError(f"line {block.line}: {part} is not: name number")
        found[words[0]] = words[1]
    return found


# --- writing ---

def show(value):
    """A value as a cell."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, str):
        time = TIME.fullmatch(value)
        if time:
            value = time.group(1) + ("." + time.group(2) if time.group(2) else "") + "Z"
        plain = value and not re.search(r"\s", value) and value.isprintable() and value[0] not in '"[{#'
        return value if plain and bare(value) is value else json.dumps(value, ensure_ascii=False)
    if isinstance(value, (list, dict)):
        return as_json(value)
    return {None: "null", True: "true", False: "false"}[value]


def lined_up(rows):
    """Rows of cells as lines, the columns under each other."""
    widths = [max(map(len, column)) for column in itertools.zip_longest(*rows, fillvalue="")]
    return ["  " + "  ".join(cell.ljust(w) for cell, w in zip(row, widths)).rstrip() for row in rows]


def block_lines(kind, head, lines):
    return [f"{kind.ljust(WIDTH - 1)} {head}".rstrip(), *lines]


def replace(text, case, answers):
    """The file's text with new blocks for a case: answers maps a kind to (head, lines), or to None for no block."""
    lines = text.splitlines()
    last = max(b.line - 1 + b.count for b in case.blocks)
    changes = []                                 # (first line, lines taken, lines put)
    for kind, new in answers.items():
        old = case.one(kind)
        put = block_lines(kind, *new) if new else []
        if old:
            changes.append((old.line - 1, old.count, put))
        elif put:
            before = [b for b in case.blocks if b.kind not in ("also", "stats", "limits")]
            at = max((b.line - 1 + b.count for b in before), default=last)
            changes.append((at, 0, put))
    for at, count, put in sorted(changes, key=lambda c: c[0], reverse=True):
        lines[at:at + count] = put
    return "\n".join(lines) + "\n"

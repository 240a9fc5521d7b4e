"""Text to tokens: section 2 of the language page."""
import re
from typing import NamedTuple


class CompileError(Exception):
    """The text is no valid pattern: exit status 1 of the engine."""


class Token(NamedTuple):
    kind: str      # name, quoted, string, number, symbol, end
    text: str      # a symbol or keyword as written, a string without its quotes
    at: int        # position in the text, for messages
    upper: str     # of a name, else ""


# Longer symbols first. "{-" and "-}" are the brackets of exclusion.
TOKEN = re.compile(r"""(?:\s+|--[^\n]*|/\*.*?\*/)*
                     (?: (?P<name>[A-Za-z_][A-Za-z_0-9]*)
                       | (?P<symbol>->>|->|{-|-}|<>|!=|<=|>=|\|\||[(){}\[\],;:+\-*/%=<>!?|^$]|\.(?!\d))
                       | (?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
                       | '(?P<string>(?:[^']|'')*)'
                       | "(?P<quoted>(?:[^"]|"")*)"
                       | (?P<end>$)
                       | (?P<other>.))""", re.S | re.X)


def tokens(text):
    found = []
    for m in TOKEN.finditer(text):
        kind = m.lastgroup
        what, at = m.group(kind), m.start(kind)
        if kind == "string":
            what = what.replace("''", "'")
        elif kind == "quoted":
            what = what.replace('""', '"')
        elif kind == "other":
            raise CompileError(f"unexpected character {what!r} at {at}")
        found.append(Token(kind, what, at, what.upper() if kind == "name" else ""))
        if kind == "end":
            return found

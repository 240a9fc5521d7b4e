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
TOKEN = re.compile(r"""(?P<space>(?:\s+|--[^\n]*|/\*.*?\*/)+)
                     | (?P<name>[A-Za-z_][A-Za-z_0-9]*)
                     | (?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
                     | '(?P<string>(?:[^']|'')*)'
                     | "(?P<quoted>(?:[^"]|"")*)"
                     | (?P<symbol>->>|->|{-|-}|<>|!=|<=|>=|\|\||[(){}\[\],.;:+\-*/%=<>!?|^$])""", re.S | re.X)


def tokens(text):
    found, at = [], 0
    while at < len(text):
        m = TOKEN.match(text, at)
        if not m:
            raise CompileError(f"unexpected character {text[at]!r} at {at}")
        kind, what = m.lastgroup, m.group(m.lastgroup)
        if kind == "name":
            found.append(Token(kind, what, at, what.upper()))
        elif kind == "string":
            found.append(Token(kind, what.replace("''", "'"), at, ""))
        elif kind == "quoted":
            found.append(Token(kind, what.replace('""', '"'), at, ""))
        elif kind != "space":
            found.append(Token(kind, what, at, ""))
        at = m.end()
    found.append(Token("end", "", at, ""))
    return found

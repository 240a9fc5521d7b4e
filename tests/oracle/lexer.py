"""Text to tokens: section 2 of the language page."""
import re
from dataclasses import dataclass


class CompileError(Exception):
    """The text is no valid pattern: exit status 1 of the engine."""


@dataclass(frozen=True)
class Token:
    kind: str      # name, quoted, string, number, symbol, end
    text: str      # a symbol or keyword as written, a string without its quotes
    at: int        # position in the text, for messages

    @property
    def upper(self):
        return self.text.upper() if self.kind == "name" else ""


SPACE = re.compile(r"(?:\s+|--[^\n]*|/\*.*?\*/)+", re.S)
NUMBER = re.compile(r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")
# Longer symbols first. "{-" and "-}" are the brackets of exclusion.
SYMBOLS = ["->>", "->", "{-", "-}", "<>", "!=", "<=", ">=", "||"] + list("(){}[],.;:+-*/%=<>!?|^$")


def quoted(text, at):
    """The content of a quoted token and where it ends; the quote doubled stands for itself."""
    quote, i, out = text[at], at + 1, []
    while True:
        if i >= len(text):
            raise CompileError(f"quote not closed at {at}")
        if text[i] == quote:
            if text[i + 1:i + 2] != quote:
                return "".join(out), i + 1
            i += 1
        out.append(text[i])
        i += 1


def tokens(text):
    found, at = [], 0
    while True:
        space = SPACE.match(text, at)
        if space:
            at = space.end()
        if at >= len(text):
            found.append(Token("end", "", at))
            return found
        c = text[at]
        if c in "'\"":
            content, end = quoted(text, at)
            found.append(Token("string" if c == "'" else "quoted", content, at))
            at = end
            continue
        number = NUMBER.match(text, at)
        name = NAME.match(text, at)
        if number:
            found.append(Token("number", number.group(), at))
            at = number.end()
        elif name:
            found.append(Token("name", name.group(), at))
            at = name.end()
        else:
            symbol = next((s for s in SYMBOLS if text.startswith(s, at)), None)
            if symbol is None:
                raise CompileError(f"unexpected character {c!r} at {at}")
            found.append(Token("symbol", symbol, at))
            at += len(symbol)

"""One layout for the files of policies and cases, whoever typed them: the same meaning, the same comments.

Spaces, line ends, blank lines and the columns of comments are set; names, values, order, and where a list breaks into
lines are left as they are. What is laid out once stays as it is.
"""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from empower.core.errors import InputError
from empower.policy import tokens

COMMENTS_AT = 27
"""The column, from 0, at which comments behind short lines stand."""
INDENT = "    "
MOST_BLANK = 2


def laid_out(text: str) -> str:
    """The text of a file that is TOML, laid out; raises `InputError` for what cannot be without changing it."""
    lines = list(_Reader(text.replace("\r\n", "\n")).lines())
    result = "".join(f"{line}\n" for line in _joined(_spaced(lines)))
    if _meaning(text) != _meaning(result):
        raise InputError("this file cannot be laid out without changing what it means: it stays as it is")
    return result


def _meaning(text: str) -> object:
    """What TOML makes of it, with the digits of every number and the order of every table."""
    return repr(tomllib.loads(text, parse_float=Decimal))


@dataclass(frozen=True)
class _Line:
    """A header, a pair, a comment of its own, or, where there is nothing in it, a blank line."""

    said: str = ""
    comment: str = ""
    is_header: bool = False

    @property
    def width(self) -> int:
        """Up to the comment behind it; a value of several lines ends in the last."""
        return len(self.said.rpartition("\n")[2])

    @property
    def has_comment_behind(self) -> bool:
        return bool(self.said and self.comment)


BLANK = _Line()


def _spaced(lines: Sequence[_Line]) -> Iterator[_Line]:
    """At most two blank lines together, none at either end, and one before the header of a table."""
    blanks = 0
    before: _Line | None = None
    for line in lines:
        if line == BLANK:
            blanks += 1
            continue
        if before is not None:
            needed = 1 if line.is_header and before.said else 0
            yield from [BLANK] * max(needed, min(blanks, MOST_BLANK))
        yield line
        before, blanks = line, 0


def _joined(lines: Iterator[_Line]) -> Iterator[str]:
    """The lines as text; comments behind lines that follow each other stand under each other."""
    for is_commented, group in groupby(lines, key=lambda line: line.has_comment_behind):
        together = list(group)
        column = max([COMMENTS_AT, *(line.width + 2 for line in together)])
        for line in together:
            padding = " " * (column - line.width) if is_commented else ""
            yield f"{line.said}{padding}{line.comment}"


class _Reader:
    """One pass over the text; `at` is the offset of what comes next."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def lines(self) -> Iterator[_Line]:
        """Header by header, pair by pair."""
        while self._skip_space() < len(self.text):
            sign = self.text[self.at]
            is_header = sign == "["
            said = "" if sign in "#\n" else self._header() if is_header else self._pair()
            self._skip_space()
            yield _Line(said, self._comment(), is_header)
            self._take("\n")

    def _header(self) -> str:
        brackets = 2 if self.text.startswith("[[", self.at) else 1
        self.at += brackets
        keys = self._dotted()
        self._take("]" * brackets)
        return f"{'[' * brackets}{keys}{']' * brackets}"

    def _pair(self) -> str:
        keys = self._dotted()
        self._take("=")
        self._skip_space()
        return f"{keys} = {self._value('')}"

    def _dotted(self) -> str:
        keys = []
        while True:
            self._skip_space()
            found = tokens.key(self.text, self.at)
            if found is None:
                raise self._lost()
            keys.append(_plain_key(found[0]))
            self.at = found.end()
            self._skip_space()
            if not self._take("."):
                return ".".join(keys)

    def _value(self, indent: str) -> str:
        opening = self.text[self.at : self.at + 1]
        if opening == "[":
            return self._array(indent)
        if opening == "{":
            return self._inline_table(indent)
        found = tokens.scalar(self.text, self.at)
        if found is None:
            raise self._lost()
        self.at = found.end()
        return _plain_string(found[0].rstrip())

    def _array(self, indent: str) -> str:
        """On one line, or, where it was broken anywhere, an element a line with a comma behind each."""
        begin = self.at
        flat = self._elements(indent)
        if not any("\n" in between or behind for between, _, behind in flat):
            return f"[{', '.join(value for _, value, _ in flat if value)}]"
        self.at = begin
        inner = indent + INDENT
        rows = [_row(inner, *element) for element in self._elements(inner)]
        return "\n".join(["[", *(row for row in rows if row), f"{indent}]"])

    def _elements(self, indent: str) -> list[tuple[str, str, str]]:
        """The elements: what stands before each, the value, and a comment behind it; last what stands at the end."""
        self.at += 1
        found: list[tuple[str, str, str]] = []
        while True:
            between = self._between()
            if self._take("]"):
                return [*found, (between, "", "")]
            value = self._value(indent)
            before_comma = self._between()
            self._take(",")
            self._skip_space()
            found.append((between, value, self._comment() or " ".join(_comments(before_comma))))

    def _between(self) -> str:
        found = tokens.blank(self.text, self.at)
        begin, self.at = self.at, found.end() if found else self.at
        return self.text[begin : self.at]

    def _inline_table(self, indent: str) -> str:
        self._take("{")
        pairs = []
        while not self._closed():
            keys = self._dotted()
            self._take("=")
            self._skip_space()
            pairs.append(f"{keys} = {self._value(indent)}")
            self._closed(",")
        return f"{{ {', '.join(pairs)} }}" if pairs else "{}"

    def _closed(self, sign: str = "}") -> bool:
        if "#" in self._between():
            raise self._lost()
        return self._take(sign)

    def _comment(self) -> str:
        found = tokens.comment(self.text, self.at)
        if found is None:
            return ""
        self.at = found.end()
        return found[0].rstrip()

    def _take(self, sign: str) -> bool:
        """Go past a sign, if it stands here."""
        self._skip_space()
        is_there = self.text.startswith(sign, self.at)
        self.at += len(sign) if is_there else 0
        return is_there

    def _skip_space(self) -> int:
        found = tokens.space(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.at

    def _lost(self) -> InputError:
        line = self.text.count("\n", 0, self.at) + 1
        return InputError(f"this file cannot be laid out: line {line} is written in a way that is not known")


def _row(indent: str, between: str, value: str, behind: str) -> str:
    """An element on a line of its own, under the comments before it."""
    lines = [f"{indent}{comment}" for comment in _comments(between)]
    if value:
        lines.append(f"{indent}{value},{'  ' if behind else ''}{behind}")
    return "\n".join(lines)


def _comments(between: str) -> list[str]:
    return [line.strip() for line in between.split("\n") if line.strip()]


def _plain_key(written: str) -> str:
    """A key without quotes that it does not need."""
    inner = written[1:-1] if written[0] in "\"'" else written
    return inner if tokens.bare(inner) else written


def _plain_string(written: str) -> str:
    """`'text'` as `"text"`, where that says the same."""
    if not written.startswith("'") or written.startswith("'''") or "\\" in written or '"' in written:
        return written
    return f'"{written[1:-1]}"'

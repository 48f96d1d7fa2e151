r"""Where each key and each value of a TOML text stands, which `tomllib` does not tell.

Scans text that `tomllib` accepts, with `\n` as line end. It checks nothing but depth: of other text it
remembers what stands before the first thing it cannot follow.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from empower.policy import tokens

Path = tuple[str | int, ...]
"""Keys, and indices of array elements, from the top of the document."""

DEEPEST = 32
"""Keys and indices on the way to a value; a policy needs seven."""

_brackets = re.compile(r"[\[\]{}]").findall
_dots = re.compile(r"(?:\.[ \t]*[A-Za-z0-9_-]+[ \t]*)+").findall


class TooDeepError(ValueError):
    """Tables or arrays nested beyond `DEEPEST`, at `line` and `column`."""

    def __init__(self, line: int, column: int) -> None:
        super().__init__(f"nested deeper than {DEEPEST} levels")
        self.line = line
        self.column = column


class _Lost(Exception):  # noqa: N818
    """Something that is no TOML: the rest of the text has no positions."""


class _Place(NamedTuple):
    key: int
    value: int
    end: int = 0
    """Of the value of a pair; 0 for what is no pair's."""


class Positions:
    """The lines and columns, both from 1, of the keys and values of one text."""

    def __init__(self, text: str, places: dict[Path, _Place], headers: Iterable[tuple[Path, int]] = ()) -> None:
        self._places = places
        self.headers = tuple(headers)
        """The path and the offset of each header, in the order of the text."""
        self._lines = [0, *(found.end() for found in re.finditer(r"\n", text))]

    def __contains__(self, path: Path) -> bool:
        """Whether something stands at `path`."""
        return path in self._places

    def __iter__(self) -> Iterator[Path]:
        """Every path at which something stands."""
        return iter(self._places)

    def value(self, path: Path) -> tuple[int, int]:
        """Of the value at `path`; of the nearest key above it if there is no such value.

        An element of something that was not written as an array is that thing itself.
        """
        if path not in self._places and path and isinstance(path[-1], int):
            path = path[:-1]
        place = self._places.get(path)
        return self.key(path) if place is None else self._line_column(place.value)

    def key(self, path: Path) -> tuple[int, int]:
        """Of the key at `path`, or of the nearest key above it; of the first character if there is none."""
        while path and path not in self._places:
            path = path[:-1]
        return self._line_column(self._places[path].key if path in self._places else 0)

    def span(self, path: Path) -> tuple[int, int] | None:
        """Where the value of the pair at `path` begins and ends, as offsets; None if no pair ends in it."""
        place = self._places.get(path)
        return (place.value, place.end) if place is not None and place.end else None

    def line_of(self, offset: int) -> int:
        """The line, from 1, in which an offset lies."""
        return bisect_right(self._lines, offset)

    def _line_column(self, offset: int) -> tuple[int, int]:
        line = self.line_of(offset)
        return line, offset - self._lines[line - 1] + 1


def positions(text: str) -> Positions:
    """Scan `text`; raises `TooDeepError`."""
    scanner = _Scanner(text)
    try:
        scanner.document()
    except _Lost:
        pass
    except _Deep as deep:
        raise TooDeepError(*Positions(text, {(): _Place(deep.offset, deep.offset)}).key(())) from None
    return Positions(text, scanner.places, scanner.headers)


def may_be_deep(text: str) -> bool:
    """Whether anything in `text` could be nested beyond `DEEPEST`: an upper bound, much cheaper than to scan."""
    bare = tokens.silent("_", text)
    open_now = deepest = 0
    for bracket in _brackets(bare):
        open_now += 1 if bracket in "[{" else -1
        deepest = max(deepest, open_now)
    dots = max((run.count(".") for run in set(_dots(bare))), default=0)
    return (deepest + 1) * (dots + 1) > DEEPEST


class _Deep(Exception):  # noqa: N818
    def __init__(self, offset: int) -> None:
        self.offset = offset


class _Scanner:
    """One pass over the text; `at` is the offset of what comes next."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.places: dict[Path, _Place] = {}
        self.headers: list[tuple[Path, int]] = []
        self._elements: dict[Path, int] = {}
        """How many tables each array of tables holds so far."""

    def document(self) -> None:
        table: Path = ()
        while self._skip_blank() < len(self.text):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> Path:
        """`[a.b]` or `[[a.b]]`: the path of the table that begins."""
        begin = self.at
        brackets = 2 if self.text.startswith("[[", begin) else 1
        self.at += brackets
        keys = self._dotted()
        self._expect("]" * brackets)
        path: Path = ()
        for number, (key, offset) in enumerate(keys, 1):
            path += (key,)
            place = _Place(offset, offset)
            self.places.setdefault(path, place)
            if number == len(keys):
                self.headers.append((path, begin))
                return self._begin(path, place, is_element=brackets > 1)
            if path in self._elements:
                path += (self._elements[path] - 1,)
        raise _Lost

    def _begin(self, path: Path, place: _Place, *, is_element: bool) -> Path:
        if is_element:
            number = self._elements.get(path, 0)
            self._elements[path] = number + 1
            path += (number,)
        self.places[path] = place
        return path

    def _pair(self, table: Path) -> None:
        """`key = value`, the key perhaps dotted."""
        path = table
        offset = self.at
        for key, offset in self._dotted():
            path += (key,)
            self.places.setdefault(path, _Place(offset, offset))
        self._expect("=")
        self._skip_space()
        begin = self.at
        self.places[path] = _Place(offset, begin)
        self._value(path)
        self.places[path] = _Place(offset, begin, begin + len(self.text[begin : self.at].rstrip()))

    def _dotted(self) -> list[tuple[str, int]]:
        """The keys of `a."b".c`, each with its offset."""
        keys: list[tuple[str, int]] = []
        while True:
            self._skip_space()
            found = tokens.key(self.text, self.at)
            if found is None:
                raise _Lost
            keys.append((_spelled(found[0]), self.at))
            if len(keys) > DEEPEST:
                raise _Deep(self.at)
            self.at = found.end()
            if self._skip_space() == len(self.text) or self.text[self.at] != ".":
                return keys
            self.at += 1

    def _value(self, path: Path) -> None:
        if len(path) > DEEPEST:
            raise _Deep(self.at)
        opening = self.text[self.at : self.at + 1]
        if opening == "[":
            self._array(path)
        elif opening == "{":
            self._inline_table(path)
        else:
            found = tokens.scalar(self.text, self.at)
            if found is None:
                raise _Lost
            self.at = found.end()

    def _array(self, path: Path) -> None:
        self.at += 1
        number = 0
        while not self._closed("]"):
            self.places[*path, number] = _Place(self.at, self.at)
            self._value((*path, number))
            number += 1
            self._separator("]")

    def _inline_table(self, path: Path) -> None:
        self.at += 1
        while not self._closed("}"):
            self._pair(path)
            self._separator("}")

    def _closed(self, bracket: str) -> bool:
        self._skip_blank()
        if not self.text.startswith(bracket, self.at):
            return False
        self.at += 1
        return True

    def _separator(self, bracket: str) -> None:
        self._skip_blank()
        if not self.text.startswith(bracket, self.at):
            self._expect(",")

    def _expect(self, sign: str) -> None:
        self._skip_space()
        if not self.text.startswith(sign, self.at):
            raise _Lost
        self.at += len(sign)

    def _skip_space(self) -> int:
        found = tokens.space(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.at

    def _skip_blank(self) -> int:
        found = tokens.blank(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.at


def _spelled(key: str) -> str:
    """The key that is meant by a bare or a quoted one."""
    try:
        return tokens.spelled(key)
    except ValueError:
        raise _Lost from None

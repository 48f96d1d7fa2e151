"""The place of every key and value of a TOML text."""

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from empower.policy.pages import BASE
from empower.policy.positions import DEEPEST, TooDeepError, may_be_deep, positions
from empower.policy.positions import Path as KeyPath

TEXT = '''\
# a comment = 1
title = "a # b"   # "c" = 2
'quoted key' . "dotted\\t" = 1
[one]
lines = [
  1, # "]"
  [ "x", 'y' ],
  { a = 1, b.c = [2] },
]
many = """
  not = "a key" \\"""
""""
raw = \'\'\'
[not.a.table]
it's\'\'\'\'
when = 1979-05-27 07:32:00
[ one . two ]
  deep.er = true
[[rows]]
n = 1
[rows.sub]
m = 2
[[rows]]
n = 3
[[rows.cells]]
k = 4
empty = {}
none = []
'''

PLACES: list[tuple[KeyPath, tuple[int, int], tuple[int, int]]] = [
    (("title",), (2, 1), (2, 9)),
    (("quoted key",), (3, 1), (3, 1)),
    (("quoted key", "dotted\t"), (3, 16), (3, 29)),
    (("one",), (4, 2), (4, 2)),
    (("one", "lines"), (5, 1), (5, 9)),
    (("one", "lines", 0), (6, 3), (6, 3)),
    (("one", "lines", 1, 1), (7, 10), (7, 10)),
    (("one", "lines", 2, "a"), (8, 5), (8, 9)),
    (("one", "lines", 2, "b", "c", 0), (8, 19), (8, 19)),
    (("one", "many"), (10, 1), (10, 8)),
    (("one", "raw"), (13, 1), (13, 7)),
    (("one", "when"), (16, 1), (16, 8)),
    (("one", "two"), (17, 9), (17, 9)),
    (("one", "two", "deep", "er"), (18, 8), (18, 13)),
    (("rows", 0, "n"), (20, 1), (20, 5)),
    (("rows", 0, "sub", "m"), (22, 1), (22, 5)),
    (("rows", 1), (23, 3), (23, 3)),
    (("rows", 1, "n"), (24, 1), (24, 5)),
    (("rows", 1, "cells", 0, "k"), (26, 1), (26, 5)),
    (("rows", 1, "cells", 0, "none"), (28, 1), (28, 8)),
]


@pytest.mark.parametrize(("path", "key", "value"), PLACES, ids=[str(path) for path, _, _ in PLACES])
def test_each_kind_of_key_and_value(path: KeyPath, key: tuple[int, int], value: tuple[int, int]) -> None:
    found = positions(TEXT)
    assert (found.key(path) if isinstance(path[-1], str) else key, found.value(path)) == (key, value)


def test_what_is_not_there_is_where_it_would_be() -> None:
    found = positions('[a]\nb = "c"\n')
    assert found.value(("a", "b", 0)) == (2, 5)
    assert found.value(("a", "x", "y")) == (1, 2)
    assert found.key(("a", "b", 0)) == (2, 1)
    assert found.value(("z",)) == (1, 1)
    assert found.value(()) == (1, 1)


def paths(data: Any, above: KeyPath = ()) -> Iterator[KeyPath]:
    if above:
        yield above
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield from paths(value, (*above, key))


def test_every_path_of_the_document_has_a_place() -> None:
    assert set(positions(TEXT)) == set(paths(tomllib.loads(TEXT)))


class Writer:
    """Writes a document in one of many ways, and notes where each key and value begins."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.text = ""
        self.places: dict[KeyPath, tuple[int, int]] = {}

    def pick(self, *choices: str) -> str:
        return self.draw(st.sampled_from(choices))

    def space(self) -> None:
        self.text += self.pick("", " ", "\t ")

    def blank(self) -> None:
        self.text += self.pick("", " ", "\n", ' # ], } = "\n', "\n\n\t")

    def key(self, key: str) -> int:
        at = len(self.text)
        if key.isascii() and key.isalnum():
            self.text += self.pick(key, f'"{key}"', f"'{key}'", '"' + "".join(f"\\u{ord(c):04x}" for c in key) + '"')
        else:
            self.text += '"' + "".join(f"\\U{ord(c):08x}" for c in key) + '"'
        return at

    def scalar(self) -> None:
        self.text += self.pick(
            "1", "-2.50", "1e3", "true", "04:00:00", "2026-11-23 19:42:11Z", "0x1F", "inf", '""', "''", '"# ] } , ="',
            "'[x]\\'", '"""\n"" [y]\n"""', "'''it's\n[z] ''''", '"a\\"]"', '"""\\"" """',
        )  # fmt: skip

    def value(self, path: KeyPath, value: Any) -> None:
        if isinstance(value, list):
            self.array(path, value)
        elif isinstance(value, dict):
            self.inline(path, value)
        else:
            self.scalar()

    def array(self, path: KeyPath, value: list[Any]) -> None:
        self.text += "["
        for number, item in enumerate(value):
            self.blank()
            self.places[*path, number] = (len(self.text), len(self.text))
            self.value((*path, number), item)
            self.blank()
            self.text += "," if number < len(value) - 1 else self.pick("", ",")
        self.blank()
        self.text += "]"

    def inline(self, path: KeyPath, value: dict[str, Any]) -> None:
        self.text += "{"
        for number, (key, item) in enumerate(value.items()):
            self.text += "," if number else ""
            self.space()
            self.pair(path, key, item)
        self.space()
        self.text += "}"

    def pair(self, path: KeyPath, key: str, value: Any) -> None:
        at = self.key(key)
        self.space()
        self.text += "="
        self.space()
        self.places[*path, key] = (at, len(self.text))
        self.value((*path, key), value)

    def table(self, path: KeyPath, value: dict[str, Any]) -> None:
        """Pairs first, then some of the tables under their own headers."""
        later = {
            key: item
            for key, item in value.items()
            if isinstance(item, dict) and self.pick("header", "inline") == "header"
        }
        for key, item in value.items():
            if key not in later:
                self.blank()
                self.text += "" if self.text.endswith("\n") or not self.text else "\n"
                self.space()
                self.pair(path, key, item)
                self.space()
                self.text += self.pick("\n", " # x = 1\n")
        for key, item in later.items():
            self.header((*path, key))
            self.table((*path, key), item)

    def header(self, path: KeyPath) -> None:
        self.blank()
        self.text += "\n["
        at = 0
        for number, part in enumerate(path):
            self.text += "." if number else ""
            self.space()
            at = self.key(str(part))
            self.space()
        self.places[path] = (at, at)
        self.text += "]\n"


KEYS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=3) | st.sampled_from(["a", "b1"])
TREES = st.recursive(
    st.none(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=12
)


@st.composite
def written(draw: st.DrawFn) -> Writer:
    writer = Writer(draw)
    writer.table((), draw(st.dictionaries(KEYS, TREES, max_size=4)))
    return writer


@given(written())
def test_a_written_document_is_found_where_it_was_written(writer: Writer) -> None:
    found = positions(writer.text)
    assert set(found) == set(paths(tomllib.loads(writer.text)))
    for path, (key, value) in writer.places.items():
        assert found.key(path) == line_column(writer.text, key)
        assert found.value(path) == line_column(writer.text, value)


def line_column(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset].split("\n")
    return len(before), len(before[-1]) + 1


@given(st.text(st.sampled_from("[]{}=,.#'\"\\\n\t ab1"), max_size=40))
def test_no_text_stops_the_scan_and_toml_is_found_whole(text: str) -> None:
    found = positions(text)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert set(found) == set(paths(data))


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("x = " + "[" * 5000, 1, 5 + DEEPEST),
        ("\nx = " + "{a=" * 5000, 2, 5 + 3 * DEEPEST),
        ("x" + ".x" * 200_000 + " = 1", 1, 2 * DEEPEST + 1),
        ("[x" + ".x" * 200_000 + "]", 1, 2 * DEEPEST + 2),
        ('a = "]]]]]]]]]]" # ]]]]]]]]\nx = ' + '["]", ' * 5000, 2, 5 + 6 * (DEEPEST - 1) + 1),
        ("[" + ".".join("abcdefgh") + "]\n" + "x = " + "{a.b.c.d=" * 9, 2, 59),
    ],
)
def test_depth_is_bounded(text: str, line: int, column: int) -> None:
    assert may_be_deep(text)
    with pytest.raises(TooDeepError) as raised:
        positions(text)
    assert (raised.value.line, raised.value.column) == (line, column)


@given(written())
def test_what_may_not_be_deep_is_not(writer: Writer) -> None:
    depth = max((len(path) for path in positions(writer.text)), default=0)
    assert may_be_deep(writer.text) or depth <= DEEPEST


def test_a_policy_is_not_deep() -> None:
    assert not may_be_deep(BASE.read_text(encoding="utf-8"))

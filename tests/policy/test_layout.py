"""Files in one layout: what it does, and that it changes nothing else."""

import random
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from empower.policy import read
from empower.policy.layout import laid_out
from empower.policy.pages import EXAMPLES

POLICIES = Path(__file__).parent.parent.parent / "policies"
FILES = sorted(POLICIES.glob("*.toml"))
EXAMPLE_FILES = [path for path in sorted(EXAMPLES.rglob("*.toml")) if path.name != "bad-toml.toml"]

SHAPES = [
    ("spaces", "a=1\n  b  =   2  \n\tc= 3", "a = 1\nb = 2\nc = 3\n"),
    ("dotted keys", 'a . b. "c" =1', "a.b.c = 1\n"),
    ("keys that need their quotes", "\"a b\".'c.d' = 1", "\"a b\".'c.d' = 1\n"),
    ("strings", "a = 'x'\nb = 'say \"x\"'\nc = 'C:\\x'", "a = \"x\"\nb = 'say \"x\"'\nc = 'C:\\x'\n"),
    ("headers", "[ a . b ]\nx=1\n[[ c ]]", "[a.b]\nx = 1\n\n[[c]]\n"),
    ("inline tables", "a={x=1,y = {  } }", "a = { x = 1, y = {} }\n"),
    ("lists on a line", 'a = [ "x","y" , ]', 'a = ["x", "y"]\n'),
    ("lists of lines", "a = [1,\n 2 ]", "a = [\n    1,\n    2,\n]\n"),
    ("lists in lists", "a = [\n[1,\n2], [3]]", "a = [\n    [\n        1,\n        2,\n    ],\n    [3],\n]\n"),
    (
        "comments in lists",
        "a = [ # first\n1 # one\n, 2, # two\n# last\n]",
        "a = [\n    # first\n    1,  # one\n    2,  # two\n    # last\n]\n",
    ),
    ("comments behind", "a = 1 # x\nbb = 22    #y", f"a = 1{' ' * 22}# x\nbb = 22{' ' * 20}#y\n"),
    ("comments behind long lines", f"a = {'1' * 40} # x", f"a = {'1' * 40}  # x\n"),
    (
        "comments under each other",
        f"a = 1 # x\nb = {'1' * 40} # y\n\nc = 1 # z",
        f"a = 1{' ' * 41}# x\nb = {'1' * 40}  # y\n\nc = 1{' ' * 22}# z\n",
    ),
    ("blank lines", "\n\n# top\n\n\n\n\na = 1\n[b]\n\n\n", "# top\n\n\na = 1\n\n[b]\n"),
    ("comments stay with their header", "a = 1\n\n# of b\n[b]", "a = 1\n\n# of b\n[b]\n"),
    ("line ends", "a = 1\r\nb = 2 \r\n", "a = 1\nb = 2\n"),
    ("strings of lines", 'a = """\n x  \n"""   # c', f'a = """\n x  \n"""{" " * 24}# c\n'),
    ("signs in strings", 'a = "#=[{,"  # c', f'a = "#=[{{,"{" " * 16}# c\n'),
    ("digits of numbers", "a=25.00\nb=1_000\nc=04:00:00", "a = 25.00\nb = 1_000\nc = 04:00:00\n"),
    ("nothing", "", ""),
]


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in SHAPES], ids=[row[0] for row in SHAPES])
def test_layout(text: str, expected: str) -> None:
    assert laid_out(text) == expected
    assert laid_out(expected) == expected


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_what_ships_is_laid_out(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert laid_out(text) == text


@pytest.mark.parametrize("path", EXAMPLE_FILES, ids=lambda path: path.stem)
def test_any_file_keeps_its_meaning_and_comments(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    after = laid_out(text)
    assert laid_out(after) == after
    assert meaning(after) == meaning(text)
    assert comments(after) == comments(text)


def meaning(text: str) -> object:
    return repr(tomllib.loads(text, parse_float=Decimal))


def comments(text: str) -> list[str]:
    """Those that begin with a `#` behind a space or a line: enough for files without strings that have such."""
    return [line[line.index("#") :].rstrip() for line in text.splitlines() if line.startswith("#") or " #" in line]


def roughened(text: str, chance: random.Random) -> str:
    """A policy as somebody in a hurry types it: other spaces, blank lines and line ends; the same otherwise."""
    rough = []
    for line in text.splitlines():
        head, sign, said = line.partition(" = ")
        if sign and not line.startswith("#"):
            gap = chance.choice([" ", "  ", "\t", ""])
            line = f"{gap}{head}{gap}={gap}{said}"  # noqa: PLW2901  the line as typed
        rough += [line + chance.choice(["", " ", "\t"])] + [""] * chance.choice([0, 0, 0, 1, 4])
    return chance.choice(["\n", "\r\n"]).join(rough)


@given(st.randoms(use_true_random=False))
def test_a_rough_policy_means_the_same_laid_out(chance: random.Random) -> None:
    text = (POLICIES / "bistro.toml").read_text(encoding="utf-8")
    after = laid_out(roughened(text, chance))
    assert laid_out(after) == after
    assert meaning(after) == meaning(text)
    assert comments(after) == comments(text)


def test_the_digest_of_a_policy_is_that_of_its_meaning(tmp_path: Path) -> None:
    rough = random.Random(7)  # noqa: S311  the same hurry each time
    for path in POLICIES.glob("*.toml"):
        if not path.name.endswith(".cases.toml"):
            text = roughened(path.read_text(encoding="utf-8"), rough)
            (tmp_path / path.name).write_text(laid_out(text), encoding="utf-8")
    assert read(tmp_path).policies.digests == read(POLICIES).policies.digests


values = st.recursive(
    st.one_of(
        st.integers(-99, 99).map(str),
        st.sampled_from(["25.00", "04:00:00", "true", '"a # b"', "'it'", '"\\"]"', '"""\nx, #\n"""', "2026-11-20"]),
    ),
    lambda inner: st.one_of(
        st.tuples(st.lists(inner, max_size=3), st.sampled_from([",", " , ", ",\n", " # c\n,", ",# c\n\n"])).map(
            lambda found: f"[{found[1].join(found[0])}\n]"
        ),
        st.lists(inner.filter(lambda text: "\n" not in text), max_size=2).map(
            lambda found: "{" + ",".join(f" k{number}={value}" for number, value in enumerate(found)) + "}"
        ),
    ),
    max_leaves=8,
)


@given(st.lists(st.tuples(values, st.sampled_from(["", "#", " # behind", "\t#x\n\n\n", "\n# alone"])), max_size=5))
def test_any_toml_keeps_its_meaning(rows: list[tuple[str, str]]) -> None:
    text = "\n".join(f"key{number} ={value}{behind}" for number, (value, behind) in enumerate(rows))
    after = laid_out(text)
    assert laid_out(after) == after
    assert meaning(after) == meaning(text)
    assert after.count("#") == text.count("#")

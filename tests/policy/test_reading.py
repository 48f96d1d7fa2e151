"""Whatever stands in files, reading answers with policies or problems, and never raises."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from empower.policy import read
from empower.policy.pages import BASE

TEXT = BASE.read_text(encoding="utf-8").replace('id = "base"', 'id = "base"\nlocations = ["x"]')
LINES = TEXT.splitlines()
HEADER = 3
VALUES = (
    """
    ""|-1|0|1e99999999999999999999|nan|-inf|true|false|[]|[[]]|{}|["*"]|["x", 1]|04:00:00|2026-11-23|"x"|"\\u0000"|0x1F
    [04:00:00, 04:00:00]|{ "[key]" = 1 }|{ "" = {} }|{ limits = false }
""".strip()
    .replace("\n", "|")
    .split("|")
)
NUMBERS = ["9" * 400, "9" * 5000, "1" * 40 + ".00"]
JUNK = """
    ["[key]"]|[remedies."[key]"]|[[roles]]|[guards.a.when.b]|x = 1|[roles.server.limits.comp.per]|"" = 1|\x00|é
""".strip().split("|")


@st.composite
def damaged(draw: st.DrawFn) -> str:
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(HEADER, len(lines) - 1))
        key, equals, _ = lines[place].partition("=")
        match draw(st.sampled_from(["value", "drop", "junk", "double", "key"])):
            case "value" if equals:
                lines[place] = f"{key}= {draw(st.sampled_from([*VALUES, *NUMBERS]))}"
            case "drop":
                del lines[place]
            case "junk":
                lines.insert(place, draw(st.sampled_from(JUNK)))
            case "double":
                lines.insert(place, lines[draw(st.integers(0, len(lines) - 1))])
            case _:
                lines[place] = lines[place].replace(
                    draw(st.sampled_from("etsr.")), draw(st.sampled_from(["", "x", " ", ".", '"'])), 1
                )
    return "\n".join(lines)


def read_text(text: str) -> tuple[int, int]:
    directory = Path(tempfile.mkdtemp())
    try:
        (directory / "base.toml").write_text(text, encoding="utf-8")
        reading = read(directory)
    finally:
        shutil.rmtree(directory)
    lines = text.split("\n")
    for problem in reading.problems:
        assert 1 <= problem.line <= len(lines)
        assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1
    return len(reading.policies), len(reading.problems)


def test_what_is_damaged_here_was_whole() -> None:
    assert read_text(TEXT) == (1, 0)


@settings(max_examples=150, deadline=None)
@given(damaged())
def test_a_damaged_policy_is_a_policy_or_problems(text: str) -> None:
    policies, problems = read_text(text)
    assert bool(policies) != bool(problems)

"""The page of each problem: what it means, a failing example, and how to mend it. The texts stand beside this file."""

import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

from empower.policy.problems import ProblemName, Severity, severity_of

HERE = Path(__file__).parent
EXAMPLES = HERE / "examples"
BASE = HERE / "base.toml"
"""What the examples extend."""
SAID = "#! "
"""Begins the lines of an example that say what is told of it."""


class Example(NamedTuple):
    """Files that have a problem, by name, and what is told of them; or such a thing in words."""

    files: dict[str, str]
    said: tuple[str, ...]
    words: str = ""


class Page(NamedTuple):
    """All that is to say of a problem."""

    name: ProblemName
    severity: Severity
    means: str
    example: Example
    mend: str


def page(name: ProblemName) -> Page:
    """The page of a problem."""
    text = _texts()[name]
    return Page(name, severity_of(name), text["means"], example(name, text.get("example", "")), text["mend"])


@cache
def _texts() -> dict[str, dict[str, str]]:
    return tomllib.loads((HERE / "pages.toml").read_text(encoding="utf-8"))


def example(name: str, words: str = "") -> Example:
    """The failing example of a problem; it stands with `base.toml` in a folder."""
    folder = EXAMPLES / name
    files = sorted(folder.iterdir()) if folder.is_dir() else [EXAMPLES / f"{name}.toml"]
    texts = {file.name: file.read_text(encoding="utf-8").splitlines() for file in files if file.exists()}
    said = tuple(line.removeprefix(SAID) for lines in texts.values() for line in lines if line.startswith(SAID))
    plain = {file: [line for line in lines if not line.startswith(SAID)] for file, lines in texts.items()}
    return Example({file: "\n".join(lines).rstrip() + "\n" for file, lines in plain.items()}, said, words)

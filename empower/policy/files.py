"""Finding and reading the files of a folder of policies, whatever stands in them.

A folder's policies are its `*.toml` files, without those below it, hidden ones, and `*.cases.toml`, which hold the
cases that a policy is tested by.
"""

import re
import stat
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property
from pathlib import Path
from typing import Any

from empower.policy.frames import frame
from empower.policy.positions import Path as KeyPath
from empower.policy.positions import Positions, TooDeepError, may_be_deep
from empower.policy.positions import positions as scan
from empower.policy.problems import Problem, ProblemName, printable

LARGEST_FILE = 2**20
CASES = ".cases.toml"


@dataclass(frozen=True)
class Text:
    """A file that is TOML."""

    name: str
    text: str
    data: dict[str, Any]

    @cached_property
    def positions(self) -> Positions:
        """Where everything stands; only found out where there is a problem to place."""
        return scan(self.text)

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the text."""
        return self.text.split("\n")

    def problem(
        self,
        name: ProblemName,
        path: KeyPath,
        message: str,
        near: str | None = None,
        *,
        at_key: bool = False,
    ) -> Problem:
        """A problem with the value, or the key, at `path`."""
        line, column = self.positions.key(path) if at_key else self.positions.value(path)
        return Problem(self.name, line, column, name, message, frame(self.lines, line, column), near)


def is_policy(name: str) -> bool:
    """Whether a file of this name holds a policy."""
    return name.endswith(".toml") and not name.endswith(CASES) and not name.startswith(".")


def names(directory: Path) -> list[str]:
    """The names of the policy files, sorted; raises `OSError` if the folder cannot be listed."""
    return sorted(path.name for path in directory.iterdir() if is_policy(path.name))


def case_names(directory: Path) -> list[str]:
    """The names of the files of cases, sorted; raises `OSError` if the folder cannot be listed."""
    found = (path.name for path in directory.iterdir())
    return sorted(name for name in found if name.endswith(CASES) and not name.startswith("."))


def load_cases(directory: Path) -> tuple[list[Text], list[Problem]]:
    """All files of cases that can be read, and what is wrong with the others; there may be none."""
    return _read(directory, case_names(directory))


def load(directory: Path, instead: Text | None = None) -> tuple[list[Text], list[Problem]]:
    """All policy files of a folder that can be read, and what is wrong with the others.

    `instead` takes the place of the file of its name, so that an edit is tried before it is made.
    """
    try:
        found = names(directory)
    except OSError as error:
        return [], [_of_file(".", ProblemName.NO_POLICY, f"cannot list `{printable(str(directory))}`: {_why(error)}")]
    if not found:
        message = f"no policy in `{printable(str(directory))}`; it needs at least one file `*.toml`"
        return [], [_of_file(".", ProblemName.NO_POLICY, message)]
    return _read(directory, found, instead)


def _read(directory: Path, names: Iterable[str], instead: Text | None = None) -> tuple[list[Text], list[Problem]]:
    read = [instead if instead and instead.name == name else load_file(directory, name) for name in names]
    return [item for item in read if isinstance(item, Text)], [item for item in read if isinstance(item, Problem)]


def load_file(directory: Path, name: str) -> Text | Problem:
    """One file of a folder, or what is wrong with it."""
    content = _content(directory, name)
    return content if isinstance(content, Problem) else from_bytes(name, content)


def from_bytes(name: str, content: bytes) -> Text | Problem:
    """The file that has this content, or what is wrong with it."""
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode().split("\n")
        return Problem(name, len(before), len(before[-1]) + 1, ProblemName.NOT_UTF8, "the file is not UTF-8")
    return parse(name, text)


def _content(directory: Path, name: str) -> bytes | Problem:
    path = directory / name
    try:
        if not path.resolve().is_relative_to(directory.resolve()):
            return _of_file(name, ProblemName.OUTSIDE_FOLDER, "the link leads out of the folder")
        if not stat.S_ISREG(path.stat().st_mode):
            return _of_file(name, ProblemName.UNREADABLE_FILE, "this is not a file")
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except (OSError, RuntimeError) as error:
        return _of_file(name, ProblemName.UNREADABLE_FILE, f"the file cannot be read: {_why(error)}")
    if len(content) > LARGEST_FILE:
        return _of_file(name, ProblemName.FILE_TOO_LARGE, f"the file is larger than {LARGEST_FILE // 1024} KiB")
    return content


def _why(error: OSError | RuntimeError) -> str:
    return (getattr(error, "strerror", None) or "it is a link to itself").lower()


def _of_file(name: str, problem: ProblemName, message: str) -> Problem:
    return Problem(printable(name), 1, 1, problem, message)


def parse(name: str, text: str) -> Text | Problem:
    """The TOML of a file, or what is wrong with it as TOML. Depth is bounded before `tomllib` sees the text."""
    try:
        if may_be_deep(text):
            scan(text)
        data = tomllib.loads(text, parse_float=_decimal)
    except TooDeepError as error:
        line, column = error.line, error.column
        return Problem(name, line, column, ProblemName.TOO_DEEP, str(error), frame(text.split("\n"), line, column))
    except tomllib.TOMLDecodeError as error:
        return _not_toml(name, text, str(error))
    except (ValueError, RecursionError) as error:
        return Problem(name, 1, 1, ProblemName.BAD_TOML, f"not TOML: {printable(str(error))}")
    return Text(name, text, data)


_place = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def _not_toml(name: str, text: str, said: str) -> Problem:
    found = _place.search(said)
    lines = text.split("\n")
    line, column = len(lines), len(lines[-1]) + 1
    if found and found[1]:
        line, column = int(found[1]), int(found[2])
    reason = said[: found.start()] if found else said
    message = f"not TOML: {printable(reason[:1].lower() + reason[1:])}"
    return Problem(name, line, column, ProblemName.BAD_TOML, message, frame(lines, line, column))


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("NaN")


def fingerprint(directory: Path) -> tuple[tuple[object, ...], ...]:
    """What changes when a policy file does: name, times of change, size and inode of each."""
    return tuple(_marks(directory, name) for name in _listed(directory))


def _listed(directory: Path) -> Iterable[str]:
    try:
        return names(directory)
    except OSError:
        return ()


def _marks(directory: Path, name: str) -> tuple[object, ...]:
    try:
        found = (directory / name).stat()
    except OSError:
        return (name,)
    return name, found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino

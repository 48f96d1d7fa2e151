"""One file against the shape of a document: its problems, and what is left of it without them.

What is wrong is cut out, and remembered as broken, so that one mistake is one problem: nothing else complains that
the part is missing, and the rest of the file is checked all the same.
"""

from dataclasses import dataclass, field, replace
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from empower.core.calendar import UNITS
from empower.core.policy import Beyond, Dimension, Fact, Scope, Weekday
from empower.policy.document import NAMED, Document, Then, keys_of
from empower.policy.files import Text
from empower.policy.positions import Path
from empower.policy.problems import Problem, ProblemName, nearest, quote
from empower.policy.words import kind_of

CHOICES: dict[str, tuple[ProblemName, str, tuple[str, ...]]] = {
    "per": (ProblemName.UNKNOWN_SCOPE, "scope", get_args(Scope)),
    "dimension": (ProblemName.UNKNOWN_DIMENSION, "dimension", get_args(Dimension)),
    "week_starts": (ProblemName.UNKNOWN_WEEKDAY, "weekday", get_args(Weekday)),
    "weekdays": (ProblemName.UNKNOWN_WEEKDAY, "weekday", get_args(Weekday)),
    "beyond": (ProblemName.UNKNOWN_BEYOND, "consequence", get_args(Beyond)),
    "then": (ProblemName.UNKNOWN_THEN, "consequence", get_args(Then)),
    "require": (ProblemName.UNKNOWN_REQUIREMENT, "requirement", get_args(Fact)),
    "two_people_for": (ProblemName.UNKNOWN_CHANGE, "change", ("looser",)),
}
"""For each key that takes one of a few words: the problem, what the word is called, and the words."""

EXPECTED = {
    "string_type": "a string",
    "list_type": "a list",
    "bool_type": "true or false",
    "time_type": "a time such as 04:00:00",
    "literal_error": "a string",
    "model_type": "a table",
    "dict_type": "a table",
}

OWN = frozenset(name.value for name in ProblemName)
RULE = "use lower-case letters, digits and `_`"


@dataclass(frozen=True)
class Fault:
    """A problem before it has a place: `path` says where in the document."""

    name: ProblemName
    path: Path
    message: str
    near: str | None = None
    at_key: bool = False
    example: str | None = None


@dataclass(frozen=True)
class File:
    """A policy file of which `data` has the shape of a document."""

    source: Text
    data: dict[str, Any]
    document: Document
    broken: frozenset[Path] = field(default=frozenset())
    """Where something was cut out."""

    @property
    def id(self) -> str:
        """The policy that the file holds."""
        return self.document.policy.id

    def is_broken(self, path: Path) -> bool:
        """Whether something at `path`, above or below it was cut out."""
        return any(all(one == other for one, other in zip(path, broken, strict=False)) for broken in self.broken)

    def problem(self, fault: Fault) -> Problem:
        """The fault with its line and column in this file."""
        problem = self.source.problem(fault.name, fault.path, fault.message, fault.near, at_key=fault.at_key)
        return problem if fault.example is None else replace(problem, example=fault.example)


def shaped(source: Text) -> tuple[File | None, list[Problem]]:
    """The file without what has a wrong shape; None if not even an id is left."""
    data = source.data
    faults: list[Fault] = []
    broken: set[Path] = set()
    while True:
        try:
            document = Document.model_validate(data)
        except ValidationError as error:
            details = error.errors(include_url=False)
            faults += [fault_of(detail) for detail in details if detail["loc"] not in broken]
            cuts = {_cut(detail) for detail in details}
            if any(path in ((), ("policy",), ("policy", "id")) for path in cuts):
                return None, _problems(source, faults)
            broken |= cuts
            data, before = _without(data, cuts), data
            if data == before:
                return None, _problems(source, faults)
        else:
            return File(source, data, document, frozenset(broken)), _problems(source, faults)


def _problems(source: Text, faults: list[Fault]) -> list[Problem]:
    return [source.problem(item.name, item.path, item.message, item.near, at_key=item.at_key) for item in faults]


def _path(detail: ErrorDetails) -> Path:
    place = detail["loc"]
    return place[:-1] if detail["type"] == "string_pattern_mismatch" and place[-1] == "[key]" else place


def _cut(detail: ErrorDetails) -> Path:
    """What must go: the innermost table entry around the error."""
    path = _path(detail)
    numbers = [place for place, part in enumerate(path) if isinstance(part, int)]
    path = path[: numbers[0]] if numbers else path
    return path[:-1] if detail["type"] == "missing" else path


def _without(data: dict[str, Any], cuts: set[Path]) -> dict[str, Any]:
    """A copy of the tables of `data` without what stands at `cuts`."""
    heads = {path[0] for path in cuts if len(path) == 1}
    below: dict[str | int, set[Path]] = {}
    for path in cuts:
        below.setdefault(path[0], set()).add(path[1:])
    return {
        key: _without(value, below[key]) if key in below and isinstance(value, dict) else value
        for key, value in data.items()
        if key not in heads
    }


def fault_of(detail: ErrorDetails) -> Fault:
    """What pydantic found, in a problem's words; `words` has worded its own already."""
    kind, path, said = detail["type"], _path(detail), detail["msg"]
    if kind == "extra_forbidden":
        return _unknown_key(path)
    if kind == "missing":
        return _missing(path)
    if kind in OWN and kind != ProblemName.WRONG_TYPE:
        near = nearest(detail["input"], UNITS) if kind == ProblemName.UNKNOWN_WINDOW else None
        return Fault(ProblemName(kind), path, said, near)
    key = str(next((part for part in reversed(path) if isinstance(part, str)), ""))
    return _worded(kind, path, key, detail["input"], said)


def _worded(kind: str, path: Path, key: str, value: Any, said: str) -> Fault:
    if kind == "too_short":
        return Fault(ProblemName.EMPTY_LIST, path, f"`{key}` is an empty list; leave it out, or name something")
    if kind == "literal_error" and isinstance(value, str):
        name, noun, words = CHOICES[key]
        return Fault(name, path, f"unknown {noun} {quote(value)}", nearest(value, words))
    if kind in {"string_too_short", "string_pattern_mismatch"}:
        return _badly_spelled(path, key, value)
    return _wrong_type(path, key, f"must be {EXPECTED[kind]}, not {kind_of(value)}" if kind in EXPECTED else said)


def _badly_spelled(path: Path, key: str, value: object) -> Fault:
    if key == "locations":
        hint = "a location has up to 64 characters without spaces and ?[]{}!\\; `*` stands for any"
        return Fault(ProblemName.BAD_LOCATION, path, f"bad location {quote(value)}; {hint}")
    if path == ("policy", "id"):
        return Fault(ProblemName.BAD_NAME, path, f"bad name {quote(value)}; {RULE}, and `-`, beginning with a letter")
    if path[-2] in NAMED:
        return Fault(
            ProblemName.BAD_NAME, path, f"bad name {quote(value)}; {RULE}, beginning with a letter", at_key=True
        )
    return Fault(ProblemName.BLANK_TEXT, path, f"`{key}` is blank; write something or leave it out")


def _wrong_type(path: Path, key: str, said: str) -> Fault:
    return Fault(ProblemName.WRONG_TYPE, path, f"{quote(key)} {said}")


def _unknown_key(path: Path) -> Fault:
    keys = keys_of(path[:-1])
    return Fault(ProblemName.UNKNOWN_KEY, path, f"unknown key {quote(path[-1])}", nearest(path[-1], keys), at_key=True)


def _missing(path: Path) -> Fault:
    return Fault(ProblemName.MISSING_KEY, path[:-1], f"`{path[-1]}` is missing in `{title(path[:-1])}`", at_key=True)


def title(path: Path) -> str:
    """A table as its header names it."""
    return f"[{'.'.join(str(part) for part in path)}]" if path else "the file"

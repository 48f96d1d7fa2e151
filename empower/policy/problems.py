"""What can be wrong with policy files: one registry of names, and the problem that people read.

A name is never renamed or reused: scripts and editors tell problems apart by it. Each has a page with a failing
example, under `pages`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from enum import StrEnum
from typing import Literal

from empower.core.errors import PolicyError

Severity = Literal["error", "warning"]


class ProblemName(StrEnum):
    """Every kind of problem, from the file inwards."""

    # The folder and its files.
    NO_POLICY = "no-policy"
    UNREADABLE_FILE = "unreadable-file"
    OUTSIDE_FOLDER = "outside-folder"
    FILE_TOO_LARGE = "file-too-large"
    NOT_UTF8 = "not-utf8"
    BAD_TOML = "bad-toml"
    TOO_DEEP = "too-deep"
    # The shape of a document.
    UNKNOWN_KEY = "unknown-key"
    MISSING_KEY = "missing-key"
    WRONG_TYPE = "wrong-type"
    BAD_NAME = "bad-name"
    BAD_LOCATION = "bad-location"
    BLANK_TEXT = "blank-text"
    EMPTY_LIST = "empty-list"
    LISTED_TWICE = "listed-twice"
    STAR_NOT_ALONE = "star-not-alone"
    # Values.
    NEGATIVE_AMOUNT = "negative-amount"
    AMOUNT_TOO_LARGE = "amount-too-large"
    WRONG_DECIMALS = "wrong-decimals"
    BAD_PERCENT = "bad-percent"
    BAD_SHARE = "bad-share"
    BAD_COUNT = "bad-count"
    BAD_DURATION = "bad-duration"
    BAD_WINDOW = "bad-window"
    EMPTY_TIME = "empty-time"
    # Words that are not in their list.
    UNKNOWN_TIME_ZONE = "unknown-time-zone"
    UNKNOWN_CURRENCY = "unknown-currency"
    UNKNOWN_SCOPE = "unknown-scope"
    UNKNOWN_WINDOW = "unknown-window"
    UNKNOWN_WEEKDAY = "unknown-weekday"
    UNKNOWN_DIMENSION = "unknown-dimension"
    UNKNOWN_BEYOND = "unknown-beyond"
    UNKNOWN_THEN = "unknown-then"
    UNKNOWN_REQUIREMENT = "unknown-requirement"
    UNKNOWN_CHANGE = "unknown-change"
    # Names that nothing has.
    UNKNOWN_POLICY = "unknown-policy"
    UNKNOWN_REMEDY = "unknown-remedy"
    UNKNOWN_REASON = "unknown-reason"
    UNKNOWN_ROLE = "unknown-role"
    NOTHING_TO_DROP = "nothing-to-drop"
    # Rules that cannot be meant.
    CIRCULAR_EXTENDS = "circular-extends"
    CIRCULAR_INHERITS = "circular-inherits"
    LIMIT_WITHOUT_CAP = "limit-without-cap"
    PERCENT_WITHOUT_CHECK = "percent-without-check"
    WINDOW_WITHOUT_SCOPE = "window-without-scope"
    EMPTY_WHEN = "empty-when"
    THEN_WITHOUT_REQUIRE = "then-without-require"
    REQUIRE_WITHOUT_THEN = "require-without-then"
    CONTRADICTING_GUARDS = "contradicting-guards"
    REMEDY_NOBODY_GIVES = "remedy-nobody-gives"
    # Between policies.
    DUPLICATE_POLICY = "duplicate-policy"
    NO_CALENDAR = "no-calendar"
    TIED_LOCATIONS = "tied-locations"
    # What must never be.
    BAD_INVARIANT = "bad-invariant"
    BROKEN_INVARIANT = "broken-invariant"
    # Cases.
    UNKNOWN_EMPLOYEE = "unknown-employee"
    UNKNOWN_LIMIT = "unknown-limit"
    UNKNOWN_CODE = "unknown-code"
    UNKNOWN_OUTCOME = "unknown-outcome"
    # Rules that are merely odd: warnings.
    UNREACHABLE_RULE = "unreachable-rule"
    DUPLICATE_RULE = "duplicate-rule"
    BEATEN_LIMIT = "beaten-limit"
    NEVER_TRUE = "never-true"
    OVERRULED_GUARD = "overruled-guard"
    NOBODY_CAN_GRANT = "nobody-can-grant"
    WEAK_APPROVER = "weak-approver"
    CIRCULAR_APPROVALS = "circular-approvals"
    FIRST_REMEDY_OUT_OF_REACH = "first-remedy-out-of-reach"


OF_CASES = frozenset(
    {
        ProblemName.UNKNOWN_EMPLOYEE,
        ProblemName.UNKNOWN_LIMIT,
        ProblemName.UNKNOWN_CODE,
        ProblemName.UNKNOWN_OUTCOME,
    }
)
"""What only files of cases have: `empower policy test` tells them."""
WARNINGS = frozenset(
    {
        ProblemName.UNREACHABLE_RULE,
        ProblemName.DUPLICATE_RULE,
        ProblemName.BEATEN_LIMIT,
        ProblemName.NEVER_TRUE,
        ProblemName.OVERRULED_GUARD,
        ProblemName.NOBODY_CAN_GRANT,
        ProblemName.WEAK_APPROVER,
        ProblemName.CIRCULAR_APPROVALS,
        ProblemName.FIRST_REMEDY_OUT_OF_REACH,
    }
)
"""What is told and keeps no policy out of force: what is merely odd must not close a restaurant's tills."""


def severity_of(name: ProblemName) -> Severity:
    """Whether a problem keeps the policies out of force, or is only told."""
    return "warning" if name in WARNINGS else "error"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something wrong with the policies of a folder, which sorts by file, line and column; an error keeps all out."""

    file: str
    """Relative to the folder; `.` for the folder itself."""
    line: int
    """From 1."""
    column: int
    """In characters, from 1."""
    name: ProblemName
    message: str
    frame: str = ""
    """The line with two around it, and a caret under the place."""
    near: str | None = None
    """The nearest name that exists."""
    example: str | None = None
    """Requests that show it, one a line, as `empower ask` takes them."""

    @property
    def severity(self) -> Severity:
        """Whether it keeps the policies out of force, or is only told."""
        return severity_of(self.name)

    def __str__(self) -> str:
        """`bistro.toml:12:9: unknown remedy …; did you mean …?`."""
        hint = f"; did you mean `{self.near}`?" if self.near else ""
        return f"{self.file}:{self.line}:{self.column}: {self.message}{hint}"


class PolicyProblemsError(PolicyError):
    """Policies that are not in force, with all their `problems`."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """`problems` are those of one folder."""
        count = "a problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__(f"the policies have {count}, so they are not in force; see `empower policy check`")
        self.problems = problems

    def __str__(self) -> str:
        """The error, and a line for each problem."""
        return "\n".join([self.detail, *(str(problem) for problem in self.problems)])


LONGEST_QUOTE = 60


def quote(value: object) -> str:
    """What stands in a file, in backticks, short and without control characters."""
    text = value if isinstance(value, str) else str(value)
    if len(text) > LONGEST_QUOTE:
        text = text[: LONGEST_QUOTE - 1] + "…"
    return f"`{printable(text)}`"


def printable(text: str) -> str:
    """`text` with a replacement character for whatever a terminal would obey."""
    return (
        text
        if text.isprintable()
        else "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
    )


def nearest(name: object, names: Collection[str]) -> str | None:
    """The name that was probably meant: of the most alike, one with the same letters, or the same first one."""
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_QUOTE:
        return None
    lowered = {known.lower(): known for known in sorted(names, reverse=True)}
    meant = name.lower()
    found = get_close_matches(meant, lowered, n=10)
    return lowered[max(found, key=lambda known: _likeness(meant, known))] if found else None


def _likeness(name: str, known: str) -> tuple[float, bool, bool]:
    return SequenceMatcher(None, known, name).ratio(), sorted(name) == sorted(known), name[0] == known[0]

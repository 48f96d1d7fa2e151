"""A policy as what it means, after `extends` and `inherits`: the value that is hashed, stored and replayed.

Amounts are integers of minor units, shares and percentages integers of a hundredth of a percent, durations
integers of seconds. `empower.policy` makes these values from files; `Policy.load` makes them from the book.
"""

from collections.abc import Callable
from datetime import UTC, datetime, time
from functools import cached_property, lru_cache
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from empower.core import calendar as calendars
from empower.core.canonical import LARGEST_INTEGER, canonical, digest
from empower.core.money import readable

Scope = Literal[
    "comp", "check", "guest", "incident", "employee", "role", "shift", "remedy", "reason", "location", "group"
]
Dimension = Literal["reliability", "assurance", "tangibles", "empathy", "responsiveness"]
"""The five dimensions of SERVQUAL (Parasuraman, Zeithaml and Berry, 1988)."""
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Fact = Literal["note", "photo", "guest"]
Beyond = Literal["escalate", "deny"]

Minor = Annotated[int, Field(ge=0, le=LARGEST_INTEGER)]
Bp = Annotated[int, Field(ge=0)]
"""A hundredth of a percent."""

REMEMBERED = 8192
"""Amounts whose words are kept: the same few are said again and again."""

EVERYTHING = ("*",)
"""A list of remedies, or of roles, that holds all there are."""


class Meaning(BaseModel):
    """What all parts of a policy share: frozen, exact, nothing unknown."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class CalendarRules(Meaning):
    """The location's currency and when its business days begin."""

    timezone: str
    currency: str
    decimals: int = Field(ge=0, le=4)
    symbol: str
    day_starts: time
    week_starts: Weekday


class Remedy(Meaning):
    """Something that may be offered."""

    title: str
    most: Minor | None = None
    cost_bp: Bp | None = None
    account: str | None = None
    zero: bool = False
    """May be given with amount zero: it costs next to nothing, and counts."""


class FollowUp(Meaning):
    """Who looks after the guest again, and within how many seconds."""

    within_seconds: int = Field(gt=0)
    by: str


class Reason(Meaning):
    """A coded service failure, with the remedies in the order to offer them."""

    title: str
    dimension: Dimension
    stage: str
    remedies: tuple[str, ...]
    say: str = ""
    follow_up: FollowUp | None = None


class Limit(Meaning):
    """A cap on amount, count or percent of check, per scope, per window."""

    address: str
    """Where it stands in the policy: `roles.server.limits.day`."""
    per: tuple[Scope, ...] = ("comp",)
    every: str | None = None
    amount: Minor | None = None
    count: Minor | None = None
    percent_bp: Bp | None = None
    remedies: tuple[str, ...] = ()
    """Narrowed to these; empty is all."""
    reasons: tuple[str, ...] = ()
    beyond: Beyond = "escalate"

    def applies(self, remedy: str, reason: str) -> bool:
        """Whether the limit has a say in this remedy for this reason."""
        return (not self.remedies or remedy in self.remedies) and (not self.reasons or reason in self.reasons)


class Role(Meaning):
    """A named authority."""

    title: str
    remedies: tuple[str, ...]
    approves: tuple[str, ...] = ()
    limits: tuple[Limit, ...] = ()

    def may(self, remedy: str) -> bool:
        """Whether the role may give `remedy` at all."""
        return self.remedies == EVERYTHING or remedy in self.remedies

    def approves_role(self, role: str) -> bool:
        """Whether the role may approve the requests of `role`."""
        return self.approves == EVERYTHING or role in self.approves


class When(Meaning):
    """Facts that must all hold; within a list, one of them."""

    remedies: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    item_categories: tuple[str, ...] = ()
    check_state: tuple[str, ...] = ()
    amount_over: Minor | None = None
    percent_over_bp: Bp | None = None
    between: tuple[time, time] | None = None
    """Local times of day, from the first until just before the second; over midnight if it is the earlier one."""
    weekdays: tuple[Weekday, ...] = ()
    employee_is_guest: bool | None = None
    note_missing: bool | None = None


class Guard(Meaning):
    """A rule beside the limits: where its facts hold it denies, escalates or requires something."""

    address: str
    when: When
    then: Literal["deny", "escalate", "require"]
    require: tuple[Fact, ...] = ()
    say: str = ""


class Approval(Meaning):
    """How a yes by another person works here."""

    expires_seconds: int = Field(default=900, gt=0)
    climb_after_seconds: int | None = Field(default=None, gt=0)
    """After so long the next roles are asked, too; None asks all at once."""
    two_people_over: Minor | None = None


class Holds(Meaning):
    """How long an approved comp encumbers its budgets without a capture."""

    expires_seconds: int = Field(default=86_400, gt=0)


class Policy(Meaning):
    """The rules in force at a location."""

    version: Literal[1] = 1
    """Of this canonical form, so that books written under an older one can still be replayed."""
    id: str
    title: str = ""
    locations: tuple[str, ...] = ()
    effective: str | None = None
    """Not in force before this moment: with an offset, or without one on the wall clock of `calendar`."""
    until: str | None = None
    """Nor from this one on: what was in force before comes back."""
    calendar: CalendarRules
    remedies: dict[str, Remedy]
    reasons: dict[str, Reason]
    roles: dict[str, Role]
    limits: tuple[Limit, ...] = ()
    guards: tuple[Guard, ...] = ()
    approval: Approval = Approval()
    holds: Holds = Holds()

    @cached_property
    def text(self) -> bytes:
        """The canonical JSON (RFC 8785), in which order of declaration is kept where it has meaning.

        Names are keys there, and keys are sorted: so roles, remedies and reasons have no order.
        """
        return canonical(self.model_dump(mode="json", exclude_none=True))

    @cached_property
    def digest(self) -> str:
        """The name of this version: `sha256:` and the hex digest of `text`."""
        return digest(self.text)

    @classmethod
    def load(cls, text: bytes | str) -> "Policy":
        """The policy of a canonical text; raises pydantic's `ValidationError` if it is none."""
        return cls.model_validate_json(text)

    @cached_property
    def days(self) -> calendars.Calendar:
        """The calendar as a value that finds windows."""
        rules = self.calendar
        return calendars.calendar(rules.timezone, rules.day_starts, rules.week_starts)

    def moment(self, written: str) -> datetime:
        """The moment, in UTC, that is written with an offset, or without one on the policy's wall clock."""
        found = datetime.fromisoformat(written)
        return (found if found.tzinfo else found.replace(tzinfo=self.days.zone)).astimezone(UTC)

    @cached_property
    def begins(self) -> datetime | None:
        """Before this moment the policy does not want to be in force."""
        return None if self.effective is None else self.moment(self.effective)

    @cached_property
    def ends(self) -> datetime | None:
        """From this moment on it does not either."""
        return None if self.until is None else self.moment(self.until)

    def is_in_its_time(self, now: datetime) -> bool:
        """Whether the policy itself wants to be in force at a moment."""
        return (self.begins is None or self.begins <= now) and (self.ends is None or now < self.ends)

    @cached_property
    def money(self) -> Callable[[int], str]:
        """Says an amount of minor units as people at this location read it."""
        decimals, symbol = self.calendar.decimals, self.calendar.symbol
        return lru_cache(maxsize=REMEMBERED)(lambda amount_minor: readable(amount_minor, decimals, symbol))

    def remedies_for(self, reason: str) -> tuple[str, ...]:
        """The remedies of a reason in the order to offer them; all of them, by name, for `*`."""
        listed = self.reasons[reason].remedies
        return tuple(sorted(self.remedies)) if listed == EVERYTHING else listed

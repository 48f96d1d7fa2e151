"""What a policy file may hold, section by section; also the source of the JSON Schema that editors use.

A document may be incomplete, because it may extend another one: what a policy needs in the end is checked once the
documents are merged.
"""

from datetime import datetime, time
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from empower.core.policy import Beyond, Dimension, Fact, Scope, Weekday
from empower.policy.problems import ProblemName
from empower.policy.words import (
    Amount,
    Between,
    Count,
    Duration,
    Location,
    Moment,
    Name,
    OneOrMany,
    OrDropped,
    Percent,
    PolicyId,
    Share,
    Text,
    Window,
    refuse,
)

Names = list[str]
SomeNames = Annotated[list[str], Field(min_length=1)]
Then = Literal["deny", "escalate", "require"]


class Section(BaseModel):
    """A table of a policy file: nothing unknown in it, and nothing coerced."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Header(Section):
    """What the policy is called and where it holds."""

    id: PolicyId = Field(description="the policy's name, by which another one may extend it")
    title: Text | None = Field(default=None, description="what people call it")
    locations: Annotated[list[Location], Field(min_length=1)] | None = Field(
        default=None,
        description="locations that it governs; `*` stands for any characters; the most literal match wins."
        " Without it the policy is only there to be extended",
    )
    extends: str | None = Field(default=None, description="the policy to start from")
    effective: Moment | None = Field(
        default=None, description="not in force before this: 2026-12-24T04:00:00, on the policy's wall clock"
    )
    until: Moment | None = Field(
        default=None, description="in force until just before this; then what was in force before it comes back"
    )

    @field_validator("until")
    @classmethod
    def _after_its_beginning(cls, value: str, found: ValidationInfo) -> str:
        begins = found.data.get("effective")
        if begins is not None:
            first, last = datetime.fromisoformat(begins), datetime.fromisoformat(value)
            if (first.tzinfo is None) == (last.tzinfo is None) and last <= first:
                refuse(ProblemName.EMPTY_TIME, f"from {begins} until {value} is no time at all")
        return value


class CalendarSection(Section):
    """The currency, and when business days and weeks begin."""

    timezone: str | None = Field(default=None, description="IANA time zone", examples=["America/New_York"])
    currency: str | None = Field(default=None, description="ISO 4217 code", examples=["USD"])
    day_starts: time | None = Field(
        default=None, description="local time at which a business day begins", examples=["04:00:00"]
    )
    week_starts: Weekday | None = Field(default=None, description="first day of a business week")


class RemedySection(Section):
    """Something that may be offered."""

    title: Text | None = Field(default=None, description="what people call it")
    most: Amount | None = Field(
        default=None, description="what nobody may exceed, whatever the role; with the currency's decimals: 25.00"
    )
    cost: Share | None = Field(default=None, description="share of the retail price that it costs the house: 0.32")
    account: Text | None = Field(default=None, description="account in the books of finance")
    zero: bool | None = Field(default=None, description="may be given with amount zero; it still counts")


class FollowUpSection(Section):
    """Who looks after the guest again, and how soon."""

    within: Duration = Field(description='how soon: "5 minutes"')
    by: str = Field(description="a role")


class ReasonSection(Section):
    """A coded service failure."""

    title: Text | None = Field(default=None, description="what people call it")
    dimension: Dimension | None = Field(default=None, description="dimension of SERVQUAL")
    stage: Text | None = Field(default=None, description="stage of the guest's journey")
    remedies: SomeNames | None = Field(default=None, description='remedies in the order to offer them; ["*"] for all')
    say: str | None = Field(default=None, description="words for the guest")
    follow_up: FollowUpSection | None = Field(default=None, description="who looks after the guest again, and how soon")


class LimitSection(Section):
    """A cap on amount, count or percent of check, per scope, per window."""

    per: Annotated[list[Scope], Field(min_length=1), OneOrMany] | None = Field(
        default=None, description="whose amounts are added up; `comp`, the default, is each comp alone"
    )
    every: Window | None = Field(
        default=None,
        description="day, week, month, quarter, year, or a rolling `N days`, today included; absent is for ever",
    )
    amount: Amount | None = Field(default=None, description="the most money, with the currency's decimals: 25.00")
    count: Count | None = Field(default=None, description="the most comps")
    percent_of_check: Percent | None = Field(default=None, description="the most percent of the check's total")
    remedies: SomeNames | None = Field(default=None, description="only these remedies count")
    reasons: SomeNames | None = Field(default=None, description="only these reasons count")
    beyond: Beyond | None = Field(default=None, description="what happens above the cap; escalate is the default")


class RoleSection(Section):
    """A named authority."""

    title: Text | None = Field(default=None, description="what people call it")
    inherits: str | None = Field(default=None, description="the role whose remedies and limits it starts from")
    remedies: Names | None = Field(default=None, description='remedies that it may give; ["*"] for all')
    approves: Names | None = Field(default=None, description='roles whose requests it may approve; ["*"] for all')
    limits: dict[Name, Annotated[LimitSection | None, OrDropped]] | None = Field(
        default=None, description="limits of this role, by name"
    )


class WhenSection(Section):
    """Facts that must all hold; within a list, one of them."""

    remedies: SomeNames | None = Field(default=None, description="the remedy is one of these")
    reasons: SomeNames | None = Field(default=None, description="the reason is one of these")
    roles: SomeNames | None = Field(default=None, description="the role that would grant it is one of these")
    item_categories: Annotated[list[Text], Field(min_length=1)] | None = Field(
        default=None, description="one of the items has one of these categories"
    )
    check_state: Annotated[list[Text], Field(min_length=1), OneOrMany] | None = Field(
        default=None, description="the check is in one of these states"
    )
    amount_over: Amount | None = Field(
        default=None, description="the amount is above this, with the currency's decimals: 25.00"
    )
    percent_over: Percent | None = Field(
        default=None, description="the amount is above this percent of the check's total"
    )
    between: Between | None = Field(
        default=None, description="the local time of day; over midnight if the second is earlier"
    )
    weekdays: Annotated[list[Weekday], Field(min_length=1)] | None = Field(
        default=None, description="the business day is one of these"
    )
    employee_is_guest: bool | None = Field(default=None, description="whether the employee is the guest")
    note_missing: bool | None = Field(default=None, description="whether the request lacks a note")


class GuardSection(Section):
    """A rule beside the limits: where its facts hold it denies, escalates or requires something."""

    when: WhenSection = Field(description="facts that must all hold")
    then: Then = Field(description="what follows")
    require: Annotated[list[Fact], Field(min_length=1)] | None = Field(
        default=None, description='what is required, with then = "require"'
    )
    say: str | None = Field(default=None, description="words for the employee")


class ApprovalSection(Section):
    """How a yes by another person works here."""

    expires: Duration | None = Field(default=None, description='how long a request waits for a yes: "15 minutes"')
    climb_after: Duration | None = Field(
        default=None, description='after so long the next roles are asked, too: "3 minutes"; absent: all at once'
    )
    two_people_over: Amount | None = Field(
        default=None, description="above this two people must approve; with the currency's decimals: 1000.00"
    )


class HoldsSection(Section):
    """How long an approved comp encumbers its budgets without a capture."""

    expires: Duration | None = Field(default=None, description='how long a hold waits for its capture: "1 day"')


class NeverSection(Section):
    """What must never be approved: names and facts that narrow it, and what may not be granted."""

    roles: SomeNames | None = Field(default=None, description="on the authority of one of these roles")
    roles_below: str | None = Field(
        default=None, description="on the authority of a role that this one approves, itself or by way of others"
    )
    remedies: SomeNames | None = Field(default=None, description="the remedy is one of these")
    reasons: SomeNames | None = Field(default=None, description="the reason is one of these")
    item_categories: Annotated[list[Text], Field(min_length=1)] | None = Field(
        default=None, description="one of the items has one of these categories"
    )
    check_state: Annotated[list[Text], Field(min_length=1), OneOrMany] | None = Field(
        default=None, description="the check is in one of these states"
    )
    between: Between | None = Field(default=None, description="the local time of day")
    weekdays: Annotated[list[Weekday], Field(min_length=1)] | None = Field(
        default=None, description="the day is one of these"
    )
    employee_is_guest: bool | None = Field(default=None, description="whether the employee is the guest")
    note_missing: bool | None = Field(default=None, description="whether the request lacks a note")
    alone: Literal[True] | None = Field(default=None, description="anything at all, without another person")
    grants_over: Amount | None = Field(
        default=None, description="more than this at once, without another person; with the currency's decimals: 200.00"
    )
    employee_per: Literal["day"] | None = Field(
        default=None, description="what an employee grants in a business day, in one role at one location, is added up"
    )
    over: Amount | None = Field(
        default=None, description="with `employee_per`: more than this; with the currency's decimals: 500.00"
    )


class InvariantSection(Section):
    """What no edit of the limits may make possible; decided exactly by `check`, and no part of any decision."""

    title: Text | None = Field(default=None, description="what it is for")
    never: NeverSection = Field(description="what must never be approved")


class PublishingSection(Section):
    """How another set of policies comes into force."""

    two_people_for: Literal["looser"] | None = Field(
        default=None, description='"looser": what loosens a rule waits for another person\'s yes'
    )


class Document(Section):
    """A policy: who may give which remedy for which reason, up to which limits."""

    policy: Header
    calendar: CalendarSection = CalendarSection()
    remedies: dict[Name, RemedySection] = {}
    reasons: dict[Name, ReasonSection] = {}
    limits: dict[Name, Annotated[LimitSection | None, OrDropped]] = {}
    roles: dict[Name, RoleSection] = {}
    guards: dict[Name, Annotated[GuardSection | None, OrDropped]] = {}
    approval: ApprovalSection = ApprovalSection()
    holds: HoldsSection = HoldsSection()
    publishing: PublishingSection = PublishingSection()
    invariants: dict[Name, Annotated[InvariantSection | None, OrDropped]] = {}


SECTIONS: dict[tuple[str, ...], type[Section]] = {
    (): Document,
    ("policy",): Header,
    ("calendar",): CalendarSection,
    ("remedies", "*"): RemedySection,
    ("reasons", "*"): ReasonSection,
    ("reasons", "*", "follow_up"): FollowUpSection,
    ("limits", "*"): LimitSection,
    ("roles", "*"): RoleSection,
    ("roles", "*", "limits", "*"): LimitSection,
    ("guards", "*"): GuardSection,
    ("guards", "*", "when"): WhenSection,
    ("approval",): ApprovalSection,
    ("holds",): HoldsSection,
    ("publishing",): PublishingSection,
    ("invariants", "*"): InvariantSection,
    ("invariants", "*", "never"): NeverSection,
}
"""Which section stands where; `*` is a name."""

NAMED = frozenset({"remedies", "reasons", "limits", "roles", "guards", "invariants"})
"""Tables whose keys are names that the policy gives."""


def section_at(path: tuple[str | int, ...]) -> type[Section] | None:
    """What may stand in the section at `path`; None if it is no section."""
    return SECTIONS.get(
        tuple("*" if number and path[number - 1] in NAMED else str(part) for number, part in enumerate(path))
    )


def keys_of(path: tuple[str | int, ...]) -> tuple[str, ...]:
    """The keys that may stand in the section at `path`; none if it is no section."""
    section = section_at(path)
    return tuple(section.model_fields) if section else ()

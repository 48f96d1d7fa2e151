"""What a file of cases may hold: who asks for what with what already used, and what must be answered.

A file `bistro.cases.toml` stands beside the policies. Where `ask` gives a list, each of its values is a case.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator

from empower.policy.document import Names, Section
from empower.policy.problems import ProblemName
from empower.policy.words import Amount, Count, Location, Name, OneOrMany, OrDropped, PolicyId, Text, kind_of, refuse

Outcomes = Literal["approve", "escalate", "deny"]


def _aware(value: Any) -> datetime:
    if not isinstance(value, datetime):
        refuse(ProblemName.WRONG_TYPE, f"must be a moment such as 2026-11-20T19:30:00-05:00, not {kind_of(value)}")
    if value.tzinfo is None:
        refuse(ProblemName.WRONG_TYPE, "needs its offset from UTC, such as 2026-11-20T19:30:00-05:00")
    return value


def _amounts(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


Moment = Annotated[datetime, PlainValidator(_aware)]
Many = Annotated[list[str], Field(min_length=1), OneOrMany]


class _OneOrManyAmounts:
    """A list of amounts that may be written as its only element."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema  # noqa: PLC0415  beside its only use

        return core_schema.no_info_before_validator_function(_amounts, handler(source))


class EmployeeSection(Section):
    """Somebody who asks, or is asked."""

    roles: Names = Field(description="in the order of the roster; none for somebody who has none here")
    active: bool = True


class CheckSection(Section):
    """The till's bill."""

    id: Text = "C1"
    total: Amount | None = None
    before: Amount | None = Field(default=None, description="its total when the book last saw it")
    state: Text | None = None
    categories: list[Text] = Field(default_factory=list)


class AskSection(Section):
    """A request, without what the defaults say already; a list makes a case of each value."""

    employee: Many | None = None
    remedy: Many | None = None
    reason: Many | None = None
    amount: Annotated[list[Amount], Field(min_length=1), _OneOrManyAmounts()] | None = None
    check: Annotated[CheckSection | None, OrDropped] = None
    guest: Annotated[Text | None, OrDropped] = None
    incident: Annotated[Text | None, OrDropped] = None
    shift: Annotated[Text | None, OrDropped] = None
    note: bool = False
    photo: bool = False
    employee_is_guest: bool = False
    accept_less: bool = False
    occurred_at: Moment | None = None


class UsedSection(Section):
    """What a counter holds already, held and spent together."""

    amount: Amount | None = None
    count: Count | None = None


class ExpectSection(Section):
    """What must be answered; what is left out may be anything."""

    outcome: Outcomes
    role: str | None = None
    granted: Amount | None = None
    approvers: list[str] | None = None
    people: Annotated[int, Field(ge=0, le=2)] | None = None
    codes: list[str] | None = Field(default=None, description="among the findings")
    rules: list[str] | None = Field(default=None, description="addresses that stopped it")
    needs: list[str] | None = Field(default=None, description="the obligations")
    offer: Annotated[Amount | None, OrDropped] = Field(
        default=None, description="the largest amount of the same remedy; false for none"
    )
    offers: dict[str, Amount] | None = Field(default=None, description="other remedies with their largest amounts")


class CaseSection(Section):
    """One case, or a matrix of them."""

    now: Moment | None = None
    ask: AskSection
    used: dict[str, UsedSection] = Field(default_factory=dict)
    expect: ExpectSection


class CaseDocument(Section):
    """A file of cases."""

    policy: PolicyId
    location: Location | None = None
    now: Moment
    employees: Annotated[dict[str, EmployeeSection], Field(min_length=1)]
    defaults: AskSection = AskSection()
    cases: Annotated[dict[Name, CaseSection], Field(min_length=1)]


SECTIONS: dict[tuple[str, ...], type[Section]] = {
    (): CaseDocument,
    ("employees", "*"): EmployeeSection,
    ("defaults",): AskSection,
    ("defaults", "check"): CheckSection,
    ("cases", "*"): CaseSection,
    ("cases", "*", "ask"): AskSection,
    ("cases", "*", "ask", "check"): CheckSection,
    ("cases", "*", "used", "*"): UsedSection,
    ("cases", "*", "expect"): ExpectSection,
}
"""Which section stands where; `*` is a name."""
NAMED = ("employees", "cases", "used")


def keys_of(path: tuple[str | int, ...]) -> tuple[str, ...]:
    """The keys that may stand in the section at `path`; none if it is no section."""
    section = SECTIONS.get(tuple(_place(path)))
    return tuple(section.model_fields) if section else ()


def _place(path: tuple[str | int, ...]) -> Iterator[str]:
    for number, part in enumerate(path):
        yield "*" if number and path[number - 1] in NAMED else str(part)

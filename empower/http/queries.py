"""The parameters of what is read; one that does not exist is refused, so that a slip never widens a list."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from empower.core.canonical import LARGEST_INTEGER
from empower.core.request import Name, Ref
from empower.engine.input import LARGEST_PAGE


def _storable(moment: datetime) -> datetime:
    """A moment that has a year in UTC too."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("this moment is out of range") from None


def _dated(text: str) -> str:
    """Not a bare number, which could be seconds or milliseconds since who knows when."""
    if "-" not in text[:5]:
        raise ValueError("write a date and a time, such as `2026-11-23T19:42:11-05:00`")
    return text


Moment = Annotated[AwareDatetime, BeforeValidator(_dated), AfterValidator(_storable)]
Limit = Annotated[int, Field(ge=1, le=LARGEST_PAGE, description="how many at most")]


class Query(BaseModel):
    """What all queries share."""

    model_config = ConfigDict(extra="forbid")


class CompsQuery(Query):
    """Which comps."""

    status: str | None = Field(default=None, max_length=16, description="`pending`, `approved`, `captured`, …")
    location: Name | None = None
    employee: Ref | None = None
    guest: Ref | None = Field(default=None, description="the till's reference, or the pseudonym that answers have")
    since: Moment | None = Field(default=None, description="made then or later: RFC 3339, with its offset")
    forced: Literal["true", "false"] | None = Field(default=None, description="captured late, when there was no room")
    cursor: str | None = Field(default=None, max_length=64, description="`next` of the page before")
    limit: Limit = 50


class ApprovalsQuery(Query):
    """Which of what waits, and for whom."""

    location: Name | None = None
    approver: Ref | None = Field(default=None, description="an employee: what each would be for them")
    cursor: str | None = Field(default=None, max_length=64, description="`next` of the page before")
    limit: Annotated[int, Field(ge=1, le=100, description="how many at most")] = 50


class BudgetsQuery(Query):
    """Whose budgets; limits per guest, check, incident or shift are there only if one is named."""

    location: Name
    employee: Ref | None = None
    guest: Ref | None = None
    check: Ref | None = None
    incident: Ref | None = None
    shift: Ref | None = None


class EntriesQuery(Query):
    """Which lines of a book."""

    since: int = Field(default=0, ge=0, le=LARGEST_INTEGER, description="the seq to begin with")
    limit: Limit = 100


class EventsQuery(Query):
    """Whose events."""

    location: Name | None = Field(default=None, description="only there; if left out, wherever the key reaches")

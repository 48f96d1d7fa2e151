"""A request as it comes from outside, and the facts that deciding needs of it."""

from datetime import UTC, datetime
from typing import Annotated, NamedTuple

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from empower.core.money import Money

Ref = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""Somebody else's identifier: 1 to 128 characters, none of them control characters."""
Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]

MOST_ITEMS = 500
LONGEST_NOTE = 2000
Note = Annotated[str, Field(max_length=LONGEST_NOTE, pattern=r"^[^\x00]*$")]
"""Free text; PostgreSQL keeps no character of value 0."""


class Outside(BaseModel):
    """What all input shares: unknown fields are refused, and nothing is coerced across types."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(9000, 1, 1, tzinfo=UTC)
"""Far enough for any till, near enough for every calendar's arithmetic."""


def _date_as_text(value: object) -> object:
    """A moment is written as RFC 3339 text; a number could be seconds or milliseconds of anything."""
    if isinstance(value, str | datetime) and not (
        isinstance(value, str) and value.lstrip("+-").replace(".", "").isdigit()
    ):
        return value
    raise ValueError("should be a date and time with its offset, such as `2026-11-23T19:42:11-05:00`")


Moment = Annotated[AwareDatetime, Field(ge=EARLIEST, le=LATEST), BeforeValidator(_date_as_text)]


class Item(Outside):
    """A line of a check that the remedy touches."""

    id: Annotated[Ref | None, Field(description="the till's id of the line")] = None
    name: Annotated[str, Field(max_length=200)] | None = None
    category: Annotated[Name | None, Field(description="what guards ask for, such as `alcohol`")] = None
    amount: Money | None = None


class Check(Outside):
    """The till's bill, as far as the remedy is concerned: `items` are the lines that it touches."""

    id: Annotated[Ref, Field(description="the till's id of the check")]
    total: Annotated[Money | None, Field(description="of the whole check, now")] = None
    state: Annotated[Name | None, Field(description="`open`, `closed`, or what the till calls it")] = None
    items: Annotated[
        tuple[Item, ...], Field(max_length=MOST_ITEMS, description="the lines that the remedy touches")
    ] = ()


class Request(Outside):
    """One proposed remedy: who, where, what, how much, why, for whom."""

    location: Annotated[Name, Field(description="id of the property")]
    employee: Annotated[Ref, Field(description="id of who asks")]
    remedy: Annotated[Name, Field(description="what is offered, by its name in the policy")]
    reason: Annotated[Name, Field(description="why, by its name in the policy")]
    amount: Annotated[Money, Field(description="what the remedy is worth at retail")]
    check: Check | None = None
    guest: Annotated[Ref | None, Field(description="the till's reference; only a pseudonym is kept")] = None
    incident: Annotated[
        Ref | None, Field(description="id of the service failure, where there is more than one remedy")
    ] = None
    shift: Annotated[Ref | None, Field(description="id of the employee's shift")] = None
    note: Annotated[Note | None, Field(description="kept beside the book")] = None
    photo: Annotated[Ref | None, Field(description="the till's reference of a photo")] = None
    accept_less: Annotated[bool, Field(strict=True, description="take the largest amount that may be")] = False
    occurred_at: Annotated[Moment | None, Field(description="when it happened; budgets go by the moment of asking")] = (
        None
    )


class Context(NamedTuple):
    """What is known of a request besides what it says, at the moment it is decided."""

    roles: tuple[str, ...]
    """The roles that the employee holds here now, in the order of the roster."""
    active: bool = True
    guest: str | None = None
    """The guest's pseudonym."""
    employee_is_guest: bool = False
    has_note: bool = False
    check_total_before_minor: int | None = None
    """The total that this check had when the book last saw it."""


class Facts(NamedTuple):
    """All that a decision may depend on besides policy, standing and time."""

    location: str
    employee: str
    roles: tuple[str, ...]
    active: bool
    remedy: str
    reason: str
    amount_minor: int
    currency: str
    check: str | None
    check_total_minor: int | None
    check_state: str | None
    check_total_before_minor: int | None
    categories: tuple[str, ...]
    guest: str | None
    incident: str | None
    shift: str | None
    has_note: bool
    has_photo: bool
    employee_is_guest: bool
    accept_less: bool
    occurred_at: datetime | None


def facts_of(request: Request, context: Context) -> Facts:
    """The facts of a request in its context."""
    check = request.check
    total = check.total if check else None
    return Facts(
        request.location,
        request.employee,
        context.roles,
        context.active,
        request.remedy,
        request.reason,
        request.amount.amount,
        request.amount.currency,
        check.id if check else None,
        total.amount if total else None,
        check.state if check else None,
        context.check_total_before_minor,
        tuple([item.category for item in check.items if item.category]) if check else (),
        context.guest,
        request.incident,
        request.shift,
        context.has_note,
        request.photo is not None,
        context.employee_is_guest,
        request.accept_less,
        request.occurred_at,
    )

"""A request as it comes from outside, and the facts that deciding needs of it."""

from datetime import datetime
from typing import Annotated, NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from empower.core.money import Money

Ref = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""Somebody else's identifier: 1 to 128 characters, none of them control characters."""
Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]

MOST_ITEMS = 500
LONGEST_NOTE = 2000


class Outside(BaseModel):
    """What all input shares: unknown fields are refused, and nothing is coerced across types."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Item(Outside):
    """A line of a check that the remedy touches."""

    id: Ref | None = None
    name: Annotated[str, Field(max_length=200)] | None = None
    category: Name | None = None
    amount: Money | None = None


class Check(Outside):
    """The till's bill, as far as the remedy is concerned: `items` are the lines that it touches."""

    id: Ref
    total: Money | None = None
    state: Name | None = None
    items: tuple[Item, ...] = Field(default=(), max_length=MOST_ITEMS)


class Request(Outside):
    """One proposed remedy: who, where, what, how much, why, for whom."""

    location: Name
    employee: Ref
    remedy: Name
    reason: Name
    amount: Money
    check: Check | None = None
    guest: Ref | None = None
    incident: Ref | None = None
    shift: Ref | None = None
    note: Annotated[str, Field(max_length=LONGEST_NOTE)] | None = None
    photo: Ref | None = None
    accept_less: bool = False
    occurred_at: AwareDatetime | None = None


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

"""What is read of Square's published types, by their published field names, and the proposal that is ours.

The source is the Orders API of version 2026-09-16. Square marks nearly every field as optional, because an order to
be created has few of them; an order that is read back has an id, a total and a version, so those must be there.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator
from pydantic_core import PydanticCustomError

from empower.core.canonical import LARGEST_INTEGER

Word = Annotated[str, Field(min_length=1)]
State = Literal["OPEN", "COMPLETED", "CANCELED", "DRAFT"]


def _moment(value: Any) -> datetime:
    """A time in RFC 3339, with its offset."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo is None:
        raise PydanticCustomError("moment", "a time with its offset, such as `2026-11-20T19:42:11Z`")
    return moment


Moment = Annotated[datetime, PlainValidator(_moment)]
Minor = Annotated[int, Field(ge=0, le=LARGEST_INTEGER)]


class Published(BaseModel):
    """A type of Square's: fields that are not needed here are let pass, those that are must not be coerced."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class Money(Published):
    """An amount in minor units of an ISO 4217 currency."""

    amount: Minor
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]


class LineItem(Published):
    """A line of an order; `uid` tells it from the other lines of this order only."""

    uid: Word | None = None
    name: str | None = None
    quantity: Word
    catalog_object_id: Word | None = None
    metadata: dict[str, str | None] | None = None
    total_money: Money | None = None
    """What the guest pays for the line: discounts taken off, taxes added."""


class Order(Published):
    """An order as Square gives it back."""

    id: Word
    location_id: Word
    customer_id: str | None = None
    line_items: list[LineItem] | None = None
    created_at: Moment | None = None
    updated_at: Moment | None = None
    state: State | None = None
    version: int | None = None
    total_money: Money


class Proposal(BaseModel):
    """What is proposed beside an order, by whom, for what, and on which of its lines."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    remedy: Word
    reason: Word
    employee: Word
    line_items: list[Word] | None = None
    """The `uid`s of the lines that the remedy touches."""
    amount: Minor | None = None
    """Minor units of the order's currency."""
    guest: Word | None = None
    incident: Word | None = None
    shift: Word | None = None
    note: str | None = None
    photo: Word | None = None
    accept_less: bool = False
    occurred_at: Moment | None = None

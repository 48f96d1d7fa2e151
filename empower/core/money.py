"""Money as people read it. Everywhere else an amount is an integer of minor units, beside its ISO 4217 code."""

from pydantic import BaseModel, ConfigDict, Field

from empower.core.canonical import LARGEST_INTEGER


class Money(BaseModel):
    """An amount in minor units of an ISO 4217 currency: `{"amount": 1250, "currency": "USD"}` is $12.50."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    amount: int = Field(ge=0, le=LARGEST_INTEGER, description="integer of minor units (cents)")
    currency: str = Field(pattern="^[A-Z]{3}$", description="ISO 4217 code")


def plain(amount_minor: int, decimals: int) -> str:
    """`1250` with two decimals as `12.50`, with none as `1250`."""
    if decimals == 0:
        return str(amount_minor)
    sign = "-" if amount_minor < 0 else ""
    whole, part = divmod(abs(amount_minor), 10**decimals)
    return f"{sign}{whole}.{part:0{decimals}d}"


def readable(amount_minor: int, decimals: int, symbol: str) -> str:
    """`$1,250.00`; a symbol of letters stands apart: `CHF 1,250.00`."""
    sign = "-" if amount_minor < 0 else ""
    whole, part = divmod(abs(amount_minor), 10**decimals)
    gap = " " if symbol[-1:].isalpha() else ""
    fraction = f".{part:0{decimals}d}" if decimals else ""
    return f"{sign}{symbol}{gap}{whole:,}{fraction}"

"""Amounts as people type and read them. Between the two they are integers of minor units; never a float."""

import re
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from empower.core.canonical import LARGEST_INTEGER
from empower.core.errors import FieldError, InputError

if TYPE_CHECKING:
    from empower.policy.money import Currency

_written = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?").fullmatch


class Cash(NamedTuple):
    """Minor units of a currency."""

    minor: int
    currency: str

    @property
    def readable(self) -> str:
        """`$12.50`."""
        from empower.core.money import readable

        found = _currency(self.currency)
        return readable(self.minor, found.decimals, found.symbol)

    @property
    def plain(self) -> str:
        """`12.50`."""
        from empower.core.money import plain

        return plain(self.minor, _currency(self.currency).decimals)


def _currency(code: str) -> "Currency":
    from empower.policy.money import Currency, currency

    return currency(code) or Currency(code, 0, code)


def minor_of(text: str, code: str, pointer: str = "/amount") -> int:
    """`"12.50"` as 1250 minor units of `code`.

    Raises `InputError` for what is no amount, negative, too precise for the currency, or at or above 2^53.
    """
    from empower.core.money import plain
    from empower.policy.money import decimals_of, minor

    money = _currency(code)
    if not _written(text):
        raise _wrong(text, pointer, f"is no amount: write it as `{plain(1250, money.decimals)}`")
    amount = Decimal(text)
    if decimals_of(amount) > money.decimals:
        raise _wrong(text, pointer, f"is more precise than {code}, which has {money.decimals} decimals")
    units = minor(amount, money.decimals)
    if units > LARGEST_INTEGER:
        raise _wrong(text, pointer, "is too large: amounts are below 2^53 minor units")
    return units


def _wrong(text: str, pointer: str, why: str) -> InputError:
    message = f"`{text[:40]}` {why}"
    return InputError(message, errors=[FieldError(pointer, message)])

"""What the world knows of a currency and of a time zone, and amounts in minor units."""

import re
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from empower.core.canonical import LARGEST_INTEGER
from empower.core.errors import FieldError, InputError
from empower.core.money import plain

LOCALE = "en_US"
_written = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?").fullmatch


class Currency(NamedTuple):
    """A currency of ISO 4217 with the decimals and the symbol that CLDR gives it."""

    code: str
    decimals: int
    symbol: str


@lru_cache(maxsize=256)
def currency(code: str) -> Currency | None:
    """The currency of an ISO 4217 code; None if there is none."""
    from babel.numbers import get_currency_precision, get_currency_symbol, is_currency  # noqa: PLC0415, slow to import

    if not is_currency(code):
        return None
    return Currency(code, get_currency_precision(code), get_currency_symbol(code, locale=LOCALE))


def known(code: str) -> Currency:
    """The same, where a book holds amounts in it; one that the world has forgotten is shown in minor units."""
    return currency(code) or Currency(code, 0, code)


def read(text: str, code: str, pointer: str = "/amount") -> int:
    """`"12.50"` as 1250 minor units of `code`.

    Raises `InputError` for what is no amount, negative, too precise for the currency, or at or above 2^53.
    """
    money = known(code)
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


def currencies() -> set[str]:
    """All codes."""
    from babel.numbers import list_currencies  # noqa: PLC0415, slow to import

    return set(list_currencies())


def is_timezone(name: str) -> bool:
    """Whether the name is an IANA time zone."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def timezones() -> set[str]:
    """All names of time zones."""
    return available_timezones()


def decimals_of(amount: Decimal) -> int:
    """How many decimals were written; below zero for `1e3`."""
    exponent = amount.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def written(amount: Decimal, decimals: int) -> str | None:
    """`12.5` as `12.50`; None if that loses something."""
    rounded = round(amount, decimals)
    return f"{rounded:f}" if rounded == amount else None


def minor(amount: Decimal, decimals: int) -> int:
    """`25.00` as 2500."""
    return int(amount.scaleb(decimals))


def fits(amount: Decimal, decimals: int) -> bool:
    """Whether the amount in minor units is an integer that every JSON reader keeps."""
    return amount.scaleb(decimals) <= LARGEST_INTEGER

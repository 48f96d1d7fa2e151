"""Amounts as people type them."""

import pytest

from empower.cli.amounts import Cash, minor_of
from empower.core.errors import InputError


@pytest.mark.parametrize(
    ("text", "code", "minor"),
    [
        ("12.50", "USD", 1250),
        ("12", "USD", 1200),
        ("0.5", "USD", 50),
        ("0", "USD", 0),
        ("2500", "JPY", 2500),
        ("1.234", "KWD", 1234),
        ("0.07", "USD", 7),
        ("90071992547409.91", "USD", 2**53 - 1),
    ],
)
def test_an_amount_is_minor_units_exactly(text: str, code: str, minor: int) -> None:
    assert minor_of(text, code) == minor


@pytest.mark.parametrize(
    ("text", "code", "why"),
    [
        ("12.505", "USD", "`12.505` is more precise than USD, which has 2 decimals"),
        ("12.500", "USD", "`12.500` is more precise than USD, which has 2 decimals"),
        ("12.5", "JPY", "`12.5` is more precise than JPY, which has 0 decimals"),
        ("-1", "USD", "`-1` is no amount: write it as `12.50`"),
        ("1e3", "USD", "`1e3` is no amount: write it as `12.50`"),
        ("$5", "USD", "`$5` is no amount: write it as `12.50`"),
        ("1,250.00", "USD", "`1,250.00` is no amount: write it as `12.50`"),
        ("NaN", "JPY", "`NaN` is no amount: write it as `1250`"),
        ("", "USD", "`` is no amount: write it as `12.50`"),
        ("٣", "USD", "`٣` is no amount: write it as `12.50`"),
        ("90071992547409.92", "USD", "`90071992547409.92` is too large: amounts are below 2^53 minor units"),
    ],
)
def test_what_is_no_amount_is_refused_with_what_to_write(text: str, code: str, why: str) -> None:
    with pytest.raises(InputError) as caught:
        minor_of(text, code, "/check/total")
    assert caught.value.detail == why
    assert [error.pointer for error in caught.value.errors] == ["/check/total"]


def test_an_amount_is_shown_with_the_symbol_and_decimals_of_its_currency() -> None:
    assert Cash(125_000, "USD").readable == "$1,250.00"
    assert Cash(1250, "JPY").readable == "¥1,250"
    assert Cash(1250, "EUR").plain == "12.50"

"""Money as people read it, and what is no money."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from empower.core.canonical import LARGEST_INTEGER
from empower.core.money import Money, plain, readable


@pytest.mark.parametrize(
    ("amount", "decimals", "text"),
    [
        (1250, 2, "12.50"),
        (1250, 0, "1250"),
        (1250, 3, "1.250"),
        (0, 2, "0.00"),
        (0, 0, "0"),
        (5, 2, "0.05"),
        (5, 3, "0.005"),
        (-5, 2, "-0.05"),
        (-1250, 2, "-12.50"),
        (-7, 0, "-7"),
        (LARGEST_INTEGER, 2, "90071992547409.91"),
    ],
)
def test_plain(amount: int, decimals: int, text: str):
    assert plain(amount, decimals) == text


@given(st.integers(-LARGEST_INTEGER, LARGEST_INTEGER), st.integers(0, 4))
def test_plain_is_exact(amount: int, decimals: int):
    assert Decimal(plain(amount, decimals)).scaleb(decimals) == amount


@pytest.mark.parametrize(
    ("amount", "decimals", "symbol", "text"),
    [
        (1250, 2, "$", "$12.50"),
        (125_000, 2, "$", "$1,250.00"),
        (123_456_789, 2, "€", "€1,234,567.89"),
        (125_000, 2, "CHF", "CHF 1,250.00"),
        (250_000, 0, "¥", "¥250,000"),
        (1250, 3, "KWD", "KWD 1.250"),
        (9, 2, "$", "$0.09"),
        (0, 2, "$", "$0.00"),
        (-125_000, 2, "$", "-$1,250.00"),
        (-9, 2, "CHF", "-CHF 0.09"),
        (100, 2, "R$", "R$1.00"),
    ],
)
def test_readable(amount: int, decimals: int, symbol: str, text: str):
    assert readable(amount, decimals, symbol) == text


@pytest.mark.parametrize("amount", [0, 1, LARGEST_INTEGER])
def test_money_is_minor_units_and_a_currency(amount: int):
    assert Money.model_validate_json(f'{{"amount": {amount}, "currency": "USD"}}').amount == amount


@pytest.mark.parametrize(
    "bad",
    [
        {"amount": -1, "currency": "USD"},
        {"amount": LARGEST_INTEGER + 1, "currency": "USD"},
        {"amount": 12.5, "currency": "USD"},
        {"amount": 12.0, "currency": "USD"},
        {"amount": "12", "currency": "USD"},
        {"amount": True, "currency": "USD"},
        {"amount": None, "currency": "USD"},
        {"amount": Decimal(12), "currency": "USD"},
        {"amount": 12, "currency": "usd"},
        {"amount": 12, "currency": "USDX"},
        {"amount": 12, "currency": "US"},
        {"amount": 12, "currency": "USD\n"},
        {"amount": 12, "currency": 840},
        {"amount": 12},
        {"currency": "USD"},
        {"amount": 12, "currency": "USD", "cents": 1},
    ],
)
def test_what_is_no_money_is_refused(bad: dict[str, Any]):
    with pytest.raises(ValidationError):
        Money.model_validate(bad)


@pytest.mark.parametrize("text", ["12.0", "1e3", '"12"', "-1", "9007199254740992", "12345678901234567.89", "true"])
def test_json_that_is_no_whole_number_of_minor_units_is_refused(text: str):
    with pytest.raises(ValidationError):
        Money.model_validate_json(f'{{"amount": {text}, "currency": "USD"}}')


def test_money_does_not_change():
    with pytest.raises(ValidationError):
        Money(amount=1, currency="USD").amount = 2  # type: ignore[misc]

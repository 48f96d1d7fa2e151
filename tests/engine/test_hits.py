"""Limits to suggested values: how often one was hit, by how much, and what would have sufficed."""

import pytest

from empower.engine import Engine
from empower.engine.hits import Suggestion, quantile, what_if

from .house import DAY, House, ask, policy


def found(engine: Engine, limit: str, unit: str = "amount") -> Suggestion:
    return next(item for item in what_if(engine.store) if (item.limit, item.unit) == (limit, unit))


@pytest.mark.parametrize(
    ("values", "percent", "least"),
    [([], 90, None), ([5], 90, 5), (list(range(1, 11)), 90, 9), (list(range(1, 11)), 95, 10), ([1, 9], 50, 1)],
)
def test_the_least_value_that_so_many_do_not_exceed(values: list[int], percent: int, least: int | None) -> None:
    assert quantile(values, percent) == least


def test_a_cap_on_amount_that_was_hit(engine: Engine) -> None:
    """Ten requests between 41.00 and 50.00 against 40.00 a comp; the day's 100.00 is never passed."""
    for tens in range(1, 11):
        engine.request(ask(4000 + 100 * tens))
    engine.request(ask(1000))
    assert found(engine, "roles.server.limits.comp") == Suggestion(
        "cafe", "roles.server.limits.comp", "amount", 4000, 11, 10, 10, 500, 1000, (4900, 5000, 5000)
    )


def test_what_another_rule_stopped_too_counts_for_neither_cap(engine: Engine) -> None:
    engine.request(ask(4000))
    engine.request(ask(4000))
    engine.request(ask(4100))
    engine.request(ask(2500))
    day = found(engine, "roles.server.limits.day")
    assert (day.hit, day.alone, day.over_most, day.least) == (2, 1, 2100, (10500, 10500, 10500))
    comp = found(engine, "roles.server.limits.comp")
    assert (comp.hit, comp.alone, comp.least) == (1, 0, (None, None, None))


def test_counts_and_percents_are_in_their_own_units(house: House) -> None:
    more = 'limits.two = { per = "employee", every = "day", count = 2 }\n'
    more += 'limits.check = { per = "check", percent_of_check = 50 }\n'
    house.write(policy(DAY + more))
    engine = house.open(create=True)
    house.people(engine, "cafe-a")
    check = {"check": {"id": "c1", "total": {"amount": 3000, "currency": "USD"}}}
    engine.request(ask(1600, **check))
    for _ in range(3):
        engine.request(ask(100, **check))
    count = found(engine, "roles.server.limits.two", "count")
    assert (count.cap, count.hit, count.over_most, count.least) == (2, 1, 1, (3, 3, 3))
    percent = found(engine, "roles.server.limits.check", "percent")
    assert (percent.cap, percent.hit, percent.over_most, percent.least) == (5000, 1, 334, (5334, 5334, 5334))


def test_no_limit_is_suggested_that_was_never_hit(engine: Engine) -> None:
    engine.request(ask(100))
    assert what_if(engine.store) == []

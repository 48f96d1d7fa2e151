"""Shadows: a candidate that decides beside what is in force, by the counters as they really are."""

from pathlib import Path

import pytest

from empower.core import backtest as core
from empower.core.errors import ConflictError, PolicyError
from empower.engine import Engine
from empower.policy import PolicySet, read

from .house import House, ask, holds, policy

pytestmark = pytest.mark.both


def day(amount: str) -> str:
    return f'limits.day = {{ per = "employee", every = "day", amount = {amount} }}\n'


def candidate(house: House, text: str) -> PolicySet:
    folder = house.folder / "candidate"
    folder.mkdir(exist_ok=True)
    (folder / "cafe.toml").write_text(text)
    return read(folder).policies


def test_only_what_comes_after_is_compared_and_what_came_before_fills_the_windows(house: House, engine: Engine) -> None:
    engine.request(ask(4000))
    engine.publishing.begin_shadow(candidate(house, policy(day("50.00"))), Path("candidate"), by="cli:ana")
    before = house.dump()["entry"]
    statuses = [engine.request(ask(amount)).status for amount in (1000, 1000, 1000)]
    assert statuses == ["approved"] * 3
    report = engine.publishing.shadow_report()
    assert (report.flips.decided, dict(report.flips.by["outcome"])) == (3, {"approve → escalate": 2})
    assert len(house.dump()["entry"]) == len(before) + 3
    assert holds(engine)


def test_a_shadow_goes_by_what_was_really_held(house: House, engine: Engine) -> None:
    """A backtest would have room for the second 30.00 after refusing the first; a shadow has not."""
    engine.publishing.begin_shadow(candidate(house, policy(day("35.00"))), Path("candidate"), by="cli:ana")
    for amount in (4000, 3000):
        engine.request(ask(amount))
    assert engine.publishing.shadow_report().flips.flips == 2


def test_one_candidate_is_watched_at_a_time(house: House, engine: Engine) -> None:
    with pytest.raises(ConflictError) as raised:
        engine.publishing.shadow_report()
    assert raised.value.code == "no_shadow"
    first = engine.publishing.begin_shadow(candidate(house, policy(day("50.00"))), Path("one"), by="cli:ana")
    second = engine.publishing.begin_shadow(candidate(house, policy(day("40.00"))), Path("two"), by="cli:ana")
    assert (first, second, engine.publishing.shadow_report().shadow.source) == (1, 2, "two")
    assert engine.publishing.end_shadow() == 2
    with pytest.raises(ConflictError):
        engine.publishing.end_shadow()
    nowhere = candidate(house, policy().replace("cafe-*", "bar-*"))
    with pytest.raises(PolicyError) as refused:
        engine.publishing.begin_shadow(nowhere, Path("three"), by="cli:ana")
    assert refused.value.code == "governs_nothing"


def test_what_comes_after_its_end_is_not_its_own(house: House, engine: Engine) -> None:
    engine.publishing.begin_shadow(candidate(house, policy(day("35.00"))), Path("candidate"), by="cli:ana")
    engine.request(ask(4000))
    engine.publishing.end_shadow()
    house.clock.go(minutes=1)
    engine.request(ask(4000))
    report = engine.publishing.shadow_report()
    assert (report.flips.decided, report.flips.flips, report.shadow.ended_at is None) == (1, 1, False)


def test_a_candidate_that_measures_across_locations_sees_them_in_the_order_of_time(
    house: House, engine: Engine
) -> None:
    group = 'limits.group = { per = "group", every = "day", amount = 70.00 }\n'
    engine.publishing.begin_shadow(candidate(house, policy(group)), Path("candidate"), by="cli:ana")
    for location in ("cafe-a", "cafe-b", "cafe-a"):
        house.clock.go(minutes=1)
        engine.request(ask(3000, location=location))
    report = engine.publishing.shadow_report()
    assert dict(report.flips.by["location"]) == {"cafe-a": 1}
    assert [example.was for example in report.flips.examples] == ["approve"]


def test_a_candidate_that_fails_is_counted_and_fails_nobody(
    house: House, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.publishing.begin_shadow(candidate(house, policy(day("50.00"))), Path("candidate"), by="cli:ana")

    def broken(*_args: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(core.Backtest, "_decide", broken)
    assert engine.request(ask(1000)).status == "approved"
    report = engine.publishing.shadow_report()
    assert (report.errors, dict(report.flips.by["outcome"])) == (1, {"approve → escalate": 1})

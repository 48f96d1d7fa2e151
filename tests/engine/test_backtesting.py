"""Backtests: history decided again under a candidate, with the windows that it would have left."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from empower.core.errors import EmpowerError, InputError
from empower.engine import Engine
from empower.engine.backtesting import Backtested, backtest
from empower.policy import read

from .house import House, ask, policy

MONTH = 'limits.month = { per = "location", every = "month", amount = 900.00, beyond = "deny" }\n'
RICH = (
    'limits.day = { per = "employee", every = "day", amount = 100.00, count = 4 }\n'
    'limits.guest = { per = "guest", every = "30 days", count = 2 }\n'
    'limits.week = { per = ["employee", "remedy"], every = "week", amount = 180.00 }\n'
    'limits.check = { per = "check", percent_of_check = 50 }\n'
)
HOUSE = '[limits.group]\nper = "group"\nevery = "3 days"\namount = 400.00\nbeyond = "deny"\n'
GUARD = '[guards.late]\nwhen = { between = [22:00:00, 04:00:00], amount_over = 20.00 }\nthen = "escalate"\n'


def tried(house: House, engine: Engine, text: str, **how) -> Backtested:
    folder = house.folder / "candidate"
    folder.mkdir(exist_ok=True)
    (folder / "cafe.toml").write_text(text)
    reading = read(folder)
    assert reading.problems == ()
    return backtest(engine.store, reading.policies, **how)


def day(amount: str) -> str:
    return f'limits.day = {{ per = "employee", every = "day", amount = {amount} }}\n'


def live(house: House, engine: Engine, seed: int) -> None:
    """Three weeks of requests, with all that may become of them."""
    chance = random.Random(seed)  # noqa: S311  a story, no secret
    for _ in range(160):
        house.clock.go(minutes=chance.randrange(1, 400))
        check = {"id": f"c{chance.randrange(40)}", "total": {"amount": 5000, "currency": "USD"}}
        made = engine.request(
            ask(
                chance.randrange(1, 60) * 100,
                location=chance.choice(["cafe-a", "cafe-b"]),
                employee=chance.choice(["ana", "ana", "max"]),
                remedy=chance.choice(["discount", "dessert"]),
                guest=chance.choice([None, "room:1", "room:2", "room:3"]),
                check=chance.choice([None, check]),
                accept_less=chance.random() < 0.2,
            )
        )
        if made.status != "approved":
            continue
        what = chance.randrange(6)
        if what == 0:
            engine.void(made.id)
        elif what == 1:
            house.clock.go(hours=3)
            engine.expire()
            engine.capture(made.id)
        elif what > 1:
            engine.capture(made.id, chance.choice([None, max(1, made.amount.held // 2)]))
            if what == 2:
                engine.reverse(made.id, chance.choice([None, 1]))


@pytest.mark.parametrize("seed", range(4))
def test_the_policy_in_force_itself_gives_no_flip(house: House, seed: int) -> None:
    house.write(policy(RICH, more=HOUSE + GUARD))
    engine = house.open(create=True)
    house.people(engine, "cafe-a", "cafe-b")
    live(house, engine, seed)
    found = tried(house, engine, policy(RICH, more=HOUSE + GUARD))
    assert (found.flips.decided, found.flips.flips, found.errors) == (160, 0, 0)
    assert set(found.flips.money.values()) <= {(0, 0)}
    assert [was for was, now in found.flips.days.values() if was != now] == []


@pytest.mark.parametrize("seed", range(2))
def test_nor_does_it_when_only_the_last_days_are_decided_again(house: House, seed: int) -> None:
    house.write(policy(RICH, more=HOUSE))
    engine = house.open(create=True)
    house.people(engine, "cafe-a", "cafe-b")
    live(house, engine, seed)
    since = house.clock.moment - timedelta(days=6)
    found = tried(house, engine, policy(RICH, more=HOUSE), since=since)
    assert 0 < found.flips.decided < 160
    assert found.flips.flips == 0


def test_the_hours_of_a_guard_are_those_on_the_wall_also_when_clocks_are_changed(house: House) -> None:
    """In the night to 2026-11-01 New York has the hour from one to two twice."""
    late = '[guards.late]\nwhen = { between = [01:30:00, 02:30:00] }\nthen = "escalate"\n'
    house.clock.moment = datetime(2026, 10, 31, 4, 0, tzinfo=UTC)
    house.write(policy(more=late))
    engine = house.open(create=True)
    house.people(engine, "cafe-a")
    outcomes = []
    for _ in range(30 * 4):
        house.clock.go(minutes=15)
        outcomes.append(engine.request(ask(100)).decision.outcome)
    assert outcomes.count("escalate") == 4 + 6
    assert tried(house, engine, policy(more=late)).flips.flips == 0
    assert tried(house, engine, policy()).flips.by["outcome"]["escalate → approve"] == 4 + 6


def test_windows_are_those_that_the_candidate_would_have_left(house: House, engine: Engine) -> None:
    """At 100.00 a day 40 + 40 pass and the third 40 does not; at 50.00 only the first, and then the small one."""
    kept = [engine.request(ask(amount)) for amount in (4000, 4000, 4000, 1000)]
    assert [made.status for made in kept] == ["approved", "approved", "pending", "approved"]
    engine.capture(kept[1].id, 3000)
    found = tried(house, engine, policy(day("50.00")))
    assert dict(found.flips.by["outcome"]) == {"approve → escalate": 1}
    assert found.flips.money == {"USD": (0, 3000)}
    (example,) = found.flips.examples
    assert (example.comp, example.amount_minor) == (kept[1].id, 4000)
    assert (example.why.rule, example.why.cap, example.why.used) == ("roles.server.limits.day", 5000, 4000)


def test_what_only_the_candidate_approves_is_taken_as_captured_in_full(house: House, engine: Engine) -> None:
    for amount in (4000, 4000, 4000, 4000):
        engine.request(ask(amount))
    found = tried(house, engine, policy(day("120.00")))
    assert dict(found.flips.by["outcome"]) == {"escalate → approve": 1}
    assert found.flips.money == {"USD": (4000, 0)}
    assert {name: dict(counts) for name, counts in found.flips.by.items()} == {
        "outcome": {"escalate → approve": 1},
        "role": {"server": 1},
        "remedy": {"discount": 1},
        "reason": {"wrong_order": 1},
        "location": {"cafe-a": 1},
    }


def test_a_void_gives_the_candidates_window_back(house: House, engine: Engine) -> None:
    made = engine.request(ask(4000))
    engine.void(made.id)
    engine.request(ask(4000))
    assert tried(house, engine, policy(day("50.00"))).flips.flips == 0


def test_what_came_before_fills_the_windows(house: House, engine: Engine) -> None:
    engine.request(ask(4000))
    house.clock.go(minutes=10)
    since = house.clock.moment
    engine.request(ask(2000))
    found = tried(house, engine, policy(day("50.00")), since=since)
    assert (found.flips.decided, dict(found.flips.by["outcome"])) == (1, {"approve → escalate": 1})


def test_a_role_or_remedy_that_the_candidate_lacks_is_denied(house: House, engine: Engine) -> None:
    engine.request(ask(1000))
    found = tried(
        house, engine, policy(day("100.00")).replace("roles.server", "roles.waiter").replace('"server"', '"waiter"')
    )
    assert dict(found.flips.by["outcome"]) == {"approve → deny": 1}
    assert found.flips.examples[0].why.code == "unknown_role"


def test_locations_are_chosen_and_unknown_ones_refused(house: House, engine: Engine) -> None:
    engine.request(ask(4000))
    engine.request(ask(4000, location="cafe-b"))
    found = tried(house, engine, policy(day("10.00")), locations=["cafe-b"])
    assert (found.flips.decided, found.locations) == (1, ["cafe-b"])
    with pytest.raises(InputError):
        tried(house, engine, policy(), locations=["cafe-c"])
    with pytest.raises(EmpowerError) as raised:
        tried(house, engine, policy().replace("cafe-*", "bar-*"))
    assert raised.value.code == "governs_nothing"

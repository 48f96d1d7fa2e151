"""A guest who was served is never lost: a hold that expired is spent all the same, by the windows it had."""

import pytest

from empower.core.errors import ConflictError, InputError
from empower.engine import Engine

from .house import DAY, House, ask, holds, policy, used

pytestmark = pytest.mark.both

WEEK = 'limits.week = { per = "employee", every = "week", amount = 60.00 }\n'


def test_a_late_capture_takes_its_place_again(house: House, engine: Engine) -> None:
    comp = engine.request(ask(3000))
    house.clock.go(hours=2)
    late = engine.capture(comp.id)
    assert (late.status, late.forced, late.amount.captured, late.amount.held) == ("captured", False, 3000, 0)
    assert [entry.kind for entry in late.entries] == ["decision", "expire", "capture"]
    assert used(engine) == [0, 3000, 7000]
    assert holds(engine)


def test_a_moment_before_its_time_a_hold_is_captured_as_ever(house: House, engine: Engine) -> None:
    comp = engine.request(ask(3000))
    house.clock.go(hours=2, microseconds=-1)
    assert [entry.kind for entry in engine.capture(comp.id).entries] == ["decision", "capture"]


def test_where_the_room_is_gone_it_is_forced_and_listed(house: House, engine: Engine) -> None:
    comp = engine.request(ask(4000))
    house.clock.go(hours=2)
    for _ in range(2):
        engine.request(ask(4000))
    assert used(engine) == [8000, 0, 2000]
    late = engine.capture(comp.id)
    assert (late.status, late.forced, late.amount.captured) == ("captured", True, 4000)
    assert used(engine) == [8000, 4000, 0]
    assert [view.id for view in engine.comps(forced=True).items] == [comp.id]
    assert engine.comps(forced=False).items == engine.comps(status="approved").items
    assert holds(engine)


@pytest.mark.parametrize(("amount", "forced"), [(2000, False), (2001, True)])
def test_room_is_looked_for_as_much_as_is_spent(house: House, engine: Engine, amount: int, forced: bool) -> None:
    comp = engine.request(ask(4000))
    house.clock.go(hours=2)
    for _ in range(2):
        engine.request(ask(4000))
    assert engine.capture(comp.id, amount).forced is forced


def test_the_windows_are_those_of_the_hold(house: House, engine: Engine) -> None:
    """The next day is full, and the day of the hold is not."""
    comp = engine.request(ask(4000))
    house.clock.go(hours=24)
    for _ in range(2):
        engine.capture(engine.request(ask(4000)).id)
    late = engine.capture(comp.id)
    assert late.forced is False
    assert used(engine) == [0, 8000, 2000]
    days = (
        "SELECT start, spent_minor FROM counter WHERE measure = 'employee/day' AND location = 'cafe-a' ORDER BY start"
    )
    assert house.query(days) == [("2026-11-20", 4000), ("2026-11-21", 8000)]
    assert holds(engine)


def test_its_own_expired_hold_does_not_stand_in_its_way(house: House) -> None:
    house.write(policy('limits.day = { per = "employee", every = "day", amount = 40.00, count = 1 }\n'))
    engine = house.open(create=True)
    house.people(engine, "cafe-a")
    comp = engine.request(ask(4000))
    house.clock.go(hours=2)
    assert engine.capture(comp.id).forced is False


def test_what_the_book_holds_counts_though_the_limit_has_moved_on(house: House) -> None:
    """The week that granted the comp is full, by the book; the policy since counts weeks from Sunday."""
    house.write(policy(WEEK))
    engine = house.open(create=True)
    house.people(engine, "cafe-a")
    comp = engine.request(ask(4000))
    house.clock.go(hours=2)
    engine.capture(engine.request(ask(4000)).id)
    house.write(policy(WEEK).replace('week_starts = "monday"', 'week_starts = "sunday"'))
    late = engine.capture(comp.id)
    assert late.forced is True
    assert holds(engine)


@pytest.mark.parametrize("amount", [4001, -1, 0])
def test_an_amount_that_was_not_granted_changes_nothing(house: House, engine: Engine, amount: int) -> None:
    comp = engine.request(ask(4000))
    house.clock.go(hours=2)
    before = house.dump()
    with pytest.raises(InputError) as raised:
        engine.capture(comp.id, amount)
    assert raised.value.errors[0].pointer == "/amount"
    assert house.dump() == before


def test_a_refused_capture_makes_no_room(house: House, engine: Engine) -> None:
    """What a failed job released in memory is not released."""
    first = engine.request(ask(4000))
    house.clock.go(minutes=30)
    engine.request(ask(4000))
    house.clock.go(minutes=90)
    engine.expire()
    assert used(engine) == [4000, 0, 6000]
    house.clock.go(minutes=30)
    again = house.open()
    with pytest.raises(InputError):
        again.capture(first.id, 4001)
    assert [again.request(ask(4000)).status for _ in range(3)] == ["approved", "approved", "pending"]
    assert used(engine) == [8000, 0, 2000]


@pytest.mark.parametrize("status", ["pending", "denied"])
def test_what_nobody_granted_is_not_captured_late(house: House, engine: Engine, status: str) -> None:
    comp = engine.request(ask({"pending": 9000, "denied": 30000}[status]))
    assert comp.status == status
    house.clock.go(hours=2)
    before = house.dump()
    with pytest.raises(ConflictError) as raised:
        engine.capture(comp.id)
    assert raised.value.code == {"pending": "comp_expired", "denied": "comp_denied"}[status]
    assert house.dump() == before


def test_a_late_capture_is_idempotent_and_can_be_reversed(house: House, engine: Engine) -> None:
    comp = engine.request(ask(4000))
    house.clock.go(hours=2)
    late = engine.capture(comp.id, 1500)
    before = house.dump()
    assert engine.capture(comp.id) == engine.capture(comp.id, 1500) == late
    assert house.dump() == before
    with pytest.raises(ConflictError):
        engine.capture(comp.id, 1501)
    assert engine.reverse(comp.id).amount.reversed == 1500
    assert used(engine) == [0, 0, 10000]
    assert holds(engine)


def test_a_role_that_the_policy_lost_still_captures(house: House, engine: Engine) -> None:
    comp = engine.request(ask(4000))
    house.clock.go(hours=2)
    house.write(policy(DAY).replace("[roles.server]", "[roles.waiter]").replace('["server"]', '["waiter"]'))
    assert engine.capture(comp.id).forced is False
    assert holds(engine)

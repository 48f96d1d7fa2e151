"""Limits across the locations of a policy."""

import pytest

from empower.engine import Engine
from empower.ledger import verify

from .house import House, ask, holds, policy, used

pytestmark = pytest.mark.both

GROUP = 'limits.group = { per = "group", every = "day", amount = 50.00 }\n'
GUEST = 'limits.guest = { per = ["group", "guest"], every = "30 days", count = 2, beyond = "deny" }\n'
LIMIT = "roles.server.limits.group"


@pytest.fixture
def engine(house: House) -> Engine:
    house.write(policy(GROUP + GUEST))
    made = house.open(create=True)
    house.people(made, "cafe-a", "cafe-b")
    return made


def there(amount: int, **more: object) -> dict:
    return ask(amount, location="cafe-b", **more)


def test_a_limit_of_the_group_counts_all_its_locations(engine: Engine) -> None:
    first = engine.request(ask(3000, guest="g"))
    second = engine.request(there(1500, guest="h"))
    assert engine.evaluate(ask(501, guest="i")).outcome == "escalate"
    finding = next(f for f in engine.evaluate(ask(500, guest="i")).findings if f.rule == LIMIT)
    assert (finding.cap, finding.used, finding.left) == (5000, 4500, 0)
    assert used(engine, "cafe-a", LIMIT) == used(engine, "cafe-b", LIMIT) == [4500, 0, 500]
    engine.capture(first.id, 2000)
    engine.void(second.id)
    assert used(engine, "cafe-b", LIMIT) == [0, 2000, 3000]
    engine.reverse(first.id, 500)
    assert used(engine, "cafe-b", LIMIT) == [0, 1500, 3500]
    assert holds(engine)


def test_a_guest_of_the_group_is_one_guest_everywhere(engine: Engine) -> None:
    assert [
        engine.request(request).status
        for request in (
            ask(100, guest="room:12"),
            there(100, guest="room:12"),
            ask(100, guest="room:12"),
            there(100, guest="room:12"),
            there(100, guest="room:13"),
        )
    ] == ["approved", "approved", "denied", "denied", "approved"]


def test_an_expiry_at_one_location_makes_room_at_the_other(house: House, engine: Engine) -> None:
    """Once somebody has come to the one: a book is only written by those who come to it."""
    engine.request(ask(4000, guest="g"))
    house.clock.go(hours=2)
    engine.expire("cafe-a")
    assert engine.request(there(4000, guest="h")).status == "approved"
    assert used(engine, "cafe-a", LIMIT) == [4000, 0, 1000]
    assert holds(engine)


def test_two_processes_see_one_sum(house: House, engine: Engine) -> None:
    other = house.open()
    assert engine.request(ask(2000, guest="g")).status == "approved"
    assert other.request(there(2000, guest="h")).status == "approved"
    assert engine.request(ask(1001, guest="i")).status == "pending"
    assert other.request(there(1000, guest="j")).status == "approved"
    assert engine.request(ask(1, guest="k")).status == "pending"
    assert holds(engine)


def test_verification_holds_the_sum_against_all_the_books(house: House, engine: Engine) -> None:
    engine.request(ask(3000, guest="g"))
    engine.request(there(1500, guest="h"))
    house.execute("UPDATE counter SET held_minor = held_minor - 1 WHERE location = '@cafe' AND measure = 'group/day'")
    report = verify(engine.store)
    assert [(finding.location, finding.check) for finding in report.findings] == [("@cafe", "counters")]
    assert "(4499, 0, 2, 0), by the book (4500, 0, 2, 0)" in report.findings[0].message


def test_a_limit_of_the_group_that_is_new_opens_with_all_the_books(house: House) -> None:
    house.write(policy(""))
    engine = house.open(create=True)
    house.people(engine, "cafe-a", "cafe-b")
    engine.capture(engine.request(ask(2000)).id)
    engine.request(there(1000))
    house.write(policy(GROUP))
    assert used(engine, "cafe-a", LIMIT) == [1000, 2000, 2000]
    assert engine.request(there(2001)).status == "pending"
    assert engine.request(ask(2000)).status == "approved"
    assert used(engine, "cafe-b", LIMIT) == [3000, 2000, 0]
    assert holds(engine)
    house.write(policy(""))
    engine.expire()
    assert house.query("SELECT * FROM counter WHERE location = '@cafe'") == []
    assert holds(engine)
    house.write(policy(GROUP))
    assert used(engine, "cafe-b", LIMIT) == [3000, 2000, 0]
    engine.expire()
    assert holds(engine)


def test_a_location_that_joins_later_counts_from_then(house: House, engine: Engine) -> None:
    engine.request(ask(3000, guest="g"))
    house.people(engine, "cafe-c")
    assert used(engine, "cafe-c", LIMIT) == [3000, 0, 2000]
    assert engine.request(ask(2001, location="cafe-c", guest="h")).status == "pending"
    assert engine.request(ask(2000, location="cafe-c", guest="h")).status == "approved"
    assert used(engine, "cafe-a", LIMIT) == [5000, 0, 0]
    assert holds(engine)


def test_another_policy_is_another_group(house: House, engine: Engine) -> None:
    house.write(policy(GROUP).replace('"cafe"', '"bar"').replace('"cafe-*"', '"bar-*"'), "bar")
    house.people(engine, "bar-1")
    engine.request(ask(3000, guest="g"))
    assert engine.request(ask(4000, location="bar-1", guest="g")).status == "approved"
    assert used(engine, "cafe-b", LIMIT) == [3000, 0, 2000]
    assert used(engine, "bar-1", LIMIT) == [4000, 0, 1000]
    assert holds(engine)


def test_a_location_that_moves_to_another_policy_settles_its_holds_in_the_group_it_had(
    house: House, engine: Engine
) -> None:
    comp = engine.request(ask(3000, guest="g"))
    house.write(policy(GROUP).replace('"cafe"', '"bar"').replace('"cafe-*"', '"cafe-a"'), "bar")
    engine.capture(comp.id, 1000)
    assert used(engine, "cafe-b", LIMIT) == [0, 1000, 4000]
    assert holds(engine)

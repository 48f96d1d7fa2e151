"""Events are read from the books: what happened, once each, in order, from any place that was reached."""

from datetime import timedelta
from typing import Any

import pytest

from empower.core.entry import stamp
from empower.core.event import TYPES, Event
from empower.engine import Engine
from empower.engine.events_follow import MOST_BEHIND, Behind, Follower, Place, Scope, Told, place_of

from .approvers import pin, staffed
from .house import House, ask

ALL = Scope()
CLIMB = 'climb_after = "3 minutes"'


@pytest.fixture
def staff(house: House) -> Engine:
    return staffed(house, approval=CLIMB)


@pytest.fixture
def follower(staff: Engine) -> Follower:
    found = staff.follower()
    found.start()
    return found


def types(told: list[Told]) -> list[str]:
    return [item.event.type.removeprefix("comp.") for item in told]


def read(follower: Follower, scope: Scope = ALL) -> list[Event]:
    return [told.event for told in follower.read([scope])]


@pytest.mark.both
def test_every_arrow_is_an_event_and_tells_its_amount(house: House, staff: Engine, follower: Follower) -> None:
    guest = {
        "guest": "loyalty:1",
        "check": {"id": "C1", "total": {"amount": 90_000, "currency": "USD"}, "state": "open"},
    }
    one = staff.request(ask(1000, note="he shouted", **guest))
    staff.capture(one.id, 800)
    staff.reverse(one.id, 300)
    staff.void(staff.request(ask(1100)).id)
    staff.request(ask(1000, remedy="dessert", reason="long_wait"))
    yes, no, late = (staff.request(ask(amount)).id for amount in (5000, 5100, 5200))
    staff.approve(yes, pin("max"), 4000)
    staff.decline(no, pin("max"), note="third time")
    house.clock.go(minutes=15)
    staff.expire()
    found = read(follower)
    assert [(event.type.removeprefix("comp."), event.data["amount"]["amount"]) for event in found] == [
        ("approved", 1000), ("captured", 800), ("reversed", 300), ("approved", 1100), ("voided", 1100),
        ("denied", 1000), ("pending", 5000), ("pending", 5100), ("pending", 5200), ("approved", 4000),
        ("declined", 5100), ("expired", 5200),
    ]  # fmt: skip
    assert {event.type for event in found} | {"comp.climbed"} == set(TYPES)
    assert found[-1].data["comp"] == late
    assert found[0].data == {
        "id": f"evt_cafe-a_{one.entries[0].seq}", "location": "cafe-a", "seq": one.entries[0].seq, "comp": one.id,
        "status": "approved", "employee": "ana", "remedy": "discount", "reason": "wrong_order",
        "amount": {"amount": 1000, "currency": "USD"}, "guest": one.request["guest"], "check": "C1",
        "incident": None, "shift": None, "authority": {"employee": "ana", "role": "server"},
        "expires_at": one.expires_at,
    }  # fmt: skip
    assert found[9].data["by"] == found[10].data["by"] == "max"
    assert found[9].data["authority"] == {"employee": "max", "role": "manager"}
    told = str([event.payload() for event in found])
    assert [secret for secret in ("loyalty", "shouted", "third time", "Ana", "Max") if secret in told] == []
    assert read(follower) == []


def test_of_two_people_the_first_yes_leaves_it_pending(house: House) -> None:
    engine = staffed(house, approval="two_people_over = 100.00")
    follower = engine.follower()
    follower.start()
    comp = engine.request(ask(20_000)).id
    engine.approve(comp, pin("max"))
    engine.approve(comp, pin("mia"))
    found = read(follower)
    assert [event.type for event in found] == ["comp.pending", "comp.pending", "comp.approved"]
    assert [event.data.get("approvals") for event in found] == [
        {"given": 0, "needed": 2}, {"given": 1, "needed": 2}, None,
    ]  # fmt: skip


def test_reading_again_gives_the_same_under_the_same_ids(staff: Engine, follower: Follower) -> None:
    other = staff.follower()
    other.start()
    for amount in (1000, 5000):
        staff.request(ask(amount))
    first = read(follower)
    assert read(other) == first
    assert len({event.id for event in first}) == 2


@pytest.mark.both
def test_a_ladder_that_is_climbed_is_told_while_the_comp_waits(house: House, staff: Engine, follower: Follower) -> None:
    waits, answered = staff.request(ask(5000)), staff.request(ask(5100))
    [pending, _] = read(follower)
    assert pending.data["asked_now"] == ["lead"]
    staff.approve(answered.id, pin("max"))
    house.clock.go(minutes=3)
    found = read(follower)
    assert [event.type for event in found] == ["comp.approved", "comp.climbed"]
    climb = found[1]
    seq = waits.entries[0].seq
    assert (climb.comp, climb.id, climb.data["status"]) == (waits.id, f"evt_cafe-a_{seq}_1", "pending")
    assert climb.data["asked_now"] == ["lead", "manager"]
    assert climb.at == stamp(house.clock.moment)
    house.clock.go(minutes=3)
    assert [event.data["asked_now"] for event in read(follower)] == [["lead", "manager", "owner"]]
    house.clock.go(minutes=9)
    staff.expire()
    assert [event.type for event in read(follower)] == ["comp.expired"]


def test_who_begins_to_listen_is_told_of_later_climbs_of_what_waits(
    house: House, staff: Engine, follower: Follower
) -> None:
    staff.request(ask(5000))
    house.clock.go(minutes=4)
    late = staff.follower()
    late.start()
    assert read(late) == []
    house.clock.go(minutes=2)
    assert [event.data["asked_now"] for event in read(late)] == [["lead", "manager", "owner"]]


def test_only_what_is_listened_to_is_told(staff: Engine, follower: Follower) -> None:
    staff.request(ask(1000, location="cafe-b"))
    mine = staff.request(ask(1000))
    assert [event.comp for event in read(follower, Scope(frozenset({"cafe-a"})))] == [mine.id]
    staff.request(ask(1000, location="cafe-b"))
    assert read(follower, Scope(frozenset({"cafe-a"}), "cafe-b")) == []
    staff.open_location("cafe-c", by="test")
    assert read(follower) == []


def test_a_new_location_is_followed_from_its_beginning(staff: Engine, follower: Follower) -> None:
    staff.open_location("cafe-c", by="test")
    staff.add_staff("ana", name="Ana", role="server", at=["cafe-c"], by="test")
    made = staff.request(ask(1000, location="cafe-c"))
    assert [event.comp for event in read(follower)] == [made.id]


@pytest.mark.both
def test_another_process_commits_are_seen(house: House, staff: Engine, follower: Follower) -> None:
    made = house.open().request(ask(1000))
    assert [event.comp for event in read(follower)] == [made.id]


# From a place that was reached


def places(staff: Engine, follower: Follower, house: House, *requests: dict[str, Any]) -> list[Told]:
    for request in requests:
        staff.request(request)
        house.clock.go(seconds=100)
    return follower.read([ALL])


def test_what_was_missed_comes_from_the_place_that_was_reached(house: House, staff: Engine, follower: Follower) -> None:
    told = places(staff, follower, house, *(ask(1000 + number) for number in range(5)))
    scope = Scope(None, "cafe-a")
    for number, item in enumerate(told):
        assert place_of(str(item.place)) == item.place
        assert follower.since(item.place, scope) == told[number + 1 :]
    standing = follower.place(scope)
    assert standing is not None
    assert follower.since(standing, scope) == []


@pytest.mark.both
def test_elsewhere_a_minute_is_told_twice_rather_than_left_out(house: House, staff: Engine, follower: Follower) -> None:
    told = places(staff, follower, house, ask(1000), ask(1001, location="cafe-b"), ask(1002), ask(1003))
    house.clock.go(seconds=-150)
    assert [item.event for item in follower.since(told[2].place, ALL)] == [told[3].event]
    near = told[2].place._replace(at=stamp(house.clock.moment - timedelta(seconds=120)))
    assert [item.event for item in follower.since(near, ALL)] == [told[1].event, told[3].event]


@pytest.mark.both
def test_climbs_that_were_missed_are_told_while_the_comp_waits(house: House, staff: Engine, follower: Follower) -> None:
    [asked] = places(staff, follower, house, ask(5000))
    house.clock.go(minutes=5)
    assert types(follower.read([ALL])) == ["climbed", "climbed"]
    missed = follower.since(asked.place, ALL)
    assert [item.event.data["asked_now"][-1] for item in missed] == ["manager", "owner"]
    assert [item.event.rung for item in follower.since(missed[0].place, ALL)] == [2]


EIGHT = "2026-11-20T23:00:00.000000Z"


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "cafe-a", "cafe-a/1", "cafe-a/1/now", f"cafe-a/-1/{EIGHT}", f"cafe-a/\u0661/{EIGHT}",
        f"cafe-a/1/{EIGHT.replace('-11-', '-13-')}", f"cafe-a/{10**15}/{EIGHT}", f"cafe-a/1/{EIGHT}\n",
    ],
)  # fmt: skip
def test_what_is_no_place_is_none(text: str) -> None:
    assert place_of(text) is None


def test_a_place_where_nobody_was_is_no_place(house: House, staff: Engine, follower: Follower) -> None:
    [told] = places(staff, follower, house, ask(1000))
    now = told.place.at
    for place in (
        told.place._replace(seq=told.place.seq + 1),
        told.place._replace(at=stamp(house.clock.moment + timedelta(days=1))),
        Place("cafe-z", 0, now),
    ):
        with pytest.raises(Behind):
            follower.since(place, ALL)
    with pytest.raises(Behind):
        follower.since(told.place, Scope(frozenset({"cafe-b"})))


def test_who_is_too_far_behind_must_read_anew(
    house: House, staff: Engine, follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    [told] = places(staff, follower, house, ask(1000))
    monkeypatch.setattr("empower.engine.events_follow.MOST_BEHIND", 3)
    for number in range(4):
        staff.request(ask(100 + number))
    with pytest.raises(Behind):
        follower.read([ALL])
    assert read(follower) == []
    with pytest.raises(Behind):
        follower.since(told.place, ALL)
    assert MOST_BEHIND == 5000

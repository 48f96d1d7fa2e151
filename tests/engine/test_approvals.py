"""The approval is a decision too: on the approver's own limits, by somebody else, and only once."""

import json
import sqlite3
from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest

from empower.core.errors import ConflictError, EmpowerError, ForbiddenError, InputError, RefusedError
from empower.engine import Engine
from empower.engine.proofs import Pin

from .approvers import pin, staffed
from .house import House, ask, holds, used

pytestmark = pytest.mark.both

MAX_DAY = "roles.manager.limits.own_day"


@pytest.fixture
def engine(house: House) -> Engine:
    return staffed(house)


def left(engine: Engine, who: str = "max") -> list[int]:
    return used(engine, limit=MAX_DAY, employee=who)


def refused(call: Callable[[], object]) -> EmpowerError:
    with pytest.raises(EmpowerError) as caught:
        call()
    return caught.value


def test_a_yes_holds_and_is_charged_to_who_said_it(house: House, engine: Engine) -> None:
    comp = engine.request(ask(5000, note="Cold soup"))
    assert (comp.status, comp.decision.approvers) == ("pending", ["lead", "manager", "owner"])
    yes = engine.approve(comp.id, pin("max"), note="Regulars")
    assert yes.status == "approved"
    assert yes.authority == {"employee": "max", "role": "manager"}
    assert (yes.amount.asked, yes.amount.granted, yes.amount.held) == (5000, 5000, 5000)
    assert yes.expires_at == "2026-11-21T01:00:00.000000Z"
    assert left(engine) == [5000, 0, 21000]
    assert used(engine) == [0, 0, 10000]
    engine.capture(comp.id)
    assert left(engine) == [0, 5000, 21000]
    engine.reverse(comp.id)
    assert left(engine) == [0, 0, 26000]
    assert house.kinds()[-4:] == ["decision", "approve", "capture", "reverse"]
    assert holds(engine)


def test_a_yes_to_less_is_the_amount_from_then_on(engine: Engine) -> None:
    comp = engine.request(ask(5000))
    yes = engine.approve(comp.id, pin("lea"), 4500)
    assert (yes.amount.asked, yes.amount.granted, yes.amount.held) == (5000, 4500, 4500)
    assert engine.capture(comp.id).amount.captured == 4500
    assert holds(engine)


@pytest.mark.parametrize("amount", [0, -1, 5001, 10**15])
def test_an_amount_that_is_none_is_refused(engine: Engine, amount: int) -> None:
    comp = engine.request(ask(5000))
    assert refused(lambda: engine.approve(comp.id, pin("max"), amount)).errors[0].pointer == "/amount"
    assert engine.comp(comp.id).status == "pending"


def test_who_may_not_grant_so_much_is_told_why_and_how_much(house: House, engine: Engine) -> None:
    comp = engine.request(ask(7000))
    before = house.dump()["entry"]
    error = refused(lambda: engine.approve(comp.id, pin("lea")))
    assert (type(error), error.status, error.code) == (RefusedError, 409, "approval_refused")
    assert error.more["counter_offer"] == {"amount": 6000, "currency": "USD"}
    assert [said["rule"] for said in error.more["findings"] if said["code"] == "limit_exceeded"] == [
        "roles.lead.limits.comp"
    ]
    assert "$60.00" in error.detail
    assert house.dump()["entry"] == before
    assert engine.approve(comp.id, pin("lea"), 6000).amount.held == 6000
    assert holds(engine)


def test_a_yes_is_held_against_the_approvers_own_budget_at_that_moment(engine: Engine) -> None:
    first, second = engine.request(ask(20000)), engine.request(ask(20000))
    engine.approve(first.id, pin("max"))
    error = refused(lambda: engine.approve(second.id, pin("max")))
    assert error.more["counter_offer"] == {"amount": 6000, "currency": "USD"}
    assert engine.approve(second.id, pin("mia")).authority == {"employee": "mia", "role": "manager"}
    assert holds(engine)


def test_the_requester_is_never_the_approver(engine: Engine) -> None:
    comp = engine.request(ask(26_000, employee="max"))
    assert comp.decision.approvers == ["owner"]
    engine.add_staff("max", name="Max", role="owner", at=["cafe-a"], by="test")
    error = refused(lambda: engine.approve(comp.id, pin("max")))
    assert (type(error), error.code) == (ForbiddenError, "approver_is_requester")
    assert refused(lambda: engine.decline(comp.id, pin("max"), note="no")).code == "approver_is_requester"
    assert engine.comp(comp.id).status == "pending"


def test_who_approves_nobody_is_no_approver(engine: Engine) -> None:
    comp = engine.request(ask(5000))
    engine.add_staff("sue", name="Sue", role="server", at=["cafe-a"], by="test")
    engine.set_pin("sue", "194826", by="test")
    error = refused(lambda: engine.approve(comp.id, Pin("sue", "194826")))
    assert (error.status, error.code) == (403, "not_an_approver")
    assert refused(lambda: engine.decline(comp.id, Pin("sue", "194826"), note="no")).code == "not_an_approver"


def test_who_has_left_approves_no_more(house: House, engine: Engine) -> None:
    ended = engine.end_staff("max", at=["cafe-a"], by="test")
    assert [(row.location, row.until, row.active) for row in ended] == [("cafe-a", "2026-11-20", True)]
    comp = engine.request(ask(5000))
    assert engine.approve(comp.id, pin("max")).status == "approved"
    house.clock.go(hours=12)
    late = engine.request(ask(5000))
    assert refused(lambda: engine.approve(late.id, pin("max"))).code == "not_an_approver"
    engine.end_staff("mia", first_without=house.clock.moment.date(), by="test")
    assert refused(lambda: engine.approve(late.id, pin("mia"))).code == "not_an_approver"
    engine.add_staff("mia", name="Mia", role="manager", at=["cafe-a"], by="test")
    assert engine.approve(late.id, pin("mia")).status == "approved"
    assert holds(engine)


def test_a_decline_needs_a_note_and_ends_it(house: House, engine: Engine) -> None:
    comp = engine.request(ask(5000))
    for nothing in ("", "   "):
        error = refused(lambda note=nothing: engine.decline(comp.id, pin("max"), note=note))
        assert (type(error), error.code) == (InputError, "note_missing")
    no = engine.decline(comp.id, pin("max"), note="Third time this week")
    assert (no.status, no.amount.granted, no.expires_at, no.approval) == ("declined", 0, None, None)
    assert engine.decline(comp.id, pin("max"), note="again") == no
    assert b"Third time" not in b"".join(leaf for (leaf,) in house.query("SELECT leaf FROM entry"))
    assert holds(engine)


def test_who_comes_second_is_told_who_was_first_and_when(house: House, engine: Engine) -> None:
    comp = engine.request(ask(5000))
    engine.approve(comp.id, pin("max"))
    house.clock.go(seconds=30)
    error = refused(lambda: engine.approve(comp.id, pin("mia")))
    assert (type(error), error.code) == (ConflictError, "comp_approved")
    assert error.more["settled"] == {"status": "approved", "by": "max", "at": "2026-11-20T23:00:00.000000Z"}
    assert "`max` approved it at 2026-11-20T23:00:00.000000Z" in error.detail
    assert refused(lambda: engine.decline(comp.id, pin("mia"), note="no")).code == "comp_approved"
    assert engine.approve(comp.id, pin("max")).status == "approved"
    assert house.kinds().count("approve") == 1


def test_a_yes_that_comes_too_late_finds_it_expired_for_good(house: House, engine: Engine) -> None:
    comp = engine.request(ask(5000))
    house.clock.go(minutes=15)
    error = refused(lambda: engine.approve(comp.id, pin("max")))
    assert error.code == "comp_expired"
    assert error.more["settled"] == {"status": "expired", "by": None, "at": "2026-11-20T23:15:00.000000Z"}
    assert house.query("SELECT status FROM comp") == [("expired",)]
    found = engine.comp(comp.id)
    assert found.decision.counter_offer is not None
    assert found.decision.counter_offer.amount == 4000
    assert holds(engine)


def test_a_late_capture_of_what_was_approved_is_counted_where_it_was_held(house: House, engine: Engine) -> None:
    house.clock.go(hours=9, minutes=55)
    comp = engine.request(ask(5000))
    house.clock.go(minutes=10)
    engine.approve(comp.id, pin("max"))
    house.clock.go(hours=3)
    engine.expire()
    assert engine.comp(comp.id).status == "expired"
    taken = engine.capture(comp.id)
    assert (taken.status, taken.forced) == ("captured", False)
    assert left(engine) == [0, 5000, 21000]
    assert holds(engine)


def test_the_policy_in_force_at_the_yes_decides(house: House, engine: Engine) -> None:
    comp = engine.request(ask(20000))
    text = (house.policies / "cafe.toml").read_text().replace("amount = 250.00", "amount = 150.00")
    house.write(text)
    error = refused(lambda: engine.approve(comp.id, pin("max")))
    assert error.more["counter_offer"]["amount"] == 15000
    assert engine.approve(comp.id, pin("ola")).status == "approved"
    assert holds(engine)


# Two people

TWO = "two_people_over = 100.00"


def test_two_people_are_two_different_people(house: House) -> None:
    engine = staffed(house, approval=TWO)
    comp = engine.request(ask(20000))
    assert comp.decision.approvals == 2
    first = engine.approve(comp.id, pin("max"))
    assert (first.status, first.amount.held, first.authority) == ("pending", 0, None)
    assert first.approval is not None
    assert [(yes.employee, yes.amount) for yes in first.approval.approved] == [("max", 20000)]
    assert left(engine) == [0, 0, 26000]
    error = refused(lambda: engine.approve(comp.id, pin("max")))
    assert (error.status, error.code) == (409, "approved_before")
    second = engine.approve(comp.id, pin("mia"))
    assert (second.status, second.amount.held) == ("approved", 20000)
    assert second.authority == {"employee": "mia", "role": "manager"}
    assert (left(engine), left(engine, "mia")) == ([0, 0, 26000], [20000, 0, 6000])
    assert holds(engine)


def test_the_second_may_grant_less_and_never_more_than_the_first(house: House) -> None:
    engine = staffed(house, approval=TWO)
    comp = engine.request(ask(20000))
    engine.approve(comp.id, pin("max"), 15000)
    assert type(refused(lambda: engine.approve(comp.id, pin("mia"), 15001))) is InputError
    done = engine.approve(comp.id, pin("mia"), 5000)
    assert (done.status, done.amount.granted, done.amount.held) == ("approved", 5000, 5000)
    assert holds(engine)


def test_each_of_two_must_be_able_to_grant_it_alone(house: House) -> None:
    engine = staffed(house, approval=TWO)
    comp = engine.request(ask(20000))
    assert refused(lambda: engine.approve(comp.id, pin("lea"))).code == "approval_refused"
    engine.approve(comp.id, pin("ola"))
    assert refused(lambda: engine.approve(comp.id, pin("lea"))).code == "approval_refused"
    assert engine.comp(comp.id).status == "pending"


def test_if_the_room_is_gone_at_the_second_yes_it_is_not_approved(house: House) -> None:
    engine = staffed(house, approval=TWO, more='[limits.house]\nper = "location"\nevery = "day"\namount = 300.00\n')
    comp, other = engine.request(ask(20000)), engine.request(ask(20000))
    engine.approve(comp.id, pin("max"))
    engine.approve(other.id, pin("max"))
    engine.approve(other.id, pin("ola"))
    error = refused(lambda: engine.approve(comp.id, pin("mia")))
    assert (error.code, error.more["counter_offer"]["amount"]) == ("approval_refused", 10000)
    assert engine.comp(comp.id).status == "pending"
    house.clock.go(minutes=20)
    [expired] = engine.expire()
    assert (expired.id, expired.status, expired.amount.granted) == (comp.id, "expired", 0)
    assert holds(engine)


def test_the_database_refuses_the_same_person_twice_and_the_requester(house: House) -> None:
    engine = staffed(house, approval=TWO)
    comp = engine.request(ask(20000))
    engine.approve(comp.id, pin("max"))
    for row in (
        ("cafe-a", comp.id, "max", "other", "ana", 99),
        ("cafe-a", comp.id, "mia", "max", "ana", 99),
        ("cafe-a", comp.id, "ana", "mia", "ana", 99),
        ("cafe-a", comp.id, "mia", "ana", "ana", 99),
    ):
        with house.connected() as connection, pytest.raises((sqlite3.IntegrityError, psycopg.IntegrityError)):
            connection.execute(house.said("INSERT INTO approval VALUES (?, ?, ?, ?, ?, ?)"), row)


# Guests

OWN = '[guards.own_table]\nwhen = { employee_is_guest = true }\nthen = "escalate"\nsay = "Not for our own."\n'


def test_nobody_approves_what_is_for_their_own_table(house: House) -> None:
    engine = staffed(house, more=OWN)
    engine.add_staff("mia", name="Mia", role="manager", at=["cafe-a"], guest="loyalty:7", by="test")
    for guest, own, other in (("employee:max", "max", "mia"), ("loyalty:7", "mia", "max")):
        comp = engine.request(ask(5000, guest=guest))
        assert refused(lambda comp=comp, own=own: engine.approve(comp.id, pin(own))).code == "approval_refused"
        assert engine.approve(comp.id, pin(other)).status == "approved"
    assert holds(engine)


def test_an_employee_at_their_own_table_is_approved_by_somebody_else(house: House) -> None:
    engine = staffed(house, more=OWN)
    comp = engine.request(ask(500, guest="employee:ana"))
    assert comp.status == "pending"
    assert engine.approve(comp.id, pin("max")).status == "approved"
    assert holds(engine)


# Standing in


def test_a_delegate_approves_on_the_delegators_limits_and_no_further(house: House, engine: Engine) -> None:
    comp = engine.request(ask(20000))
    assert refused(lambda: engine.approve(comp.id, pin("lea"))).code == "approval_refused"
    [given] = engine.delegate("max", "lea", until=house.clock.moment.replace(hour=23, minute=30), by="test")
    yes = engine.approve(comp.id, pin("lea"))
    assert yes.authority == {"employee": "max", "role": "manager"}
    assert left(engine) == [20000, 0, 6000]
    body = json.loads(house.query("SELECT leaf FROM entry WHERE kind = 'approve'")[0][0])["body"]
    assert (body["approver"], body["authority"]) == ("lea", "max")
    again = engine.request(ask(20000))
    assert refused(lambda: engine.approve(again.id, pin("lea"))).more["counter_offer"]["amount"] == 6000
    house.clock.go(minutes=30)
    late = engine.request(ask(20000))
    assert refused(lambda: engine.approve(late.id, pin("lea"))).more["counter_offer"]["amount"] == 6000
    assert given.location == "cafe-a"
    assert holds(engine)


def test_what_was_delegated_is_not_handed_on(house: House, engine: Engine) -> None:
    until = house.clock.moment.replace(hour=23, minute=30)
    engine.add_staff("sue", name="Sue", role="server", at=["cafe-a"], by="test")
    engine.set_pin("sue", "194826", by="test")
    engine.delegate("ola", "lea", until=until, by="test")
    engine.delegate("lea", "sue", until=until, by="test")
    comp = engine.request(ask(30000))
    assert refused(lambda: engine.approve(comp.id, Pin("sue", "194826"))).more["counter_offer"]["amount"] == 6000
    assert engine.approve(comp.id, pin("lea")).authority == {"employee": "ola", "role": "owner"}


def test_one_authority_does_not_count_as_two_people(house: House) -> None:
    engine = staffed(house, approval=TWO)
    engine.delegate("max", "lea", until=house.clock.moment.replace(hour=23, minute=30), by="test")
    comp = engine.request(ask(20000))
    engine.approve(comp.id, pin("lea"))
    assert refused(lambda: engine.approve(comp.id, pin("max"))).code == "approved_before"
    assert engine.approve(comp.id, pin("mia")).status == "approved"
    assert holds(engine)


def test_a_delegate_of_the_requester_gains_nothing(house: House, engine: Engine) -> None:
    engine.delegate("max", "lea", until=house.clock.moment.replace(hour=23, minute=30), by="test")
    comp = engine.request(ask(26_000, employee="max"))
    assert comp.status == "pending"
    assert refused(lambda: engine.approve(comp.id, pin("lea"))).code == "not_an_approver"
    assert holds(engine)


def test_a_delegation_may_be_taken_back(house: House, engine: Engine) -> None:
    [given] = engine.delegate("max", "lea", until=house.clock.moment.replace(hour=23, minute=30), by="test")
    engine.end_delegation(given.id, by="test")
    comp = engine.request(ask(20000))
    assert refused(lambda: engine.approve(comp.id, pin("lea"))).code == "approval_refused"
    assert refused(lambda: engine.end_delegation("nothing", by="test")).code == "unknown_delegation"
    assert holds(engine)


@pytest.mark.parametrize(
    ("to", "days", "pointer"), [("max", 1, "/to"), ("lea", 32, "/until"), ("lea", -1, "/until"), ("nobody", 1, "/to")]
)
def test_a_delegation_that_cannot_be_is_refused(house: House, engine: Engine, to: str, days: int, pointer: str) -> None:
    error = refused(lambda: engine.delegate("max", to, until=house.clock.moment + timedelta(days=days), by="test"))
    assert error.errors[0].pointer == pointer


def test_another_location_sees_nothing(engine: Engine) -> None:
    comp = engine.request(ask(5000))
    for call in (
        lambda: engine.approve(comp.id, pin("max"), within={"cafe-b"}),
        lambda: engine.decline(comp.id, pin("max"), note="no", within={"cafe-b"}),
        lambda: engine.approve("no-such-comp", pin("max")),
    ):
        assert refused(call).code == "unknown_comp"
    assert engine.approvals(within={"cafe-b"}).items == []

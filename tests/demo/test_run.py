"""The evening comes out as its author says, whenever it is played."""

import json

import pytest

from empower.demo import feed, roster
from empower.demo.run import read_feed
from empower.ledger import verify

from .conftest import Play

NOWS = (
    "2026-11-20T23:59:00-05:00",  # the evening is just over in New York, and past midnight in Lisbon
    "2026-11-23T06:10:00+00:00",  # the night before a Monday
    "2026-11-23T14:10:00+00:00",  # a morning in New York, an afternoon in Lisbon
    "2027-03-01T12:00:00+00:00",  # the first of a month
    "2027-03-14T16:00:00+00:00",  # clocks went forward in New York this morning
)

BECOMES = {
    "approve": "captured",
    "decline": "declined",
    "capture": "captured",
    "void": "voided",
    "reverse": "reversed",
    "expire": "expired",
}


@pytest.mark.parametrize("now", NOWS)
def test_every_line_of_the_feed_is_answered_as_it_expects(play: Play, now: str) -> None:
    with play(now) as (_, report):
        answers = [(answer.line.number, answer.comp.decision.outcome) for answer in report.answers]
        assert answers == [(line.number, line.expect) for line in read_feed(feed())]


@pytest.mark.parametrize("now", NOWS[1:3])
def test_what_became_of_each_comp_is_what_the_feed_says(play: Play, now: str) -> None:
    with play(now) as (engine, report):
        for answer in report.answers:
            then = answer.line.then
            if then is None:
                continue
            comp = engine.comp(answer.comp.id)
            name = next(iter(then)) if isinstance(then, dict) else then
            assert comp.status == BECOMES[name], answer.line.number
            if isinstance(then, dict) and "approve" in then:
                assert comp.amount.captured == (then["amount"] or comp.amount.asked)
            elif isinstance(then, dict) and "capture" in then:
                assert comp.amount.captured == then["capture"]
            assert not comp.forced
        assert set(BECOMES) == {step.kind for step in report.steps}


def test_the_books_hold_and_every_decision_is_decided_again(play: Play) -> None:
    with play(NOWS[0]) as (engine, report):
        checked = verify(engine.store, replay=True)
        assert [item.message for item in checked.findings] == []
        assert {book.location for book in checked.books} == set(report.evenings)


def test_the_two_thousand_dollars_of_one_guest_and_incident_are_spent_to_the_cent(play: Play) -> None:
    with play(NOWS[0]) as (_, report):
        found = [item for item in report.budgets if item.limit == "roles.guest_relations.limits.incident"]
        fullest = max(found, key=lambda item: item.spent)
        assert (fullest.cap, fullest.spent + fullest.held, fullest.left) == (200_000, 200_000, 0)


def test_nobody_ends_the_evening_over_a_cap_of_their_own(play: Play) -> None:
    with play(NOWS[0]) as (engine, report):
        for place in report.evenings:
            for person in {item.id for item in engine.staff(place)}:
                for row in engine.budgets(place, employee=person):
                    if row.per == ["employee"] and row.role == role_of(engine, place, person):
                        assert row.spent + row.held <= row.cap


def role_of(engine: object, place: str, person: str) -> str | None:
    """The role of somebody who has only one."""
    roles = [item.role for item in engine.staff(place) if item.id == person]  # type: ignore[attr-defined]
    return roles[0] if len(roles) == 1 else None


def test_the_feed_is_an_evening_worth_showing() -> None:
    lines = read_feed(feed())
    assert len(lines) >= 60
    assert {line.expect for line in lines} == {"approve", "escalate", "deny"}
    assert len({line.order["location_id"] for line in lines}) == 3
    assert [line.at for line in lines] == sorted(line.at for line in lines)
    assert all(line.story for line in lines)


def test_the_feed_and_the_roster_name_no_guest_and_no_address() -> None:
    """Customers are the till's references; an order of Square's may carry their names and addresses."""
    orders = [json.dumps(line.order) for line in read_feed(feed())]
    assert not any(name in order for order in orders for name in ("email_address", "phone_number", "recipient"))
    assert "@" not in roster()

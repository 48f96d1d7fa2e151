"""The life of a comp as a table: state and step, and then the new state with its move, nothing, or a conflict."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from empower.core.comp import (
    OPEN,
    AmountError,
    Comp,
    StateConflictError,
    Status,
    Step,
    capture,
    capture_late,
    expire,
    hold_move,
    reverse,
    usage_of,
    void,
)
from empower.core.counter import UNUSED, Move, Usage, moved
from empower.core.history import step_of

START = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
EXPIRES = START + timedelta(days=1)
LATER = EXPIRES + timedelta(hours=1)

NEW = Comp(
    id="c1",
    location="bistro-soho",
    status=Status.APPROVED,
    employee="E1",
    authority="E1",
    authority_role="server",
    remedy="item",
    reason="wrong_order",
    guest="g1",
    incident=None,
    shift=None,
    check="C-1",
    check_total_minor=8000,
    currency="USD",
    asked_minor=1500,
    granted_minor=1200,
    held_minor=1200,
    captured_minor=0,
    reversed_minor=0,
    forced=False,
    policy_id="bistro",
    business_day=date(2026, 11, 23),
    created_at=START,
    updated_at=START,
    expires_at=EXPIRES,
    seq=7,
    last_seq=7,
)
NOBODY_S = {"authority": None, "authority_role": None, "granted_minor": 0, "held_minor": 0}

COMPS = {
    "pending": NEW._replace(status=Status.PENDING, **NOBODY_S),
    "approved": NEW,
    "captured": NEW._replace(status=Status.CAPTURED, held_minor=0, captured_minor=1000, expires_at=None),
    "voided": NEW._replace(status=Status.VOIDED, held_minor=0, expires_at=None),
    "expired": NEW._replace(status=Status.EXPIRED, held_minor=0, expires_at=None),
    "expired pending": NEW._replace(status=Status.EXPIRED, expires_at=None, **NOBODY_S),
    "denied": NEW._replace(status=Status.DENIED, expires_at=None, **NOBODY_S),
    "declined": NEW._replace(status=Status.DECLINED, expires_at=None, **NOBODY_S),
    "reversed": NEW._replace(
        status=Status.REVERSED, held_minor=0, captured_minor=1000, reversed_minor=1000, expires_at=None
    ),
    "reversed in part": NEW._replace(
        status=Status.REVERSED, held_minor=0, captured_minor=1000, reversed_minor=400, expires_at=None
    ),
    "free": NEW._replace(granted_minor=0, held_minor=0),
    "free captured": NEW._replace(
        status=Status.CAPTURED, granted_minor=0, held_minor=0, captured_minor=0, expires_at=None
    ),
    "held": NEW._replace(expires_at=None),
}
STEPS: dict[str, Callable[[Comp], Step | None]] = {
    "capture": lambda comp: capture(comp, None, LATER),
    "capture 0": lambda comp: capture(comp, 0, LATER),
    "capture 1000": lambda comp: capture(comp, 1000, LATER),
    "capture 1200": lambda comp: capture(comp, 1200, LATER),
    "capture 1201": lambda comp: capture(comp, 1201, LATER),
    "capture -1": lambda comp: capture(comp, -1, LATER),
    "late": lambda comp: capture_late(comp, None, LATER, room=True),
    "late 1000": lambda comp: capture_late(comp, 1000, LATER, room=True),
    "late 1201": lambda comp: capture_late(comp, 1201, LATER, room=True),
    "late 0": lambda comp: capture_late(comp, 0, LATER, room=True),
    "late, no room": lambda comp: capture_late(comp, None, LATER, room=False),
    "void": lambda comp: void(comp, LATER, None),
    "expire": lambda comp: expire(comp, LATER),
    "expire too early": lambda comp: expire(comp, EXPIRES - timedelta(microseconds=1)),
    "expire in time": lambda comp: expire(comp, EXPIRES),
    "reverse": lambda comp: reverse(comp, None, LATER, None),
    "reverse 0": lambda comp: reverse(comp, 0, LATER, None),
    "reverse 400": lambda comp: reverse(comp, 400, LATER, None),
    "reverse 1000": lambda comp: reverse(comp, 1000, LATER, None),
    "reverse 1001": lambda comp: reverse(comp, 1001, LATER, None),
    "reverse -1": lambda comp: reverse(comp, -1, LATER, None),
}

LIFE = """
pending           capture           conflict
pending           void              conflict
pending           reverse           conflict
pending           late              conflict
pending           expire            expired    0 0 0 0
pending           expire too early  nothing
approved          capture           captured   -1200 1200 -1 1
approved          capture 1000      captured   -1200 1000 -1 1
approved          capture 1200      captured   -1200 1200 -1 1
approved          capture 1201      amount
approved          capture 0         amount
approved          capture -1        amount
approved          void              voided     -1200 0 -1 0
approved          expire            expired    -1200 0 -1 0
approved          expire in time    expired    -1200 0 -1 0
approved          expire too early  nothing
approved          reverse           conflict
approved          late              conflict
held              expire            nothing
captured          capture           nothing
captured          capture 1000      nothing
captured          capture 1200      conflict
captured          capture 0         conflict
captured          late              conflict
captured          void              conflict
captured          expire            nothing
captured          reverse           reversed   0 -1000 0 -1
captured          reverse 1000      reversed   0 -1000 0 -1
captured          reverse 400       reversed   0 -400 0 0
captured          reverse 1001      amount
captured          reverse 0         amount
captured          reverse -1        amount
voided            void              nothing
voided            capture           conflict
voided            late              conflict
voided            reverse           conflict
voided            expire            nothing
expired           expire            nothing
expired           void              conflict
expired           capture           conflict
expired           reverse           conflict
expired           late              captured   0 1200 0 1
expired           late 1000         captured   0 1000 0 1
expired           late, no room     captured   0 1200 0 1
expired           late 1201         amount
expired           late 0            amount
expired pending   late              conflict
expired pending   capture           conflict
expired pending   void              conflict
expired pending   expire            nothing
denied            capture           conflict
denied            late              conflict
denied            void              conflict
denied            reverse           conflict
denied            expire            nothing
declined          capture           conflict
declined          late              conflict
declined          void              conflict
declined          reverse           conflict
declined          expire            nothing
reversed          reverse           nothing
reversed          reverse 1000      nothing
reversed          reverse 400       conflict
reversed          capture           conflict
reversed          void              conflict
reversed          late              conflict
reversed          expire            nothing
reversed in part  reverse           nothing
reversed in part  reverse 400       nothing
reversed in part  reverse 1000      conflict
free              capture           captured   0 0 -1 1
free              capture 0         captured   0 0 -1 1
free              capture 1000      amount
free              void              voided     0 0 -1 0
free              expire            expired    0 0 -1 0
free captured     capture 0         nothing
free captured     reverse           reversed   0 0 0 -1
free captured     reverse 0         reversed   0 0 0 -1
"""
"""State, step, the state after, and what held and spent amounts and counts move by."""
ROWS = [(line[:18].strip(), line[18:36].strip(), line[36:].split()) for line in LIFE.split("\n") if line]


@pytest.mark.parametrize(("state", "step", "expected"), ROWS, ids=[f"{row[0]}: {row[1]}" for row in ROWS])
def test_life(state: str, step: str, expected: list[str]):
    comp = COMPS[state]
    if expected[0] in ("conflict", "amount"):
        with pytest.raises(StateConflictError if expected[0] == "conflict" else AmountError) as caught:
            STEPS[step](comp)
        assert caught.value.comp == comp
        return
    made = STEPS[step](comp)
    if made is None:
        assert expected == ["nothing"]
        return
    assert [made.comp.status, *map(str, made.move)] == expected
    assert moved(usage_of(comp), made.move) == usage_of(made.comp)
    assert (made.comp.held_minor, made.comp.expires_at) == (0, None)


def test_each_state_meets_each_step_that_people_take():
    """The table leaves out no arrow, nor any that is not there."""
    taken = {"capture", "void", "expire", "reverse", "late"}
    met = {(COMPS[state].status, step.split(" ", 1)[0]) for state, step, _ in ROWS}
    assert {(status, step) for status in Status for step in taken} <= met


def test_only_what_is_open_ends_by_itself():
    assert OPEN == (Status.PENDING, Status.APPROVED)
    ended = [state for state, comp in COMPS.items() if expire(comp._replace(expires_at=EXPIRES), LATER) is not None]
    assert {COMPS[state].status for state in ended} == set(OPEN)


BODIES = [
    ("approved", "capture 1000", "capture", {"amount": 1000, "released": 200}),
    ("approved", "capture", "capture", {"amount": 1200, "released": 0}),
    ("approved", "void", "void", {"released": 1200}),
    ("approved", "expire", "expire", {"released": 1200, "from": "approved"}),
    ("pending", "expire", "expire", {"released": 0, "from": "pending"}),
    ("captured", "reverse 400", "reverse", {"amount": 400}),
    ("captured", "reverse", "reverse", {"amount": 1000}),
    ("expired", "late", "capture", {"amount": 1200, "late": True, "forced": False}),
    ("expired", "late, no room", "capture", {"amount": 1200, "late": True, "forced": True}),
    ("free", "capture", "capture", {"amount": 0, "released": 0}),
]


@pytest.mark.parametrize(("state", "step", "kind", "body"), BODIES)
def test_what_the_entry_says_is_enough_to_take_the_step_again(state: str, step: str, kind: str, body: dict[str, Any]):
    made = STEPS[step](COMPS[state])
    assert made is not None
    assert (made.kind, made.body) == (kind, body)
    assert step_of(COMPS[state], kind, LATER, body) == made


def test_a_note_is_said_in_the_entry():
    note = {"commitment": "ab"}
    voided, taken_back = void(NEW, LATER, note), reverse(COMPS["captured"], None, LATER, note)
    assert voided is not None
    assert taken_back is not None
    assert (voided.body["note"], taken_back.body["note"]) == (note, note)
    assert step_of(NEW, "void", LATER, voided.body) == voided


def test_a_late_capture_without_room_is_an_exception_to_look_at():
    made = capture_late(COMPS["expired"], 1000, LATER, room=False)
    assert (made.comp.forced, made.comp.captured_minor, made.comp.updated_at) == (True, 1000, LATER)
    assert not capture_late(COMPS["expired"], 1000, LATER, room=True).comp.forced


def test_windows_stay_those_of_the_hold():
    for state, step in (("approved", "capture"), ("expired", "late"), ("captured", "reverse"), ("approved", "void")):
        made = STEPS[step](COMPS[state])
        assert made is not None
        assert made.comp.business_day == NEW.business_day
        assert (made.comp.authority, made.comp.authority_role, made.comp.policy_id) == ("E1", "server", "bistro")


@pytest.mark.parametrize(
    ("kind", "state", "body"),
    [
        ("staff", "approved", {}),
        ("decision", "approved", {}),
        ("capture", "captured", {"amount": 1000, "released": 0}),
        ("void", "voided", {"released": 0}),
        ("expire", "captured", {"released": 0, "from": "approved"}),
        ("reverse", "reversed", {"amount": 1000}),
        ("capture", "denied", {"amount": 1000, "released": 0}),
    ],
)
def test_a_book_that_says_what_could_not_be_is_found_out(kind: str, state: str, body: dict[str, Any]):
    with pytest.raises(StateConflictError):
        step_of(COMPS[state], kind, LATER, body)


@pytest.mark.parametrize(
    ("state", "step", "why"),
    [
        ("denied", "capture", "a comp that is denied cannot be captured: only one that is approved can"),
        ("approved", "reverse", "a comp that is approved cannot be reversed: only one that is captured can"),
        ("approved", "capture 1201", "`1201` is more than the 1200 held (minor units)"),
        ("captured", "reverse 1001", "`1001` is more than the 1000 captured (minor units)"),
        ("expired", "late 1201", "`1201` is more than the 1200 granted (minor units)"),
    ],
)
def test_what_cannot_be_says_why(state: str, step: str, why: str):
    with pytest.raises((StateConflictError, AmountError)) as caught:
        STEPS[step](COMPS[state])
    assert str(caught.value) == why


@pytest.mark.parametrize(
    ("state", "usage"),
    [
        ("pending", UNUSED),
        ("approved", Usage(held_minor=1200, held_count=1)),
        ("captured", Usage(spent_minor=1000, spent_count=1)),
        ("voided", UNUSED),
        ("expired", UNUSED),
        ("denied", UNUSED),
        ("declined", UNUSED),
        ("reversed", UNUSED),
        ("reversed in part", Usage(spent_minor=600, spent_count=1)),
        ("free", Usage(held_count=1)),
        ("free captured", Usage(spent_count=1)),
    ],
)
def test_what_a_comp_has_in_its_counters(state: str, usage: Usage):
    assert usage_of(COMPS[state]) == usage


acts = st.tuples(st.sampled_from(("capture", "late", "void", "expire", "reverse")), st.none() | st.integers(-1, 6))


def act(comp: Comp, name: str, amount: int | None) -> Step | None:
    if name == "capture":
        return capture(comp, amount, LATER)
    if name == "late":
        return capture_late(comp, amount, LATER, room=bool(amount))
    if name == "reverse":
        return reverse(comp, amount, LATER, None)
    return void(comp, LATER, None) if name == "void" else expire(comp, LATER)


@given(st.integers(0, 5), st.booleans(), st.lists(acts, max_size=6))
def test_what_a_comp_has_is_the_sum_of_its_moves(granted: int, pending: bool, steps: list[tuple[str, int | None]]):
    """Whatever is tried on it: counters never fall below zero, each step is taken once, and a rebuild agrees."""
    comp = COMPS["pending"] if pending else NEW._replace(granted_minor=granted, held_minor=granted)
    usage = UNUSED if pending else moved(UNUSED, hold_move(granted))
    again = comp
    for name, amount in steps:
        try:
            made = act(comp, name, amount)
        except (StateConflictError, AmountError):
            continue
        if made is None:
            continue
        event(f"{comp.status} → {made.comp.status}")
        usage = moved(usage, made.move)
        again = step_of(again, made.kind, LATER, made.body).comp
        assert made.comp.status not in (comp.status, *OPEN)
        comp = made.comp
        assert usage == usage_of(comp)
        assert again == comp
        assert 0 <= comp.reversed_minor <= comp.captured_minor <= comp.granted_minor


@given(st.integers(0, 5), acts)
def test_a_step_taken_again_changes_nothing(granted: int, step: tuple[str, int | None]):
    name, amount = step
    before = {"late": COMPS["expired"], "reverse": COMPS["captured"]}.get(name, NEW)
    before = before._replace(granted_minor=granted, held_minor=0 if before is not NEW else granted)
    if name == "reverse":
        before = before._replace(captured_minor=granted)
    try:
        made = act(before, name, amount)
    except AmountError:
        return
    assert made is not None
    if name != "late":
        assert act(made.comp, name, amount) is None
    else:
        assert capture(made.comp, amount, LATER) is None


@pytest.mark.parametrize("field", Usage._fields)
def test_no_counter_falls_below_zero(field: str):
    one = Usage(**{field: 1})
    assert moved(one, Move(**{field: -1})) == UNUSED
    with pytest.raises(ValueError, match="below zero"):
        moved(one, Move(**{field: -2}))

"""Many answer at once: exactly one wins, and the others are told who did."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from empower.core.errors import ConflictError, EmpowerError
from empower.engine import Engine
from empower.engine.proofs import Pin

from .approvers import cheap, pin, staffed
from .house import House, ask, holds, used

pytestmark = pytest.mark.both


@pytest.fixture
def engines(house: House) -> list[Engine]:
    """Two, as two processes would have."""
    one, other = staffed(house), house.open()
    other.hasher = cheap()
    return [one, other]


def race(*calls: Callable[[], object]) -> list[object]:
    """What came of each call: its status, or the error."""
    gate, came = threading.Barrier(len(calls)), [None] * len(calls)

    def run(number: int) -> None:
        gate.wait()
        try:
            came[number] = calls[number]().status
        except EmpowerError as error:
            came[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return came


def outcome(came: list[object], house: House, engine: Engine, comp: str) -> str:
    """The status that one of them brought about; the others are told of it."""
    won = [found for found in came if not isinstance(found, EmpowerError)]
    lost = [found for found in came if isinstance(found, EmpowerError)]
    status = engine.comp(comp).status
    assert won == [status]
    assert {type(error) for error in lost} == {ConflictError}
    assert {error.more["settled"]["status"] for error in lost} == {status}
    assert {error.more["settled"]["by"] for error in lost} <= {"max", "mia", "ola", "lea"}
    assert house.kinds().count("approve") + house.kinds().count("decline") == 1
    assert holds(engine)
    return status


@pytest.mark.parametrize("turn", range(4))
def test_of_several_managers_one_approves(house: House, engines: list[Engine], turn: int) -> None:
    comp = engines[0].request(ask(5000)).id
    names = ["max", "mia", "ola", "lea"]
    calls = [
        lambda name=name, engine=engines[(number + turn) % 2]: engine.approve(comp, pin(name))
        for number, name in enumerate(names)
    ]
    assert outcome(race(*calls), house, engines[0], comp) == "approved"
    charged = engines[0].comp(comp).authority
    assert charged is not None
    assert charged["employee"] in names
    day = used(engines[0], limit="roles.manager.limits.own_day", employee=charged["employee"])
    assert day[:1] in ([5000], [])


@pytest.mark.parametrize("turn", range(4))
def test_approve_against_decline(house: House, engines: list[Engine], turn: int) -> None:
    comp = engines[0].request(ask(5000)).id
    one, other = engines[turn % 2], engines[(turn + 1) % 2]
    came = race(lambda: one.approve(comp, pin("max")), lambda: other.decline(comp, pin("mia"), note="No."))
    assert outcome(came, house, engines[0], comp) in ("approved", "declined")


@pytest.mark.parametrize("turn", range(4))
def test_approve_against_expiry(house: House, engines: list[Engine], turn: int) -> None:
    comp = engines[0].request(ask(5000)).id
    at = house.clock.moment + timedelta(minutes=15)
    one, other = engines[turn % 2], engines[(turn + 1) % 2]

    def expire() -> object:
        house.clock.moment = at
        other.expire()
        return other.comp(comp)

    came = race(lambda: one.approve(comp, pin("max")), expire)
    status = engines[0].comp(comp).status
    if isinstance(came[0], EmpowerError):
        assert came[0].more["settled"]["status"] == status == "expired"
    else:
        assert came == ["approved", "approved"]
        assert status == "approved"
    assert house.kinds().count("approve") + house.kinds().count("expire") == 1
    assert holds(engines[0])


def test_the_same_person_from_two_tills_is_one_yes_of_two(house: House) -> None:
    one = staffed(house, approval="two_people_over = 100.00")
    other = house.open()
    other.hasher = cheap()
    comp = one.request(ask(20000)).id
    came = race(*(lambda engine=engine: engine.approve(comp, pin("max")) for engine in (one, other, one, other)))
    assert sum(not isinstance(found, EmpowerError) for found in came) == 1
    assert {found.code for found in came if isinstance(found, EmpowerError)} == {"approved_before"}
    assert one.comp(comp).status == "pending"
    assert house.query("SELECT approver FROM approval") == [("max",)]
    assert holds(one)


def test_many_wrong_pins_at_once_gain_no_try(house: House, engines: list[Engine]) -> None:
    comp = engines[0].request(ask(5000)).id
    calls = [
        lambda number=number: engines[number % 2].approve(comp, Pin("max", f"10203{number}")) for number in range(9)
    ]
    codes = sorted(found.code for found in race(*calls) if isinstance(found, EmpowerError))
    assert codes == ["proof_locked"] * 4 + ["proof_wrong"] * 5

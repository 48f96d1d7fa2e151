"""The same key and body give the first answer again, whatever has happened since."""

import json

import pytest

from empower.core.errors import InputError, KeyReusedError
from empower.core.request import Request
from empower.engine import Engine
from empower.engine.wish import Told, Wish
from empower.store.writer import Ticket

from .house import House, ask, holds, policy, used

pytestmark = pytest.mark.both


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (ask(1000), "approved"),
        (ask(9000, check={"id": "C1"}), "pending"),
        (ask(30000), "denied"),
        (ask(9000, accept_less=True), "approved"),
    ],
)
def test_the_first_answer_comes_again(house: House, engine: Engine, request_: dict, status: str) -> None:
    first = engine.request(request_, key="k")
    assert first.status == status
    house.clock.go(days=3)
    before = house.dump()
    assert engine.request(request_, key="k") == first
    assert house.dump() == before
    assert holds(engine)


def test_the_first_answer_comes_again_in_another_process(house: House, engine: Engine) -> None:
    first = engine.request(ask(1000, note="Cold soup", guest="room:12"), key="k")
    assert house.open().request(ask(1000, note="Cold soup", guest="room:12"), key="k") == first


def test_the_first_answer_is_of_its_own_moment(house: House, engine: Engine) -> None:
    """Not of what became of the comp, nor of the policy that came after."""
    first = engine.request(ask(1000), key="k")
    engine.capture(first.id, 400)
    house.write(policy("").replace("A sincere apology", "Sorry"))
    again = engine.request(ask(1000), key="k")
    assert again == first
    assert (again.status, again.amount.held, again.amount.captured) == ("approved", 1000, 0)
    assert len(again.entries) == 1


def test_a_body_that_means_the_same_is_the_same(engine: Engine) -> None:
    first = engine.request(ask(1000), key="k")
    assert engine.request(ask(1000, accept_less=False, note=None, employee=" ana "), key="k") == first


@pytest.mark.parametrize(
    "other",
    [
        ask(1001),
        ask(1000, employee="max"),
        ask(1000, guest="room:12"),
        ask(1000, note="Cold soup"),
        ask(1000, accept_less=True),
        ask(1000, check={"id": "C1"}),
    ],
)
def test_another_body_is_refused(house: House, engine: Engine, other: dict) -> None:
    engine.request(ask(1000), key="k")
    before = house.dump()
    with pytest.raises(KeyReusedError) as raised:
        engine.request(other, key="k")
    assert (raised.value.code, raised.value.status) == ("idempotency_key_reused", 422)
    assert "`k`" in raised.value.detail
    assert house.dump() == before


def test_a_changed_guest_or_note_is_another_body(house: House, engine: Engine) -> None:
    """Neither stands in the book, and still they are told apart."""
    engine.request(ask(1000, guest="room:12", note="a"), key="k")
    for other in (ask(1000, guest="room:13", note="a"), ask(1000, guest="room:12", note="b")):
        with pytest.raises(KeyReusedError):
            engine.request(other, key="k")


def test_a_key_is_its_owners_and_its_locations(engine: Engine) -> None:
    made = {
        engine.request(ask(1000), key="k", owner="till-1").id,
        engine.request(ask(1000), key="k", owner="till-2").id,
        engine.request(ask(1000), key="k").id,
        engine.request(ask(1000, location="cafe-b"), key="k").id,
        engine.request(ask(1000)).id,
        engine.request(ask(1000)).id,
    }
    assert len(made) == 6


def test_bad_input_leaves_the_key_free(house: House, engine: Engine) -> None:
    before = house.dump()
    with pytest.raises(InputError):
        engine.request(ask(1000, remedy="desert"), key="k")
    assert house.dump() == before
    assert engine.request(ask(1000), key="k").status == "approved"


def test_two_with_one_key_in_one_transaction_get_one_answer(engine: Engine) -> None:
    """Also with a note, which is not written yet when the second is answered."""
    twice = ask(1000, note="Cold soup", guest="room:12")
    waiting = Ticket(lambda unit: engine._hold(unit, Request.model_validate(twice), "k", "", "python"))
    engine.store.writer._waiting.append(waiting)
    second = engine.request(twice, key="k")
    assert waiting.error is None
    assert second == waiting.result
    assert second.request["note"] == "Cold soup"
    assert used(engine) == [1000, 0, 9000]
    assert holds(engine)


def test_another_body_in_the_same_transaction_undoes_itself_alone(house: House, engine: Engine) -> None:
    waiting = Ticket(lambda unit: engine._hold(unit, Request.model_validate(ask(1000)), "k", "", "python"))
    engine.store.writer._waiting.append(waiting)
    with pytest.raises(KeyReusedError):
        engine.request(ask(2000), key="k")
    assert waiting.result.status == "approved"
    assert used(engine) == [1000, 0, 9000]
    assert house.kinds().count("decision") == 1
    assert holds(engine)


def test_several_at_once_are_answered_each_as_if_it_had_come_alone(engine: Engine) -> None:
    asked = [ask(300), ask(200, remedy="nothing"), ask(300), ask(301), ask(100)]
    wishes = [
        Wish(Request.model_validate(body), key) for body, key in zip(asked, ["k", "l", "k", "k", None], strict=True)
    ]
    first, unknown, again, other, plain = engine.request_all(wishes)
    assert isinstance(first, Told)
    assert isinstance(again, Told)
    assert json.loads(first.json) == json.loads(again.json)
    assert isinstance(unknown, InputError)
    assert isinstance(other, KeyReusedError)
    assert isinstance(plain, Told)
    assert {comp.id for comp in engine.comps(location="cafe-a").items} == {plain.id, first.id}
    assert holds(engine)

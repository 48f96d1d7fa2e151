"""While serving, webhooks are told of what is committed, and a slow one holds up no till."""

import json
import threading
from collections.abc import Iterator

import httpx2
import pytest

from empower.engine import Engine
from tests.engine.receiver import Got, Receiver, add, receiving
from tests.http.conftest import body


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def client(address: str, engine: Engine) -> Iterator[httpx2.Client]:
    key = engine.create_key(scopes=["pos"], at=["bistro-soho"], by="test").key
    with httpx2.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=30) as client:
        yield client


def test_what_a_till_holds_is_sent(engine: Engine, receiver: Receiver, client: httpx2.Client) -> None:
    came = threading.Event()

    def answer(_got: Got) -> int:
        came.set()
        return 204

    receiver.answer = answer
    add(engine, receiver.url, "approved")
    made = client.post("/v1/comps", json=body(), headers={"Idempotency-Key": "1"}).json()
    assert came.wait(30)
    assert json.loads(receiver.got[0].body)["data"]["comp"] == made["id"]


@pytest.fixture
def over() -> Iterator[threading.Event]:
    """Set once the server has stopped."""
    event = threading.Event()
    yield event
    event.set()


def test_one_that_hangs_holds_up_neither_a_till_nor_the_end(
    engine: Engine, over: threading.Event, receiver: Receiver, client: httpx2.Client
) -> None:
    came = threading.Event()

    def answer(_got: Got) -> int:
        came.set()
        over.wait(30)
        return 204

    receiver.answer = answer
    add(engine, receiver.url)
    client.post("/v1/comps", json=body(), headers={"Idempotency-Key": "1"})
    assert came.wait(30)
    for number in range(3):
        held = client.post(
            "/v1/comps", json=body(amount={"amount": 1, "currency": "USD"}), headers={"Idempotency-Key": f"k{number}"}
        )
        assert held.status_code == 201
    assert not over.is_set()

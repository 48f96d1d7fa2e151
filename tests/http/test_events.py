"""Live events: a stream that tells what was committed, goes on from any place, and holds up nobody."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from empower.core.errors import BusyError
from empower.engine import Engine
from empower.engine.events_follow import Scope
from empower.http import events, events_hub
from empower.http.events_hub import RESET, Hub
from tests.http.conftest import Clock, Connect, body
from tests.http.shape import assert_problem

Block = dict[str, str]


class Stream:
    """A listener on a live server; each block is its fields, comments under an empty name."""

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response
        self._lines = response.iter_lines()

    def block(self) -> Block:
        found: Block = {}
        for line in self._lines:
            if not line:
                return found
            name, _, value = line.partition(":")
            found[name] = value.removeprefix(" ")
        raise EOFError

    def event(self) -> Any:
        """The next event, whatever stands between."""
        while True:
            block = self.block()
            if "event" in block:
                return json.loads(block["data"]) | {"place": block.get("id")}


Listen = Any


@pytest.fixture
def listen(address: str, engine: Engine) -> Listen:
    """A stream over a socket: `with listen("pos", at="bistro-soho", after=…) as stream`."""

    @contextmanager
    def stream(
        *scopes: str, at: str = "bistro-soho", key: str = "", after: str | None = None, **query: str
    ) -> Iterator[Stream]:
        key = key or engine.create_key(scopes=scopes or ("pos",), at=[at], by="test").key
        headers = {"Authorization": f"Bearer {key}"} | ({} if after is None else {"Last-Event-ID": after})
        with (
            httpx2.Client(timeout=30) as client,
            client.stream("GET", f"{address}/v1/events", params=query, headers=headers) as response,
        ):
            yield Stream(response)

    return stream


def test_what_is_committed_here_is_told(listen: Listen, engine: Engine) -> None:
    with listen() as stream:
        assert stream.response.status_code == 200
        assert stream.response.headers["content-type"].startswith("text/event-stream")
        assert stream.response.headers["cache-control"] == "no-store"
        assert set(stream.block()) == {"id", "retry"}
        comp = engine.request(body())
        said = stream.block()
        assert said["event"] == "comp.approved"
        told = json.loads(said["data"])
        assert set(told) == {"type", "timestamp", "data"}
        assert (told["type"], told["timestamp"]) == ("comp.approved", comp.created_at)
        assert (told["data"]["comp"], told["data"]["amount"]) == (comp.id, {"amount": 1000, "currency": "USD"})
        engine.capture(comp.id)
        assert stream.event()["type"] == "comp.captured"


def test_what_another_process_commits_is_told(listen: Listen, engine: Engine, folder: Any, clock: Clock) -> None:
    with Engine.open(str(engine.store.url), policies=folder, clock=clock) as other, listen() as stream:
        stream.block()
        comp = other.request(body())
        assert stream.event()["data"]["comp"] == comp.id


def test_a_listener_goes_on_from_where_they_were(listen: Listen, engine: Engine) -> None:
    with listen() as stream:
        begin = stream.block()["id"]
        engine.request(body(amount={"amount": 100, "currency": "USD"}))
        first = stream.event()
    for number in range(3):
        engine.request(body(amount={"amount": 200 + number, "currency": "USD"}))
    with listen(after=first["place"]) as stream:
        assert [stream.event()["data"]["amount"]["amount"] for _ in range(3)] == [200, 201, 202]
    with listen(after=begin) as stream:
        assert stream.event()["data"] == first["data"]


@pytest.mark.parametrize(
    "after",
    [
        "",
        "nonsense",
        "41",
        "bistro-soho/999999/2026-11-21T00:00:00.000000Z",
        "bistro-soho/1/2036-11-21T00:00:00.000000Z",
    ],
)
def test_an_id_that_is_none_is_told_to_read_anew_and_then_goes_on(listen: Listen, engine: Engine, after: str) -> None:
    with listen(after=after) as stream:
        assert stream.event()["type"] == "reset"
        comp = engine.request(body())
        assert stream.event()["data"]["comp"] == comp.id


def test_an_id_of_another_location_is_none(listen: Listen, engine: Engine) -> None:
    with listen(at="bistro-bronx") as stream:
        theirs = stream.block()["id"]
    with listen(after=theirs) as stream:
        assert stream.event()["type"] == "reset"


def test_a_key_hears_of_its_own_locations_alone(listen: Listen, engine: Engine) -> None:
    with listen(at="bistro-soho") as mine, listen(at="*") as all_of_them, listen(at="*", location="bistro-soho") as one:
        for stream in (mine, all_of_them, one):
            stream.block()
        engine.request(body(location="bistro-bronx"))
        comp = engine.request(body())
        assert mine.event()["data"]["comp"] == one.event()["data"]["comp"] == comp.id
        assert [all_of_them.event()["data"]["location"] for _ in range(2)] == ["bistro-bronx", "bistro-soho"]


def test_who_may_not_listen_is_told(till: TestClient, connect: Connect, stranger: TestClient) -> None:
    assert_problem(stranger.get("/v1/events"), 401, "unauthorized")
    assert_problem(connect("finance").get("/v1/events"), 403, "scope_not_enough")
    assert_problem(till.get("/v1/events", params={"location": "bistro-bronx"}), 403, "location_not_allowed")
    assert_problem(connect("pos").get("/v1/events", params={"location": "nowhere"}), 422, "unknown_location")
    assert_problem(till.get("/v1/events", params={"from": "1"}), 422, "invalid_input")
    assert_problem(till.get("/v1/events", headers={"Last-Event-ID": "x" * 201}), 422, "invalid_input")


def test_a_heartbeat_moves_the_place_on_and_a_revoked_key_hears_no_more(
    listen: Listen, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events.EventStream, "heartbeat_seconds", 0.01)
    made = engine.create_key(scopes=["pos"], at=["bistro-soho"], by="test")
    with listen(key=made.key) as stream:
        begin = stream.block()["id"]
        assert stream.block()[""] == "ping"
        engine.capture(engine.request(body()).id)
        assert [stream.event()["type"] for _ in range(2)] == ["comp.approved", "comp.captured"]
        while (beat := stream.block()).get("id") in (None, begin):
            pass
        assert set(beat) <= {"", "id"}
        engine.revoke_key(made.id, by="test")
        with pytest.raises(EOFError):
            stream.event()


def test_when_the_service_stops_listeners_are_let_go(listen: Listen, app: FastAPI) -> None:
    with listen() as stream:
        stream.block()
        app.state.events.is_stopping = lambda: True
        with pytest.raises(EOFError):
            stream.event()


# Without a socket


def test_the_books_are_read_only_while_somebody_listens(engine: Engine) -> None:
    async def run() -> None:
        hub = Hub(engine)
        for _ in range(3):
            async with hub.listen(Scope()) as listener:
                comp = await asyncio.to_thread(engine.request, body())
                assert (await anext(listener)).event.comp == comp.id
                await asyncio.to_thread(engine.capture, comp.id)
                assert (await anext(listener)).event.type == "comp.captured"
        reader = hub._reader
        assert reader is not None
        await reader
        assert engine.store._told == ()

    asyncio.run(run())


def test_who_does_not_keep_up_is_let_go_and_others_are_not(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events_hub, "MOST_QUEUED", 3)

    async def run() -> list[str]:
        hub = Hub(engine)
        async with hub.listen(Scope()) as slow, hub.listen(Scope()) as quick:
            heard = []
            for number in range(5):
                await asyncio.to_thread(engine.request, body(amount={"amount": 100 + number, "currency": "USD"}))
                heard.append((await anext(quick)).event.data["amount"]["amount"])
            assert slow.is_over
            with pytest.raises(StopAsyncIteration):
                await anext(slow)
            return heard

    assert asyncio.run(run()) == [100, 101, 102, 103, 104]


def test_a_socket_that_nobody_reads_is_given_up(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "SEND_SECONDS", 0.01)
    never = asyncio.Event()

    async def receive() -> dict[str, Any]:
        await never.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.body":
            await never.wait()

    async def run() -> int:
        hub = Hub(engine)
        await events.EventStream(hub, Scope(), lambda: True)({}, receive, send)
        return len(hub._listeners)

    assert asyncio.run(run()) == 0


def test_too_many_listeners_are_refused(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events_hub, "MOST_LISTENERS", 1)

    async def run() -> None:
        hub = Hub(engine)
        async with hub.listen(Scope()):
            with pytest.raises(BusyError) as raised:
                async with hub.listen(Scope()):
                    pass
            assert (raised.value.code, raised.value.status) == ("too_many_listeners", 503)

    asyncio.run(run())


def test_a_store_that_cannot_be_read_now_is_read_later(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events_hub, "POLL_SECONDS", 0.01)

    async def run() -> int:
        hub = Hub(engine)
        async with hub.listen(Scope()) as listener:
            read, failed = hub._follower.read, []

            def fail(scopes: Any) -> Any:
                if len(failed) < 2:
                    failed.append(1)
                    raise BusyError("locked")
                return read(scopes)

            hub._follower.read = fail  # type: ignore[method-assign]
            comp = await asyncio.to_thread(engine.request, body())
            assert (await anext(listener)).event.comp == comp.id
            return len(failed)

    assert asyncio.run(run()) == 2


def test_a_store_that_was_put_back_is_read_anew(engine: Engine) -> None:
    async def run() -> None:
        hub = Hub(engine)
        async with hub.listen(Scope()) as listener:
            hub._follower._next["bistro-soho"] += 5
            await asyncio.to_thread(engine.request, body())
            assert await anext(listener) is RESET
            comp = await asyncio.to_thread(engine.request, body())
            assert (await anext(listener)).event.comp == comp.id

    asyncio.run(run())


def test_who_waits_is_told_soon_after_the_time_is_up(listen: Listen, engine: Engine, clock: Clock) -> None:
    with listen() as stream:
        stream.block()
        waits = engine.request(body(remedy="waive_check", amount={"amount": 5000, "currency": "USD"}))
        assert stream.event()["type"] == "comp.pending"
        assert engine.due() == []
        clock.later(minutes=15)
        told = stream.event()
        assert (told["type"], told["data"]["comp"]) == ("comp.expired", waits.id)
        assert engine.due() == []

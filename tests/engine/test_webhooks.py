"""Webhooks: signed, at least once, in order per comp; what fails is tried again, given up, and sent again."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from standardwebhooks import WebhookVerificationError

from empower.core.errors import InputError, NotFoundError
from empower.engine import Engine, webhook_claims, webhook_sending
from empower.engine.webhook_claims import MOST_TRIES, retry_after
from empower.engine.webhook_courier import Courier, Sent
from empower.store.webhooks import Delivery

from .approvers import pin, staffed
from .house import House, ask, holds
from .receiver import Got, Receiver, add, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def deliver(engine: Engine) -> Sent:
    """Whatever is due, sent by a courier of its own, as another process would."""
    return asyncio.run(Courier(engine.webhooks).once())


def said(receiver: Receiver, since: int = 0) -> list[tuple[str, str]]:
    """Type and comp of what came."""
    found = [json.loads(got.body) for got in receiver.got[since:]]
    return [(item["type"].removeprefix("comp."), item["data"]["comp"]) for item in found]


def state(engine: Engine) -> Any:
    [found] = engine.webhooks.listed()
    return found


@pytest.mark.both
def test_an_event_is_sent_signed_with_what_it_is_about(house: House, engine: Engine, receiver: Receiver) -> None:
    made = add(engine, f"{receiver.url}/hook?a=b")
    comp = engine.request(ask(1000, guest="loyalty:1", note="he shouted"))
    assert deliver(engine) == Sent(1, 0)
    [got] = receiver.got
    assert got.path == "/hook?a=b"
    assert got.headers["content-type"] == "application/json"
    assert got.headers["host"] == receiver.url.removeprefix("http://")
    assert got.headers["webhook-id"] == f"evt_cafe-a_{comp.entries[0].seq}"
    told = got.verified(made.secret, house.clock)
    assert set(told) == {"type", "timestamp", "data"}
    assert (told["type"], told["timestamp"]) == ("comp.approved", comp.created_at)
    assert (told["data"]["comp"], told["data"]["guest"]) == (comp.id, comp.request["guest"])
    assert [word for word in ("loyalty", "shouted", "Ana") if word in got.body.decode()] == []
    with pytest.raises(WebhookVerificationError):
        got._replace(body=got.body.replace(b"1000", b"1001")).verified(made.secret, house.clock)
    assert deliver(engine) == Sent(0, 0)
    assert (state(engine).state, state(engine).waiting, state(engine).behind) == ("working", 0, 0)
    assert holds(engine)


def test_only_what_was_asked_for_is_sent_and_only_from_then_on(engine: Engine, receiver: Receiver) -> None:
    engine.request(ask(1000))
    add(engine, receiver.url, "captured", "comp.voided", at="cafe-a")
    one, other = engine.request(ask(1000)), engine.request(ask(1000, location="cafe-b"))
    engine.capture(one.id)
    engine.capture(other.id)
    deliver(engine)
    assert said(receiver) == [("captured", one.id)]


def test_a_location_opened_later_is_told_of_too(engine: Engine, receiver: Receiver) -> None:
    made = add(engine, receiver.url)
    engine.open_location("cafe-c", by="test")
    engine.add_staff("ana", name="Ana", role="server", at=["cafe-c"], by="test")
    comp = engine.request(ask(1000, location="cafe-c"))
    deliver(engine)
    assert said(receiver) == [("approved", comp.id)]
    [line] = [item for item in engine.entries("cafe-c").items if item.kind == "webhook"]
    assert line.body["webhook"] == made.id


def test_a_request_writes_nothing_for_those_who_are_told(house: House, engine: Engine, receiver: Receiver) -> None:
    add(engine, receiver.url)
    engine.request(ask(1000))
    assert house.query("SELECT count(*) FROM webhook_delivery") == [(0,)]
    assert (state(engine).waiting, state(engine).behind) == (0, 1)


# In order, again, and given up


@pytest.mark.both
def test_a_comps_events_wait_for_the_first_of_them_and_others_go_ahead(
    house: House, engine: Engine, receiver: Receiver
) -> None:
    add(engine, receiver.url)
    bad, good = engine.request(ask(1000)), engine.request(ask(1100))
    engine.capture(bad.id)
    engine.capture(good.id)
    receiver.answer = lambda got: 400 if bad.id in got.body.decode() else 200
    assert deliver(engine).delivered == 2
    assert said(receiver)[:2] in (
        [("approved", bad.id), ("approved", good.id)],
        [("approved", good.id), ("approved", bad.id)],
    )
    assert [item for item in said(receiver) if item[1] == good.id] == [("approved", good.id), ("captured", good.id)]
    assert ("captured", bad.id) not in said(receiver)
    receiver.answer = lambda _got: 200
    house.clock.go(seconds=10)
    begun = len(receiver.got)
    assert deliver(engine) == Sent(2, 0)
    assert said(receiver, begun) == [("approved", bad.id), ("captured", bad.id)]


def test_what_fails_is_tried_again_later_and_later_under_the_same_id(
    house: House, engine: Engine, receiver: Receiver
) -> None:
    made = add(engine, receiver.url)
    engine.request(ask(1000))
    receiver.answer = lambda _got: 500
    assert deliver(engine) == Sent(0, 1)
    assert deliver(engine) == Sent(0, 0)
    assert (state(engine).state, state(engine).last_error, state(engine).waiting) == ("failing", "answered 500", 1)
    house.clock.go(seconds=6)
    assert deliver(engine) == Sent(0, 1)
    house.clock.go(seconds=6)
    assert deliver(engine) == Sent(0, 0)
    house.clock.go(seconds=12)
    receiver.answer = lambda _got: 200
    assert deliver(engine) == Sent(1, 0)
    assert len(set(receiver.ids())) == 1
    assert len({got.body for got in receiver.got}) == 1
    assert receiver.got[-1].verified(made.secret, house.clock)
    assert (state(engine).state, state(engine).failing_since, state(engine).last_error) == ("working", None, None)


def test_an_endpoint_that_answers_500_for_an_hour_is_left_alone_and_loses_nothing(
    house: House, engine: Engine, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_claims, "MOST_OPEN", 5)
    add(engine, receiver.url)
    receiver.answer = lambda _got: 500
    comps = []
    for _ in range(60):
        comps.append(engine.request(ask(100)).id)
        deliver(engine)
        house.clock.go(minutes=1)
    assert len(receiver.got) <= 30
    assert state(engine).dead == 0
    assert house.query("SELECT count(*) FROM webhook_delivery")[0][0] <= 5
    receiver.answer = lambda _got: 200
    begun = len(receiver.got)
    house.clock.go(hours=13)
    assert deliver(engine) == Sent(60, 0)
    assert sorted(comp for _, comp in said(receiver, begun)) == sorted(comps)


@pytest.mark.both
def test_what_nobody_takes_is_given_up_listed_and_sent_again(house: House, engine: Engine, receiver: Receiver) -> None:
    made = add(engine, receiver.url)
    bad, also, good = (engine.request(ask(1000 + number)) for number in range(3))
    receiver.answer = lambda got: 204 if good.id in got.body.decode() else 422
    for _ in range(3 * MOST_TRIES):
        deliver(engine)
        house.clock.go(hours=7)
    assert {(item.comp, item.tries, item.last_error) for item in engine.webhooks.dead()} == {
        (comp.id, MOST_TRIES, "answered 422") for comp in (bad, also)
    }
    assert (state(engine).waiting, state(engine).dead) == (0, 2)
    engine.capture(bad.id)
    receiver.answer = lambda _got: 204
    deliver(engine)
    assert ("captured", bad.id) in said(receiver)[-2:]  # beside what has expired meanwhile
    [event] = [item.event for item in engine.webhooks.dead(made.id) if item.comp == also.id]
    assert engine.webhooks.resend(made.id, event) == 1
    assert deliver(engine) == Sent(1, 0)
    assert said(receiver)[-1] == ("approved", also.id)
    assert engine.webhooks.resend(made.id) == 1
    assert deliver(engine) == Sent(1, 0)
    assert engine.webhooks.dead() == []
    with pytest.raises(NotFoundError):
        engine.webhooks.resend(made.id, "evt_cafe-a_1")


def test_what_was_given_up_is_kept_for_thirty_days(house: House, engine: Engine, receiver: Receiver) -> None:
    add(engine, receiver.url)
    engine.request(ask(1000))
    receiver.answer = lambda _got: 422
    for _ in range(2 * MOST_TRIES):
        deliver(engine)
        house.clock.go(hours=7)
    assert state(engine).dead == 1
    house.clock.go(days=31)
    receiver.answer = lambda _got: 204
    engine.request(ask(1000))
    deliver(engine)
    assert state(engine).dead == 0


def test_waits_grow_threefold_and_are_spread() -> None:
    item = Delivery("w", "cafe-a", 1, 0, "c", "comp.approved", "{}", "", "", 0, None, None)
    waits = [retry_after(item, tries).total_seconds() for tries in range(1, MOST_TRIES)]
    for number, wait in enumerate(waits):
        least = min(5 * 3**number, 12 * 3600)
        assert least <= wait <= least * 1.2
    assert len({retry_after(item._replace(seq=seq), 5) for seq in range(20)}) > 10


def test_gone_means_gone_until_it_is_asked_for(house: House, engine: Engine, receiver: Receiver) -> None:
    made = add(engine, receiver.url)
    comp = engine.request(ask(1000))
    receiver.answer = lambda _got: 410
    deliver(engine)
    assert state(engine).state == "gone"
    house.clock.go(days=3)
    assert deliver(engine) == Sent(0, 0)
    receiver.answer = lambda _got: 200
    engine.webhooks.resend(made.id)
    assert deliver(engine) == Sent(1, 0)
    assert said(receiver)[-1] == ("approved", comp.id)


# Climbs


@pytest.mark.both
def test_a_climb_is_sent_when_its_time_has_come_and_only_if_the_comp_still_waits(
    house: House, receiver: Receiver
) -> None:
    engine = staffed(house, approval='climb_after = "3 minutes"')
    add(engine, receiver.url)
    waits, answered = engine.request(ask(5000)), engine.request(ask(5100))
    deliver(engine)
    engine.approve(answered.id, pin("max"))
    assert deliver(engine) == Sent(1, 0)
    assert deliver(engine) == Sent(0, 0)
    house.clock.go(minutes=4)
    assert deliver(engine) == Sent(1, 0)
    assert said(receiver)[-1] == ("climbed", waits.id)
    assert json.loads(receiver.got[-1].body)["data"]["asked_now"] == ["lead", "manager"]
    receiver.answer = lambda _got: 500
    house.clock.go(minutes=3)
    deliver(engine)
    receiver.answer = lambda _got: 200
    engine.decline(waits.id, pin("max"), note="no")
    house.clock.go(minutes=1)
    assert deliver(engine) == Sent(1, 0)
    assert said(receiver)[-1] == ("declined", waits.id)
    assert house.query("SELECT count(*) FROM webhook_delivery") == [(0,)]


# Secrets


def test_a_secret_is_shown_once_and_stands_nowhere(house: House, engine: Engine, receiver: Receiver) -> None:
    made = add(engine, receiver.url)
    assert made.secret.startswith("whsec_")
    assert made.secret not in str([item.model_dump() for item in engine.webhooks.listed()])
    assert made.secret.removeprefix("whsec_") not in str(house.dump())
    other = add(engine, receiver.url)
    assert other.secret != made.secret


def test_for_a_day_after_a_rotation_both_secrets_hold(house: House, engine: Engine, receiver: Receiver) -> None:
    old = add(engine, receiver.url)
    new = engine.webhooks.rotate(old.id, by="test")
    assert new.secret != old.secret
    engine.request(ask(1000))
    deliver(engine)
    assert receiver.got[-1].verified(new.secret, house.clock)
    assert receiver.got[-1].verified(old.secret, house.clock)
    house.clock.go(hours=24)
    engine.request(ask(1000))
    deliver(engine)
    assert receiver.got[-1].verified(new.secret, house.clock)
    with pytest.raises(WebhookVerificationError):
        receiver.got[-1].verified(old.secret, house.clock)


def test_what_changes_is_in_the_books_without_the_path(house: House, engine: Engine, receiver: Receiver) -> None:
    made = engine.webhooks.add("https://hooks.example.com/T0/token", at=["cafe-a"], by="cli:ana", why="Slack")
    engine.webhooks.rotate(made.id, by="cli:ana")
    engine.webhooks.remove(made.id, by="cli:ana", why="moved")
    told = [item for item in engine.entries("cafe-a").items if item.kind == "webhook"]
    assert [(item.body["does"], item.body.get("why"), item.by) for item in told] == [
        ("add", "Slack", "cli:ana"), ("rotate", None, "cli:ana"), ("remove", "moved", "cli:ana"),
    ]  # fmt: skip
    assert told[0].body["to"] == "https://hooks.example.com"
    assert "token" not in str(told)
    assert "webhook" not in house.kinds("cafe-b")
    assert engine.webhooks.listed() == []
    assert holds(engine)


@pytest.mark.both
def test_what_is_owed_to_a_webhook_goes_with_it(house: House, engine: Engine, receiver: Receiver) -> None:
    made = add(engine, receiver.url)
    engine.request(ask(1000))
    receiver.answer = lambda _got: 500
    deliver(engine)
    engine.webhooks.remove(made.id, by="test")
    for table in ("webhook", "webhook_cursor", "webhook_delivery"):
        assert house.query(f"SELECT count(*) FROM {table}") == [(0,)]
    for call in (engine.webhooks.rotate, engine.webhooks.remove):
        with pytest.raises(NotFoundError):
            call(made.id, by="test")
    for call in (engine.webhooks.resend, engine.webhooks.dead):
        with pytest.raises(NotFoundError):
            call(made.id)


# Bad endpoints


def test_an_endpoint_that_hangs_stops_no_other(
    house: House, engine: Engine, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_sending, "TIMEOUT_SECONDS", 0.2)
    with receiving() as hanging:
        hanging.answer = lambda _got: lambda handler: handler.connection.recv(1) and None
        hung = add(engine, hanging.url).id
        add(engine, receiver.url)
        for number in range(3):
            engine.request(ask(1000 + number))
        assert deliver(engine) == Sent(3, 3)
    assert len(receiver.got) == 3
    [found] = [item for item in engine.webhooks.listed() if item.id == hung]
    assert (found.last_error, found.waiting) == ("took longer than 0.2 seconds", 3)


def drip(handler: BaseHTTPRequestHandler) -> None:
    """A head that never ends: a line whenever nothing comes for a moment."""
    handler.connection.settimeout(0.01)
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    with suppress(OSError):
        while True:
            handler.wfile.write(b"X: y\r\n")
            with suppress(TimeoutError):
                if not handler.connection.recv(1):
                    break
    handler.close_connection = True


def test_an_endpoint_that_drips_is_left(engine: Engine, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_sending, "TIMEOUT_SECONDS", 0.2)
    receiver.answer = lambda _got: drip
    add(engine, receiver.url)
    engine.request(ask(1000))
    assert deliver(engine) == Sent(0, 1)


def flood(handler: BaseHTTPRequestHandler) -> None:
    """A body without end."""
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b"x" * 65536)
    except OSError:
        handler.close_connection = True


def test_of_an_answer_no_more_is_read_than_it_takes(engine: Engine, receiver: Receiver) -> None:
    receiver.answer = lambda _got: flood
    add(engine, receiver.url)
    engine.request(ask(1000))
    assert deliver(engine) == Sent(1, 0)


def rubbish(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"SSH-2.0-OpenSSH\r\n")
    handler.close_connection = True


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (302, "answered 302: redirects are not followed"),
        (308, "answered 308: redirects are not followed"),
        (404, "answered 404"),
        (503, "answered 503"),
        (rubbish, "cannot be reached: "),
    ],
)
def test_what_is_no_yes_is_a_failure(engine: Engine, receiver: Receiver, answer: Any, why: str) -> None:
    receiver.answer = lambda _got: answer
    add(engine, receiver.url)
    engine.request(ask(1000))
    assert deliver(engine) == Sent(0, 1)
    assert state(engine).last_error.startswith(why)
    assert [got.path for got in receiver.got] == ["/"]


def test_no_cookie_is_sent_back(engine: Engine, receiver: Receiver) -> None:
    add(engine, receiver.url)
    for _ in range(2):
        engine.request(ask(1000))
        deliver(engine)
    assert [got for got in receiver.got if "cookie" in got.headers] == []


def test_nobody_listens_there(engine: Engine) -> None:
    with receiving() as gone:
        url = gone.url
    add(engine, url)
    engine.request(ask(1000))
    assert deliver(engine) == Sent(0, 1)
    assert state(engine).last_error.startswith("cannot be reached: ")


# Many at it


@pytest.mark.both
def test_of_two_processes_one_sends(house: House, engine: Engine, receiver: Receiver) -> None:
    add(engine, receiver.url)
    for number in range(40):
        engine.request(ask(100 + number))
    other = house.open()

    async def both() -> list[Sent]:
        return list(await asyncio.gather(*(Courier(each.webhooks).once() for each in (engine, other, engine))))

    sent = asyncio.run(both())
    assert sum(item.delivered for item in sent) == len(receiver.got) == len(set(receiver.ids())) == 40


def test_what_a_process_that_died_was_sending_is_sent_by_another(
    house: House, engine: Engine, receiver: Receiver
) -> None:
    add(engine, receiver.url)
    engine.request(ask(1000))
    dead = Courier(engine.webhooks)
    assert dead._claim(state(engine).id) is not None
    assert deliver(engine) == Sent(0, 0)
    house.clock.go(seconds=61)
    assert deliver(engine) == Sent(1, 0)


@pytest.mark.both
def test_who_lost_the_lease_writes_nothing_down(house: House, engine: Engine, receiver: Receiver) -> None:
    made = add(engine, receiver.url)
    engine.request(ask(1000))
    slow, quick = Courier(engine.webhooks), Courier(engine.webhooks)
    taken = slow._claim(made.id)
    assert taken is not None
    house.clock.go(seconds=61)
    assert quick._claim(made.id) is not None
    outcomes = [webhook_claims.Outcome(item, "answered 500") for item in taken.batch]
    assert slow._settle(made.id, outcomes) is False
    assert quick._settle(made.id, [webhook_claims.Outcome(item, None) for item in taken.batch]) is True
    assert (state(engine).state, state(engine).waiting) == ("working", 0)


def test_a_backlog_of_thousands_is_taken_up_in_bounded_pieces(
    house: House, engine: Engine, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_claims, "CHUNK", 10)
    monkeypatch.setattr(webhook_claims, "MOST_OPEN", 15)
    add(engine, receiver.url, "captured")
    comps = [engine.request(ask(10)).id for _ in range(60)]
    for comp in comps[-2:]:
        engine.capture(comp)
    assert deliver(engine) == Sent(2, 0)
    assert sorted(said(receiver)) == sorted(("captured", comp) for comp in comps[-2:])  # in order per comp alone


@pytest.mark.both
def test_while_it_runs_a_courier_sends_what_is_committed(house: House, engine: Engine, receiver: Receiver) -> None:
    add(engine, receiver.url)

    async def run() -> list[BaseException]:
        stop, came, errors = asyncio.Event(), asyncio.Event(), []
        loop = asyncio.get_running_loop()

        def answer(_got: Got) -> int:
            if len(receiver.got) == 2:
                loop.call_soon_threadsafe(came.set)
            return 204

        receiver.answer = answer
        running = asyncio.create_task(Courier(engine.webhooks).run(stop, errors.append))
        comp = await asyncio.to_thread(engine.request, ask(1000))
        await asyncio.to_thread(engine.capture, comp.id)
        await came.wait()
        stop.set()
        await running
        return errors

    assert asyncio.run(run()) == []
    assert [kind for kind, _ in said(receiver)] == ["approved", "captured"]
    assert house.query("SELECT lease FROM webhook") == [(None,)]


def test_unknown_locations_and_events_are_told_with_the_nearest(engine: Engine) -> None:
    with pytest.raises(InputError) as raised:
        engine.webhooks.add("https://hooks.example.com", at=["cafe-x"], by="test")
    assert "did you mean `cafe-" in raised.value.detail
    with pytest.raises(InputError) as raised:
        engine.webhooks.add("https://hooks.example.com", at=["*"], events=["pendin"], by="test")
    assert "did you mean `comp.pending`" in raised.value.detail
    with pytest.raises(InputError):
        engine.webhooks.add("https://hooks.example.com", at=[], by="test")

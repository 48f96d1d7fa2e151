"""Publications and requests at the same time: each goes by exactly one version, and none is asked for twice."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from empower.core.errors import ConflictError
from empower.core.request import Request
from empower.engine import Engine
from empower.engine.publishing_checks import Candidate
from empower.policy import read
from empower.store import Unit

from .house import House, ask, holds, policy

pytestmark = pytest.mark.both


def day(amount: int) -> str:
    return f'limits.day = {{ per = "employee", every = "day", amount = {amount}.00 }}\n'


def candidate(house: House, amount: int) -> Candidate:
    folder = house.folder / f"candidate-{amount}"
    folder.mkdir(exist_ok=True)
    (folder / "cafe.toml").write_text(policy(day(amount)))
    return Candidate(read(folder).policies)


@pytest.mark.only("sqlite")
def test_requests_that_share_a_transaction_ask_once_what_is_published(house: House, engine: Engine) -> None:
    """Once a book that is locked: who held its lock before may have published."""
    engine.publishing.publish(candidate(house, 500), by="cli:ana", why="as agreed")
    asked: list[str] = []

    def job(unit: Unit) -> list[str]:
        unit.cursor.connection.set_trace_callback(asked.append)
        places = ("cafe-a",) * 5 + ("cafe-b",) * 5
        found = [
            engine._hold(unit, Request.model_validate(ask(100, location=place)), None, "", "test").decision.policy
            for place in places
        ]
        unit.cursor.connection.set_trace_callback(None)
        return found

    assert len(set(engine.store.write(job))) == 1
    assert sum("max(publication.revision)" in sql for sql in asked) == 2
    assert holds(engine)


def test_what_another_process_publishes_between_two_requests_is_in_force_for_the_second(
    house: House, engine: Engine
) -> None:
    other = house.open()
    caps = []
    for amount in (500, 400, 300):
        other.publishing.publish(candidate(house, amount), by="cli:ana", why="as agreed")
        caps.append(engine.request(ask(100)).decision.findings[-1].cap)
    assert caps == [50000, 40000, 30000]
    assert holds(engine)


def test_a_process_whose_clock_is_behind_goes_by_what_was_published_all_the_same(house: House, engine: Engine) -> None:
    """Time in a book never runs backwards, and the publication is an entry of it."""
    with Engine.open(
        str(engine.store.url), policies=house.policies, clock=lambda: house.clock() - timedelta(minutes=3)
    ) as late:
        engine.publishing.publish(candidate(house, 500), by="cli:ana", why="as agreed")
        assert late.evaluate(ask(100)).findings[-1].cap == 50000
        assert late.request(ask(100)).decision.findings[-1].cap == 50000
        late.publishing.publish(candidate(house, 400), by="cli:max", why="three minutes behind")
        assert engine.request(ask(100)).decision.findings[-1].cap == 40000
    assert [item.state for item in engine.publishing.log()] == ["in force", "replaced"]
    assert holds(engine)


def test_a_process_whose_clock_is_ahead_takes_a_book_along_to_what_is_to_come(house: House, engine: Engine) -> None:
    engine.publishing.publish(candidate(house, 500), by="cli:ana", why="as agreed")
    engine.publishing.publish(candidate(house, 400), by="cli:ana", why="later", starts="2026-11-20T18:02")
    with Engine.open(
        str(engine.store.url), policies=house.policies, clock=lambda: house.clock() + timedelta(minutes=3)
    ) as early:
        assert engine.request(ask(100)).decision.findings[-1].cap == 50000
        assert early.request(ask(100)).decision.findings[-1].cap == 40000
        assert engine.request(ask(100)).decision.findings[-1].cap == 40000, "no book goes back to what was before"
        assert engine.request(ask(100, location="cafe-b")).decision.findings[-1].cap == 50000
    assert holds(engine)


def test_two_who_publish_at_once_come_one_after_the_other_and_each_request_goes_by_one_of_them(
    house: House, engine: Engine
) -> None:
    """Two publishers and two tills, each with an engine of its own as another process would have."""
    desks, tills = [house.open(), house.open()], [house.open(), house.open()]
    start = threading.Barrier(4)

    def publish(number: int) -> list[int]:
        chosen = [candidate(house, 500 + 10 * number + step) for step in range(5)]
        start.wait()
        return [desks[number].publishing.publish(one, by=f"cli:{number}", why="race").id for one in chosen]

    def ask_on(number: int) -> int:
        start.wait()
        location = ("cafe-a", "cafe-b")[number]
        return sum(tills[number].request(ask(100, location=location)).status == "approved" for _ in range(25))

    with ThreadPoolExecutor(4) as pool:
        published = [pool.submit(publish, number) for number in range(2)]
        asked = [pool.submit(ask_on, number) for number in range(2)]
    assert sorted(one for made in published for one in made.result()) == list(range(1, 11))
    assert [one.result() for one in asked] == [25, 25]
    for location in ("cafe-a", "cafe-b"):
        in_force = None
        rows = house.query("SELECT kind, leaf FROM entry WHERE location = ? ORDER BY seq", location)
        for kind, leaf in rows:
            body = json.loads(leaf)["body"]
            if kind in ("open", "policy"):
                in_force = body["policy"]
            elif kind == "decision":
                assert body["policy"] == in_force
    assert holds(engine)


def test_of_two_who_publish_the_same_at_once_the_second_is_told(house: House, engine: Engine) -> None:
    desks, chosen, start = [engine, house.open()], candidate(house, 500), threading.Barrier(2)

    def publish(number: int) -> str:
        start.wait()
        try:
            return desks[number].publishing.publish(chosen, by=f"cli:{number}", why="race").state
        except ConflictError as error:
            return error.code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(publish, range(2))) == ["in force", "nothing_new"]
    assert [item.id for item in engine.publishing.log()] == [1]


def test_of_two_who_confirm_at_once_one_is_told_that_it_waits_for_nobody(house: House, engine: Engine) -> None:
    engine.publishing.publish(Candidate(candidate(house, 300).policies, "looser"), by="cli:ana", why="so")
    made = engine.publishing.publish(Candidate(candidate(house, 500).policies, "looser"), by="cli:ana", why="so")
    assert made.state == "waiting"
    desks, start = [engine, house.open()], threading.Barrier(2)

    def confirm(number: int) -> str:
        start.wait()
        try:
            return desks[number].publishing.confirm(made.id, by=f"key:{number}").state
        except ConflictError as error:
            return error.code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(confirm, range(2))) == ["in force", "not_waiting"]
    assert holds(engine)

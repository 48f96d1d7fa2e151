"""Several writers on one PostgreSQL: books in order, budgets across locations to the cent, and the same go again."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from empower.core.errors import BusyError, StoreError
from empower.core.request import Request
from empower.engine import Engine, moving
from empower.store import Store, Unit, database
from empower.store.locking import Wanted
from empower.store.writer import MOST_GOES, Ticket
from tests.engine.house import House, ask, holds, policy, used

pytestmark = pytest.mark.only("postgresql")

ROOM = 23
GROUP = f'limits.group = {{ per = "group", every = "day", amount = {ROOM}.00 }}\n'
GUEST = 'limits.guest = { per = ["group", "guest"], every = "30 days", count = 3, beyond = "deny" }\n'


def together(*jobs: Callable[[], Any]) -> list[Any]:
    """What each gives, all begun at the same time."""
    gate, found = threading.Barrier(len(jobs)), [None] * len(jobs)

    def run(number: int, job: Callable[[], Any]) -> None:
        gate.wait()
        found[number] = job()

    threads = [threading.Thread(target=run, args=(number, job)) for number, job in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def grouped(house: House, limits: str) -> list[Engine]:
    """Four processes' engines on one store, whose policy limits the group."""
    house.write(policy(limits))
    first = house.open(create=True)
    house.people(first, "cafe-a", "cafe-b", "cafe-c", "cafe-d")
    return [first, house.open(), house.open(), house.open()]


def test_four_processes_at_four_locations_spend_a_groups_budget_to_the_cent(house: House) -> None:
    engines = grouped(house, GROUP)

    def hammer(number: int) -> list[str]:
        place = f"cafe-{'abcd'[number]}"
        return [engines[number].request(ask(100, location=place), key=f"{number}-{turn}").status for turn in range(8)]

    answers = together(*(lambda number=number: hammer(number) for number in range(4)))
    assert Counter(status for one in answers for status in one) == {"approved": ROOM, "pending": 32 - ROOM}
    assert used(engines[0], "cafe-a", "roles.server.limits.group") == [ROOM * 100, 0, 0]
    assert holds(engines[0])


def test_a_guest_is_given_no_more_by_going_from_door_to_door(house: House) -> None:
    engines = grouped(house, GUEST)

    def door(number: int) -> list[str]:
        place = f"cafe-{'abcd'[number]}"
        return [engines[number].request(ask(100, location=place, guest="room:12")).status for _ in range(3)]

    answers = together(*(lambda number=number: door(number) for number in range(4)))
    assert Counter(status for one in answers for status in one) == {"approved": 3, "denied": 9}
    assert house.query("SELECT count(*) FROM guest") == [(1,)]
    assert holds(engines[0])


def test_who_read_before_another_charged_decides_again(house: House) -> None:
    """Both read that there is room for one; the second to commit finds that there was."""
    one, two, *_ = grouped(house, GROUP)
    goes: list[int] = []
    twenty = ask(2000, location="cafe-b")

    def slow(unit: Unit) -> str:
        goes.append(1)
        view = one._hold(unit, Request.model_validate(ask(2000)), "k", "", "test")
        if len(goes) == 1:
            assert two.request(twenty).status == "approved"
        return view.status

    assert one.store.write(slow, at=["cafe-a"]) == "pending"
    assert len(goes) == 2
    assert used(one, "cafe-a", "roles.server.limits.group") == [2000, 0, 300]
    assert holds(one)


def meanwhile(house: House, asked: list[dict[str, Any]], other: int) -> tuple[list[Any], int]:
    """Comps of one transaction, while `other` is approved elsewhere before its commit; and the goes that it took."""
    one, two, *_ = grouped(house, GROUP)
    goes: list[int] = []

    def slow(unit: Unit) -> list[Any]:
        goes.append(1)
        views = [one._hold(unit, Request.model_validate(body), None, "", "test") for body in asked]
        if len(goes) == 1:
            assert two.request(ask(other, location="cafe-b")).status == "approved"
        return views

    views = one.store.write(slow, at=["cafe-a"])
    assert holds(one)
    return views, len(goes)


@pytest.mark.parametrize(
    ("other", "statuses", "goes"),
    [(300, ["approved", "approved"], 1), (301, ["approved", "pending"], 2), (1301, ["pending", "pending"], 2)],
)
def test_what_others_charge_meanwhile_changes_nothing_while_there_is_room(
    house: House, other: int, statuses: list[str], goes: int
) -> None:
    """Of 23.00: 10.00 and 10.00 read before somebody else charges; each stands for as long as its sum fits."""
    views, took = meanwhile(house, [ask(1000), ask(1000)], other)
    assert ([view.status for view in views], took) == (statuses, goes)
    held = other + 1000 * statuses.count("approved")
    assert used(house.engines[0], "cafe-a", "roles.server.limits.group") == [held, 0, ROOM * 100 - held]


@pytest.mark.parametrize(("other", "granted", "goes"), [(300, 2000, 1), (700, 1600, 2)])
def test_who_takes_less_is_granted_what_is_left_in_the_end(house: House, other: int, granted: int, goes: int) -> None:
    (view,), took = meanwhile(house, [ask(2000, accept_less=True)], other)
    assert (view.status, view.amount.held, took) == ("approved", granted, goes)


@pytest.mark.parametrize(("days", "took"), [(0, 1), (3, 2)])
def test_what_is_spent_whether_or_not_there_is_room_has_all_looked_at_again(house: House, days: int, took: int) -> None:
    """A capture takes nothing that its hold had not; one of a hold that expired does, and stands by nothing."""
    one, two, *_ = grouped(house, GROUP)
    before = one.request(ask(100))
    house.clock.go(days=days)
    goes: list[int] = []

    def slow(unit: Unit) -> str:
        goes.append(1)
        held = one._hold(unit, Request.model_validate(ask(1500)), None, "", "test")
        rules = one._desk.rules
        moving.move(
            one._desk, unit, before.id, "test", None, lambda comp, at: moving.capture(rules, unit, comp, at, None)
        )
        if len(goes) == 1:
            assert two.request(ask(300, location="cafe-b")).status == "approved"
        return held.status

    assert one.store.write(slow, at=["cafe-a"]) == "approved"
    assert (len(goes), one.comp(before.id).amount.captured) == (took, 100)
    assert holds(one)


def test_what_is_granted_elsewhere_while_a_group_begins_to_be_measured_is_counted(house: House) -> None:
    """Whoever takes the policy up waits for those who go by the one before."""
    house.write(policy(""))
    one = house.open(create=True)
    house.people(one, "cafe-a", "cafe-b")
    newer = house.folder / "newer"
    newer.mkdir()
    (newer / "cafe.toml").write_text(policy(GROUP))
    two = Engine.open(house.url, policies=newer, clock=house.clock)
    house.engines.append(two)
    answers: list[str] = []
    taker = threading.Thread(target=lambda: answers.append(two.request(ask(1000)).status))

    def slow(unit: Unit) -> str:
        view = one._hold(unit, Request.model_validate(ask(1500, location="cafe-b")), None, "", "test")
        taker.start()
        while not house.query("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"):
            pass
        return view.status

    assert one.store.write(slow, at=["cafe-b"]) == "approved"
    taker.join()
    assert answers == ["pending"]
    assert used(two, "cafe-a", "roles.server.limits.group") == [1500, 0, 800]
    assert holds(two)


def test_books_locked_crosswise_are_both_written(house: House, engine: Engine) -> None:
    """Whoever the server picks to break the deadlock is done again, and locks both from the start."""
    other = house.open()
    gate = threading.Barrier(2)
    goes: Counter[str] = Counter()

    def crossing(store: Store, first: str, second: str) -> str:
        def job(unit: Unit) -> str:
            goes[first] += 1
            drawn = unit.draw("id", lambda: f"{first}-{goes[first]}")
            unit.book(first)
            if goes[first] == 1:
                gate.wait()
            unit.book(second)
            unit.write("INSERT INTO employee VALUES (%(id)s, '', NULL)", {"id": drawn})
            return drawn

        return store.write(job)

    found = together(
        lambda: crossing(engine.store, "cafe-a", "cafe-b"), lambda: crossing(other.store, "cafe-b", "cafe-a")
    )
    assert found == ["cafe-a-1", "cafe-b-1"]
    assert max(goes.values()) == 2
    names = [name for (name,) in house.query("SELECT id FROM employee WHERE name = '' ORDER BY id")]
    assert names == found


@pytest.mark.parametrize("state", ["40001", "40P01"])
def test_what_the_server_could_not_serialize_is_done_again_with_the_same_draws(
    house: House, engine: Engine, state: str
) -> None:
    goes: list[str] = []

    def job(unit: Unit) -> str:
        comp = engine._hold(unit, Request.model_validate(ask(100, guest="room:1", note="Cold soup")), "k", "", "test")
        goes.append(comp.id)
        if len(goes) < 3:
            unit.rows(f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{state}'; END $$", {})
        return comp.id

    found = engine.store.write(job, at=["cafe-a"])
    assert goes == [found] * 3
    assert house.query("SELECT id FROM comp") == [(found,)]
    assert engine.request(ask(100, guest="room:1", note="Cold soup"), key="k").id == found
    assert holds(engine)


def test_in_the_end_one_is_told_to_come_again(house: House, engine: Engine) -> None:
    goes: list[int] = []

    def job(unit: Unit) -> None:
        goes.append(1)
        unit.rows("DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '40001'; END $$", {})

    with pytest.raises(BusyError, match="same key"):
        engine.store.write(job)
    assert len(goes) == MOST_GOES


def test_one_whose_row_cannot_be_written_takes_nobody_with_it(house: House, engine: Engine) -> None:
    gate = threading.Event()
    engine.store.writer.lock.acquire()
    outcomes: dict[str, Any] = {}

    def write(name: str, statement: str) -> None:
        try:
            outcomes[name] = engine.store.write(lambda unit: unit.write(statement, {}) or name)
        except StoreError as error:
            outcomes[name] = error.code

    good = "INSERT INTO employee VALUES ('good', '', NULL)"
    threads = [
        threading.Thread(target=write, args=("good", good)),
        threading.Thread(target=write, args=("bad", "INSERT INTO nowhere VALUES (1)")),
    ]
    for thread in threads:
        thread.start()
    while len(engine.store.writer._waiting) < 2:
        gate.wait(0.001)
    engine.store.writer.lock.release()
    for thread in threads:
        thread.join()
    assert outcomes == {"good": "good", "bad": "store_unusable"}
    assert house.query("SELECT count(*) FROM employee WHERE id = 'good'") == [(1,)]


def test_who_waits_too_long_for_a_book_is_told_to_come_again(
    house: House, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.02)
    with house.connected() as connection:
        connection.execute("SELECT * FROM location WHERE id = 'cafe-a' FOR UPDATE")
        with pytest.raises(BusyError) as raised:
            engine.request(ask(100), key="k")
        assert (raised.value.code, raised.value.status) == ("store_busy", 503)
        assert engine.request(ask(100, location="cafe-b")).status == "approved"
        assert engine.evaluate(ask(100)).outcome == "approve"
    assert engine.request(ask(100), key="k").status == "approved"
    assert holds(engine)


def test_a_book_that_is_kept_locked_stops_no_other_that_shares_its_transaction(
    house: House, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.02)

    def waiting(location: str) -> Ticket:
        asked = Request.model_validate(ask(100, location=location))
        wanted = Wanted(frozenset((location,)))
        return Ticket(lambda unit: engine._hold(unit, asked, None, "", "test").status, alone=False, wanted=wanted)

    tickets = [waiting(location) for location in ("cafe-b", "cafe-a", "cafe-a", "cafe-b")]
    with house.connected() as connection:
        connection.execute("SELECT * FROM location WHERE id = 'cafe-a' FOR UPDATE")
        engine.store.writer._waiting.extend(tickets)
        engine.store.write(lambda _unit: None)
    assert [ticket.result for ticket in tickets] == ["approved", None, None, "approved"]
    assert [type(ticket.error) for ticket in tickets] == [type(None), BusyError, BusyError, type(None)]
    assert holds(engine)

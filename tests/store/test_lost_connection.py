"""Connections that are lost in every phase: nothing acknowledged is lost, nothing is written twice."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from empower.core.errors import BusyError, StoreError
from empower.core.request import Request
from empower.engine import Engine
from empower.store import Unit
from empower.store.writer import Ticket
from tests.conftest import Database
from tests.engine.house import House, ask, holds, used
from tests.proxy import Proxy

pytestmark = pytest.mark.only("postgresql")

COMMIT = b"COMMIT\x00"
"""As the wire has it: `READ COMMITTED` is another thing."""


@pytest.fixture
def proxy(database: Database) -> Iterator[Proxy]:
    folder = database.url.partition("?host=")[2].partition("&")[0]
    if not folder.startswith("/"):
        pytest.skip("the proxy stands before a server on a socket")
    found = Proxy(Path(folder) / ".s.PGSQL.5432")
    yield found
    found.close()


@pytest.fixture
def far(house: House, engine: Engine, proxy: Proxy) -> Iterator[Engine]:
    """An engine whose connections go through the proxy."""
    engine.request(ask(100), key="before")
    there = house.url
    house.move_to(there.replace(str(proxy.server.parent), str(proxy.folder)))
    yield house.open()
    house.move_to(there)


def test_a_connection_that_was_lost_while_nobody_used_it_is_replaced(far: Engine, proxy: Proxy) -> None:
    far.evaluate(ask(100))
    proxy.cut_all()
    assert far.evaluate(ask(100)).outcome == "approve"
    proxy.cut_all()
    assert far.request(ask(100), key="k").status == "approved"
    assert holds(far)


@pytest.mark.parametrize("before", [b"FOR UPDATE", b"INSERT INTO entry", b"INSERT INTO counter", COMMIT])
def test_what_never_arrived_is_not_written_and_the_same_key_works_afterwards(
    house: House, engine: Engine, far: Engine, proxy: Proxy, before: bytes
) -> None:
    for number in range(7):  # by then the server knows the statements by a name
        far.void(far.request(ask(100), key=f"warm-{number}").id)
    said = house.query("SELECT count(*) FROM entry")
    once = iter([True])

    def lose(data: bytes) -> bool:
        return before in data and next(once, False)

    proxy.lose_request = lose
    proxy.cut_all()
    with pytest.raises(BusyError) as raised:
        far.request(ask(300), key="k")
    assert (raised.value.code, raised.value.status) == ("store_busy", 503)
    assert "same key" in raised.value.detail
    assert proxy.cuts == 1
    proxy.calm()
    assert house.query("SELECT count(*) FROM entry") == said
    assert far.request(ask(300), key="k").status == "approved"
    assert used(engine) == [400, 0, 9600]
    assert holds(engine)


def test_after_a_lost_answer_to_the_commit_the_same_key_finds_the_comp(
    house: House, engine: Engine, far: Engine, proxy: Proxy
) -> None:
    proxy.lose_answer = lambda data: COMMIT in data
    with pytest.raises(BusyError) as raised:
        far.request(ask(300, note="Cold soup"), key="k")
    assert "not known whether it was written" in raised.value.detail
    assert "same key" in raised.value.detail
    proxy.calm()
    [(comp,)] = house.query("SELECT comp FROM idempotency WHERE key = 'k'")
    assert far.request(ask(300, note="Cold soup"), key="k").id == comp
    assert used(engine) == [400, 0, 9600]
    assert holds(engine)


def test_a_capture_whose_answer_was_lost_is_done_once(engine: Engine, far: Engine, proxy: Proxy) -> None:
    comp = far.request(ask(300))
    proxy.lose_answer = lambda data: COMMIT in data
    with pytest.raises(BusyError):
        far.capture(comp.id, 200)
    proxy.calm()
    assert engine.comp(comp.id).status == "captured"
    assert far.capture(comp.id, 200).amount.captured == 200
    assert used(engine) == [100, 200, 9700]
    assert holds(engine)


def test_of_many_that_shared_a_lost_commit_none_is_tried_again_unasked(
    house: House, engine: Engine, far: Engine, proxy: Proxy
) -> None:
    """Some have no key: tried again, they would be given twice."""
    asked = Request.model_validate(ask(100))

    def job(unit: Unit) -> str:
        return far._hold(unit, asked, None, "", "test").id

    tickets = [Ticket(job) for _ in range(3)]
    far.store.writer._waiting.extend(tickets)
    proxy.lose_answer = lambda data: COMMIT in data
    with pytest.raises(BusyError):
        far.store.writer.run(job)
    proxy.calm()
    assert all(isinstance(ticket.error, BusyError) for ticket in tickets)
    assert house.query("SELECT count(*) FROM comp") == [(5,)]
    assert used(engine)[0] == 500
    assert holds(engine)


def test_a_reader_is_told_and_the_next_one_reads(far: Engine, proxy: Proxy) -> None:
    def read() -> None:
        with far.store.read() as unit:
            proxy.cut_all()
            unit.row("SELECT 1", {})

    with pytest.raises(BusyError):
        read()
    assert far.evaluate(ask(100)).outcome == "approve"


def test_a_server_that_goes_away_and_comes_back(house: House, engine: Engine, far: Engine, proxy: Proxy) -> None:
    server, proxy.server = proxy.server, Path("/nowhere")
    proxy.cut_all()
    for call in (lambda: far.request(ask(300), key="k"), lambda: far.evaluate(ask(1)), far.expire):
        with pytest.raises(BusyError) as raised:
            call()
        assert raised.value.status == 503
    with pytest.raises(StoreError) as told:
        house.open()
    assert told.value.code == "store_unreachable"
    proxy.server = server
    assert far.request(ask(300), key="k").status == "approved"
    assert holds(far)


def test_a_writer_whom_the_server_ends_is_told(house: House, engine: Engine) -> None:
    """As a failover does, or an administrator."""

    def job(unit: Unit) -> None:
        pid = unit.cursor.connection.info.backend_pid
        with house.connected() as other:
            other.execute("SELECT pg_terminate_backend(%s)", (pid,))
        unit.rows("SELECT pg_sleep(10)", {})

    with pytest.raises(BusyError):
        engine.store.write(job)
    assert engine.request(ask(100), key="k").status == "approved"
    assert holds(engine)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("empower.store.line.WRITE_SECONDS", 1)
    monkeypatch.setattr("empower.store.line.SILENT_SECONDS", 0)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("before", "known"), [(b"FOR UPDATE", "nothing was written"), (COMMIT, "not known")])
def test_a_server_that_says_nothing_any_more_is_given_up(
    house: House, engine: Engine, far: Engine, proxy: Proxy, before: bytes, known: str
) -> None:
    """As one that froze: the connection stays, and no answer comes."""
    gate = threading.Event()
    once = iter([True])

    def swallow(data: bytes) -> bool:
        return before in data and next(once, False) and not gate.wait(60)

    proxy.lose_request = swallow
    proxy.cut_all()
    with pytest.raises(BusyError, match=known):
        far.request(ask(300), key="k")
    gate.set()
    assert far.request(ask(300), key="k").status == "approved"
    assert used(engine) == [400, 0, 9600]
    assert holds(engine)


def test_a_server_that_became_a_standby_is_left(house: House, engine: Engine) -> None:
    """It takes no writes: the next connection may find who does."""

    def job(unit: Unit) -> None:
        unit.rows("SELECT set_config('transaction_read_only', 'on', true)", {})
        unit.write("INSERT INTO employee VALUES ('a', '', NULL)", {})

    before = engine.store.line.connection
    with pytest.raises(BusyError):
        engine.store.write(job)
    assert engine.request(ask(100)).status == "approved"
    engine.store.write(lambda _unit: None)
    assert engine.store.line.connection is not before

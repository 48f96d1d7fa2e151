"""A locked file, a full disk, a lost secret: nothing is half-written, and the same key may be used again."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from empower.core.errors import BusyError, StoreError
from empower.engine import Engine
from empower.store import Store, database
from empower.store.unit import Unit
from tests.engine.house import House, ask, holds, used


@pytest.fixture
def engine(house: House) -> Engine:
    made = house.open(create=True)
    house.people(made, "cafe-a")
    return made


@contextmanager
def locked(house: House) -> Iterator[None]:
    """Somebody else writes, and takes their time."""
    connection = sqlite3.connect(house.file, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    yield
    connection.execute("ROLLBACK")
    connection.close()


def driver(engine: Engine) -> sqlite3.Connection:
    """The writer's own connection."""
    connection = engine.store.line.connection.connection.dbapi_connection
    assert isinstance(connection, sqlite3.Connection)
    return connection


@contextmanager
def full(engine: Engine) -> Iterator[None]:
    """No page more."""
    connection = driver(engine)
    [pages] = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}").close()
    yield
    connection.execute("PRAGMA max_page_count = 1073741823").close()


def large(number: int = 0) -> dict:
    """A request that needs a new page."""
    items = [{"name": f"{number}-{index}-" + "x" * 180} for index in range(60)]
    return ask(500, note="y" * 2000, guest=f"room:{number}", check={"id": f"C{number}", "items": items})


@pytest.mark.usefixtures("impatient")
def test_a_locked_file_is_told_and_the_same_key_works_afterwards(house: House, engine: Engine) -> None:
    house.close()
    engine = house.open()
    comp = engine.request(ask(700))
    before = house.dump()
    calls: tuple[Callable[[], object], ...] = (
        lambda: engine.request(ask(1000, guest="room:12", note="Cold soup"), key="k"),
        lambda: engine.capture(comp.id),
        lambda: engine.void(comp.id),
        lambda: engine.add_staff("bo", name="Bo", role="server", at=["cafe-a"], by="test"),
        lambda: engine.create_key(scopes=["pos"], at=["*"], by="test"),
        lambda: engine.open_location("cafe-c", by="test"),
        engine.expire,
    )
    with locked(house):
        for call in calls:
            with pytest.raises(BusyError) as raised:
                call()
            assert (raised.value.code, raised.value.status) == ("store_busy", 503)
            assert "again" in raised.value.detail
        assert engine.evaluate(ask(1000)).outcome == "approve"
        assert engine.comp(comp.id).status == "approved"
        assert used(engine) == [700, 0, 9300]
    assert house.dump() == before
    assert engine.request(ask(1000, guest="room:12", note="Cold soup"), key="k").status == "approved"
    assert used(engine) == [1700, 0, 8300]
    assert holds(engine)


@pytest.mark.usefixtures("impatient")
def test_who_holds_a_key_is_known_while_the_file_is_locked(house: House, engine: Engine) -> None:
    """That its last use cannot be written down is no reason to turn a till away."""
    key = engine.create_key(scopes=["pos"], at=["*"], by="test")
    house.close()
    engine = house.open()
    with locked(house):
        caller = engine.authenticate(key.key)
    assert caller is not None
    assert caller.id == key.id
    house.clock.go(minutes=2)
    assert engine.authenticate(key.key) == caller
    assert engine.keys()[0].last_used_at == "2026-11-20T23:02:00.000000Z"


def test_a_full_disk_is_told_and_the_same_key_works_afterwards(house: House, engine: Engine) -> None:
    engine.request(ask(700))
    before = house.dump()
    with full(engine):
        for _ in range(2):
            with pytest.raises(BusyError) as raised:
                engine.request(large(), key="k")
            assert (raised.value.code, raised.value.status) == ("store_busy", 503)
        assert house.dump() == before
        assert used(engine) == [700, 0, 9300]
        assert engine.evaluate(large()).outcome == "approve"
    assert engine.request(large(), key="k").status == "approved"
    assert used(engine) == [1200, 0, 8800]
    assert holds(engine)


def test_a_disk_that_fills_up_loses_nothing_that_was_answered(house: House, engine: Engine) -> None:
    answered = []
    failed = []
    connection = driver(engine)
    [pages] = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + 12}").close()
    for number in range(12):
        try:
            answered.append(engine.request(large(number), key=f"k{number}").id)
        except BusyError:
            failed.append(number)
    assert answered
    assert failed
    assert [comp for (comp,) in house.query("SELECT id FROM comp ORDER BY seq")] == answered
    assert used(engine)[0] == 500 * len(answered)
    connection.execute("PRAGMA max_page_count = 1073741823").close()
    assert holds(engine)
    for number in failed:
        assert engine.request(large(number), key=f"k{number}").status == "approved"
    assert used(engine) == [6000, 0, 4000]
    assert holds(engine)


def test_a_read_only_file_is_told(house: House, engine: Engine) -> None:
    before = house.dump()
    driver(engine).execute("PRAGMA query_only = ON").close()
    with pytest.raises(StoreError) as raised:
        engine.request(ask(1000), key="k")
    assert raised.value.code == "store_unwritable"
    assert house.dump() == before
    driver(engine).execute("PRAGMA query_only = OFF").close()
    assert engine.request(ask(1000), key="k").status == "approved"


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only for root")
def test_a_read_only_folder_is_told(house: House, engine: Engine) -> None:
    house.close()
    house.folder.chmod(0o500)
    house.file.chmod(0o400)
    try:
        for create in (False, True):
            with pytest.raises(StoreError):
                house.open(create=create)
    finally:
        house.folder.chmod(0o700)
        house.file.chmod(0o600)
    assert holds(house.open())


def test_more_readers_than_connections_are_told_to_come_again(
    opening: Callable[..., Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opening(create=True)
    monkeypatch.setattr(store.engine.pool, "_timeout", 0.01)
    with pytest.raises(BusyError):
        _read_all_at_once(store, 100)
    with store.read() as unit:
        assert unit.row("SELECT 1", {}) == (1,)


def _read_all_at_once(store: Store, readers: int) -> None:
    with ExitStack() as stack:
        for _ in range(readers):
            stack.enter_context(store.read())


def test_readers_see_one_state_while_others_write(store: Store) -> None:
    def add(name: str) -> Callable[[Unit], None]:
        return lambda unit: unit.write("INSERT INTO employee VALUES (:id, '', NULL)", {"id": name})

    count = "SELECT count(*) FROM employee"
    with store.read() as reader:
        assert reader.row(count, {}) == (0,)
        store.write(add("a"))
        assert reader.row(count, {}) == (0,)
    with store.read() as reader:
        assert reader.row(count, {}) == (1,)


def test_what_a_reader_would_write_is_never_written(store: Store) -> None:
    with store.read() as reader:
        reader.write("INSERT INTO employee VALUES ('a', '', NULL)", {})
        reader.flush()
    with store.read() as reader:
        assert reader.row("SELECT count(*) FROM employee", {}) == (0,)


# The secret


def secret_of(house: House) -> Path:
    return house.folder / "empower.db.secret"


def test_a_secret_is_its_owners_alone(house: House, engine: Engine) -> None:
    assert secret_of(house).stat().st_mode & 0o777 == 0o600
    secret = bytes.fromhex(secret_of(house).read_text())
    assert len(secret) == 32
    data = b"".join(path.read_bytes() for path in house.folder.glob("empower.db*") if path != secret_of(house))
    assert secret not in data
    assert secret.hex().encode() not in data


@pytest.mark.parametrize("create", [False, True])
def test_a_lost_secret_is_told_and_not_made_anew(house: House, engine: Engine, create: bool) -> None:
    """A new one would make every guest a stranger; and it would hide that the old one is to be put back."""
    house.close()
    kept = secret_of(house).read_bytes()
    secret_of(house).unlink()
    for _ in range(2):
        with pytest.raises(StoreError) as raised:
            house.open(create=create)
        assert raised.value.code == "secret_missing"
        assert not secret_of(house).exists()
    secret_of(house).write_bytes(kept)
    house.open(create=create)


def test_the_secret_of_another_store_is_told(house: House, engine: Engine) -> None:
    house.close()
    before = house.dump()
    secret_of(house).write_text("ab" * 32)
    for create in (False, True):
        with pytest.raises(StoreError) as raised:
            house.open(create=create)
        assert raised.value.code == "secret_wrong"
    assert house.dump() == before


@pytest.mark.parametrize("content", [b"", b"abcd", b"zz" * 32, b"\xff\xfe" * 32, b"ab" * 33])
def test_what_is_no_secret_is_told(house: House, engine: Engine, content: bytes) -> None:
    house.close()
    secret_of(house).write_bytes(content)
    with pytest.raises(StoreError) as raised:
        house.open()
    assert raised.value.code == "secret_malformed"


def test_a_secret_may_come_from_the_environment(house: House, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    house.close()
    text = secret_of(house).read_text()
    secret_of(house).unlink()
    monkeypatch.setenv("EMPOWER_SECRET", text)
    assert house.open().request(ask(1000)).status == "approved"
    for wrong, code in (("ab" * 32, "secret_wrong"), ("", "secret_malformed"), ("abc", "secret_malformed")):
        monkeypatch.setenv("EMPOWER_SECRET", wrong)
        with pytest.raises(StoreError) as raised:
            house.open()
        assert raised.value.code == code


def test_the_wait_for_a_lock_is_the_constants(opening: Callable[..., Store], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.123)
    with opening(create=True).read() as unit:
        assert unit.row("PRAGMA busy_timeout", {}) == (123,)


def test_commits_are_durable(store: Store) -> None:
    with store.read() as unit:
        found = {name: unit.row(f"PRAGMA {name}", {}) for name in ("journal_mode", "synchronous")}
    assert found == {"journal_mode": ("wal",), "synchronous": (2,)}

"""A store on the distributed engine: where its rows lie, what it refuses, and what a worker's loss comes to."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import make_url

from empower.core.errors import BusyError, StoreError
from empower.engine import Engine
from empower.store import Store
from empower.store.distribution import distribute
from empower.store.grants import APPLICATION, grants, tables
from tests.citus import DistributedDatabases
from tests.conftest import Database
from tests.engine.house import House, ask, holds, policy, used
from tests.store.test_postgresql import TAMPERING

pytestmark = pytest.mark.only("citus")

CAFES = tuple(f"cafe-{name}" for name in "abcdefgh")
"""More than the tests' shards, so that some lie on each worker."""
GROUP = 'limits.group = { per = "group", every = "day", amount = 50.00 }\n'
_ALONE = "-c citus.enable_manual_changes_to_shards=on -c citus.enable_ddl_propagation=off"
ON_EACH_NODE = {
    *("alembic_version", "api_key", "deployment", "employee", "pin", "pin_try", "publication", "session"),
    *("shadow", "verifier", "webhook"),
}


@pytest.fixture
def engine(house: House) -> Engine:
    house.write(policy(GROUP))
    made = house.open(create=True)
    house.people(made, *CAFES)
    return made


def shard_of(house: House, table: str, location: str) -> tuple[int, int]:
    """The shard that a location's rows of a table are in, and the port of the server that it lies on."""
    [(number, port)] = house.query(
        "SELECT s.shardid, p.nodeport FROM (SELECT get_shard_id_for_distribution_column(?, ?::text) AS shardid) s "
        "JOIN pg_dist_shard_placement p ON p.shardid = s.shardid",
        table,
        location,
    )
    return number, port


def at_the_worker(distributed: DistributedDatabases, port: int) -> Any:
    """Somebody's own connection to the worker of a port, who wants to change what Citus keeps there."""
    ports = [worker[1] for worker in distributed.workers]
    there = distributed.worker(ports.index(port), distributed.name)
    return psycopg.connect(there, autocommit=True, options=_ALONE)


# Where rows lie


def test_every_table_lies_by_location_or_on_each_node(house: House, engine: Engine) -> None:
    found = house.query(
        "SELECT table_name::text, citus_table_type, distribution_column, colocation_id FROM citus_tables"
    )
    assert {name for name, *_ in found} == {*tables(), "alembic_version"}
    assert {name for name, kind, *_ in found if kind == "reference"} == ON_EACH_NODE
    by = {name: column for name, kind, column, _ in found if kind == "distributed"}
    alone = {"guest": "mac", "location": "id", "policy": "digest"}
    assert {name: column for name, column in by.items() if column != "location"} == alone
    groups = {name: group for name, kind, _, group in found if kind == "distributed"}
    assert len({group for name, group in groups.items() if name not in ("guest", "policy")}) == 1


def test_one_location_lies_on_one_worker_and_all_of_them_on_several(house: House, engine: Engine) -> None:
    ports = [{shard_of(house, table, cafe)[1] for table in ("location", "entry", "counter")} for cafe in CAFES]
    assert [len(each) for each in ports] == [1] * len(CAFES)
    assert len(set().union(*ports)) > 1


def test_spreading_again_changes_nothing_and_what_is_new_is_spread_with_the_schema(
    house: House, database: Database, engine: Engine
) -> None:
    engine.request(ask(100))
    before = house.dump()
    distribute(database.url)
    assert house.dump() == before
    house.execute("SELECT undistribute_table('shadow')")
    Store.open(database.url, create=True).close()
    assert house.query("SELECT count(*) FROM citus_tables WHERE table_name = 'shadow'::regclass") == [(1,)]


def test_a_store_that_has_lived_is_spread_with_all_it_holds(
    distributed: DistributedDatabases, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    distributed.make("empower_lived")
    url = distributed.url("empower_lived")
    house.move_to(url)
    house.write(policy(GROUP))
    try:
        engine = house.open(create=True)
        house.people(engine, *CAFES)
        comp = engine.request(ask(300, guest="g", note="Cold soup"))
        house.close()
        before = house.dump()
        distribute(url)
        assert house.dump() == before
        engine = house.open()
        assert engine.capture(comp.id).status == "captured"
        assert engine.request(ask(100, guest="g", location="cafe-b")).status == "approved"
        assert holds(engine)
    finally:
        house.close()
        distributed.drop("empower_lived")


# What it refuses


@pytest.mark.parametrize("statement", TAMPERING.values(), ids=TAMPERING)
def test_a_book_is_append_only_for_its_owner_too(house: House, engine: Engine, statement: str) -> None:
    before = house.query("SELECT * FROM entry ORDER BY location, seq")
    with pytest.raises(psycopg.Error):
        house.execute(*statement.split("; "))
    assert house.query("SELECT * FROM entry ORDER BY location, seq") == before


@pytest.mark.parametrize("statement", ["UPDATE {} SET leaf = ''", "DELETE FROM {}", "TRUNCATE {}"])
def test_a_book_is_append_only_on_the_worker_that_has_it(
    house: House, distributed: DistributedDatabases, engine: Engine, statement: str
) -> None:
    number, port = shard_of(house, "entry", "cafe-a")
    with at_the_worker(distributed, port) as there, pytest.raises(psycopg.IntegrityError, match="append-only"):
        there.execute(statement.format(f"entry_{number}"))


@pytest.mark.parametrize("what", ["update", "delete", "truncate"])
def test_a_trigger_that_is_gone_on_one_worker_is_found(
    house: House, distributed: DistributedDatabases, engine: Engine, what: str
) -> None:
    number, port = shard_of(house, "entry", "cafe-b")
    assert holds(engine)
    with at_the_worker(distributed, port) as there:
        there.execute(f"ALTER TABLE entry_{number} DISABLE TRIGGER entry_no_{what}_{number}")
        try:
            assert not holds(engine)
        finally:
            there.execute(f"ALTER TABLE entry_{number} ENABLE ALWAYS TRIGGER entry_no_{what}_{number}")
    assert holds(engine)


def test_what_a_worker_has_beside_the_books_is_found(
    house: House, distributed: DistributedDatabases, engine: Engine
) -> None:
    number, port = shard_of(house, "comp", "cafe-c")
    engine.request(ask(100, location="cafe-c"))
    with at_the_worker(distributed, port) as there:
        there.execute(f"UPDATE comp_{number} SET held_minor = held_minor - 1 WHERE location = 'cafe-c'")
    assert not holds(engine)


def test_a_worker_that_acknowledges_what_it_has_not_written_is_refused(
    distributed: DistributedDatabases, house: House, engine: Engine
) -> None:
    with at_the_worker(distributed, distributed.workers[0][1]) as there:
        there.execute(f"ALTER DATABASE {distributed.name} SET synchronous_commit = 'off'")
        try:
            with pytest.raises(StoreError) as raised:
                house.open()
        finally:
            there.execute(f"ALTER DATABASE {distributed.name} RESET synchronous_commit")
    assert raised.value.code == "store_not_durable"
    house.open()


def test_a_database_without_citus_or_without_workers_is_told(databases: Any, distributed: DistributedDatabases) -> None:
    with pytest.raises(StoreError) as raised:
        distribute(databases.url(databases.name))
    assert raised.value.code == "store_not_distributable"
    assert "CREATE EXTENSION citus" in raised.value.detail


@pytest.fixture
def till(house: House, database: Database, engine: Engine) -> Iterator[str]:
    """The store's URL for somebody who logs in as the application; the servers let whoever is there in."""
    house.execute(grants(), f"CREATE ROLE empower_test_till LOGIN PASSWORD 'till' IN ROLE {APPLICATION}")
    yield make_url(database.url).set(username="empower_test_till", password="till").render_as_string(False)
    house.execute("DROP ROLE empower_test_till")


def test_the_application_does_its_work_and_takes_nothing_back(house: House, engine: Engine, till: str) -> None:
    """What is append-only it may add on every server, also where several add the same."""
    house.write(policy(GROUP + "# another\n"))
    app = Engine.open(till, policies=house.policies, clock=house.clock)
    try:
        app.open_location("cafe-new", by="test")
        app.add_staff("ana", name="Ana", role="server", at=["cafe-new"], by="test")
        comp = app.request(ask(100, guest="room:12", location="cafe-new", note="Cold soup"), key="k")
        assert app.capture(comp.id).status == "captured"
        assert app.create_key(scopes=["pos"], at=["cafe-new"], name="till", by="test").key
        assert holds(app)
    finally:
        app.close()
    for table in ("entry", "checkpoint", "policy", "idempotency", "verifier"):
        for statement in (f"DELETE FROM {table}", f"TRUNCATE {table}"):
            with psycopg.connect(till.replace("+psycopg", "")) as there, pytest.raises(InsufficientPrivilege):
                there.execute(statement)


# Several workers


def test_a_reader_across_locations_sees_one_moment_of_all(engine: Engine) -> None:
    sizes = "SELECT id, size FROM location ORDER BY id"
    entries = "SELECT count(*) FROM entry WHERE location = %(location)s"
    with engine.store.read(across=True) as unit:
        before = {cafe: unit.rows(entries, {"location": cafe}) for cafe in CAFES[:1]}
        for cafe in CAFES:
            assert engine.request(ask(100, location=cafe)).status == "approved"
        heads = dict(unit.rows(sizes, {}))
        assert {cafe: unit.rows(entries, {"location": cafe})[0][0] for cafe in CAFES} == heads
        assert before[CAFES[0]] == [(heads[CAFES[0]],)]
    with engine.store.read() as unit:
        assert dict(unit.rows(sizes, {})) == {cafe: size + 1 for cafe, size in heads.items()}


@pytest.mark.usefixtures("impatient")
def test_a_reader_across_locations_waits_for_what_is_being_written(engine: Engine) -> None:
    def while_writing(unit: Any) -> None:
        assert unit.book("cafe-a") is not None
        with engine.store.read() as other:
            assert other.book("cafe-a") is not None
        with pytest.raises(BusyError), engine.store.read(across=True):
            pass

    engine.store.write(while_writing, at=("cafe-a",))
    with engine.store.read(across=True) as unit:
        assert unit.book("cafe-a") is not None


@pytest.mark.usefixtures("impatient")
def test_nobody_waits_longer_on_a_worker_than_on_one_server(house: House, engine: Engine) -> None:
    with house.connected() as other:
        other.execute("SELECT * FROM location WHERE id = 'cafe-b' FOR UPDATE")
        with pytest.raises(BusyError) as raised:
            engine.request(ask(100, location="cafe-b"))
        assert raised.value.status == 503
        assert engine.request(ask(100, location="cafe-c")).status == "approved"
    assert engine.request(ask(100, location="cafe-b")).status == "approved"


@pytest.mark.parametrize("budget", ["a location's", "the group's"])
def test_a_worker_that_is_lost_before_the_commit_leaves_nothing(
    house: House, distributed: DistributedDatabases, engine: Engine, budget: str
) -> None:
    """Also where the book and the budget across locations lie on different workers."""
    house.write(policy(GROUP if budget == "the group's" else ""))
    _, port = shard_of(house, "location", "cafe-d")
    engine.request(ask(100, location="cafe-d"))
    said = house.query("SELECT count(*) FROM entry")

    def and_lose_the_worker(unit: Any) -> None:
        assert unit.book("cafe-d") is not None
        with at_the_worker(distributed, port) as there:
            there.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' "
                "AND datname = current_database() AND pid <> pg_backend_pid()"
            )

    with pytest.raises(BusyError) as raised:
        engine.store.write(lambda unit: (and_lose_the_worker(unit), unit.row("SELECT 1 FROM entry LIMIT 1", {})))
    assert raised.value.status == 503
    assert house.query("SELECT count(*) FROM entry") == said
    assert engine.request(ask(300, location="cafe-d"), key="k").status == "approved"
    assert holds(engine)


def test_many_locations_share_a_transaction_and_a_budget(house: House, engine: Engine) -> None:
    others = [house.open() for _ in range(2)]
    for number, cafe in enumerate(CAFES):
        assert others[number % 2].request(ask(600, location=cafe)).status == "approved"
    assert used(engine, "cafe-a", "roles.server.limits.group") == [4800, 0, 200]
    assert engine.request(ask(300)).status == "pending"
    assert holds(engine)

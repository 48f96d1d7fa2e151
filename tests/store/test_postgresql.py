"""A store on PostgreSQL: its schema, what it refuses, who may do what, and where it is."""

from collections.abc import Callable
from contextlib import closing
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import String, create_engine
from sqlmodel import SQLModel

from empower.core.errors import StoreError
from empower.engine import Engine
from empower.store import Store, connecting
from empower.store.grants import APPLICATION, BACKUP, FINANCE, grants, tables
from tests.conftest import Database
from tests.engine.house import House, ask, holds

pytestmark = pytest.mark.only("postgresql")

TAMPERING = {
    "update": "UPDATE entry SET leaf = 'x'",
    "update of a column beside": "UPDATE entry SET comp = 'c'",
    "update of nothing": "UPDATE entry SET seq = seq",
    "delete": "DELETE FROM entry",
    "truncate": "TRUNCATE entry",
    "truncate of all": "TRUNCATE entry, comp, location CASCADE",
    "upsert": "INSERT INTO entry SELECT * FROM entry ON CONFLICT (location, seq) DO UPDATE SET leaf = excluded.leaf",
    "as a replica": "SET session_replication_role = 'replica'; DELETE FROM entry",
    "merge": "MERGE INTO entry e USING location l ON e.location = l.id WHEN MATCHED THEN DELETE",
}


@pytest.mark.parametrize("statement", TAMPERING.values(), ids=TAMPERING)
def test_a_book_is_append_only_for_its_owner_too(house: House, engine: Engine, statement: str) -> None:
    engine.request(ask(100))
    before = house.query("SELECT * FROM entry ORDER BY location, seq")
    with pytest.raises(psycopg.IntegrityError, match="append-only"):
        house.execute(*statement.split("; "))
    assert house.query("SELECT * FROM entry ORDER BY location, seq") == before


@pytest.mark.parametrize("table", ["checkpoint", "verifier"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "TRUNCATE {}", "UPDATE {} SET made_at = ''"])
def test_what_was_signed_is_append_only(house: House, engine: Engine, table: str, statement: str) -> None:
    house.execute(
        "INSERT INTO checkpoint VALUES ('cafe-a', 1, '', '', '')", "INSERT INTO verifier VALUES (0, '', '', '', '')"
    )
    with pytest.raises(psycopg.IntegrityError, match="append-only"):
        house.execute(statement.format(table))


def test_two_entries_have_no_one_place(house: House, engine: Engine) -> None:
    with pytest.raises(psycopg.errors.UniqueViolation):
        house.execute("INSERT INTO entry SELECT * FROM entry WHERE seq = 0")


@pytest.mark.parametrize("what", ["update", "delete", "truncate"])
def test_a_trigger_that_is_gone_is_found(house: House, engine: Engine, what: str) -> None:
    assert holds(engine)
    house.execute(f"ALTER TABLE entry DISABLE TRIGGER entry_no_{what}")
    try:
        assert not holds(engine)
    finally:
        house.execute(f"ALTER TABLE entry ENABLE ALWAYS TRIGGER entry_no_{what}")
    assert holds(engine)


def test_a_trigger_that_does_nothing_is_found(house: House, engine: Engine) -> None:
    [(text,)] = house.query("SELECT pg_get_functiondef('append_only'::regproc)")
    house.execute(
        "CREATE OR REPLACE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; END $$"
    )
    try:
        assert not holds(engine)
    finally:
        house.execute(text)
    assert holds(engine)


# The schema


def test_the_migrations_make_the_tables_that_the_program_has_in_mind(database: Database) -> None:
    tables()
    found = create_engine(database.url)
    with found.connect() as connection:
        options = {"compare_type": _other_type, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, SQLModel.metadata) == []
    found.dispose()


def _other_type(_context: Any, _column: Any, _meta: Any, found: Any, meant: Any) -> bool | None:
    types = [getattr(one, "impl_instance", one) for one in (found, meant)]
    return False if all(isinstance(one, String) and one.length is None for one in types) else None


def test_text_sorts_by_its_bytes_whatever_the_servers_language(house: House, database: Database) -> None:
    odd = house.query(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' "
        "AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C' AND table_name <> 'alembic_version'"
    )
    assert odd == []
    house.execute(*(f"INSERT INTO employee VALUES ('{name}', '', NULL)" for name in ("b", "a", "B", "_", "ä", "Z")))
    assert [name for (name,) in house.query("SELECT id FROM employee ORDER BY id")] == ["B", "Z", "_", "a", "b", "ä"]


def test_a_database_without_a_schema_is_told(databases: Any, database: Database) -> None:
    databases.make("empower_bare")
    url = databases.url("empower_bare")
    try:
        assert not Store.exists(url)
        with pytest.raises(StoreError) as raised:
            Store.open(url)
        assert raised.value.code == "store_missing"
        Store.open(url, create=True).close()
        assert Store.exists(url)
        Store.open(url).close()
    finally:
        databases.drop("empower_bare")


def test_a_newer_schema_is_refused_and_left_alone(house: House, database: Database) -> None:
    [(head,)] = house.query("SELECT version_num FROM alembic_version")
    house.execute("UPDATE alembic_version SET version_num = '9999'")
    try:
        for create in (False, True):
            with pytest.raises(StoreError) as raised:
                Store.open(database.url, create=create)
            assert raised.value.code == "schema_newer"
    finally:
        house.execute(f"UPDATE alembic_version SET version_num = '{head}'")


def test_a_server_that_forgets_what_it_acknowledged_is_refused(house: House, database: Database) -> None:
    with pytest.raises(StoreError) as raised:
        Store.open(database.url + "&options=-csynchronous_commit%3Doff")
    assert raised.value.code == "store_not_durable"


def test_the_secret_must_come_from_the_surroundings(
    house: House, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EMPOWER_SECRET")
    for create in (False, True):
        with pytest.raises(StoreError, match="EMPOWER_SECRET"):
            house.open(create=create)
    monkeypatch.setenv("EMPOWER_SECRET", "cd" * 32)
    with pytest.raises(StoreError) as raised:
        house.open()
    assert raised.value.code == "secret_wrong"


# Roles


@pytest.fixture
def granted(house: House, engine: Engine) -> House:
    """The roles as `empower init --grants` prints them, in force."""
    engine.request(ask(100, guest="room:12", note="Cold soup"))
    house.execute(grants())
    return house


def as_role(house: House, role: str, statement: str) -> None:
    with house.connected() as connection:
        connection.execute(f"SET ROLE {role}")
        connection.execute(statement)


@pytest.mark.parametrize("table", ["entry", "checkpoint", "verifier", "policy", "idempotency"])
@pytest.mark.parametrize("statement", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0}"])
def test_the_application_cannot_take_back_what_it_wrote(granted: House, table: str, statement: str) -> None:
    [(column, *_), *_] = granted.query("SELECT column_name FROM information_schema.columns WHERE table_name = ?", table)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_role(granted, APPLICATION, statement.format(table, column))


@pytest.mark.parametrize("role", [APPLICATION, FINANCE, BACKUP])
@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE entry",
        "ALTER TABLE entry DISABLE TRIGGER ALL",
        "ALTER TABLE entry DISABLE TRIGGER entry_no_update",
        "TRUNCATE comp",
        "CREATE TABLE mine (id int)",
        "CREATE OR REPLACE FUNCTION append_only() RETURNS trigger LANGUAGE sql AS 'SELECT 1'",
        "SET session_replication_role = 'replica'",
        "UPDATE alembic_version SET version_num = '0001'",
    ],
)
def test_nobody_but_the_owner_changes_what_the_tables_are(granted: House, role: str, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_role(granted, role, statement)


def test_finance_reads_books_and_no_persons(granted: House) -> None:
    for table in ("entry", "comp", "counter", "location", "policy"):
        as_role(granted, FINANCE, f"SELECT * FROM {table}")
    for table in ("guest", "note", "employee", "pin", "api_key", "session", "webhook"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            as_role(granted, FINANCE, f"SELECT * FROM {table}")


@pytest.mark.parametrize("role", [FINANCE, BACKUP])
@pytest.mark.parametrize("table", ["entry", "comp", "counter", "location"])
def test_finance_and_backups_change_nothing(granted: House, role: str, table: str) -> None:
    for statement in (f"INSERT INTO {table} SELECT * FROM {table}", f"DELETE FROM {table}"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            as_role(granted, role, statement)


def test_a_backup_reads_every_table(granted: House) -> None:
    for table in (*tables(), "alembic_version"):
        as_role(granted, BACKUP, f"SELECT * FROM {table}")


def test_the_application_lives_a_whole_day_on_its_rights(granted: House, database: Database) -> None:
    """As somebody who logs in with nothing but the application's role."""
    granted.execute(
        "DROP ROLE IF EXISTS empower_test_till",
        f"CREATE ROLE empower_test_till LOGIN PASSWORD 'till' IN ROLE {APPLICATION}",
    )
    granted.close()
    granted.move_to(database.url.replace("//postgres@", "//empower_test_till:till@"))
    try:
        till = granted.open()
        comp = till.request(ask(1000, guest="room:13", note="Cold soup"), key="k")
        assert till.request(ask(1000, guest="room:13", note="Cold soup"), key="k").id == comp.id
        till.capture(comp.id, 500)
        till.reverse(comp.id, note="rung up twice")
        till.void(till.request(ask(100)).id)
        key = till.create_key(scopes=["pos"], at=["*"], by="test")
        assert till.authenticate(key.key) is not None
        till.open_location("cafe-c", by="test")
        till.add_staff("bo", name="Bo", role="server", at=["cafe-c"], by="test")
        till.expire()
        assert till.erase_guest("room:13", by="test").notes == 2
        assert holds(till)
        till.close()
    finally:
        granted.move_to(database.url)


def test_granting_again_changes_nothing(granted: House) -> None:
    rights = "SELECT grantee, table_name, privilege_type FROM information_schema.role_table_grants ORDER BY 1, 2, 3"
    before = granted.query(rights)
    granted.execute(grants())
    assert granted.query(rights) == before


# Where it is


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("postgresql+psycopg://a:p@one:5432,two:5433/store", "one,two", "5432,5433"),
        ("postgresql://a@one,two/store?connect_timeout=1", "one,two", ","),
        ("postgresql+psycopg://a@/store?host=one:1&host=two:2", "one,two", "1,2"),
    ],
)
def test_several_hosts_are_written_in_either_way(url: str, host: str, port: str | None) -> None:
    found = connecting.store_url(url)
    _, options = found.get_dialect()().create_connect_args(found)
    assert (options["host"], options.get("port"), options["dbname"]) == (host, port, "store")


def test_of_several_hosts_the_one_that_takes_writes_is_found(house: House, engine: Engine, database: Database) -> None:
    there = database.url.partition("?host=")[2].partition("&")[0]
    url = database.url.replace(f"?host={there}&port=5432", f"?host=/nowhere:5432&host={there}:5432")
    assert url != database.url
    with closing(Store.open(url)) as store, store.read() as unit:
        assert unit.row("SELECT count(*) FROM location", {}) == (2,)


@pytest.mark.parametrize("where", ["url", "environment"])
def test_statements_are_not_prepared_for_a_pooler_that_cannot(
    house: House, engine: Engine, database: Database, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = "SELECT count(*) > 0 FROM pg_prepared_statements"

    def ten(url: str) -> bool:
        store = Store.open(url)
        found = store.write(
            lambda unit: [unit.rows("SELECT %(n)s::int", {"n": 1}) for _ in range(10)] and unit.row(prepared, {})
        )
        store.close()
        return bool(found and found[0])

    assert ten(database.url)
    if where == "environment":
        monkeypatch.setenv("EMPOWER_PREPARE_THRESHOLD", "none")
    assert not ten(database.url + ("&prepare_threshold=none" if where == "url" else ""))


def test_what_is_no_number_of_runs_is_told(database: Database) -> None:
    with pytest.raises(StoreError, match="prepare_threshold"):
        Store.open(database.url + "&prepare_threshold=often")


@pytest.mark.parametrize("ask", [Store.open, Store.exists])
def test_a_server_that_is_not_there_is_told(database: Database, ask: Callable[[str], object]) -> None:
    with pytest.raises(StoreError, match="cannot be reached") as raised:
        ask("postgresql+psycopg://nobody:hidden@127.0.0.1:1/store")
    assert raised.value.code == "store_unreachable"
    assert "hidden" not in raised.value.detail

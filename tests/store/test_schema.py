"""The schema: made, moved, recognised and refused; and the same as the tables that the program has in mind."""

import importlib
import pkgutil
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, String, create_engine, inspect
from sqlmodel import SQLModel

from empower import store
from empower.core.errors import StoreError
from empower.store import schema

from .conftest import Open

for module in pkgutil.iter_modules(store.__path__, "empower.store."):
    importlib.import_module(module.name)

LATER = '''"""A later schema."""

from alembic import op

revision = "9000"
down_revision = "{head}"


def upgrade() -> None:
    op.execute("CREATE TABLE later (id TEXT PRIMARY KEY)")
    {more}
'''


def head() -> str:
    """This program's schema."""
    found = schema._scripts().get_current_head()
    assert found is not None
    return found


def run(file: Path, *statements: str) -> list[tuple]:
    connection = sqlite3.connect(file, isolation_level=None)
    try:
        return [row for statement in statements for row in connection.execute(statement).fetchall()]
    finally:
        connection.close()


def names(file: Path) -> set[str]:
    return {name for (name,) in run(file, "SELECT name FROM sqlite_master WHERE type = 'table'")}


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This program, one migration on."""
    folder = tmp_path / "migrations"
    shutil.copytree(schema.MIGRATIONS, folder)
    script = folder / "versions" / "9000_later.py"
    script.write_text(LATER.format(head=head(), more=""))
    monkeypatch.setattr(schema, "MIGRATIONS", folder)
    return script


def test_the_migrations_make_the_tables_that_the_program_has_in_mind(opening: Open, file: Path) -> None:
    opening(create=True).close()
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": _other_type, "compare_server_default": True}
        )
        assert compare_metadata(context, SQLModel.metadata) == []
    engine.dispose()


def _other_type(_context: Any, _column: Any, _meta: Any, found: Any, meant: Any) -> bool | None:
    """Text is text, whether it is called so or a string without a length."""
    types = [getattr(one, "impl_instance", one) for one in (found, meant)]
    texts = [one for one in types if isinstance(one, String) and one.length is None]
    return False if len(texts) == len(types) else None


@pytest.mark.parametrize("table", sorted(SQLModel.metadata.tables))
def test_what_a_comparison_of_metadata_leaves_out_is_the_same_too(opening: Open, file: Path, table: str) -> None:
    """Checks, and rows kept in the order of their key."""
    opening(create=True).close()
    engine = create_engine(f"sqlite:///{file}")
    found = {(check["name"], check["sqltext"]) for check in inspect(engine).get_check_constraints(table)}
    engine.dispose()
    meant = SQLModel.metadata.tables[table]
    assert found == {
        (check.name, str(check.sqltext)) for check in meant.constraints if isinstance(check, CheckConstraint)
    }
    [clustered] = run(file, f"SELECT wr FROM pragma_table_list('{table}')")
    assert bool(clustered[0]) is (meant.dialect_options["sqlite"]["with_rowid"] is False)


def test_a_new_store_is_made_and_opened_again(opening: Open, file: Path) -> None:
    opening(create=True).close()
    assert run(file, "SELECT version_num FROM alembic_version") == [(head(),)]
    assert run(file, "PRAGMA journal_mode") == [("wal",)]
    opening().close()


def test_making_it_again_loses_nothing(opening: Open, file: Path) -> None:
    opening(create=True).close()
    run(file, "INSERT INTO employee VALUES ('ana', 'Ana', NULL)")
    opening(create=True).close()
    assert run(file, "SELECT id FROM employee") == [("ana",)]


def test_a_store_that_is_not_there_is_told_and_not_made(opening: Open, file: Path) -> None:
    with pytest.raises(StoreError) as raised:
        opening()
    assert (raised.value.code, raised.value.status) == ("store_missing", 503)
    assert str(file) in raised.value.detail
    assert "empower init" in raised.value.detail
    assert not file.exists()


@pytest.mark.parametrize("what", ["nothing", "tables of somebody else"])
def test_a_database_that_is_no_store_is_told_and_left_alone(opening: Open, file: Path, what: str) -> None:
    statement = "SELECT 1" if what == "nothing" else "CREATE TABLE theirs (id INTEGER)"
    file.touch()
    run(file, statement)
    before = names(file)
    with pytest.raises(StoreError) as raised:
        opening()
    assert raised.value.code == "store_missing"
    assert names(file) == before


def test_a_newer_store_is_refused_and_left_alone(opening: Open, file: Path) -> None:
    opening(create=True).close()
    run(file, "UPDATE alembic_version SET version_num = '9999'")
    for create in (False, True):
        with pytest.raises(StoreError) as raised:
            opening(create=create)
        assert raised.value.code == "schema_newer"
        assert "9999" in raised.value.detail
    assert run(file, "SELECT version_num FROM alembic_version") == [("9999",)]


def test_an_older_store_is_told_and_brought_up_when_asked(
    opening: Open, file: Path, request: pytest.FixtureRequest
) -> None:
    opening(create=True).close()
    run(file, "INSERT INTO employee VALUES ('ana', 'Ana', NULL)")
    request.getfixturevalue("later")
    with pytest.raises(StoreError) as raised:
        opening()
    assert raised.value.code == "schema_older"
    assert "empower init" in raised.value.detail
    assert "later" not in names(file)
    opening(create=True).close()
    assert run(file, "SELECT version_num FROM alembic_version") == [("9000",)]
    assert run(file, "SELECT id FROM employee") == [("ana",)]
    opening().close()


def test_a_migration_that_fails_leaves_the_store_as_it_was(
    opening: Open, file: Path, request: pytest.FixtureRequest
) -> None:
    opening(create=True).close()
    later: Path = request.getfixturevalue("later")
    text = later.read_text().replace("    \n", '    op.execute("INSERT INTO nowhere VALUES (1)")\n')
    later.write_text(text)
    version = run(file, "SELECT version_num FROM alembic_version")
    before = run(file, "SELECT name, sql FROM sqlite_master ORDER BY name")
    with pytest.raises(StoreError):
        opening(create=True)
    assert run(file, "SELECT name, sql FROM sqlite_master ORDER BY name") == before
    assert run(file, "SELECT version_num FROM alembic_version") == version


@pytest.mark.parametrize(
    "content", [b"not a database, by its first bytes at least", b"id,name\n" * 1000], ids=["a text", "a CSV file"]
)
@pytest.mark.parametrize("create", [False, True])
def test_a_file_that_is_no_database_is_told_and_left_alone(
    opening: Open, file: Path, content: bytes, create: bool
) -> None:
    file.write_bytes(content)
    with pytest.raises(StoreError) as raised:
        opening(create=create)
    assert raised.value.code == "store_damaged"
    assert file.read_bytes() == content


def test_a_folder_is_no_store(opening: Open, file: Path) -> None:
    file.mkdir()
    for create in (False, True):
        with pytest.raises(StoreError) as raised:
            opening(create=create)
        assert raised.value.code == "store_unwritable"


def test_a_store_in_no_folder_cannot_be_made(opening: Open, tmp_path: Path) -> None:
    with pytest.raises(StoreError) as raised:
        opening(create=True, url=f"sqlite:///{tmp_path / 'nowhere' / 'empower.db'}")
    assert raised.value.code == "store_unwritable"


@pytest.mark.parametrize(
    "url",
    ["empower.db", "", "sqlite:/empower.db", "mysql://localhost/empower", "postgresql+asyncpg://localhost/empower"],
)
def test_what_is_no_url_of_a_store_is_told(opening: Open, url: str) -> None:
    with pytest.raises(StoreError) as raised:
        opening(create=True, url=url or " ")
    assert "sqlite:///" in raised.value.detail


def test_a_store_in_memory_is_made_and_gone(opening: Open) -> None:
    one, two = opening(create=True, url="sqlite://"), opening(create=True, url="sqlite://")
    one.write(lambda unit: unit.write("INSERT INTO employee VALUES ('ana', 'Ana', NULL)", {}))
    counts = []
    for each in (one, two):
        with each.read() as unit:
            counts.append(unit.row("SELECT count(*) FROM employee", {}))
    assert counts == [(1,), (0,)]

"""What holds for all tests: the same examples on every machine, nobody's own settings, and stores on both databases."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "house", deadline=None, derandomize=True, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("explore", settings.get_profile("house"), derandomize=False, max_examples=1000)
settings.load_profile("house")

SECRET = "ab" * 32


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own store and policies are not the tests'."""
    for name in ("EMPOWER_STORE", "EMPOWER_POLICIES"):
        monkeypatch.delenv(name, raising=False)


class Database(NamedTuple):
    """Where a test's store is to be: of a kind, `sqlite`, `postgresql` or `citus`."""

    kind: str
    url: str


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What says so is run on both databases, but for what is about one of them; and on Citus where one is named."""
    if "database" in metafunc.fixturenames:
        only, both = (metafunc.definition.get_closest_marker(name) for name in ("only", "both"))
        every = ["sqlite", "postgresql", *(["citus"] if os.environ.get("EMPOWER_TEST_CITUS") else [])]
        kinds = [only.args[0]] if only else every if both else ["sqlite"]
        metafunc.parametrize("database", kinds, indirect=True)


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A place for a store: nothing is in it yet, or, on PostgreSQL, nothing but the schema."""
    if request.param == "sqlite":
        yield Database("sqlite", f"sqlite:///{tmp_path / 'empower.db'}")
        return
    request.getfixturevalue("monkeypatch").setenv("EMPOWER_SECRET", SECRET)
    databases = request.getfixturevalue("databases" if request.param == "postgresql" else "distributed")
    yield Database(request.param, databases.url(databases.name))
    databases.empty()


@pytest.fixture(scope="session")
def databases(request: pytest.FixtureRequest) -> Iterator[object]:
    """A real PostgreSQL, for the tests of one process; skipped, with a word, where there is none."""
    psycopg = pytest.importorskip("psycopg", reason="PostgreSQL: `pip install -e '.[dev]'`")
    from tests.postgres import Databases, server  # noqa: PLC0415  only where the driver is there

    del psycopg
    with server() as conninfo:
        found = Databases(conninfo, _process(request))
        yield found
        found.close()


@pytest.fixture(scope="session")
def distributed(request: pytest.FixtureRequest) -> Iterator[object]:
    """A real Citus, for the tests of one process; skipped, with a word, where none is named."""
    psycopg = pytest.importorskip("psycopg", reason="PostgreSQL: `pip install -e '.[dev]'`")
    from tests.citus import DistributedDatabases, coordinator  # noqa: PLC0415  only where the driver is there

    del psycopg
    with coordinator() as conninfo:
        found = DistributedDatabases(conninfo, _process(request))
        yield found
        found.close()


def _process(request: pytest.FixtureRequest) -> str:
    """Of those that run tests side by side, this one's name."""
    return str(getattr(request.config, "workerinput", {"workerid": "one"})["workerid"])

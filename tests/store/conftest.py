"""Stores in files of their own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from empower.engine import Engine
from empower.store import Store
from empower.store import database as store_database
from tests.conftest import Database
from tests.engine.house import House, policy

Open = Callable[..., Store]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "empower.db"


@pytest.fixture
def opening(file: Path) -> Iterator[Open]:
    """Opens the store of `file`, or another, and closes it in the end."""
    opened: list[Store] = []

    def make(*, create: bool = False, url: str | None = None) -> Store:
        opened.append(Store.open(url or f"sqlite:///{file}", create=create))
        return opened[-1]

    yield make
    for store in opened:
        store.close()


@pytest.fixture
def store(opening: Open) -> Store:
    """A store that is set up."""
    return opening(create=True)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for a lock."""
    monkeypatch.setattr(store_database, "BUSY_SECONDS", 0.02)


@pytest.fixture
def house(tmp_path: Path, database: Database) -> Iterator[House]:
    """A folder with the house's policy, and no store yet."""
    made = House(tmp_path)
    if database.kind != "sqlite":
        made.move_to(database.url)
    made.write(policy())
    yield made
    made.close()


@pytest.fixture
def engine(house: House) -> Engine:
    """Two cafes with a server and a manager each."""
    made = house.open(create=True)
    house.people(made, "cafe-a", "cafe-b")
    return made

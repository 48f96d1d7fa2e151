"""Stores in files of their own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from empower.store import Store, database

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
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.02)

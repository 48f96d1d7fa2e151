"""Word of a publication, from one process to the others."""

import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from empower.engine import Engine
from empower.engine.publishing_checks import Candidate
from empower.policy import read
from tests.conftest import Database
from tests.engine.house import DAY, House, policy, used

pytestmark = pytest.mark.both
LONG = 30
"""Seconds after which a test gives up."""


def publish(engine: Engine, folder: Path) -> None:
    folder.mkdir()
    (folder / "cafe.toml").write_text(policy(DAY.replace("100.00", "70.00")))
    engine.publishing.publish(Candidate(read(folder).policies), by="cli:ana", why="as agreed")


def test_who_listens_is_told_of_a_publication_and_the_next_answer_goes_by_it(
    house: House, engine: Engine, database: Database, tmp_path: Path
) -> None:
    other, told = house.open(), threading.Event()
    with other.store.on_publication(told.set):
        if database.kind == "postgresql":
            assert told.wait(LONG)  # once it listens: something may have come before
            told.clear()
        publish(engine, tmp_path / "new")
        assert sum(used(other)) == 7000
        assert told.wait(LONG) if database.kind != "sqlite" else not told.is_set()


@pytest.mark.only("postgresql")
def test_a_listener_whose_connection_is_lost_listens_again(house: House, engine: Engine, tmp_path: Path) -> None:
    told, times = threading.Event(), []

    def tell() -> None:
        times.append(1)
        told.set()

    with ExitStack() as stack:
        stack.enter_context(engine.store.on_publication(tell))
        assert told.wait(LONG)
        told.clear()
        house.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE starts_with(query, 'LISTEN')")
        assert told.wait(LONG)
        told.clear()
        publish(engine, tmp_path / "new")
        assert told.wait(LONG)

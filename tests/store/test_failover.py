"""A primary with a synchronous standby, behind one URL: the primary dies, the standby takes over, nothing is lost."""

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from empower.core.errors import BusyError
from tests.conftest import SECRET
from tests.engine.house import House, ask, holds, policy
from tests.postgres import VARIABLE, Cluster


class Pair:
    """Two servers, of which the second follows the first."""

    def __init__(self) -> None:
        self.primary, self.standby = Cluster(), Cluster()
        self.primary.make()
        self.primary.start()
        self.standby.run("pg_basebackup", "-h", self.primary.folder, "-U", "postgres", "-D", self.standby.data, "-R")
        self.standby.start()
        with psycopg.connect(self.primary.conninfo(), autocommit=True) as admin:
            admin.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            admin.execute("SELECT pg_reload_conf()")
            while admin.execute("SELECT sync_state FROM pg_stat_replication").fetchall() != [("sync",)]:
                pass

    @property
    def url(self) -> str:
        return (
            f"postgresql+psycopg://postgres@/postgres?host={self.primary.folder}:5432&host={self.standby.folder}:5432"
        )

    def close(self) -> None:
        for cluster in (self.standby, self.primary):
            cluster.__exit__()


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    if VARIABLE in os.environ:
        pytest.skip("the test starts and stops servers of its own")
    monkeypatch.setenv("EMPOWER_SECRET", SECRET)
    found = Pair()
    yield found
    found.close()


def test_what_was_acknowledged_is_there_after_a_failover(pair: Pair, tmp_path: Path) -> None:
    house = House(tmp_path)
    house.move_to(pair.url)
    house.write(policy())
    engine = house.open(create=True)
    house.people(engine, "cafe-a")
    before = [engine.request(ask(100), key=f"k{number}") for number in range(5)]
    engine.evaluate(ask(100))
    pair.primary.stop("immediate")
    for call in (lambda: engine.request(ask(200), key="during"), lambda: engine.evaluate(ask(100))):
        with pytest.raises(BusyError, match="again"):
            call()
    pair.standby.run("pg_ctl", "-w", "-D", pair.standby.data, "promote")
    assert engine.request(ask(200), key="during").status == "approved"
    assert [engine.request(ask(100), key=f"k{number}").id for number in range(5)] == [comp.id for comp in before]
    assert engine.evaluate(ask(100)).outcome == "approve"
    assert len(engine.comps().items) == 6
    assert holds(engine)
    house.close()

"""A primary with a synchronous standby, behind one URL: the primary dies, the standby takes over, nothing is lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from empower.core.errors import BusyError
from tests.conftest import SECRET
from tests.engine.house import House, ask, holds, policy
from tests.pair import Pair


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    monkeypatch.setenv("EMPOWER_SECRET", SECRET)
    with Pair() as found:
        yield found


def test_what_was_acknowledged_is_there_after_a_failover(pair: Pair, tmp_path: Path) -> None:
    house = House(tmp_path)
    house.move_to(pair.url())
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

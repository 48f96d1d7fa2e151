"""What is measured by is right before anything is measured."""

import sqlite3
from pathlib import Path

import pytest

from empower.core.request import Request
from empower.engine import Engine
from empower.store.listing import books
from tests.ledger.books import BENCHMARKS, benchmark

NAMES = sorted(path.stem for path in BENCHMARKS.glob("*.py"))


@pytest.mark.parametrize("name", NAMES)
def test_each_script_can_be_begun(name: str) -> None:
    pytest.importorskip("psycopg", reason="PostgreSQL: `pip install -e '.[dev]'`")
    assert benchmark(name).__doc__


def test_the_bare_writer_does_four_updates_and_one_insert_a_call(tmp_path: Path) -> None:
    callers = benchmark("callers")
    bare = callers.Bare(tmp_path / "bare.db")
    found = callers.run(bare.ask, callers=8, first=0, count=200)
    bare.close()
    assert len(found.waits) == 200
    assert found.waits == sorted(found.waits)
    file = sqlite3.connect(tmp_path / "bare.db")
    assert file.execute("SELECT sum(used) FROM counter").fetchall() == [(800,)]
    assert file.execute("SELECT used FROM counter WHERE name = 'month'").fetchall() == [(200,)]
    assert file.execute("SELECT count(*), min(length(said)) FROM entry").fetchall() == [(200, 1000)]
    file.close()


def size(engine: Engine) -> int:
    with engine.store.read() as unit:
        return books(unit)[0].size


def test_each_call_of_many_callers_is_a_comp_of_its_own(tmp_path: Path) -> None:
    callers = benchmark("callers")
    with benchmark("durable").prepare(tmp_path, employees=20) as engine:
        before = size(engine)
        callers.run(callers.ours(engine, 20), callers=8, first=0, count=100)
        assert size(engine) == before + 100
        ask = callers.ours(engine, 1)
        ask(1000)
        with pytest.raises(SystemExit, match="comp 1001 is"):  # the seventh of one employee
            ask(1001)


def test_a_crowd_says_how_many_comps_its_budgets_have_room_for(tmp_path: Path) -> None:
    crowd = benchmark("crowd").Crowd(callers=4, locations=2)
    numbers = [crowd.asked(number) for number in range(crowd.most)]
    by_employee: dict[str, int] = {}
    for said in numbers:
        by_employee[said["employee"]] = by_employee.get(said["employee"], 0) + 1
    assert set(by_employee.values()) == {6}
    assert {Request.model_validate(said).location for said in numbers} == {"bench-0", "bench-1"}

"""A real pgbouncer in transaction mode: each transaction may have another connection, and nothing is left on one."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psycopg
import pytest

from empower.core.errors import BusyError
from empower.engine import Engine
from tests.conftest import Database
from tests.engine.house import House, ask, holds, policy, used
from tests.pooler import pooler

pytestmark = pytest.mark.only("postgresql")

WIDE = '\n[limits.chain]\nper = "group"\nevery = "month"\namount = 20.00\nbeyond = "deny"\n'


@pytest.fixture
def pooled(house: House, engine: Engine, database: Database) -> Iterator[str]:
    """The store's URL through the pooler, which has fewer connections than there are callers."""
    name = database.url.partition("@/")[2].partition("?")[0]
    with pooler(database.url.replace("postgresql+psycopg:", "postgresql:", 1), size=2) as folder:
        there = f"postgresql+psycopg://postgres@/{name}?host={folder}&port=6432&prepare_threshold=none"
        house.move_to(there)
        yield there
        house.close()
        house.move_to(database.url)


def test_many_callers_share_few_connections(house: House, engine: Engine, pooled: str) -> None:
    engines = [house.open() for _ in range(2)]

    def play(number: int) -> str:
        mine = engines[number % 2]
        comp = mine.request(ask(100, guest=f"room:{number}"), key=f"k{number}")
        assert mine.evaluate(ask(100)).outcome in ("approve", "escalate")
        return mine.capture(comp.id, 50).status

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(play, range(40))) == ["captured"] * 40
    again = [engines[1].request(ask(100, guest=f"room:{number}"), key=f"k{number}").id for number in range(40)]
    assert len(set(again)) == 40
    assert used(engine) == [0, 2000, 8000]
    assert holds(engines[0])


def test_a_budget_across_locations_is_never_passed(house: House, engine: Engine, pooled: str) -> None:
    house.write(policy("", more=WIDE))
    engines = [house.open() for _ in range(3)]

    def play(number: int) -> str:
        asked = ask(100) | {"location": ("cafe-a", "cafe-b")[number % 2]}
        while True:
            try:
                return engines[number % 3].request(asked, key=f"w{number}").status
            except BusyError:
                continue

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(play, range(30)))
    assert (found.count("approved"), found.count("denied")) == (20, 10)
    assert holds(engines[0])


def test_no_setting_and_no_lock_is_left_on_a_connection(house: House, engine: Engine, pooled: str) -> None:
    there = house.open()
    for number in range(8):
        there.request(ask(100), key=f"k{number}")
    there.evaluate(ask(100))
    with psycopg.connect(
        pooled.replace("+psycopg", "").replace("&prepare_threshold=none", ""), autocommit=True
    ) as look:
        for _ in range(6):
            row = look.execute(
                "SELECT current_setting('lock_timeout'), current_setting('statement_timeout'), "
                "current_setting('transaction_read_only'), (SELECT count(*) FROM pg_prepared_statements), "
                "(SELECT count(*) FROM pg_locks WHERE locktype = 'advisory')",
                prepare=False,
            ).fetchone()
            assert row == ("0", "0", "off", 0, 0)


def test_connections_that_the_server_ends_are_lost_once(
    house: House, engine: Engine, database: Database, pooled: str
) -> None:
    there = house.open()
    there.request(ask(100), key="before")
    with psycopg.connect(database.url.replace("+psycopg", ""), autocommit=True) as look:
        look.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
    for _ in range(4):  # a till asks the same again until it is answered
        with suppress(BusyError):
            there.request(ask(100), key="after")
    assert there.request(ask(100), key="after").status == "approved"
    assert len(there.comps().items) == 2
    assert holds(there)

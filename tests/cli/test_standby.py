"""Finance at a standby, which takes no writes: what only reads says there what it says at the primary."""

from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result

from empower.cli import main
from empower.core.errors import BusyError
from tests.conftest import SECRET
from tests.engine.house import House, ask, holds, policy

READS = {
    "verify": ("ledger verify --replay", "holds, replayed"),
    "entries": ("ledger list --location cafe-a --format json", '"kind": "capture"'),
    "comps": ("comp list --format json", '"status": "captured"'),
    "comp": ("comp show {comp}", "$10.00 granted"),
    "queue": ("approval list --as max", "nothing waits"),
    "budgets": ("budget show --location cafe-a --employee ana --format json", "roles.server.limits.day"),
    "question": (
        "ask --location cafe-a --employee ana --remedy discount --reason wrong_order --amount 1.00",
        "APPROVED",
    ),
    "locations": ("location list", "America/New_York"),
    "staff": ("staff list", "Ana"),
    "keys": ("key list", "no keys"),
    "backtest": ("policy backtest {policies}", "4 decisions at 2 locations, 0 flips"),
    "what-if": ("policy what-if", "$41.00"),
    "published": ("policy log", "the files are in force"),
}
WRITES = {
    "request": "comp request --location cafe-a --employee ana --remedy discount --reason wrong_order --amount 1.00",
    "capture": "comp capture {comp}",
    "roster": "staff add bo --name Bo --role server --at cafe-a",
    "rebuild": "ledger rebuild",
}


class Desk:
    """Finance's terminal: `empower` on the primary, or on the standby alone."""

    def __init__(self, house: House, urls: dict[str, str], comp: str) -> None:
        self.house, self.urls, self.comp = house, urls, comp

    def run(self, where: str, words: str) -> Result:
        said = words.format(comp=self.comp, policies=self.house.policies)
        env = {"EMPOWER_STORE": self.urls[where], "EMPOWER_POLICIES": str(self.house.policies), "COLUMNS": "80"}
        return CliRunner(env=env).invoke(main, said.split(), prog_name="empower", catch_exceptions=False)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    pytest.importorskip("psycopg", reason="PostgreSQL: `pip install -e '.[dev]'`")
    from tests.pair import Pair  # noqa: PLC0415  only where the driver is there

    with pytest.MonkeyPatch.context() as patch, Pair() as pair:
        patch.setenv("EMPOWER_SECRET", SECRET)
        urls = {"standby": pair.url(pair.standby), "primary": pair.url(pair.primary)}
        house = House(tmp_path_factory.mktemp("house"))
        # What was acknowledged is to be seen on the standby at once.
        house.move_to(urls["primary"] + "&options=-csynchronous_commit%3Dremote_apply")
        house.write(policy())
        engine = house.open(create=True)
        house.people(engine, "cafe-a", "cafe-b")
        comp = engine.request(ask(1000, guest="room:12", note="Cold soup"), key="k")
        engine.capture(engine.request(ask(700)).id)
        engine.request(ask(4100))
        engine.request(ask(500) | {"location": "cafe-b"})
        yield Desk(house, urls, comp.id)
        house.close()


@pytest.mark.parametrize(("words", "part"), READS.values(), ids=READS)
def test_what_only_reads_says_the_same_at_the_standby(desk: Desk, words: str, part: str) -> None:
    at_standby, at_primary = desk.run("standby", words), desk.run("primary", words)
    assert (at_standby.exit_code, at_standby.output) == (0, at_primary.output)
    assert part in at_standby.output


@pytest.mark.parametrize("words", WRITES.values(), ids=WRITES)
def test_what_writes_names_the_reason(desk: Desk, words: str) -> None:
    done = desk.run("standby", words)
    assert done.exit_code == 1
    assert "is a standby and takes no writes" in done.output


def test_a_till_at_the_standby_is_told_to_come_again(desk: Desk) -> None:
    there = House(desk.house.folder)
    there.move_to(desk.urls["standby"])
    engine = there.open()
    for _ in range(2):
        with pytest.raises(BusyError) as raised:
            engine.request(ask(100), key="till")
        assert (raised.value.code, raised.value.status) == ("store_busy", 503)
    assert holds(engine)
    there.close()


def test_an_export_from_the_standby_is_a_store_of_its_own(desk: Desk) -> None:
    copy = f"sqlite:///{desk.house.folder / 'copy.db'}"
    done = desk.run("primary", f"store copy {desk.urls['standby']} {copy}")
    assert done.exit_code == 0, done.output
    desk.urls["copy"] = copy
    for words in ("ledger verify --replay", "policy backtest {policies}"):
        assert desk.run("copy", words).output == desk.run("primary", words).output

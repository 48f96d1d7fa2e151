"""A small house to try things in: its policy, its people, and a clock that only the test moves."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from empower.engine import Engine
from empower.ledger import verify

EVENING = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)
"""A Friday, 18:00 in New York."""

HEAD = """\
[policy]
id = "cafe"
locations = ["cafe-*"]

[calendar]
timezone = "America/New_York"
currency = "USD"
day_starts = 04:00:00
week_starts = "monday"
"""
REMEDIES = """
[remedies.apology]
title = "A sincere apology"
most = 0.00
zero = true

[remedies.dessert]
title = "A dessert on the house"
most = 15.00

[remedies.discount]
title = "Money off the check"
most = 300.00

[reasons.wrong_order]
title = "Wrong item served"
dimension = "reliability"
stage = "serving"
remedies = ["apology", "dessert", "discount"]
say = "I'm sorry about the mix-up."

[reasons.long_wait]
title = "Waited too long"
dimension = "responsiveness"
stage = "serving"
remedies = ["apology", "discount"]

[holds]
expires = "2 hours"

[approval]
expires = "15 minutes"
"""
SERVER = """
[roles.server]
title = "Server"
remedies = ["*"]
limits.comp = { amount = 40.00 }
"""
DAY = 'limits.day = { per = "employee", every = "day", amount = 100.00 }\n'
MANAGER = """
[roles.manager]
title = "Manager"
remedies = ["*"]
approves = ["server"]
limits.comp = { amount = 250.00 }
"""
OWN_TABLE = """
[guards.own_table]
when = { employee_is_guest = true }
then = "deny"
"""


def policy(day: str = DAY, *, more: str = "", head: str = HEAD) -> str:
    """The house's policy; `day` are the server's limits beside the one per comp, `more` stands at the end."""
    return head + REMEDIES + SERVER + day + MANAGER + more


@dataclass
class Clock:
    """Gives the moment that the test says."""

    moment: datetime = EVENING

    def __call__(self) -> datetime:
        return self.moment

    def go(self, **time: float) -> None:
        self.moment += timedelta(**time)


@dataclass
class House:
    """A store and its policies in a folder, and engines over them."""

    folder: Path
    clock: Clock = field(default_factory=Clock)
    engines: list[Engine] = field(default_factory=list)

    @property
    def policies(self) -> Path:
        return self.folder / "policies"

    @property
    def file(self) -> Path:
        return self.folder / "empower.db"

    @property
    def url(self) -> str:
        """Of its store: the file here, or what stands in the folder for every process of a test to read."""
        return self.pointer.read_text() if self.pointer.exists() else f"sqlite:///{self.file}"

    @property
    def pointer(self) -> Path:
        return self.folder / "store.url"

    @property
    def is_sqlite(self) -> bool:
        return self.url.startswith("sqlite:")

    def move_to(self, url: str) -> None:
        """Have the store elsewhere than in the folder."""
        self.pointer.write_text(url)

    def write(self, text: str, name: str = "cafe") -> None:
        """Put a policy into its file, and let every engine know."""
        self.policies.mkdir(exist_ok=True)
        (self.policies / f"{name}.toml").write_text(text, encoding="utf-8")
        for engine in self.engines:
            engine.policies.refresh()

    def open(self, *, create: bool = False) -> Engine:
        """An engine of its own, as another process would have."""
        engine = Engine.open(self.url, policies=self.policies, clock=self.clock, create=create)
        self.engines.append(engine)
        return engine

    def close(self) -> None:
        while self.engines:
            self.engines.pop().close()

    def people(self, engine: Engine, *locations: str) -> None:
        """Open locations, with Ana serving and Max managing."""
        for location in locations:
            engine.open_location(location, by="test")
        engine.add_staff("ana", name="Ana", role="server", at=locations, by="test")
        engine.add_staff("max", name="Max", role="manager", at=locations, by="test")

    def query(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Look into the store past the engine; parameters are `?`."""
        with self.connected() as connection:
            found: list[tuple[Any, ...]] = connection.execute(self.said(sql), parameters).fetchall()
            return found

    def execute(self, *statements: str) -> None:
        """Change the store past the engine, and keep it."""
        with self.connected() as connection:
            for statement in statements:
                connection.execute(self.said(statement))
            connection.commit()

    def said(self, sql: str) -> str:
        """A statement as the store's driver wants it."""
        return sql if self.is_sqlite else sql.replace("?", "%s")

    @contextmanager
    def connected(self) -> Iterator[Any]:
        """Somebody else's connection, as any tool opens one."""
        if self.is_sqlite:
            connection: Any = sqlite3.connect(self.file)
        else:
            connection = psycopg.connect(self.url.replace("postgresql+psycopg:", "postgresql:", 1))
        try:
            yield connection
        finally:
            connection.close()

    def kinds(self, location: str = "cafe-a") -> list[str]:
        """What stands in a book, in its order."""
        return [kind for (kind,) in self.query("SELECT kind FROM entry WHERE location = ? ORDER BY seq", location)]

    def dump(self) -> dict[str, list[tuple[Any, ...]]]:
        """All rows of all tables."""
        tables = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        if not self.is_sqlite:
            tables = (
                "SELECT table_name FROM information_schema.tables "
                "WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1"
            )
        names = [name for (name,) in self.query(tables)]
        return {name: sorted(self.query(f"SELECT * FROM {name}"), key=repr) for name in names}


def ask(amount: int = 1000, **more: Any) -> dict[str, Any]:
    """A request of Ana's for money off."""
    return {
        "location": "cafe-a",
        "employee": "ana",
        "remedy": "discount",
        "reason": "wrong_order",
        "amount": {"amount": amount, "currency": "USD"},
    } | more


def holds(engine: Engine) -> bool:
    """Whether the books hold, every decision decided again; what does not is printed."""
    report = verify(engine.store, replay=True)
    for finding in report.findings:
        print(finding)  # noqa: T201
    return report.ok


def used(engine: Engine, location: str = "cafe-a", limit: str = "roles.server.limits.day", **of: str) -> list[int]:
    """Held, spent and left of a limit, in minor units; for Ana, if for nobody else."""
    found = [view for view in engine.budgets(location, **({"employee": "ana"} | of)) if view.limit == limit]
    return [number for view in found for number in (view.held, view.spent, view.left)]

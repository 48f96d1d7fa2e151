"""An engine over a small policy with two locations open, the application over it, and a client for each key."""

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient

from empower.engine import Engine
from empower.http.app import create_app

POLICY = """\
[policy]
id = "bistro"
locations = ["bistro-*"]

[calendar]
timezone = "America/New_York"
currency = "USD"
day_starts = 04:00:00
week_starts = "monday"

[remedies.apology]
title = "A sincere apology"
zero = true

[remedies.dessert]
title = "A dessert on the house"
most = 15.00

[remedies.waive_check]
title = "The whole check"

[reasons.wrong_order]
title = "Wrong item served"
dimension = "reliability"
stage = "serving"
remedies = ["apology", "dessert", "waive_check"]
say = "The right one is on its way."

[roles.server]
title = "Server"
remedies = ["apology", "dessert", "waive_check"]
limits.comp = { amount = 12.00 }
limits.day = { per = "employee", every = "day", amount = 30.00 }

[roles.manager]
title = "Manager"
remedies = ["*"]
approves = ["server"]
limits.comp = { amount = 200.00 }

[guards.no_alcohol]
when = { item_categories = ["alcohol"] }
then = "deny"
say = "Alcohol may not be given away."

[holds]
expires = "2 hours"
"""
EVENING = datetime(2026, 11, 21, 0, 0, tzinfo=UTC)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = EVENING

    def __call__(self) -> datetime:
        return self.now

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)


def body(**changes: Any) -> dict[str, Any]:
    """A request that is approved, with `changes`."""
    return {
        "location": "bistro-soho",
        "employee": "E1042",
        "remedy": "dessert",
        "reason": "wrong_order",
        "amount": {"amount": 1000, "currency": "USD"},
    } | changes


def usd(amount_minor: int) -> dict[str, Any]:
    return {"amount": amount_minor, "currency": "USD"}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The policies' folder."""
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "bistro.toml").write_text(POLICY)
    return folder


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store that has two locations open, and its secret: made once, copied for each test."""
    folder = tmp_path_factory.mktemp("opened")
    (folder / "bistro.toml").write_text(POLICY)
    url = f"sqlite:///{folder / 'empower.db'}"
    with Engine.open(url, policies=folder, clock=Clock(), create=True) as engine:
        for location in ("bistro-soho", "bistro-bronx"):
            engine.open_location(location, by="test")
            engine.add_staff("E1042", name="Ana", role="server", at=[location], by="test")
            engine.add_staff("E2000", name="Max", role="manager", at=[location], by="test")
    return folder


def engine_on(opened: Path, folder: Path, policies: Path, clock: Clock) -> Engine:
    """An engine over a copy in `folder` of the store that is `opened`."""
    for file in opened.glob("empower.db*"):
        shutil.copy(file, folder)
    return Engine.open(f"sqlite:///{folder / 'empower.db'}", policies=policies, clock=clock)


@pytest.fixture
def engine(tmp_path: Path, opened: Path, folder: Path, clock: Clock) -> Iterator[Engine]:
    with engine_on(opened, tmp_path, folder, clock) as engine:
        yield engine


@pytest.fixture
def app(engine: Engine) -> FastAPI:
    return create_app(engine)


Connect = Callable[..., TestClient]


@pytest.fixture
def connect(app: FastAPI, engine: Engine) -> Connect:
    """A client with a key of its own: `connect("pos", at="bistro-soho")`."""

    def make(*scopes: str, at: str = "*", **options: Any) -> TestClient:
        key = engine.create_key(scopes=scopes, at=[at], by="test").key
        return TestClient(app, headers={"Authorization": f"Bearer {key}"}, **options)

    return make


@pytest.fixture
def till(connect: Connect) -> TestClient:
    """The till of one location."""
    return connect("pos", at="bistro-soho")


@pytest.fixture
def admin(connect: Connect) -> TestClient:
    """A key that may all, everywhere."""
    return connect("admin")


@pytest.fixture
def stranger(app: FastAPI) -> TestClient:
    """Nobody with a key."""
    return TestClient(app)


def listening() -> socket.socket:
    """A socket on a port below those that clients take."""
    for port in range(20_000, 32_768, 7):
        try:
            return socket.create_server(("127.0.0.1", port))
        except OSError:
            continue
    raise AssertionError("no port is free")


@pytest.fixture
def address(app: FastAPI) -> Iterator[str]:
    """Where a live server listens on loopback."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    started = threading.Event()
    startup = server.startup

    async def tell(sockets: list[socket.socket] | None = None) -> None:
        await startup(sockets)
        started.set()

    server.startup = tell  # type: ignore[method-assign]
    with listening() as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        assert started.wait(30)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(30)
        assert not thread.is_alive()


def hold(client: TestClient, key: str = "k1", **changes: Any) -> dict[str, Any]:
    """A comp."""
    response = client.post("/v1/comps", json=body(**changes), headers={"Idempotency-Key": key})
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made

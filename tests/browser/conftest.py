"""A real browser against a real server: Debian's Chromium, driven by Playwright; skipped where there is neither."""

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import uvicorn

from empower.engine import Engine
from empower.engine.proofs import Hasher
from empower.engine.views import CompView
from empower.http.app import create_app
from tests.http.conftest import POLICY, usd

PIN = "480517"
HOUSE = """
[limits.month]
per = "location"
every = "month"
amount = 6000.00

[approval]
expires = "15 minutes"
"""
MANAGER = 'approves = ["server"]\n'
RULES = POLICY.replace(MANAGER, MANAGER + 'limits.day = { per = "employee", every = "day", amount = 750.00 }\n') + HOUSE
CHROMIUM = shutil.which("chromium")
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}


class House(NamedTuple):
    """A server that answers, and the engine behind it."""

    address: str
    engine: Engine
    server: uvicorn.Server

    def ask(self, key: str, **changes: Any) -> CompView:
        """Somebody at a till asks."""
        request = {
            "location": "bistro-soho",
            "employee": "E1042",
            "remedy": "waive_check",
            "reason": "wrong_order",
            "amount": usd(5000),
        } | changes
        return self.engine.request(request, key=key, owner="till", by="till")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """One browser for a file, so that its driver leaves no event loop to others; each test has its own windows."""
    if CHROMIUM is None:
        pytest.skip("the pages need a browser: apt-get install chromium")
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="a browser needs its driver: pip install -e '.[e2e]'"
    )
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with policies and a store, made once and copied for each test.

    Ana serves at two locations; Max manages both, Mia only Soho. They sign in by a PIN that costs little.
    """
    folder = tmp_path_factory.mktemp("house")
    (folder / "policies").mkdir()
    (folder / "policies" / "bistro.toml").write_text(RULES)
    with _engine(folder, create=True) as engine:
        for location, title in (("bistro-soho", "Bistro Soho"), ("bistro-bronx", "Bistro Bronx")):
            engine.open_location(location, title=title, by="test")
            engine.add_staff("E1042", name="Ana Ruiz", role="server", at=[location], by="test")
            engine.add_staff("E2000", name="Max Okafor", role="manager", at=[location], by="test")
        engine.add_staff("E3000", name="Mia Chen", role="manager", at=["bistro-soho"], by="test")
        for employee in ("E1042", "E2000", "E3000"):
            engine.set_pin(employee, PIN, by="test")
    return folder


def _engine(folder: Path, *, create: bool = False) -> Engine:
    engine = Engine.open(f"sqlite:///{folder / 'empower.db'}", policies=folder / "policies", create=create)
    engine.hasher = Hasher(time_cost=1, memory_kib=8, parallelism=1)
    return engine


@pytest.fixture
def house(chromium: Any, opened: Path, tmp_path: Path) -> Iterator[House]:
    """The house that is `opened`, serving."""
    shutil.copytree(opened, tmp_path / "house")
    with _engine(tmp_path / "house") as engine, serving(engine) as (address, server):
        yield House(address, engine, server)


class serving:  # noqa: N801  a context manager
    """The pages over `engine`, on a port of their own, until the end of the block."""

    def __init__(self, engine: Engine, port: int = 0) -> None:
        config = uvicorn.Config(create_app(engine), log_level="error", timeout_graceful_shutdown=1)
        self.server = uvicorn.Server(config)
        self.listener = socket.create_server(("127.0.0.1", port))
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.listener]})

    def __enter__(self) -> tuple[str, uvicorn.Server]:
        started, startup = threading.Event(), self.server.startup

        async def tell(sockets: list[socket.socket] | None = None) -> None:
            await startup(sockets)
            started.set()

        self.server.startup = tell  # type: ignore[method-assign]
        self.thread.start()
        assert started.wait(30)
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}", self.server

    def __exit__(self, *_error: object) -> None:
        self.server.should_exit = True
        self.thread.join(30)
        self.listener.close()
        assert not self.thread.is_alive()


SignIn = Callable[..., Any]


@pytest.fixture
def window(chromium: Any, house: House) -> Iterator[SignIn]:
    """A window of somebody's own browser: `window(javascript=False)`; what its console complains of fails the test."""
    contexts, said = [], []

    def open_window(**options: Any) -> Any:
        options.setdefault("viewport", PHONE)
        options["java_script_enabled"] = options.pop("javascript", True)
        context = chromium.new_context(base_url=house.address, reduced_motion="reduce", **options)
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda message: said.append(message.text) if "Content Security" in message.text else None)
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert said == []


@pytest.fixture
def sign_in(window: SignIn) -> SignIn:
    """Somebody signed in, at the queue: `sign_in("E3000", color_scheme="dark")`."""

    def enter(employee: str = "E2000", **options: Any) -> Any:
        page = window(**options)
        page.goto("/")
        page.get_by_label("Employee id").fill(employee)
        page.get_by_label("PIN").fill(PIN)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/queue")
        return page

    return enter

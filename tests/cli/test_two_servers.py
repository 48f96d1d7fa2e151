"""Several `empower serve` on one PostgreSQL: no coordination beyond the database, each answers for every location."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from empower.cli import main
from tests.conftest import Database

pytestmark = pytest.mark.only("postgresql")
EMPOWER = (sys.executable, "-m", "empower")
BODY = {
    "location": "bistro-soho",
    "employee": "E1042",
    "remedy": "dessert",
    "reason": "wrong_order",
    "amount": {"amount": 100, "currency": "USD"},
}


@pytest.fixture
def env(database: Database, policies: Path) -> dict[str, str]:
    return os.environ | {"EMPOWER_STORE": database.url, "EMPOWER_POLICIES": str(policies), "COLUMNS": "80"}


def empower(env: dict[str, str], *words: str) -> str:
    done = CliRunner(env=env).invoke(main, words, prog_name="empower", catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture
def servers(env: dict[str, str]) -> Iterator[list[str]]:
    """The addresses of two."""
    empower(env, "init")
    empower(env, "location", "open", "bistro-soho")
    empower(env, "staff", "add", "E1042", "--name", "Ana", "--role", "server", "--at", "bistro-soho")
    processes = [
        subprocess.Popen([*EMPOWER, "serve", "--port", "0"], env=env, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    try:
        firsts = [process.stdout.readline() for process in processes if process.stdout]
        yield [first.split()[2].rstrip(",") for first in firsts]
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.communicate(timeout=30)


def post(address: str, path: str, key: str, body: dict[str, Any], idempotency: str = "") -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    if idempotency:
        headers["Idempotency-Key"] = idempotency
    request = urllib.request.Request(  # noqa: S310  our own server
        f"{address}{path}", json.dumps(body).encode(), headers
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  the same
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_two_servers_are_as_good_as_one(env: dict[str, str], servers: list[str], policies: Path) -> None:
    key = json.loads(empower(env, "key", "create", "--scope", "pos", "--at", "*", "--format", "json"))
    one, two = servers

    # A key of the one is known to the other, and its answers are the same.
    status, comp = post(one, "/v1/comps", key["key"], BODY, "k")
    assert (status, comp["status"]) == (201, "approved")
    assert post(two, "/v1/comps", key["key"], BODY, "k")[1]["id"] == comp["id"]
    assert post(two, f"/v1/comps/{comp['id']}/capture", key["key"], {})[1]["status"] == "captured"
    assert post(one, f"/v1/comps/{comp['id']}/void", key["key"], {})[0] == 409

    # A budget of 30.00 a day is spent to the cent through both at once.
    def ask(number: int) -> str:
        status: str = post(servers[number % 2], "/v1/comps", key["key"], BODY, f"n{number}")[1]["status"]
        return status

    with ThreadPoolExecutor(8) as pool:
        assert Counter(pool.map(ask, range(40))) == {"approved": 29, "pending": 11}

    # What is published is in force at both with the next request.
    text = (policies / "bistro.toml").read_text().replace("amount = 30.00", "amount = 40.00")
    (policies / "bistro.toml").write_text(text)
    empower(env, "policy", "publish", "--why", "a busy evening")
    assert post(two, "/v1/evaluate", key["key"], BODY)[1]["outcome"] == "approve"
    with ThreadPoolExecutor(8) as pool:
        assert Counter(pool.map(ask, range(100, 120))) == {"approved": 10, "pending": 10}

    # A key that is ended is ended at both.
    empower(env, "key", "revoke", key["id"])
    assert [post(address, "/v1/evaluate", key["key"], BODY)[0] for address in servers] == [401, 401]
    assert "holds" in empower(env, "ledger", "verify", "--replay")

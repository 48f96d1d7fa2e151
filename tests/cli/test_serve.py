"""`empower serve`: a live server on a loopback port, set up by the five lines that scripts rely on."""

import json
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Run

EMPOWER = (sys.executable, "-m", "empower")


@pytest.fixture
def env(tmp_path: Path, policies: Path) -> dict[str, str]:
    """The environment of a shell."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("EMPOWER_")},
        "EMPOWER_STORE": f"sqlite:///{tmp_path / 'empower.db'}",
        "EMPOWER_POLICIES": str(policies),
        "COLUMNS": "80",
    }


def empower(env: dict[str, str], *words: str) -> str:
    """What a command prints."""
    return subprocess.run([*EMPOWER, *words], env=env, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def server(env: dict[str, str]) -> Iterator[str]:
    """The address of a server on a free port."""
    empower(env, "init")
    process = subprocess.Popen([*EMPOWER, "serve", "--port", "0"], env=env, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        first = process.stdout.readline()
        assert first.startswith("listening on http://127.0.0.1:"), first
        yield first.split()[2].rstrip(",")
    finally:
        process.terminate()
        process.communicate(timeout=30)


def test_five_lines_set_up_a_till_that_gets_an_answer(env: dict[str, str], server: str) -> None:
    empower(env, "location", "open", "bistro-soho")
    empower(env, "staff", "add", "E1042", "--name", "Ana", "--role", "server", "--at", "bistro-soho")
    made = json.loads(empower(env, "key", "create", "--scope", "pos", "--at", "bistro-soho", "--format", "json"))
    body = {
        "location": "bistro-soho",
        "employee": "E1042",
        "remedy": "dessert",
        "reason": "wrong_order",
        "amount": {"amount": 1000, "currency": "USD"},
    }
    question = urllib.request.Request(  # noqa: S310  the address is ours
        f"{server}/v1/comps",
        data=json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {made['key']}",
            "Content-Type": "application/json",
            "Idempotency-Key": "first",
        },
    )
    with urllib.request.urlopen(question, timeout=30) as answer:  # noqa: S310  the same
        comp = json.load(answer)
        assert answer.status == 201
    assert comp["status"] == "approved"
    listed = empower(env, "comp", "list", "--format", "json")
    assert json.loads(listed)["id"] == comp["id"]


def test_a_port_that_is_taken_is_a_clear_failure(bistro: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = bistro("serve", "--port", str(taken.getsockname()[1]))
    assert done.exit_code == 1
    assert "cannot listen on 127.0.0.1" in done.stderr

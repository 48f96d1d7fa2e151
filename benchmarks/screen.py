"""From a till's request to the approver's screen, and from a tap to the answer: `python benchmarks/screen.py`.

A server of its own, a till over HTTP with its own connection, and the queue open in Chromium on the same machine. The
clock runs from just before the request is sent until the frame after the card is there; then the card is declined by
a tap, so that one waits at a time. Beside it, in the same run, what the request alone takes.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
from playwright.sync_api import Page, sync_playwright
from rich.console import Console
from rich.table import Table

from empower import clock

HERE = Path(__file__).parent
EMPOWER = (sys.executable, "-m", "empower")
PIN = "480517"
WARM_UP = 10
PHONE = {"width": 390, "height": 844}

WATCH = """() => {
  window.seen = {};
  const now = () => performance.timeOrigin + performance.now();
  const look = () => requestAnimationFrame(() => requestAnimationFrame(() => {
    for (const item of document.querySelectorAll("[data-id]")) {
      const key = (item.matches(".card") ? "card " : "said ") + item.dataset.id;
      window.seen[key] ??= now();
    }
  }));
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
}"""
TAP = """id => {
  const card = document.querySelector(`.card[data-id="${id}"]`);
  const at = performance.timeOrigin + performance.now();
  [...card.querySelectorAll("button[name=note]")].at(-1).click();
  return at;
}"""


class Ask(NamedTuple):
    """One question, in milliseconds."""

    request: float
    screen: float
    tap: float


def empower(folder: Path, *words: str, stdin: str = "") -> str:
    """What a command prints."""
    return subprocess.run(
        [*EMPOWER, *words], env=environment(folder), input=stdin, capture_output=True, text=True, check=True
    ).stdout


def environment(folder: Path) -> dict[str, str]:
    return os.environ | {"EMPOWER_STORE": f"sqlite:///{folder / 'e.db'}", "EMPOWER_POLICIES": str(HERE / "policies")}


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, str]]:
    """A server on a free port, and a till's key."""
    empower(folder, "init")
    empower(folder, "location", "open", "bench-soho")
    for employee, role in (("E1", "server"), ("E2", "manager")):
        empower(folder, "staff", "add", employee, "--name", employee, "--role", role, "--at", "bench-soho")
    empower(folder, "staff", "pin", "E2", "--pin-stdin", stdin=f"{PIN}\n")
    key = json.loads(empower(folder, "key", "create", "--scope", "pos", "--at", "bench-soho", "--format", "json"))
    server = subprocess.Popen(
        [*EMPOWER, "serve", "--port", "0"],
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert server.stdout is not None
    try:
        yield server.stdout.readline().split()[2].rstrip(","), key["key"]
    finally:
        server.terminate()
        server.communicate(timeout=30)


def ask(till: httpx2.Client, page: Page, number: int) -> Ask:
    """One question, seen and declined."""
    body = {
        "location": "bench-soho",
        "employee": "E1",
        "remedy": "item",
        "reason": "wrong_order",
        "amount": {"amount": 4000, "currency": "USD"},
        "check": {"id": f"C-{number}", "total": {"amount": 30_000, "currency": "USD"}, "state": "open"},
        "guest": f"loyalty:{number % 50}",
        "note": "Waited forty minutes.",
    }
    began = clock.now().timestamp()
    answer = till.post("/v1/comps", json=body, headers={"Idempotency-Key": str(number)})
    asked = clock.now().timestamp() - began
    comp: dict[str, Any] = answer.json()
    assert comp["status"] == "pending", comp
    shown = seen(page, f"card {comp['id']}") / 1000 - began
    tapped = page.evaluate(TAP, comp["id"])
    said = seen(page, f"said {comp['id']}") - tapped
    page.evaluate("id => document.querySelector(`.answered[data-id='${id}']`).remove()", comp["id"])
    return Ask(asked * 1000, shown * 1000, said)


def seen(page: Page, key: str) -> float:
    """When something came to be on the screen, in milliseconds since 1970."""
    page.wait_for_function("key => window.seen[key]", arg=key)
    moment: float = page.evaluate("key => window.seen[key]", key)
    return moment


def run(asks: int) -> list[Ask]:
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as (address, key), sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_context(viewport=PHONE, base_url=address).new_page()
        page.goto("/")
        page.get_by_label("Employee id").fill("E2")
        page.get_by_label("PIN").fill(PIN)
        page.get_by_role("button", name="Sign in").click()
        page.locator("#live", has_text="Live").wait_for()
        page.evaluate(WATCH)
        with httpx2.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}) as till:
            found = [ask(till, page, number) for number in range(WARM_UP + asks)][WARM_UP:]
        browser.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--asks", type=int, default=200)
    found = run(parser.parse_args().asks)
    table = Table("what", "median ms", "p99 ms", title=f"{len(found)} questions, one at a time")
    for what, values in (
        ("the request alone, till to till", [item.request for item in found]),
        ("from the request to the approver's screen", [item.screen for item in found]),
        ("from the tap to the answer on the screen", [item.tap for item in found]),
    ):
        ordered = sorted(values)
        table.add_row(what, f"{ordered[len(ordered) // 2]:.0f}", f"{ordered[-(-len(ordered) * 99 // 100) - 1]:.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()

"""Somebody with a browser that runs no script: follows links, keeps cookies, fills in forms."""

import html
import re
from collections.abc import Callable
from typing import Any

import httpx2
from fastapi import FastAPI
from fastapi.testclient import TestClient

from empower.engine import Engine
from empower.engine.proofs import Hasher

PIN = "480517"
OURS = {"Sec-Fetch-Site": "same-origin", "Origin": "http://testserver"}
"""What a browser says of a form that it sends from our own page."""


def staffed(engine: Engine) -> None:
    """Ana serves at both locations, Max manages both, Mia only Soho; all with a PIN that costs little."""
    engine.hasher = Hasher(time_cost=1, memory_kib=8, parallelism=1)
    engine.add_staff("E3000", name="Mia", role="manager", at=["bistro-soho"], by="test")
    for employee in ("E1042", "E2000", "E3000"):
        engine.set_pin(employee, PIN, by="test")


def token_in(page: httpx2.Response) -> str:
    found = re.search(r'name="token" value="([0-9a-f]{64})"', page.text)
    assert found is not None, page.text
    return found[1]


def words(page: httpx2.Response) -> str:
    """What a page says, without its markup."""
    bare = re.sub(r"(?s)<(script|style|svg)\b.*?</\1>|<[^>]*>", " ", page.text)
    return " ".join(html.unescape(bare).split())


class Visitor:
    """One browser."""

    def __init__(self, app: FastAPI, **options: Any) -> None:
        self.client = TestClient(app, follow_redirects=False, **options)
        self.token = ""

    def get(self, path: str, **options: Any) -> httpx2.Response:
        return self.client.get(path, **options)

    def post(self, path: str, **fields: str) -> httpx2.Response:
        """Send a form of our own page."""
        return self.client.post(path, data={"token": self.token} | fields, headers=OURS)

    def sign_in(self, employee: str = "E2000", pin: str = PIN, **fields: str) -> httpx2.Response:
        self.token = token_in(self.get("/"))
        answer = self.post("/sign-in", employee=employee, pin=pin, **fields)
        if answer.status_code == 303:
            self.token = token_in(self.get("/queue"))
        return answer


Visit = Callable[..., Visitor]

"""The short way answers as the long one does."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from empower.engine import Engine
from tests.http.conftest import Connect, body, usd

KEY = {"Idempotency-Key": "k"}
SENT: dict[str, dict[str, Any]] = {
    "approved": {"json": body(), "headers": KEY},
    "pending": {"json": body(amount=usd(1300)), "headers": KEY},
    "denied": {"json": body(amount=usd(1600)), "headers": KEY},
    "a request id of its own": {"json": body(), "headers": KEY | {"X-Request-ID": "till-3"}},
    "no idempotency key": {"json": body()},
    "two idempotency keys": {"json": body(), "headers": [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]},
    "no key": {"json": body(), "headers": KEY | {"Authorization": ""}},
    "another scheme": {"json": body(), "headers": KEY | {"Authorization": "Basic emp_x"}},
    "a key that is none": {"json": body(), "headers": KEY | {"Authorization": "Bearer emp_x"}},
    "a key that is no text": {"json": body(), "headers": KEY | {"Authorization": b"Bearer emp_\xe9"}},
    "elsewhere": {"json": body(location="bistro-bronx"), "headers": KEY},
    "nowhere": {"json": body(location=7), "headers": KEY},
    "no JSON": {"content": b"{", "headers": KEY | {"Content-Type": "application/json"}},
    "no object": {"content": b"[]", "headers": KEY | {"Content-Type": "application/json"}},
    "not said to be JSON": {"content": b"{}", "headers": KEY},
    "compressed": {"json": body(), "headers": KEY | {"Content-Encoding": "gzip"}},
    "an unknown field": {"json": body(amont=1), "headers": KEY},
    "too large": {"json": body(note="x" * 70_000), "headers": KEY},
    "larger than it says": {"content": ..., "headers": KEY},
    "nothing": {"headers": KEY},
}
REQUEST_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f-]{21}")


@pytest.fixture(params=["pos", "finance"])
def scope(request: pytest.FixtureRequest) -> str:
    scope: str = request.param
    return scope


def answered(client: TestClient, sent: dict[str, Any]) -> tuple[int, list[tuple[str, str]], Any]:
    """An answer, but for the request's id and the order of names."""
    again = sent | {"content": iter([b"x" * 40_000] * 2)} if sent.get("content") is ... else sent
    response = client.post("/v1/comps", **again)
    headers = sorted((name, REQUEST_ID.sub("…", value)) for name, value in response.headers.items())
    return response.status_code, headers, json.loads(REQUEST_ID.sub("…", response.text))


@pytest.mark.parametrize("sent", SENT.values(), ids=SENT)
def test_it_answers_as_the_framework_would(app: FastAPI, engine: Engine, scope: str, sent: dict[str, Any]) -> None:
    key = engine.create_key(scopes=[scope], at=["bistro-soho"], by="test").key
    client = TestClient(app, headers={"Authorization": f"Bearer {key}"})
    short = answered(client, sent)
    app.middleware_stack = app.build_middleware_stack()
    assert answered(client, sent) == short


def test_the_route_is_in_the_log_and_in_the_metrics(till: TestClient) -> None:
    till.post("/v1/comps", json=body(), headers=KEY)
    said = till.get("/metrics").text
    assert 'empower_http_requests_total{method="POST",route="/v1/comps",status="201"} 1.0' in said
    assert 'empower_decisions_total{call="comp",outcome="approve"} 1.0' in said


def test_those_who_ask_at_once_are_each_answered_by_their_own_key(
    address: str, engine: Engine, connect: Connect
) -> None:
    def key(*scopes: str, at: str) -> str:
        return engine.create_key(scopes=scopes, at=[at], by="test").key

    ended = engine.create_key(scopes=["pos"], at=["*"], by="test")
    engine.revoke_key(ended.id, by="test")
    tills = {
        key("pos", at="bistro-soho"): (201, 403),
        key("pos", at="bistro-bronx"): (403, 201),
        key("finance", at="*"): (403, 403),
        ended.key: (401, 401),
        "emp_nobody": (401, 401),
    }

    def ask(number: int) -> tuple[int, int]:
        secret, expected = list(tills.items())[number % len(tills)]
        at_soho = number // len(tills) % 2 == 0
        said = body(location="bistro-soho" if at_soho else "bistro-bronx", amount=usd(1))
        headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": f"k{number}"}
        return client.post("/v1/comps", json=said, headers=headers).status_code, expected[not at_soho]

    with httpx2.Client(base_url=address) as client, ThreadPoolExecutor(16) as pool:
        for status, expected in pool.map(ask, range(60)):
            assert status == expected


def test_many_at_once_with_the_same_key_are_one_comp(address: str, engine: Engine) -> None:
    key = engine.create_key(scopes=["pos"], at=["bistro-soho"], by="test").key
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "k"}

    with httpx2.Client(base_url=address, headers=headers) as client, ThreadPoolExecutor(16) as pool:
        found = {
            (response.status_code, response.json()["id"])
            for response in pool.map(lambda _: client.post("/v1/comps", json=body()), range(32))
        }
        other = client.post("/v1/comps", json=body(amount=usd(1)))
    assert len(found) == 1
    assert other.status_code == 422
    assert len(engine.comps().items) == 1

"""A live server on a loopback port, driven over a socket."""

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from empower.engine import Engine
from tests.http.conftest import body, usd
from tests.http.shape import assert_problem


@pytest.fixture
def client(address: str, engine: Engine) -> Iterator[httpx2.Client]:
    key = engine.create_key(scopes=["pos"], at=["bistro-soho"], by="test").key
    with httpx2.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=30) as client:
        yield client


def test_an_evening_at_the_till(client: httpx2.Client, address: str, engine: Engine) -> None:
    assert httpx2.get(f"{address}/readyz").json()["status"] == "ready"
    offered = client.post(
        "/v1/options", json={"location": "bistro-soho", "employee": "E1042", "reason": "wrong_order"}
    ).json()
    assert offered["options"][1] == {"remedy": "dessert", "title": "A dessert on the house", "most": 1200}
    assert client.post("/v1/evaluate", json=body()).json()["outcome"] == "approve"

    made = client.post("/v1/comps", json=body(), headers={"Idempotency-Key": "1"})
    assert made.status_code == 201
    captured = client.post(f"{made.headers['location']}/capture", json={"amount": usd(800)}).json()
    assert captured["amount"] | {"currency": ""} == {
        "asked": 1000, "granted": 1000, "held": 0, "captured": 800, "reversed": 0, "currency": "",
    }  # fmt: skip

    second = client.post("/v1/comps", json=body(), headers={"Idempotency-Key": "2"}).json()
    assert client.post(f"/v1/comps/{second['id']}/void").json()["status"] == "voided"
    reversed_ = client.post(f"/v1/comps/{captured['id']}/reverse", json={"note": "rung up twice"}).json()
    assert reversed_["amount"]["reversed"] == 800

    asked = client.post("/v1/comps", json=body(amount=usd(1300)), headers={"Idempotency-Key": "3"}).json()
    assert (asked["status"], asked["decision"]["approvers"]) == ("pending", ["manager"])
    assert asked["decision"]["counter_offer"]["amount"] == 1200
    (day,) = client.get("/v1/budgets", params={"location": "bistro-soho", "employee": "E1042"}).json()["items"]
    assert (day["held"], day["spent"], day["left"]) == (0, 0, 3000)
    listed = client.get("/v1/comps").json()["items"]
    assert {comp["id"] for comp in listed} == {asked["id"], second["id"], captured["id"]}
    assert [comp.id for comp in engine.comps().items] == [comp["id"] for comp in listed]


def test_no_cent_over_the_budget_under_many_tills(client: httpx2.Client) -> None:
    def ask(number: int) -> str:
        response = client.post("/v1/comps", json=body(amount=usd(1000)), headers={"Idempotency-Key": f"till-{number}"})
        status: str = response.json()["status"]
        return status

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(ask, range(12)))
    assert statuses == ["approved"] * 3 + ["pending"] * 9


def test_bodies_over_the_limit_are_refused_over_the_wire(client: httpx2.Client) -> None:
    sent, headers = b" " * 70_000, {"Content-Type": "application/json", "Idempotency-Key": "k"}
    for content in (sent, (sent[at : at + 7000] for at in range(0, 70_000, 7000))):
        response = client.post("/v1/comps", content=content, headers=headers)
        assert_problem(response, 413, "body_too_large")
    assert client.get("/healthz").status_code == 200


def test_a_caller_who_goes_away_harms_nobody(address: str, client: httpx2.Client) -> None:
    key = client.headers["authorization"]
    port = int(address.rsplit(":", 1)[1])
    head = (
        "POST /v1/comps HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nIdempotency-Key: gone\r\n"
        f"Authorization: {key}\r\nContent-Length: 500\r\n\r\n{{"
    )
    with socket.create_connection(("127.0.0.1", port)) as caller:
        caller.sendall(head.encode())
    assert client.get("/v1/comps").json()["items"] == []


def test_the_page_and_the_document_are_served(address: str) -> None:
    assert "May I comp this?" in httpx2.get(f"{address}/docs").text
    assert json.loads(httpx2.get(f"{address}/openapi.json").text)["info"]["title"] == "Empower"

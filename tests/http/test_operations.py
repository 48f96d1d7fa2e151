"""Health, readiness, metrics, request ids, headers and the log."""

import json
import logging
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from empower.core.errors import BusyError, StoreError
from empower.engine import Engine
from empower.http import logs
from empower.http.app import create_app
from empower.http.caretaker import Caretaker
from tests.http.conftest import POLICY, Clock, Connect, body, hold, usd
from tests.http.shape import assert_problem

BROKEN = POLICY.replace("most = 15.00", "most = 15.0")
OTHER = POLICY.replace("most = 15.00", "most = 14.00")


def test_alive_and_ready(stranger: TestClient) -> None:
    assert stranger.get("/healthz").json() == {"status": "alive"}
    assert stranger.get("/readyz").json() == {"status": "ready", "reasons": []}
    assert [stranger.head(path).status_code for path in ("/healthz", "/readyz")] == [200, 200]


def test_broken_policies_degrade_and_the_last_good_ones_stay(
    till: TestClient, stranger: TestClient, engine: Engine, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caretaker = Caretaker(engine)
    (folder / "bistro.toml").write_text(BROKEN)
    caretaker.refresh()
    caretaker.refresh()
    said = stranger.get("/readyz")
    assert said.status_code == 200
    assert said.json()["status"] == "degraded"
    (reason,) = said.json()["reasons"]
    assert reason.startswith("bistro.toml:")
    assert "`15.0`" in reason
    assert till.post("/v1/evaluate", json=body()).json()["outcome"] == "approve"
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [getattr(record, logs.FIELDS)["problems"] for record in errors] == [(reason,)]
    assert "empower_policy_problems 1.0" in stranger.get("/metrics").text


def test_policies_in_order_again_are_in_force(till: TestClient, engine: Engine, folder: Path) -> None:
    caretaker = Caretaker(engine)
    for text in (BROKEN, OTHER):
        (folder / "bistro.toml").write_text(text)
        caretaker.refresh()
    assert till.get("/readyz").json()["status"] == "ready"
    assert till.post("/v1/evaluate", json=body(amount=usd(1450))).json()["findings"][0]["code"] == "over_most"


def test_a_store_that_cannot_be_used_is_not_ready(
    stranger: TestClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise StoreError("the file /var/lib/empower.db is damaged", code="store_damaged")

    monkeypatch.setattr(engine, "ready", broken)
    said = assert_problem(stranger.get("/readyz"), 503, "store_damaged")
    assert "/var/lib" not in json.dumps(said)
    assert stranger.get("/healthz").status_code == 200


def test_the_caretaker_expires_what_is_due(till: TestClient, engine: Engine, clock: Clock) -> None:
    comp = hold(till)
    clock.later(hours=3)
    Caretaker(engine).expire()
    assert [found.id for found in engine.comps(status="expired").items] == [comp["id"]]


def test_the_caretaker_goes_on_after_a_failure_and_tells_it_once(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise BusyError("locked")

    monkeypatch.setattr(engine, "expire", fail)
    monkeypatch.setattr(engine.policies, "refresh", fail)
    caretaker = Caretaker(engine)
    for _ in range(3):
        caretaker.refresh()
        caretaker.expire(everywhere=True)
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 2
    monkeypatch.undo()
    caretaker.expire()


def test_metrics_count_requests_and_decisions_and_name_nobody(till: TestClient, stranger: TestClient) -> None:
    hold(till, guest="loyalty:1")
    till.post("/v1/evaluate", json=body(amount=usd(1600)))
    till.get("/v1/comps/unknown-id")
    stranger.get("/nowhere/at/all")
    stranger.request("BREW", "/healthz")
    found = stranger.get("/metrics")
    assert found.headers["content-type"].startswith("text/plain")
    for line in (
        'empower_http_requests_total{method="POST",route="/v1/comps",status="201"} 1.0',
        'empower_http_requests_total{method="GET",route="/v1/comps/{id}",status="404"} 1.0',
        'empower_http_requests_total{method="GET",route="none",status="404"} 1.0',
        'empower_decisions_total{call="comp",outcome="approve"} 1.0',
        'empower_decisions_total{call="evaluate",outcome="deny"} 1.0',
        'empower_http_request_seconds_count{route="/v1/comps"} 1.0',
        "empower_policy_problems 0.0",
    ):
        assert line in found.text.splitlines()
    for name in ("bistro", "soho", "E1042", "loyalty", "unknown-id", "nowhere", "BREW"):
        assert name not in found.text


def test_each_application_counts_for_itself(engine: Engine, app: FastAPI, till: TestClient) -> None:
    hold(till)
    assert "empower_decisions_total{" not in TestClient(create_app(engine)).get("/metrics").text


@pytest.mark.parametrize(
    ("given", "is_taken"),
    [
        ("bfe9eb29-ab87-4ca3-be83-a1d5d8305716", True),
        ("till_3.42", True),
        ("", False),
        ("a b", False),
        ("x" * 65, False),
        ('"><script>', False),
    ],
)
def test_a_sane_request_id_is_taken_another_made(stranger: TestClient, given: str, is_taken: bool) -> None:
    for path in ("/healthz", "/nowhere"):
        answered = stranger.get(path, headers={"X-Request-ID": given}).headers["x-request-id"]
        assert (answered == given) == is_taken
        assert answered


@pytest.mark.parametrize("path", ["/healthz", "/docs", "/nowhere", "/v1/comps"])
def test_every_answer_has_the_safe_headers(stranger: TestClient, path: str) -> None:
    headers = stranger.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["content-security-policy"].startswith("default-src 'none'")


def test_answers_about_people_are_not_kept(till: TestClient) -> None:
    assert till.get("/v1/comps").headers["cache-control"] == "no-store"


def test_a_failure_inside_tells_nothing_but_its_id(
    connect: Connect, engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("guest loyalty:778812 at /var/lib/empower.db")

    monkeypatch.setattr(engine, "evaluate", fail)
    response = connect("pos").post("/v1/evaluate", json=body())
    said = assert_problem(response, 500, "internal_error")
    assert "778812" not in response.text
    assert "/var/lib" not in response.text
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    line = logs.JsonLines().format(record)
    assert json.loads(line)["request"] == said["request_id"]
    assert json.loads(line)["error"] == "RuntimeError"
    assert "778812" not in line


def test_a_line_of_the_log_has_no_secret_no_note_and_no_guest(
    connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    till = connect("pos")
    comp = hold(till, guest="loyalty:778812", note="the soup was cold")
    till.get("/v1/comps?guest=loyalty:778812")
    till.post(f"/v1/comps/{comp['id']}/void", json={"note": "a mistake"})
    lines = [logs.JsonLines().format(record) for record in caplog.records if record.name == "empower.http.access"]
    said = [json.loads(line) for line in lines]
    assert [(line["method"], line["route"], line["status"]) for line in said] == [
        ("POST", "/v1/comps", 201),
        ("GET", "/v1/comps", 200),
        ("POST", "/v1/comps/{id}/void", 200),
    ]
    assert all(line["request"] and line["key"] and line["ms"] >= 0 for line in said)
    secret = till.headers["authorization"].removeprefix("Bearer ")
    for word in (secret, "778812", "soup", "mistake", "emp_"):
        assert word not in "".join(lines)

"""Who may do what, and where."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from empower import clock
from empower.engine import Engine
from empower.ledger import signing
from empower.ledger.checkpoints import Checkpoints, Pace
from empower.ledger.outside import Outside
from tests.http.conftest import Connect, body, hold
from tests.http.shape import assert_problem

OPTIONS = {"location": "bistro-soho", "employee": "E1042", "reason": "wrong_order"}
QUESTION = {
    "subject": {"type": "employee", "id": "E1042"},
    "action": {"name": "dessert"},
    "resource": {"type": "location", "id": "bistro-soho"},
    "context": {"reason": "wrong_order", "amount": {"amount": 100, "currency": "USD"}},
}
CALLS = {
    ("POST", "/v1/evaluate"): (body(), "pos"),
    ("POST", "/v1/evaluate/batch"): ({"requests": [body()]}, "pos"),
    ("POST", "/v1/options"): (OPTIONS, "pos"),
    ("POST", "/v1/comps"): (body(), "pos"),
    ("GET", "/v1/approvals"): (None, "pos"),
    ("POST", "/v1/comps/ID/approve"): ({"approver": "E2000", "pin": "4805"}, "pos"),
    ("POST", "/v1/comps/ID/decline"): ({"approver": "E2000", "pin": "4805", "note": "no"}, "pos"),
    ("POST", "/v1/comps/ID/capture"): ({}, "pos"),
    ("POST", "/v1/comps/ID/void"): ({}, "pos"),
    ("POST", "/v1/comps/ID/reverse"): ({}, "pos"),
    ("GET", "/v1/comps"): (None, "pos finance"),
    ("GET", "/v1/comps/ID"): (None, "pos finance"),
    ("GET", "/v1/budgets?location=bistro-soho"): (None, "pos finance"),
    ("GET", "/v1/locations"): (None, "pos finance"),
    ("GET", "/v1/books/bistro-soho/entries"): (None, "finance"),
    ("GET", "/v1/books/bistro-soho/checkpoint"): (None, "finance"),
    ("GET", "/v1/books/bistro-soho/proof/0"): (None, "finance"),
    ("GET", "/v1/books/bistro-soho/consistency?from=1"): (None, "finance"),
    ("POST", "/access/v1/evaluation"): (QUESTION, "pos"),
    ("POST", "/access/v1/evaluations"): ({"evaluations": [QUESTION]}, "pos"),
}


STREAMS = {("GET", "/v1/events")}
"""They have no end: whose keys they take stands in `test_events`."""


@pytest.mark.parametrize(("method", "path"), list(CALLS))
@pytest.mark.parametrize("scope", ["pos", "finance", "admin"])
def test_scopes(connect: Connect, engine: Engine, method: str, path: str, scope: str) -> None:
    sent, scopes = CALLS[method, path]
    comp = hold(connect("admin"), "first")
    signing.new(engine.store, by="test", clock=clock.now)
    Checkpoints(engine.store, clock.now, outside=Outside(), pace=Pace()).make()
    path = path.replace("ID", comp["id"])
    response = connect(scope).request(method, path, json=sent, headers={"Idempotency-Key": "k"})
    if scope in scopes.split() or scope == "admin":
        assert response.status_code in (200, 201, 409), response.text
    else:
        said = assert_problem(response, 403, "scope_not_enough")
        assert all(f"`{needed}`" in said["detail"] for needed in scopes.split())


def test_every_call_of_the_document_needs_a_key_and_is_in_this_table(app: FastAPI) -> None:
    described = {
        (method.upper(), path)
        for path, operations in app.openapi()["paths"].items()
        for method, said in operations.items()
        if said.get("security")
    }
    tested = {
        (
            method,
            path.split("?")[0]
            .replace("ID", "{id}")
            .replace("proof/0", "proof/{seq}")
            .replace("/bistro-soho/", "/{location}/"),
        )
        for method, path in CALLS
    }
    assert described == tested | STREAMS


@pytest.mark.parametrize(("method", "path"), list(CALLS))
def test_without_a_key_in_force_there_is_one_and_the_same_answer(
    app: FastAPI, engine: Engine, method: str, path: str
) -> None:
    made = engine.create_key(scopes=["admin"], at=["*"], by="test")
    engine.revoke_key(made.id, by="test")
    said = []
    for header in (
        None,
        f"Bearer {made.key}",
        "Bearer emp_" + "A" * 43,
        "Bearer",
        "Bearer ",
        f"Basic {made.key}",
        made.key,
        "Bearer " + "x" * 5000,
        b"Bearer emp_\xc3\xa9",
    ):
        headers = {"X-Request-ID": "r"} | ({"Authorization": header} if header else {})
        response = TestClient(app).request(method, path, json=CALLS[method, path][0], headers=headers)
        assert response.headers["www-authenticate"] == 'Bearer realm="empower"'
        said.append(assert_problem(response, 401, "unauthorized"))
    assert said == [said[0]] * len(said)


def test_a_key_that_is_revoked_ends_at_once(connect: Connect, engine: Engine) -> None:
    till = connect("pos")
    assert till.get("/v1/locations").status_code == 200
    engine.revoke_key(engine.keys()[-1].id, by="test")
    assert_problem(till.get("/v1/locations"), 401, "unauthorized")


def test_the_key_is_known_before_the_body_is_read(stranger: TestClient) -> None:
    assert_problem(stranger.post("/v1/comps", content=b"{"), 401, "unauthorized")


@pytest.mark.parametrize(
    ("method", "path", "sent"),
    [
        ("POST", "/v1/comps", body(location="PLACE")),
        ("GET", "/v1/comps?location=PLACE", None),
        ("GET", "/v1/budgets?location=PLACE", None),
        ("GET", "/v1/books/PLACE/entries", None),
    ],
)
def test_a_location_that_the_key_does_not_reach(connect: Connect, method: str, path: str, sent: dict | None) -> None:
    client = connect("pos", "finance", at="bistro-soho")
    said = []
    for place in ("bistro-bronx", "bistro-xronb"):
        asked = None if sent is None else sent | {"location": place}
        response = client.request(method, path.replace("PLACE", place), json=asked, headers={"Idempotency-Key": "k"})
        problem = assert_problem(response, 403, "location_not_allowed")
        said.append(problem["detail"].replace(place, "PLACE"))
    assert said[0] == said[1]


def test_a_slip_in_the_own_location_is_put_right(till: TestClient) -> None:
    said = assert_problem(till.post("/v1/evaluate", json=body(location="bistro-sohoo")), 403, "location_not_allowed")
    assert said["errors"][0]["near"] == "bistro-soho"


def test_locations_are_those_that_the_key_reaches(till: TestClient, admin: TestClient) -> None:
    assert [found["id"] for found in till.get("/v1/locations").json()["items"]] == ["bistro-soho"]
    assert [found["id"] for found in admin.get("/v1/locations").json()["items"]] == ["bistro-bronx", "bistro-soho"]


def test_the_book_names_the_key(till: TestClient, admin: TestClient, engine: Engine) -> None:
    keys = engine.keys()
    (pos,) = [key for key in keys if key.scopes == ["pos"]]
    comp = hold(till)
    seq = comp["entries"][0]["seq"]
    page = admin.get(f"/v1/books/bistro-soho/entries?since={seq}&limit=1").json()
    assert [entry["comp"] for entry in page["items"]] == [comp["id"]]
    assert page["items"][0]["by"] == f"key:{pos.id}"

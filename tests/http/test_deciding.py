"""Questions that change nothing."""

import pytest
from fastapi.testclient import TestClient

from empower.engine import Engine
from tests.http.conftest import Connect, body, usd
from tests.http.shape import assert_problem, assert_problem_body


@pytest.mark.parametrize(
    ("changes", "outcome", "code"),
    [
        ({}, "approve", "within_limit"),
        ({"amount": usd(1300)}, "escalate", "limit_exceeded"),
        ({"amount": usd(1600)}, "deny", "over_most"),
        ({"check": {"id": "C1", "items": [{"category": "alcohol"}]}}, "deny", "guard_denies"),
    ],
)
def test_evaluate_answers_with_the_decision(till: TestClient, changes: dict, outcome: str, code: str) -> None:
    response = till.post("/v1/evaluate", json=body(**changes))
    assert response.status_code == 200
    said = response.json()
    assert said["outcome"] == outcome
    assert code in {finding["code"] for finding in said["findings"]}
    assert (said["counter_offer"] is None) == (outcome == "approve")


def test_evaluate_writes_nothing(till: TestClient, engine: Engine) -> None:
    before = [location.size for location in engine.locations()]
    till.post("/v1/evaluate", json=body(guest="loyalty:1"))
    assert [location.size for location in engine.locations()] == before


def test_a_batch_answers_each_in_its_place(till: TestClient) -> None:
    wrong = [body(remedy="desert"), body(location="bistro-bronx"), 7, body(note=5)]
    response = till.post("/v1/evaluate/batch", json={"requests": [body(), *wrong, body(amount=usd(1600))]})
    assert response.status_code == 200
    first, *problems, last = response.json()["items"]
    assert first["outcome"] == "approve"
    assert last["outcome"] == "deny"
    for said, (status, code) in zip(
        problems,
        [(422, "invalid_input"), (403, "location_not_allowed"), (422, "invalid_input"), (422, "invalid_input")],
        strict=True,
    ):
        assert_problem_body(said, status, code)
        assert said["request_id"] == response.headers["x-request-id"]
    assert problems[0]["errors"][0]["near"] == "dessert"
    assert problems[3]["errors"][0]["pointer"] == "/note"


@pytest.mark.parametrize("count", [0, 1001])
def test_a_batch_is_bounded(till: TestClient, count: int) -> None:
    said = assert_problem(till.post("/v1/evaluate/batch", json={"requests": [1] * count}), 422, "invalid_input")
    assert said["errors"][0]["pointer"] == "/requests"


def test_a_batch_may_be_larger_than_a_single_body(till: TestClient) -> None:
    many = [body(note="x" * 1000)] * 100
    response = till.post("/v1/evaluate/batch", json={"requests": many})
    assert [item["outcome"] for item in response.json()["items"]] == ["approve"] * 100


def test_options_come_in_the_order_to_offer_them(till: TestClient) -> None:
    said = till.post(
        "/v1/options", json={"location": "bistro-soho", "employee": "E1042", "reason": "wrong_order"}
    ).json()
    assert [option["remedy"] for option in said["options"]] == ["apology", "dessert", "waive_check"]
    assert said["options"][1]["most"] == 1200
    assert said["say"] == "The right one is on its way."


def test_options_for_an_unknown_reason_name_the_nearest(till: TestClient) -> None:
    asked = {"location": "bistro-soho", "employee": "E1042", "reason": "wrong_oder"}
    said = assert_problem(till.post("/v1/options", json=asked), 422, "invalid_input")
    assert said["errors"] == [
        {
            "pointer": "/reason",
            "message": "unknown reason `wrong_oder`; did you mean `wrong_order`?",
            "near": "wrong_order",
        }
    ]


@pytest.mark.parametrize("path", ["/v1/evaluate", "/v1/options"])
def test_another_location_is_refused_whether_or_not_it_exists(connect: Connect, path: str) -> None:
    till = connect("pos", at="bistro-soho")
    asked = {"location": "bistro-bronx", "employee": "E1042", "reason": "wrong_order"}
    if path == "/v1/evaluate":
        asked = body(location="bistro-bronx")
    there = assert_problem(till.post(path, json=asked), 403, "location_not_allowed")
    nowhere = assert_problem(till.post(path, json=asked | {"location": "bistro-brunx"}), 403, "location_not_allowed")
    assert there["detail"].replace("bronx", "brunx") == nowhere["detail"]

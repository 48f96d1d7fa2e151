"""OpenID AuthZEN Authorization API 1.0."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.http.conftest import body, usd
from tests.http.shape import assert_problem, pointers


def question(amount: int = 1000, **changes: Any) -> dict[str, Any]:
    return {
        "subject": {"type": "employee", "id": "E1042"},
        "action": {"name": "dessert"},
        "resource": {"type": "location", "id": "bistro-soho"},
        "context": {"reason": "wrong_order", "amount": usd(amount)},
    } | changes


CHECK = {
    "type": "check",
    "id": "C1",
    "properties": {"location": "bistro-soho", "total": usd(9000), "state": "open", "items": [{"category": "alcohol"}]},
}


@pytest.mark.parametrize("path", ["/access/v1/evaluation", "/access/v1/evaluations"])
@pytest.mark.parametrize(("amount", "outcome"), [(1000, "approve"), (1300, "escalate"), (1600, "deny")])
def test_a_decision_is_true_for_approve_alone(till: TestClient, path: str, amount: int, outcome: str) -> None:
    said = till.post(path, json=question(amount)).json()
    ours = till.post("/v1/evaluate", json=body(amount=usd(amount))).json()
    assert said == {"decision": outcome == "approve", "context": ours}
    assert said["context"]["outcome"] == outcome


def test_a_check_is_a_resource_too(till: TestClient) -> None:
    said = till.post("/access/v1/evaluation", json=question(resource=CHECK)).json()
    assert said["decision"] is False
    assert said["context"]["findings"][0]["rule"] == "guards.no_alcohol"


def test_time_is_when_it_occurred(till: TestClient) -> None:
    context = question()["context"] | {"time": "2027-01-01T00:00:00Z"}
    said = assert_problem(till.post("/access/v1/evaluation", json=question(context=context)), 400, "invalid_input")
    assert pointers(said) == ["/context/occurred_at"]


def test_what_the_standard_lets_a_caller_add_is_ignored(till: TestClient) -> None:
    asked = question(
        subject={"type": "employee", "id": "E1042", "properties": {"department": "floor"}, "more": 1},
        action={"name": "dessert", "properties": {"method": "GET"}},
        trace="abc",
    )
    assert till.post("/access/v1/evaluation", json=asked).json()["decision"] is True


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"subject": None}, ["/subject"]),
        ({"subject": {"type": "employee"}}, ["/subject/id"]),
        ({"subject": {"type": "user", "id": "E1042"}}, ["/subject/type"]),
        ({"subject": {"type": "employee", "id": "E1043"}}, ["/subject/id"]),
        ({"subject": {"type": "employee", "id": 7}}, ["/subject/id"]),
        ({"action": {"name": "desert"}}, ["/action/name"]),
        ({"resource": {"type": "table", "id": "7"}}, ["/resource/type"]),
        ({"resource": CHECK | {"properties": {}}}, ["/resource/properties/location"]),
        ({"resource": CHECK | {"id": ""}}, ["/resource/id"]),
        ({"resource": CHECK | {"properties": CHECK["properties"] | {"totl": 1}}}, ["/resource/properties/totl"]),
        ({"context": None}, ["/context/reason", "/context/amount"]),
        ({"context": {"reason": "wrong_order", "amount": usd(-1)}}, ["/context/amount/amount"]),
        ({"context": {"reason": "wrong_order", "amount": usd(1), "gest": "x"}}, ["/context/gest"]),
        ({"context": []}, ["/context"]),
    ],
)
def test_a_question_that_cannot_be_answered_is_a_400(till: TestClient, changes: dict, wrong: list[str]) -> None:
    response = till.post("/access/v1/evaluation", json=question(**changes))
    assert pointers(assert_problem(response, 400, response.json()["code"])) == wrong


def test_a_location_that_the_key_does_not_reach_is_a_403(till: TestClient) -> None:
    asked = question(resource={"type": "location", "id": "bistro-bronx"})
    assert_problem(till.post("/access/v1/evaluation", json=asked), 403, "location_not_allowed")


def amounts(*found: int) -> list[dict[str, Any]]:
    return [{"context": {"reason": "wrong_order", "amount": usd(amount)}} for amount in found]


@pytest.mark.parametrize(
    ("options", "asked", "decisions"),
    [
        ({}, amounts(100, 1600, 200), [True, False, True]),
        ({"evaluations_semantic": "execute_all"}, amounts(1600, 100), [False, True]),
        ({"evaluations_semantic": "deny_on_first_deny"}, amounts(100, 1600, 200), [True, False]),
        ({"evaluations_semantic": "deny_on_first_deny"}, amounts(100, 200), [True, True]),
        ({"evaluations_semantic": "permit_on_first_permit"}, amounts(1600, 100, 200), [False, True]),
        ({"evaluations_semantic": "permit_on_first_permit"}, amounts(1600, 1700), [False, False]),
        ({"another_option": "value"}, amounts(100), [True]),
    ],
)
def test_several_questions_with_defaults(till: TestClient, options: dict, asked: list, decisions: list) -> None:
    sent = question() | {"options": options, "evaluations": asked}
    del sent["context"]
    said = till.post("/access/v1/evaluations", json=sent).json()
    assert [one["decision"] for one in said["evaluations"]] == decisions


def test_what_a_question_says_itself_replaces_the_default_whole(till: TestClient) -> None:
    sent = question() | {"evaluations": [{"context": {"reason": "wrong_order"}}, {"action": {"name": "apology"}}]}
    first, second = till.post("/access/v1/evaluations", json=sent).json()["evaluations"]
    assert first["decision"] is False
    assert first["context"]["error"] == {
        "status": 422,
        "code": "invalid_input",
        "message": "/context/amount: is missing",
    }
    assert second["decision"] is True


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"options": {"evaluations_semantic": "some"}}, ["/options/evaluations_semantic"]),
        ({"evaluations": [7]}, ["/evaluations/0"]),
        ({"evaluations": [{}] * 1001}, ["/evaluations"]),
        ({"evaluations": {"a": 1}}, ["/evaluations"]),
    ],
)
def test_several_questions_that_cannot_be_read_are_a_400(till: TestClient, changes: dict, wrong: list[str]) -> None:
    sent = question() | {"evaluations": amounts(100)} | changes
    assert pointers(assert_problem(till.post("/access/v1/evaluations", json=sent), 400, "invalid_input")) == wrong


def test_the_configuration_tells_where_to_ask(stranger: TestClient) -> None:
    assert stranger.get("/.well-known/authzen-configuration").json() == {
        "policy_decision_point": "http://testserver",
        "access_evaluation_endpoint": "http://testserver/access/v1/evaluation",
        "access_evaluations_endpoint": "http://testserver/access/v1/evaluations",
    }

"""The OpenAPI document and the page made of it."""

import json
import re
import shlex
from typing import Any

import pytest
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator

from empower.http.docs_page import curl
from tests.http.conftest import hold, usd

SECTION_6 = {
    "post /v1/evaluate",
    "post /v1/evaluate/batch",
    "post /v1/options",
    "post /v1/comps",
    "get /v1/comps",
    "get /v1/comps/{id}",
    "get /v1/approvals",
    "post /v1/comps/{id}/approve",
    "post /v1/comps/{id}/decline",
    "post /v1/comps/{id}/capture",
    "post /v1/comps/{id}/void",
    "post /v1/comps/{id}/reverse",
    "get /v1/events",
    "get /v1/budgets",
    "get /v1/books/{location}/checkpoint",
    "get /v1/books/{location}/consistency",
    "get /v1/books/{location}/entries",
    "get /v1/books/{location}/proof/{seq}",
    "get /v1/locations",
    "post /access/v1/evaluation",
    "post /access/v1/evaluations",
    "get /.well-known/authzen-configuration",
    "get /healthz",
    "get /readyz",
    "get /metrics",
}


@pytest.fixture
def document(stranger: TestClient) -> dict[str, Any]:
    said: dict[str, Any] = stranger.get("/openapi.json").json()
    return said


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {f"{method} {path}": said for path, found in document["paths"].items() for method, said in found.items()}


def validator(document: dict[str, Any], name: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": document["components"]})


def test_every_call_is_described(document: dict) -> None:
    found = operations(document)
    assert set(found) == SECTION_6
    for name, said in found.items():
        assert said["summary"], name
        assert said["description"], name
    names = [said["operationId"] for said in found.values()]
    assert len(names) == len(set(names))


def test_every_reference_leads_somewhere_and_nothing_of_the_framework_shows(document: dict) -> None:
    schemas = document["components"]["schemas"]
    text = json.dumps(document)
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', text))
    assert named == set(schemas)
    assert "HTTPValidationError" not in text
    assert "Successful Response" not in text


def test_errors_are_problems_everywhere(document: dict) -> None:
    for name, said in operations(document).items():
        for status, answered in said["responses"].items():
            if int(status) >= 400:
                assert list(answered["content"]) == ["application/problem+json"], (name, status)
        if said.get("security"):
            assert {"401", "403", "503"} <= set(said["responses"]), name
        if "requestBody" in said:
            assert {"400", "413", "415"} <= set(said["responses"]), name


def test_the_idempotency_key_is_described_as_needed(document: dict) -> None:
    (parameter,) = document["paths"]["/v1/comps"]["post"]["parameters"]
    assert (parameter["name"], parameter["in"], parameter["required"]) == ("Idempotency-Key", "header", True)


def test_examples_are_of_the_shape_they_stand_for(document: dict) -> None:
    for name, said in operations(document).items():
        if "requestBody" in said:
            content = said["requestBody"]["content"]["application/json"]
            shape = content["schema"]["$ref"].rsplit("/", 1)[1]
            assert list(validator(document, shape).iter_errors(content["example"])) == [], name


def test_answers_are_of_the_shape_described(document: dict, till: TestClient, admin: TestClient) -> None:
    comp = hold(till, amount=usd(1300), guest="loyalty:1")
    for shape, said in [
        ("CompView", comp),
        ("CompPage", till.get("/v1/comps").json()),
        ("BudgetPage", till.get("/v1/budgets?location=bistro-soho").json()),
        ("LocationPage", till.get("/v1/locations").json()),
        ("EntryPage", admin.get("/v1/books/bistro-soho/entries").json()),
        ("Problem", till.get("/v1/comps?limit=0").json()),
        ("Problem", till.get("/nowhere").json()),
        ("Readiness", till.get("/readyz").json()),
    ]:
        assert list(validator(document, shape).iter_errors(said)) == [], shape


def test_the_page_needs_nothing_from_elsewhere(stranger: TestClient) -> None:
    response = stranger.get("/docs")
    assert response.headers["content-type"].startswith("text/html")
    assert "<script" not in response.text
    assert " style=" not in response.text
    assert set(re.findall(r'(?:src|href)="?([^#"> ][^"> ]*)', response.text)) == {"/docs/style.css", "/openapi.json"}
    style = stranger.get("/docs/style.css")
    assert style.headers["content-type"].startswith("text/css")
    assert "url(" not in style.text
    assert "@import" not in style.text


def test_every_call_and_every_shape_is_on_the_page(stranger: TestClient, document: dict) -> None:
    text = stranger.get("/docs").text
    links = set(re.findall(r"href=#([\w-]+)", text))
    ids = set(re.findall(r"id=([\w-]+)", text))
    assert {said["operationId"] for said in operations(document).values()} <= links & ids
    assert {f"shape-{name}" for name in document["components"]["schemas"]} <= ids
    assert links <= ids


def test_the_curl_example_works_as_it_stands(till: TestClient, document: dict) -> None:
    said = document["paths"]["/v1/comps"]["post"]
    words = shlex.split(curl("http://127.0.0.1:8000", "/v1/comps", "post", said))
    assert words[:2] == ["curl", "http://127.0.0.1:8000/v1/comps"]
    headers = dict(words[at + 1].split(": ", 1) for at, word in enumerate(words) if word == "-H")
    assert headers.pop("Authorization") == "Bearer $KEY"
    response = till.post("/v1/comps", content=words[words.index("-d") + 1], headers=headers)
    assert response.status_code == 201

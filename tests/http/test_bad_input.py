"""What bad input gets: a problem that says where and what, and a book that has not grown."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from empower.engine import Engine
from empower.http.app import create_app
from tests.http.conftest import Clock, body, engine_on, usd
from tests.http.shape import assert_problem, pointers

CALLS = ["/v1/evaluate", "/v1/comps"]


@pytest.fixture(params=CALLS)
def call(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def engine(opened: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One for all: nothing here is ever written."""
    folder = tmp_path_factory.mktemp("bad-input")
    with engine_on(opened, folder, opened, Clock()) as engine:
        yield engine


@pytest.fixture(scope="module")
def app(engine: Engine) -> FastAPI:
    return create_app(engine)


@pytest.fixture(autouse=True)
def nothing_is_written(engine: Engine) -> Iterator[None]:
    yield
    assert engine.comps().items == []


HEADERS = {"Idempotency-Key": "k", "Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("field", "value", "near"),
    [
        ("remedy", "desert", "dessert"),
        ("reason", "wrong_ordr", "wrong_order"),
        ("employee", "E1043", "E1042"),
        ("employee", "nobody at all", None),
    ],
)
def test_unknown_names_come_with_the_nearest(
    till: TestClient, call: str, field: str, value: str, near: str | None
) -> None:
    response = till.post(call, json=body(**{field: value}), headers=HEADERS)
    said = assert_problem(response, 422, response.json()["code"])
    assert pointers(said) == [f"/{field}"]
    assert f"`{value}`" in said["errors"][0]["message"]
    assert said["errors"][0].get("near") == near


def test_all_that_is_wrong_is_told_at_once(till: TestClient, call: str) -> None:
    wrong = body(remedy="desert", reason="wrong_ordr", amount=usd(100) | {"currency": "EUR"})
    said = assert_problem(till.post(call, json=wrong, headers=HEADERS), 422, "invalid_input")
    assert pointers(said) == ["/remedy", "/reason", "/amount/currency"]


def test_an_unknown_location_is_told_to_a_key_that_reaches_all(admin: TestClient, call: str) -> None:
    response = admin.post(call, json=body(location="bistro-nowhere"), headers=HEADERS)
    assert pointers(assert_problem(response, 422, "unknown_location")) == ["/location"]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"amount": usd(-1)}, "/amount/amount"),
        ({"amount": usd(0)}, "/amount/amount"),
        ({"amount": usd(2**53)}, "/amount/amount"),
        ({"amount": usd(10**40)}, "/amount/amount"),
        ({"amount": {"amount": 12.5, "currency": "USD"}}, "/amount/amount"),
        ({"amount": {"amount": 12.0, "currency": "USD"}}, "/amount/amount"),
        ({"amount": {"amount": "1200", "currency": "USD"}}, "/amount/amount"),
        ({"amount": {"amount": True, "currency": "USD"}}, "/amount/amount"),
        ({"amount": {"amount": None, "currency": "USD"}}, "/amount/amount"),
        ({"amount": {"amount": 1200, "currency": "EUR"}}, "/amount/currency"),
        ({"amount": {"amount": 1200, "currency": "usd"}}, "/amount/currency"),
        ({"amount": {"amount": 1200}}, "/amount/currency"),
        ({"amount": 1200}, "/amount"),
        ({"amount": "12.00"}, "/amount"),
        ({"amount": None}, "/amount"),
        ({"occurred_at": "2026-11-20T18:59:00"}, "/occurred_at"),
        ({"occurred_at": "2027-11-20T18:59:00-05:00"}, "/occurred_at"),
        ({"occurred_at": "9999-12-31T23:59:59-14:00"}, "/occurred_at"),
        ({"occurred_at": "yesterday"}, "/occurred_at"),
        ({"occurred_at": {}}, "/occurred_at"),
        ({"accept_less": "perhaps"}, "/accept_less"),
        ({"location": 7}, "/location"),
        ({"employee": ""}, "/employee"),
        ({"employee": ["E1042"]}, "/employee"),
        ({"guest": "a\x00b"}, "/guest"),
        ({"guest": "x" * 129}, "/guest"),
        ({"note": "x" * 2001}, "/note"),
        ({"note": "a\x00b"}, "/note"),
        ({"check": "C1"}, "/check"),
        ({"check": {"total": usd(100)}}, "/check/id"),
        ({"check": {"id": "C1", "total": usd(-1)}}, "/check/total/amount"),
        ({"check": {"id": "C1", "items": {}}}, "/check/items"),
        ({"check": {"id": "C1", "items": [{}] * 501}}, "/check/items"),
        ({"check": {"id": "C1", "items": [{"category": 1}]}}, "/check/items/0/category"),
    ],
)
def test_values_that_cannot_be_meant_are_refused_where_they_stand(
    till: TestClient, call: str, changes: dict, pointer: str
) -> None:
    said = assert_problem(till.post(call, json=body(**changes), headers=HEADERS), 422, "invalid_input")
    assert pointers(said) == [pointer]


def test_another_currency_on_the_check_is_refused(till: TestClient, call: str) -> None:
    wrong = body(check={"id": "C1", "total": {"amount": 100, "currency": "EUR"}})
    said = assert_problem(till.post(call, json=wrong, headers=HEADERS), 422, "invalid_input")
    assert "`EUR`" in said["detail"]


def test_fields_that_do_not_exist_come_with_the_nearest(till: TestClient, call: str) -> None:
    wrong = body(gest="x", check={"id": "C1", "items": [{"categry": "wine"}]}) | {"a/b~c": 1}
    said = assert_problem(till.post(call, json=wrong, headers=HEADERS), 422, "invalid_input")
    found = {error["pointer"]: error.get("near") for error in said["errors"]}
    assert found == {"/gest": "guest", "/check/items/0/categry": "category", "/a~1b~0c": None}


def test_missing_fields_are_all_named(till: TestClient, call: str) -> None:
    said = assert_problem(till.post(call, content=b"{}", headers=HEADERS), 422, "invalid_input")
    assert pointers(said) == ["/location", "/employee", "/remedy", "/reason", "/amount"]


DEEP = b'{"note":' + b"[" * 32 + b"]" * 32 + b"}"
UNREADABLE = [
    (b"", "malformed_json"),
    (b"{", "malformed_json"),
    (b'{"a": 1,}', "malformed_json"),
    (b"{'a': 1}", "malformed_json"),
    (b"{} {}", "malformed_json"),
    (b'{"a": NaN}', "malformed_json"),
    (b'{"a": -Infinity}', "malformed_json"),
    (b'{"a": 1e999}', "malformed_json"),
    (b'{"a": ' + b"1" * 5000 + b"}", "malformed_json"),
    (b'{"a": "\\ud800"}', "malformed_json"),
    (b'{"\\udfff": 1}', "malformed_json"),
    (b'{"a": "\n"}', "malformed_json"),
    (b"\xef\xbb\xbf{}", "malformed_json"),
    (b'{"a": "\xff"}', "not_utf8"),
    ("{}".encode("utf-16"), "not_utf8"),
    (b'{"a": 1, "a": 2}', "duplicate_name"),
    (b'{"amount": {"amount": 1, "amount": 2}}', "duplicate_name"),
    (DEEP, "too_deep"),
    (b"[" * 60_000, "too_deep"),
    (b'{"a":' * 10_000, "too_deep"),
    (b'"\\"' + b'[\\"' * 20_000, "malformed_json"),
]


@pytest.mark.parametrize(("sent", "code"), UNREADABLE, ids=range(len(UNREADABLE)))
def test_a_body_that_cannot_be_read_is_refused(till: TestClient, call: str, sent: bytes, code: str) -> None:
    assert_problem(till.post(call, content=sent, headers=HEADERS), 400, code)


def test_malformed_json_is_told_with_its_place(till: TestClient) -> None:
    said = assert_problem(till.post("/v1/evaluate", content=b'{\n  "a": x}', headers=HEADERS), 400, "malformed_json")
    assert "line 2, column 8" in said["detail"]


def test_brackets_in_a_text_are_not_nesting(till: TestClient) -> None:
    sent = json.dumps(body(note="[" * 500 + '\\"{' * 100)).encode()
    assert till.post("/v1/evaluate", content=sent, headers=HEADERS).json()["outcome"] == "approve"


def test_32_deep_is_read(till: TestClient) -> None:
    said = till.post("/v1/evaluate", content=DEEP.replace(b"[" * 32, b"[" * 31).replace(b"]" * 32, b"]" * 31))
    assert said.status_code == 415
    sent = DEEP.replace(b"[" * 32, b"[" * 31).replace(b"]" * 32, b"]" * 31)
    said = assert_problem(till.post("/v1/evaluate", content=sent, headers=HEADERS), 422, "invalid_input")
    assert "/note" in pointers(said)


@pytest.mark.parametrize("sent", [b"[]", b"null", b"7", b'"text"'])
def test_a_body_that_is_no_object_is_refused(till: TestClient, call: str, sent: bytes) -> None:
    assert_problem(till.post(call, content=sent, headers=HEADERS), 422, "invalid_input")


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": ""},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Encoding": "gzip"},
    ],
)
def test_a_body_not_said_to_be_plain_json_is_refused(till: TestClient, call: str, headers: dict) -> None:
    response = till.post(call, content=json.dumps(body()).encode(), headers=HEADERS | headers)
    assert_problem(response, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "kind", ["application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"']
)
def test_json_may_say_its_charset(till: TestClient, kind: str) -> None:
    sent = json.dumps(body()).encode()
    assert till.post("/v1/evaluate", content=sent, headers={"Content-Type": kind}).status_code == 200


@pytest.mark.parametrize(
    ("path", "most"), [("/v1/evaluate", 65_536), ("/v1/comps", 65_536), ("/v1/evaluate/batch", 1_048_576)]
)
@pytest.mark.parametrize("says_its_length", [True, False])
def test_a_body_over_the_limit_is_refused(till: TestClient, path: str, most: int, says_its_length: bool) -> None:
    sent = b" " * (most + 1)
    content = sent if says_its_length else (sent[at : at + 9000] for at in range(0, len(sent), 9000))
    response = till.post(path, content=content, headers=HEADERS)
    assert ("content-length" in response.request.headers) == says_its_length
    assert f"{most} bytes" in assert_problem(response, 413, "body_too_large")["detail"]


def test_a_body_at_the_limit_is_read(till: TestClient) -> None:
    sent = json.dumps(body()).encode()
    response = till.post("/v1/evaluate", content=sent + b" " * (65_536 - len(sent)), headers=HEADERS)
    assert response.json()["outcome"] == "approve"


def test_a_body_without_end_is_not_read_to_its_end(app: FastAPI, till: TestClient) -> None:
    taken, sent = [], []

    async def receive() -> dict:
        taken.append(b" " * 65_536)
        return {"type": "http.request", "body": taken[-1], "more_body": True}

    async def send(message: dict) -> None:
        sent.append(message)

    headers = [(b"authorization", till.headers["authorization"].encode())]
    scope = {"type": "http", "method": "POST", "path": "/v1/evaluate", "query_string": b"", "headers": headers}
    asyncio.run(app(scope, receive, send))
    assert [message.get("status") for message in sent] == [413, None]
    assert len(taken) == 2


def test_a_body_with_a_false_length_is_counted(till: TestClient) -> None:
    headers = HEADERS | {"Content-Length": "10"}
    assert_problem(till.post("/v1/evaluate", content=b" " * 70_000, headers=headers), 413, "body_too_large")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/v1/comps/", 404, "not_found"),
        ("POST", "/v1/comps/1/undo", 404, "not_found"),
        ("GET", "/v1/evaluate", 405, "method_not_allowed"),
        ("DELETE", "/v1/comps", 405, "method_not_allowed"),
        ("PATCH", "/healthz", 405, "method_not_allowed"),
        ("BREW", "/v1/comps", 405, "method_not_allowed"),
    ],
)
def test_paths_and_methods_that_are_not_there(
    stranger: TestClient, method: str, path: str, status: int, code: str
) -> None:
    assert_problem(stranger.request(method, path), status, code)


def test_a_wrong_method_is_told_the_right_ones(stranger: TestClient) -> None:
    assert stranger.delete("/v1/comps").headers["allow"] == "GET, POST"


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("/v1/budgets", "/location"),
        ("/v1/budgets?location=bistro-nowhere", "/location"),
        ("/v1/budgets?location=bistro-soho&employee=E9", "/employee"),
        ("/v1/budgets?location=bistro-soho&emploee=E1042", "/emploee"),
        ("/v1/books/bistro-nowhere/entries", "/location"),
        ("/v1/books/bistro-soho/entries?since=-1", "/since"),
        ("/v1/books/bistro-soho/entries?since=99999999999999999999", "/since"),
        ("/v1/books/bistro-soho/entries?limit=0", "/limit"),
    ],
)
def test_reading_what_is_not_there(admin: TestClient, query: str, pointer: str) -> None:
    response = admin.get(query)
    assert pointers(assert_problem(response, 422, response.json()["code"])) == [pointer]

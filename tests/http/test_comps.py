"""Comps over HTTP: held once, captured, voided, reversed, read."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from fastapi.testclient import TestClient

from empower.core.errors import BusyError
from empower.engine import Engine
from tests.http.conftest import Clock, Connect, body, hold, usd
from tests.http.shape import assert_problem, pointers


@pytest.mark.parametrize(("amount", "status"), [(1000, "approved"), (1300, "pending"), (1600, "denied")])
def test_a_comp_is_made_whatever_the_outcome(till: TestClient, amount: int, status: str) -> None:
    response = till.post("/v1/comps", json=body(amount=usd(amount)), headers={"Idempotency-Key": "k"})
    assert response.status_code == 201
    comp = response.json()
    assert comp["status"] == status
    assert comp["amount"]["held"] == (amount if status == "approved" else 0)
    assert response.headers["location"] == f"/v1/comps/{comp['id']}"
    assert till.get(response.headers["location"]).json() == comp


def test_the_same_key_and_body_give_the_first_answer_again(till: TestClient) -> None:
    for amount in (1000, 1600):
        first = hold(till, f"k{amount}", amount=usd(amount))
        assert hold(till, f"k{amount}", amount=usd(amount)) == first
    assert len(till.get("/v1/comps").json()["items"]) == 2


def test_the_first_answer_comes_again_after_the_capture_too(till: TestClient) -> None:
    first = hold(till)
    till.post(f"/v1/comps/{first['id']}/capture")
    assert hold(till) == first


def test_the_same_key_with_another_body_is_refused(till: TestClient) -> None:
    hold(till)
    response = till.post("/v1/comps", json=body(amount=usd(999)), headers={"Idempotency-Key": "k1"})
    assert_problem(response, 422, "idempotency_key_reused")
    assert len(till.get("/v1/comps").json()["items"]) == 1


def test_two_keys_of_the_api_may_use_the_same_idempotency_key(connect: Connect) -> None:
    first, second = connect("pos"), connect("pos")
    assert hold(first)["id"] != hold(second)["id"]


def test_the_same_key_at_the_same_time_makes_one_comp(till: TestClient) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: hold(till, "same"), range(16)))
    assert [comp == made[0] for comp in made] == [True] * 16
    assert len(till.get("/v1/comps").json()["items"]) == 1


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ([], "idempotency_key_missing"),
        ([("Idempotency-Key", "")], "idempotency_key_invalid"),
        ([("Idempotency-Key", "x" * 256)], "idempotency_key_invalid"),
        ([("Idempotency-Key", "caf\u00e9".encode())], "idempotency_key_invalid"),
        ([("Idempotency-Key", "a"), ("Idempotency-Key", "b")], "idempotency_key_invalid"),
    ],
)
def test_a_comp_needs_an_idempotency_key(till: TestClient, engine: Engine, headers: list, code: str) -> None:
    assert_problem(till.post("/v1/comps", json=body(), headers=headers), 400, code)
    assert engine.comps().items == []


def test_an_idempotency_key_may_have_255_characters(till: TestClient) -> None:
    assert hold(till, "~" * 255)["status"] == "approved"


@pytest.mark.parametrize(
    ("sent", "captured"),
    [
        (None, 1000),
        ({}, 1000),
        ({"amount": None}, 1000),
        ({"amount": usd(400)}, 400),
        ({"amount": 400}, 400),
    ],
)
def test_capture_takes_all_or_an_amount(till: TestClient, sent: dict | None, captured: int) -> None:
    comp = hold(till)
    path = f"/v1/comps/{comp['id']}/capture"
    response = till.post(path) if sent is None else till.post(path, json=sent)
    assert response.status_code == 200, response.text
    after = response.json()
    assert (after["status"], after["amount"]["captured"], after["amount"]["held"]) == ("captured", captured, 0)
    assert till.post(path, json={"amount": captured}).json() == after
    assert [entry["kind"] for entry in after["entries"]] == ["decision", "capture"]


@pytest.mark.parametrize("step", ["capture", "reverse"])
@pytest.mark.parametrize(
    ("amount", "pointer"),
    [
        ({"amount": 100, "currency": "EUR"}, "/amount/currency"),
        ({"amount": 100, "currency": "usd"}, "/amount/currency"),
        ({"amount": 100}, "/amount/currency"),
        ({"amount": -1, "currency": "USD"}, "/amount/amount"),
        ({"amount": 1.5, "currency": "USD"}, "/amount/amount"),
        ({"amount": 2**53, "currency": "USD"}, "/amount/amount"),
        (1001, "/amount"),
        (0, "/amount"),
        (-1, "/amount"),
        (1.0, "/amount"),
        (2**53, "/amount"),
        (True, "/amount"),
        ("400", "/amount"),
        ([], "/amount"),
    ],
)
def test_an_amount_that_cannot_be_meant_moves_nothing(
    till: TestClient, step: str, amount: object, pointer: str
) -> None:
    comp = hold(till)
    if step == "reverse":
        comp = till.post(f"/v1/comps/{comp['id']}/capture").json()
    response = till.post(f"/v1/comps/{comp['id']}/{step}", json={"amount": amount})
    assert pointers(assert_problem(response, 422, "invalid_input")) == [pointer]
    assert till.get(f"/v1/comps/{comp['id']}").json() == comp


def test_void_releases_the_hold(till: TestClient) -> None:
    comp = hold(till)
    after = till.post(f"/v1/comps/{comp['id']}/void", json={"note": "the guest had left"}).json()
    assert (after["status"], after["amount"]["held"]) == ("voided", 0)
    assert till.post(f"/v1/comps/{comp['id']}/void").json() == after


def test_reverse_takes_back_a_part(till: TestClient) -> None:
    comp = hold(till)
    till.post(f"/v1/comps/{comp['id']}/capture")
    sent = {"amount": usd(300), "note": "rung up twice"}
    after = till.post(f"/v1/comps/{comp['id']}/reverse", json=sent).json()
    assert (after["status"], after["amount"]["captured"], after["amount"]["reversed"]) == ("reversed", 1000, 300)


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        (["reverse"], "comp_approved"),
        (["capture", "void"], "comp_captured"),
        (["void", "capture"], "comp_voided"),
        (["capture", "reverse", "void"], "comp_reversed"),
    ],
)
def test_a_step_that_the_state_does_not_allow_is_a_conflict(till: TestClient, steps: list[str], code: str) -> None:
    comp = hold(till)
    *before, last = [till.post(f"/v1/comps/{comp['id']}/{step}") for step in steps]
    assert [response.status_code for response in before] == [200] * len(before)
    assert_problem(last, 409, code)


def test_a_capture_after_the_hold_expired_is_not_lost(till: TestClient, clock: Clock) -> None:
    comp = hold(till)
    clock.later(hours=3)
    after = till.post(f"/v1/comps/{comp['id']}/capture").json()
    assert (after["status"], after["amount"]["captured"], after["forced"]) == ("captured", 1000, False)


@pytest.mark.parametrize("method", ["GET", "capture", "void", "reverse"])
def test_a_comp_elsewhere_is_as_little_there_as_one_that_never_was(connect: Connect, method: str) -> None:
    comp = hold(connect("pos"), location="bistro-bronx")
    till = connect("pos", at="bistro-soho")
    never = comp["id"][:-4] + "0000"
    said = []
    for comp_id in (comp["id"], never):
        path = f"/v1/comps/{comp_id}"
        response = till.get(path) if method == "GET" else till.post(f"{path}/{method}", json={})
        said.append(assert_problem(response, 404, "unknown_comp")["detail"].replace(comp_id, "ID"))
    assert said[0] == said[1]


@pytest.mark.parametrize("comp_id", ["x", "%00", "a" * 5000, "..%2f..", "%F0%9F%8D%B0"])
def test_an_odd_id_is_not_found(till: TestClient, comp_id: str) -> None:
    response = till.get(f"/v1/comps/{comp_id}")
    assert response.status_code == 404
    assert_problem(response, 404, response.json()["code"])


def test_pages_hold_every_comp_once_newest_first(till: TestClient, clock: Clock) -> None:
    made = []
    for number in range(5):
        made.append(hold(till, f"k{number}", amount=usd(100))["id"])
        clock.later(seconds=1)
    seen, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        page = till.get("/v1/comps", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        assert set(page) == {"items", "next"}
        seen += [comp["id"] for comp in page["items"]]
        cursor, pages = page["next"], pages + 1
    assert seen == made[::-1]
    assert pages == 3


def test_comps_are_filtered(admin: TestClient, clock: Clock) -> None:
    early = hold(admin, "a", guest="loyalty:1", amount=usd(100))
    clock.later(hours=1)
    late = hold(admin, "b", employee="E2000", location="bistro-bronx", amount=usd(100))
    admin.post(f"/v1/comps/{late['id']}/capture")
    for query, found in [
        ({"status": "captured"}, [late]),
        ({"location": "bistro-soho"}, [early]),
        ({"employee": "E2000"}, [late]),
        ({"guest": "loyalty:1"}, [early]),
        ({"guest": early["request"]["guest"]}, [early]),
        ({"guest": "loyalty:2"}, []),
        ({"since": "2026-11-20T19:30:00-05:00"}, [late]),
        ({"forced": "true"}, []),
        ({"forced": "false"}, [late, early]),
        ({}, [late, early]),
    ]:
        items = admin.get("/v1/comps", params=query).json()["items"]
        assert [comp["id"] for comp in items] == [comp["id"] for comp in found], query


def test_a_list_holds_only_what_the_key_reaches(connect: Connect) -> None:
    everywhere, soho = connect("pos"), connect("finance", at="bistro-soho")
    hold(everywhere, "a", location="bistro-bronx")
    here = hold(everywhere, "b")
    assert [comp["id"] for comp in soho.get("/v1/comps").json()["items"]] == [here["id"]]


@pytest.mark.parametrize(
    ("query", "pointer", "near"),
    [
        ("locaton=bistro-soho", "/locaton", "location"),
        ("location=bistro-sohoo", "/location", "bistro-soho"),
        ("status=aproved", "/status", "approved"),
        ("cursor=nonsense", "/cursor", None),
        ("cursor=%27%20OR%201=1", "/cursor", None),
        ("limit=0", "/limit", None),
        ("limit=501", "/limit", None),
        ("limit=ten", "/limit", None),
        ("since=2026-11-20T19:30:00", "/since", None),
        ("since=1763668800", "/since", None),
        ("since=0001-01-01T00:00:00%2B14:00", "/since", None),
        ("since=9999-12-31T23:59:59-14:00", "/since", None),
        ("forced=perhaps", "/forced", None),
        ("guest=%00", "/guest", None),
        ("employee=", "/employee", None),
    ],
)
def test_a_query_that_cannot_be_meant_is_refused(admin: TestClient, query: str, pointer: str, near: str) -> None:
    response = admin.get(f"/v1/comps?{query}")
    said = assert_problem(response, 422, response.json()["code"])
    assert pointers(said) == [pointer]
    assert said["errors"][0].get("near") == near


def test_a_busy_store_says_when_to_come_again(till: TestClient, engine: Engine, monkeypatch) -> None:
    @contextmanager
    def busy() -> Iterator[None]:
        raise BusyError("nothing was written (database is locked): try again with the same key")
        yield

    till.get("/v1/comps")  # the key's use is noted
    monkeypatch.setattr(engine.store.writer, "_transaction", busy)
    response = till.post("/v1/comps", json=body(), headers={"Idempotency-Key": "k"})
    said = assert_problem(response, 503, "store_busy")
    assert response.headers["retry-after"] == "1"
    assert "same key" in said["detail"]
    monkeypatch.undo()
    assert hold(till, "k")["status"] == "approved"

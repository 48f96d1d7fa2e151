"""Budgets and books over HTTP."""

from fastapi.testclient import TestClient

from tests.http.conftest import hold


def test_a_budget_tells_what_is_held_spent_and_left(till: TestClient) -> None:
    first, _second = hold(till, "a"), hold(till, "b")
    till.post(f"/v1/comps/{first['id']}/capture", json={"amount": 700})
    page = till.get("/v1/budgets?location=bistro-soho&employee=E1042").json()
    assert page["next"] is None
    (day,) = page["items"]
    assert day["limit"] == "roles.server.limits.day"
    assert (day["cap"], day["held"], day["spent"], day["left"]) == (3000, 1000, 700, 1300)
    assert day["resets_at"] == "2026-11-21T09:00:00.000000Z"


def test_a_book_is_read_in_pages_without_a_gap(till: TestClient, admin: TestClient) -> None:
    for number in range(3):
        hold(till, f"k{number}")
    seqs, since = [], 0
    while since is not None:
        page = admin.get(f"/v1/books/bistro-soho/entries?since={since}&limit=3").json()
        seqs += [entry["seq"] for entry in page["items"]]
        since = page["next"]
    (size,) = [found["size"] for found in admin.get("/v1/locations").json()["items"] if found["id"] == "bistro-soho"]
    assert seqs == list(range(size))

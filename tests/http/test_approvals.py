"""Approvals over HTTP: what a till and a manager's phone see."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from empower.engine import Engine
from empower.engine.proofs import Hasher
from tests.http.conftest import Clock, Connect, hold, usd

PIN = "480517"


@pytest.fixture(autouse=True)
def _pins(engine: Engine) -> None:
    engine.hasher = Hasher(time_cost=1, memory_kib=8, parallelism=1)
    for location in ("bistro-soho", "bistro-bronx"):
        engine.add_staff("E3000", name="Mia", role="manager", at=[location], by="test")
    for employee in ("E2000", "E3000", "E1042"):
        engine.set_pin(employee, PIN, by="test")


def pending(till: TestClient, key: str = "k1", **changes: Any) -> dict[str, Any]:
    return hold(till, key, **({"remedy": "waive_check", "amount": usd(5000)} | changes))


def say(client: TestClient, comp: dict[str, Any], verb: str = "approve", **body: Any) -> Any:
    return client.post(f"/v1/comps/{comp['id']}/{verb}", json={"approver": "E2000", "pin": PIN} | body)


def test_a_till_is_told_what_it_waits_for(till: TestClient) -> None:
    comp = pending(till)
    assert comp["approval"] == {
        "id": comp["id"],
        "template": "comp",
        "display": "E1042 asks for The whole check, $50.00",
        "expires_at": comp["expires_at"],
        "approvers": [{"role": "manager", "since": comp["created_at"]}],
        "asked_now": ["manager"],
        "people": 1,
        "approved": [],
        "amount": 5000,
    }
    assert hold(till, "k2")["approval"] is None


def test_a_yes_and_a_yes_to_less(till: TestClient) -> None:
    done = say(till, pending(till))
    assert (done.status_code, done.json()["status"]) == (200, "approved")
    assert done.json()["authority"] == {"employee": "E2000", "role": "manager"}
    for number, less in enumerate((usd(3000), 3000)):
        done = say(till, pending(till, f"less-{number}"), amount=less, note="half of it")
        assert (done.json()["amount"]["granted"], done.json()["amount"]["held"]) == (3000, 3000)


def test_a_no_ends_it_and_needs_a_note(till: TestClient) -> None:
    comp = pending(till)
    assert say(till, comp, "decline").json()["errors"][0]["pointer"] == "/note"
    assert say(till, comp, "decline", note=" ").json()["code"] in ("note_missing", "invalid_input")
    assert say(till, comp, "decline", note="Third time").json()["status"] == "declined"


def test_who_comes_second_is_told_who_was_first(till: TestClient, clock: Clock) -> None:
    comp = pending(till)
    say(till, comp)
    clock.later(minutes=1)
    lost = say(till, comp, approver="E3000")
    said = lost.json()
    assert (lost.status_code, said["code"]) == (409, "comp_approved")
    assert said["settled"] == {"status": "approved", "by": "E2000", "at": "2026-11-21T00:00:00.000000Z"}
    assert say(till, comp, "decline", approver="E3000", note="no").json()["settled"] == said["settled"]
    assert say(till, comp).status_code == 200
    late = pending(till, "late")
    clock.later(minutes=15)
    assert say(till, late).json()["settled"]["status"] == "expired"


def test_an_approvers_limit_is_told_with_findings(till: TestClient, engine: Engine, folder: Any) -> None:
    comp = pending(till, amount=usd(20_000))
    text = (folder / "bistro.toml").read_text().replace("amount = 200.00", "amount = 150.00")
    (folder / "bistro.toml").write_text(text)
    engine.policies.refresh()
    no = say(till, comp)
    said = no.json()
    assert (no.status_code, said["code"]) == (409, "approval_refused")
    assert said["counter_offer"] == {"amount": 15_000, "currency": "USD"}
    assert [found["rule"] for found in said["findings"] if found["code"] == "limit_exceeded"] == [
        "roles.manager.limits.comp"
    ]
    assert said["findings"][0]["message"]


def test_a_wrong_pin_an_unknown_approver_and_a_lock(till: TestClient, clock: Clock) -> None:
    comp = pending(till)
    for name in ("E2000", "nobody"):
        for _ in range(5):
            no = say(till, comp, approver=name, pin="102938")
            assert (no.status_code, no.json()["code"]) == (403, "proof_wrong")
        locked = say(till, comp, approver=name)
        assert (locked.status_code, locked.json()["code"], locked.headers["retry-after"]) == (403, "proof_locked", "60")
    clock.later(minutes=1)
    assert say(till, comp).status_code == 200


def test_a_pin_never_comes_back(till: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    comp = pending(till)
    for body in (
        {"pin": "99887766" * 9},
        {"pin": 99887766},
        {"pin": ["99887766"]},
        {"pinn": "99887766"},
        {"pin": "99887766"},
    ):
        assert "99887766" not in say(till, comp, **body).text
    assert "99887766" not in caplog.text


@pytest.mark.parametrize(
    "body", [{}, {"approver": "E2000"}, {"pin": PIN}, {"approver": "E2000", "pin": PIN, "x": 1}, []]
)
def test_a_body_that_is_none_is_refused(till: TestClient, body: Any) -> None:
    comp = pending(till)
    assert till.post(f"/v1/comps/{comp['id']}/approve", json=body).status_code == 422
    other = say(till, comp, amount={"amount": 100, "currency": "EUR"})
    assert other.json()["errors"][0]["pointer"] == "/amount/currency"


def test_the_requester_gets_a_403(till: TestClient) -> None:
    no = say(till, pending(till), approver="E1042")
    assert (no.status_code, no.json()["code"]) == (403, "approver_is_requester")


def test_another_locations_key_sees_and_does_nothing(till: TestClient, connect: Connect) -> None:
    comp = pending(till)
    other = connect("pos", at="bistro-bronx")
    assert say(other, comp).status_code == say(other, comp, "decline", note="no").status_code == 404
    assert other.get("/v1/approvals").json() == {"items": [], "next": None}
    assert other.get("/v1/approvals", params={"location": "bistro-soho"}).status_code == 403
    assert connect("finance").get("/v1/approvals").status_code == 403


def test_what_waits_is_told_with_all_that_answers_it(till: TestClient, clock: Clock) -> None:
    given = hold(till, "before", guest="loyalty:1")
    assert given["status"] == "approved"
    comp = pending(till, guest="loyalty:1", check={"id": "C1", "total": usd(8450), "state": "open"}, note="<b>Cold</b>")
    clock.later(minutes=5)
    [item] = till.get("/v1/approvals", params={"location": "bistro-soho", "approver": "E2000"}).json()["items"]
    assert item["comp"]["id"] == comp["id"]
    assert item["comp"]["request"]["note"] == "<b>Cold</b>"
    assert item["requester"] == {"id": "E1042", "name": "Ana"}
    assert (item["remedy"], item["reason"]) == ("The whole check", "Wrong item served")
    assert item["guest"] == {
        "comps": 1, "amount": 1000, "currency": "USD", "last_at": "2026-11-21T00:00:00.000000Z",
    }  # fmt: skip
    assert item["seconds_left"] == 600
    assert [found["rule"] for found in item["stopped_by"]] == ["roles.server.limits.comp", "roles.server.limits.day"]
    assert item["for_approver"]["may"] is True
    assert item["for_approver"]["role"] == "manager"
    assert item["for_approver"]["most"] == usd(5000)
    mine = till.get("/v1/approvals", params={"approver": "E1042"}).json()["items"][0]["for_approver"]
    assert (mine["may"], mine["most"]) == (False, None)


def test_what_waits_comes_in_pages_and_goes_when_it_is_over(till: TestClient, clock: Clock) -> None:
    ids = []
    for number in range(5):
        ids.append(pending(till, f"p{number}")["id"])
        clock.later(seconds=1)
    seen, cursor = [], None
    while True:
        page = till.get("/v1/approvals", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen += [item["comp"]["id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == ids
    clock.later(minutes=15)
    assert till.get("/v1/approvals").json()["items"] == []
    assert till.get("/v1/approvals", params={"cursor": "x"}).status_code == 422
    assert till.get("/v1/approvals", params={"limit": 101}).status_code == 422


def test_the_ladder_is_climbed_as_time_passes(till: TestClient, engine: Engine, folder: Any, clock: Clock) -> None:
    text = (folder / "bistro.toml").read_text()
    more = '[roles.owner]\ntitle = "Owner"\nremedies = ["*"]\napproves = ["*"]\nlimits.comp = { amount = 500.00 }\n'
    (folder / "bistro.toml").write_text(text + more + '[approval]\nexpires = "15 minutes"\nclimb_after = "3 minutes"\n')
    engine.policies.refresh()
    assert not engine.policies.problems
    comp = pending(till)
    assert comp["approval"]["asked_now"] == ["manager"]
    assert [rung["since"][11:19] for rung in comp["approval"]["approvers"]] == ["00:00:00", "00:03:00"]
    clock.later(minutes=3)
    assert till.get(f"/v1/comps/{comp['id']}").json()["approval"]["asked_now"] == ["manager", "owner"]
    assert pending(till) == comp
    clock.later(minutes=12)
    engine.expire()
    after = till.get(f"/v1/comps/{comp['id']}").json()
    assert (after["status"], after["approval"]) == ("expired", None)
    assert after["decision"]["counter_offer"]["amount"] == 1200

"""`empower approval`, and the people who answer."""

import json
from typing import Any

import pytest

from empower.engine.proofs import Hasher

from .conftest import ASK, Run

PIN = "480517"
WAIVE = tuple("waive_check" if word == "dessert" else word for word in ASK)


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("empower.engine.approvals.Hasher", lambda: Hasher(time_cost=1, memory_kib=8, parallelism=1))


@pytest.fixture
def people(bistro: Run) -> Run:
    for employee, name in (("E7", "Max"), ("E9", "Mia")):
        role = ("--role", "manager", "--at", "bistro-soho")
        assert bistro("staff", "add", employee, "--name", name, *role).exit_code == 0
        assert bistro("staff", "pin", employee, "--pin-stdin", stdin=f"{PIN}\n").exit_code == 0
    return bistro


def waiting(run: Run, amount: str = "50.00") -> str:
    done = run("comp", "request", *WAIVE, "--amount", amount, "--format", "json")
    assert done.exit_code == 4, done.output
    return str(json.loads(done.stdout)["id"])


def test_a_manager_says_yes(people: Run) -> None:
    comp = waiting(people)
    listed = people("approval", "list", "--as", "E7")
    assert comp in listed.stdout
    assert "you may grant $50.00" in listed.stdout
    assert "The whole check, for: Wrong item served" in listed.stdout
    assert "Ana (E1042) at bistro-soho" in listed.stdout
    done = people("approval", "approve", comp, "--as", "E7", stdin=f"{PIN}\n")
    assert done.exit_code == 0, done.output
    assert "E7 as manager" in done.stdout
    assert PIN not in done.output
    assert people("approval", "list").stdout == "nothing waits\n"
    assert people("ledger", "verify", "--replay").exit_code == 0


def test_less_than_asked_and_a_refusal(people: Run) -> None:
    comp = waiting(people)
    told = people(
        "approval", "approve", comp, "--as", "E7", "--amount", "20.00", "--pin-stdin", "--format", "json", stdin=PIN
    )
    assert json.loads(told.stdout)["amount"]["held"] == 2000
    late = people("approval", "approve", comp, "--as", "E9", "--pin-stdin", "--format", "json", stdin=PIN)
    said = json.loads(late.stderr)
    assert (late.exit_code, said["code"], said["settled"]["by"]) == (1, "comp_approved", "E7")


def test_a_no_with_a_note(people: Run) -> None:
    comp = waiting(people)
    assert people("approval", "decline", comp, "--as", "E7", "--pin-stdin", stdin=PIN).exit_code == 2
    done = people("approval", "decline", comp, "--as", "E7", "--note", "No.", "--pin-stdin", stdin=PIN)
    assert (done.exit_code, "declined" in done.stdout) == (0, True)


def test_a_wrong_pin(people: Run) -> None:
    done = people("approval", "approve", waiting(people), "--as", "E7", "--pin-stdin", stdin="102938")
    assert (done.exit_code, "the approver or the PIN is wrong" in done.stderr) == (1, True)


def test_the_new_pin_is_typed_twice_and_not_shown(people: Run) -> None:
    done = people("staff", "pin", "E7", stdin="775533\n775533\n")
    assert (done.exit_code, "775533" in done.output) == (0, False)
    assert people("staff", "pin", "E7", "--pin-stdin", stdin="1234\n").exit_code == 2
    assert people("staff", "pin", "E77", "--pin-stdin", stdin="775533\n").exit_code == 2


def test_a_delegation_and_its_end(people: Run) -> None:
    people("staff", "add", "E5", "--name", "Sam", "--role", "server", "--at", "bistro-soho")
    people("staff", "pin", "E5", "--pin-stdin", stdin=PIN)
    given = people("staff", "delegate", "E7", "--to", "E5", "--until", "2026-11-20T22:00-05:00", "--format", "json")
    assert given.exit_code == 0, given.output
    comp = waiting(people)
    done = people("approval", "approve", comp, "--as", "E5", "--pin-stdin", "--format", "json", stdin=PIN)
    assert json.loads(done.stdout)["authority"] == {"employee": "E7", "role": "manager"}
    assert people("staff", "undelegate", json.loads(given.stdout)["id"]).exit_code == 0
    refused = people("approval", "approve", waiting(people), "--as", "E5", "--pin-stdin", stdin=PIN)
    assert (refused.exit_code, "no role here" in refused.stderr) == (1, True)
    assert "E7" in people("staff", "delegations").stdout


def test_an_employee_leaves(people: Run) -> None:
    left: Any = people("staff", "end", "E7", "--at", "bistro-soho", "--from", "2026-11-20", "--format", "json")
    assert json.loads(left.stdout)["until"] == "2026-11-19"
    refused = people("approval", "approve", waiting(people), "--as", "E7", "--pin-stdin", stdin=PIN)
    assert refused.exit_code == 1


def test_watching_once_shows_what_waits(people: Run) -> None:
    comp = waiting(people)
    assert json.loads(people("approval", "watch", "--once", "--format", "json").stdout)["comp"]["id"] == comp

"""`empower approval`, and the people who answer."""

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from empower.cli import approval_watch
from empower.engine import Engine
from empower.engine.proofs import Hasher, Pin

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


class Rounds:
    """What happens between the rounds of a watch; after the last one somebody presses Ctrl-C."""

    def __init__(self, *steps: Callable[[], object]) -> None:
        self.steps = list(steps)

    def __call__(self, _seconds: float) -> None:
        if not self.steps:
            raise KeyboardInterrupt
        self.steps.pop(0)()


def asked(engine: Engine, amount: int) -> str:
    body = {"location": "bistro-soho", "employee": "E1042", "remedy": "waive_check", "reason": "wrong_order"}
    return engine.request(body | {"amount": {"amount": amount, "currency": "USD"}}).id


def watched(people: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[Any, list[str]]:
    """A watch that begins while one comp waits, while another comes, and both are answered."""
    with Engine.open(f"sqlite:///{folder / 'empower.db'}", policies=folder / "policies") as other:
        comps = [asked(other, 5000)]

        def come() -> None:
            comps.append(asked(other, 6000))
            asked(other, 100)

        def answer() -> None:
            other.approve(comps[0], Pin("E7", PIN), 2000)
            other.decline(comps[1], Pin("E9", PIN), note="No.")

        monkeypatch.setattr(approval_watch, "pause", Rounds(come, answer))
        done = people("approval", "watch", *words)
    assert done.exit_code == 0, done.output
    return done, comps


def test_watching_prints_an_event_a_line(people: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done, comps = watched(people, tmp_path, monkeypatch, "--format", "json")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(item["type"], item["data"]["comp"], item["data"].get("by")) for item in told] == [
        ("comp.pending", comps[0], None),
        ("comp.pending", comps[1], None),
        ("comp.approved", comps[0], "E7"),
        ("comp.declined", comps[1], "E9"),
    ]
    assert told[2]["data"]["amount"] == {"amount": 2000, "currency": "USD"}


def test_watching_where_there_is_no_terminal_says_it_in_words(
    people: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done, comps = watched(people, tmp_path, monkeypatch)
    assert done.stdout.splitlines() == [
        f"Nov 20 19:00 bistro-soho pending: E1042, $50.00 of waive_check (wrong_order), asks manager {comps[0]}",
        f"Nov 20 19:00 bistro-soho pending: E1042, $60.00 of waive_check (wrong_order), asks manager {comps[1]}",
        f"Nov 20 19:00 bistro-soho approved: E1042, $20.00 of waive_check (wrong_order), by E7 {comps[0]}",
        f"Nov 20 19:00 bistro-soho declined: E1042, $60.00 of waive_check (wrong_order), by E9 {comps[1]}",
    ]


def test_watching_in_csv(people: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done, comps = watched(people, tmp_path, monkeypatch, "--format", "csv", "--location", "bistro-soho")
    rows = list(csv.DictReader(done.stdout.splitlines()))
    assert [(row["type"], row["comp"], row["amount"], row["by"]) for row in rows][2:] == [
        ("comp.approved", comps[0], "20.00", "E7"),
        ("comp.declined", comps[1], "60.00", "E9"),
    ]


def test_watching_a_screen(people: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    done, comps = watched(people, tmp_path, monkeypatch)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", done.stdout)
    assert "1 waiting" in text
    assert "2 waiting" in text
    assert "nothing waits" in text
    assert f"approved: E1042, $20.00 of waive_check (wrong_order), by E7 {comps[0]}"[:40] in text


def test_watching_an_unknown_location(people: Run) -> None:
    assert people("approval", "watch", "--location", "bistro-sohoo").exit_code == 2

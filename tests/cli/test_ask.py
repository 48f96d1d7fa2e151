"""`empower ask`: the answer, its exit code, and that nothing is written."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from .conftest import ASK, Run

REQUEST: dict[str, Any] = {
    "location": "bistro-soho",
    "employee": "E1042",
    "remedy": "dessert",
    "reason": "wrong_order",
    "amount": {"amount": 1000, "currency": "USD"},
}


def body(**changes: Any) -> str:
    """A request as JSON."""
    return json.dumps(REQUEST | changes)


def money(minor: int) -> dict[str, Any]:
    """Dollars."""
    return {"amount": minor, "currency": "USD"}


@pytest.mark.parametrize(
    ("words", "code", "first"),
    [
        (("--amount", "10.00"), 0, "APPROVED  dessert $10.00, as server"),
        (("--amount", "14.00"), 4, "ESCALATED to manager  dessert $14.00, as server"),
        (("--amount", "15.01"), 3, "DENIED  dessert $15.01, as server"),
        (("--amount", "14.00", "--accept-less"), 0, "APPROVED  dessert $12.00 of $14.00 asked, as server"),
        (("--amount", "1", "--check-id", "C1", "--item-category", "alcohol"), 3, "DENIED  dessert $1.00, as server"),
    ],
)
def test_the_answer_is_the_first_line_and_the_exit_code(
    bistro: Run, words: tuple[str, ...], code: int, first: str
) -> None:
    done = bistro("ask", *ASK, *words)
    assert done.exit_code == code
    assert done.output.splitlines()[0] == first
    assert max(map(len, done.output.splitlines())) <= 80


def test_a_no_says_why_and_what_may_be_given_instead(bistro: Run) -> None:
    done = bistro("ask", *ASK, "--amount", "14.00")
    assert "Only $12.00 of $12.00 left." in done.output
    assert "roles.server.limits.comp" in done.output
    assert "could give now: $12.00 of it, or apology" in done.output


def test_a_guard_speaks_in_its_own_words(bistro: Run) -> None:
    done = bistro("ask", *ASK, "--amount", "1", "--check-id", "C1", "--item-category", "alcohol")
    assert "Alcohol may not be given away." in done.output


def test_a_remedy_that_costs_nothing_needs_no_amount(bistro: Run) -> None:
    assert bistro("ask", *ASK[:4], "--remedy", "apology", "--reason", "wrong_order").exit_code == 0


def test_asking_writes_nothing(bistro: Run) -> None:
    before = bistro("ledger", "list", "--format", "json").output
    assert bistro("ask", *ASK, "--amount", "10.00").exit_code == 0
    assert bistro("ledger", "list", "--format", "json").output == before
    assert bistro("comp", "list").output == "no comps\n"


def test_json_is_one_decision_with_the_names_of_the_api(bistro: Run) -> None:
    done = bistro("ask", *ASK, "--amount", "14.00", "--format", "json")
    decision = json.loads(done.output)
    assert decision["outcome"] == "escalate"
    assert decision["approvers"] == ["manager"]
    assert decision["counter_offer"]["amount"] == 1200
    assert decision["policy"].startswith("sha256:")
    assert "line" not in decision


def test_a_request_may_come_as_json_on_standard_input_or_in_a_file(bistro: Run, tmp_path: Path) -> None:
    file = tmp_path / "request.json"
    file.write_text(json.dumps(REQUEST, indent=2))
    for done in (bistro("ask", stdin=body()), bistro("ask", "-", stdin=body()), bistro("ask", str(file))):
        assert done.exit_code == 0
        assert "APPROVED  dessert $10.00" in done.output


def test_each_line_of_json_is_answered_and_the_worst_is_the_exit_code(bistro: Run) -> None:
    lines = [body(), "{oops}", body(amount=money(1400)), body(amount=money(1600)), body(remedy="desert")]
    done = bistro("ask", "--format", "json", stdin="\n".join(lines))
    assert done.exit_code == 2
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(item["line"], item["outcome"]) for item in answers] == [(1, "approve"), (3, "escalate"), (4, "deny")]
    problems = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(item["line"], item["code"]) for item in problems] == [(2, "malformed_json"), (5, "invalid_input")]
    assert problems[1]["errors"] == [
        {"pointer": "/remedy", "message": "unknown remedy `desert`; did you mean `dessert`?", "near": "dessert"}
    ]


@pytest.mark.parametrize(
    ("amounts", "code"), [((1000, 1000), 0), ((1000, 1400), 4), ((1400, 1600), 3), ((1600, 1000), 3)]
)
def test_a_denied_line_outweighs_an_escalated_one(bistro: Run, amounts: tuple[int, ...], code: int) -> None:
    assert bistro("ask", stdin="\n".join(body(amount=money(item)) for item in amounts)).exit_code == code


def test_csv_has_one_header_and_a_row_an_answer(bistro: Run) -> None:
    done = bistro("ask", "--format", "csv", stdin=body() + "\n" + body(amount=money(1400)))
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [(row["line"], row["outcome"], row["granted"], row["currency"]) for row in rows] == [
        ("1", "approve", "10.00", "USD"),
        ("2", "escalate", "0.00", "USD"),
    ]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"remedy": "desert"}, "/remedy"),
        ({"reason": "wrong"}, "/reason"),
        ({"location": "bistro-soh"}, "/location"),
        ({"employee": "E1043"}, "/employee"),
        ({"amount": {"amount": -1, "currency": "USD"}}, "/amount/amount"),
        ({"amount": {"amount": 0, "currency": "USD"}}, "/amount/amount"),
        ({"amount": {"amount": 12.5, "currency": "USD"}}, "/amount/amount"),
        ({"amount": {"amount": 2**53, "currency": "USD"}}, "/amount/amount"),
        ({"amount": {"amount": 1000, "currency": "EUR"}}, "/amount/currency"),
        ({"amount": "10.00"}, "/amount"),
        ({"occurred_at": "2026-11-20T19:00:00"}, "/occurred_at"),
        ({"occurred_at": "2036-11-20T19:00:00-05:00"}, "/occurred_at"),
        ({"tip": 1}, "/tip"),
        ({"accept_less": "yes!"}, "/accept_less"),
        ({"note": "x" * 2001}, "/note"),
    ],
)
def test_bad_input_exits_2_and_says_where(bistro: Run, changes: dict[str, Any], pointer: str) -> None:
    done = bistro("ask", "--format", "json", stdin=body(**changes))
    assert done.exit_code == 2
    assert done.stdout == ""
    assert pointer in [error["pointer"] for error in json.loads(done.stderr)["errors"]]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--amount", "10.005"), "`10.005` is more precise than USD, which has 2 decimals"),
        (("--amount", "ten"), "`ten` is no amount: write it as `12.50`"),
        (("--amount", "1", "--check-total", "x", "--check-id", "C1"), "/check/total"),
        (("--amount", "1", "--check-total", "10.00"), "--check-total needs --check-id"),
        (("--amount", "1", "--location", "bistro-sohoo"), "did you mean `bistro-soho`?"),
        (("--amount", "1", "-"), "not both"),
    ],
)
def test_flags_that_cannot_be_meant_exit_2_and_say_why(bistro: Run, words: tuple[str, ...], said: str) -> None:
    done = bistro("ask", *ASK, *words)
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stdout == ""


def test_flags_that_are_not_enough_name_what_is_missing(bistro: Run) -> None:
    done = bistro("ask", "--location", "bistro-soho", "--amount", "1")
    assert done.exit_code == 2
    assert "--employee, --remedy, --reason" in done.stderr


def test_nothing_on_standard_input_is_bad_input(bistro: Run) -> None:
    done = bistro("ask", stdin="")
    assert done.exit_code == 2
    assert "the input is empty" in done.stderr


def test_a_usage_error_is_json_where_json_is_asked_for(bistro: Run) -> None:
    done = bistro("ask", "--format", "json", "--location", "bistro-soho")
    assert done.exit_code == 2
    assert json.loads(done.stderr)["code"] == "usage"

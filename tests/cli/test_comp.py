"""`empower comp`: request, look, settle; `empower budget` and `empower ledger` after it."""

import csv
import io
import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from freezegun import freeze_time

from .conftest import ASK, Run


def request(run: Run, *words: str, code: int = 0) -> dict[str, Any]:
    """A comp requested with flags."""
    done = run("comp", "request", *ASK, *words, "--format", "json")
    assert done.exit_code == code, done.output
    made = json.loads(done.stdout)
    assert isinstance(made, dict)
    return made


def status(run: Run, comp_id: str) -> str:
    """The status of a comp now."""
    return str(json.loads(run("comp", "show", comp_id, "--format", "json").output)["status"])


@pytest.mark.parametrize(
    ("amount", "code", "expected"), [("10.00", 0, "approved"), ("14.00", 4, "pending"), ("15.01", 3, "denied")]
)
def test_a_request_is_held_pending_or_denied(bistro: Run, amount: str, code: int, expected: str) -> None:
    made = request(bistro, "--amount", amount, code=code)
    assert made["status"] == expected
    assert status(bistro, made["id"]) == expected


def test_a_request_says_what_it_made(bistro: Run) -> None:
    done = bistro("comp", "request", *ASK, "--amount", "10.00")
    assert done.output.splitlines()[0] == "APPROVED  dessert $10.00, as server"
    assert re.search(r"comp [0-9a-f-]{36} is approved", done.output)


def test_the_same_key_gets_the_same_comp_and_another_body_is_refused(bistro: Run) -> None:
    first = request(bistro, "--amount", "10.00", "--key", "k1")
    again = request(bistro, "--amount", "10.00", "--key", "k1")
    assert again["id"] == first["id"]
    other = bistro("comp", "request", *ASK, "--amount", "9.00", "--key", "k1", "--format", "json")
    assert other.exit_code == 2
    assert json.loads(other.stderr)["code"] == "idempotency_key_reused"
    assert len(bistro("comp", "list", "--format", "json").output.splitlines()) == 1


def test_lines_of_json_have_keys_of_their_own(bistro: Run) -> None:
    line = json.dumps(
        {
            "location": "bistro-soho",
            "employee": "E1042",
            "remedy": "dessert",
            "reason": "wrong_order",
            "amount": {"amount": 500, "currency": "USD"},
        }
    )
    for _ in range(2):
        done = bistro("comp", "request", "--key", "feed", stdin=f"{line}\n{line}\n")
        assert done.exit_code == 0
    assert len(bistro("comp", "list", "--format", "json").output.splitlines()) == 2


def test_a_capture_spends_part_and_releases_the_rest(bistro: Run) -> None:
    comp_id = request(bistro, "--amount", "10.00")["id"]
    done = bistro("comp", "capture", comp_id, "--amount", "7.25", "--format", "json")
    assert done.exit_code == 0
    assert json.loads(done.output)["amount"] == {
        "asked": 1000,
        "granted": 1000,
        "held": 0,
        "captured": 725,
        "reversed": 0,
        "currency": "USD",
    }


def test_void_reverse_and_their_conflicts(bistro: Run) -> None:
    one, other = (request(bistro, "--amount", "5.00")["id"] for _ in range(2))
    assert bistro("comp", "void", one, "--note", "left").exit_code == 0
    assert status(bistro, one) == "voided"
    assert bistro("comp", "capture", one).exit_code == 1
    assert bistro("comp", "capture", other).exit_code == 0
    assert bistro("comp", "reverse", other).exit_code == 0
    assert status(bistro, other) == "reversed"


@pytest.mark.parametrize(("amount", "said"), [("10.01", "more than"), ("1.001", "more precise"), ("0", "amount")])
def test_an_amount_that_a_capture_cannot_take(bistro: Run, amount: str, said: str) -> None:
    comp_id = request(bistro, "--amount", "10.00")["id"]
    done = bistro("comp", "capture", comp_id, "--amount", amount)
    assert done.exit_code == 2
    assert said in done.stderr
    assert status(bistro, comp_id) == "approved"


def test_a_comp_that_does_not_exist(bistro: Run) -> None:
    done = bistro("comp", "show", "nope", "--format", "json")
    assert done.exit_code == 1
    assert json.loads(done.stderr)["status"] == 404


def test_what_nobody_settled_expires(bistro: Run) -> None:
    pending = request(bistro, "--amount", "14.00", code=4)["id"]
    assert bistro("comp", "expire").output == "nothing to expire\n"
    with freeze_time("2026-11-20T19:15:01-05:00"):
        done = bistro("comp", "expire", "--format", "json")
    assert [json.loads(line)["id"] for line in done.output.splitlines()] == [pending]
    assert json.loads(done.output)["status"] == "expired"


def test_comps_are_listed_newest_first_filtered_and_by_page(bistro: Run) -> None:
    made = []
    for minute, amount in enumerate(("5.00", "14.00", "6.00")):
        with freeze_time(f"2026-11-20T19:0{minute}:00-05:00"):
            made.append(request(bistro, "--amount", amount, code=4 if amount == "14.00" else 0)["id"])
    with freeze_time("2026-11-20T19:05:00-05:00"):
        rows = list(csv.DictReader(io.StringIO(bistro("comp", "list", "--format", "csv").output)))
        assert [row["id"] for row in rows] == made[::-1]
        assert (rows[0]["asked"], rows[0]["held"], rows[0]["currency"]) == ("6.00", "6.00", "USD")
        pending = bistro("comp", "list", "--status", "pending", "--format", "json").output.splitlines()
        assert [json.loads(line)["id"] for line in pending] == [made[1]]
        page = bistro("comp", "list", "--limit", "2", "--format", "json")
        assert [json.loads(line)["id"] for line in page.stdout.splitlines()] == made[:0:-1]
        cursor = page.stderr.split("--cursor ")[1].strip()
        rest = bistro("comp", "list", "--cursor", cursor, "--format", "json")
        assert [json.loads(line)["id"] for line in rest.stdout.splitlines()] == made[:1]
        since = bistro("comp", "list", "--since", "2026-11-20T19:01:30-05:00", "--format", "json")
        assert [json.loads(line)["id"] for line in since.output.splitlines()] == made[2:]


def test_tables_fit_80_columns_and_keep_ids_whole(bistro: Run) -> None:
    comp_id = request(bistro, "--amount", "10.00", "--guest", "loyalty:778812", "--note", "x" * 300)["id"]
    for words in (
        ("comp", "list"),
        ("comp", "show", comp_id),
        ("budget", "show", "--employee", "E1042"),
        ("ledger", "list"),
        ("ledger", "verify", "--replay"),
    ):
        done = bistro(*words)
        assert done.exit_code == 0, done.output
        assert max(map(len, done.stdout.splitlines())) <= 80, done.stdout
        if words[0] in ("comp", "ledger") and "verify" not in words:
            assert comp_id in done.stdout


def test_budgets_show_cap_held_spent_and_left(bistro: Run) -> None:
    request(bistro, "--amount", "10.00")
    bistro("comp", "capture", request(bistro, "--amount", "8.00")["id"])
    rows = [
        json.loads(line) for line in bistro("budget", "show", "-e", "E1042", "--format", "json").output.splitlines()
    ]
    (day,) = [row for row in rows if row["limit"] == "roles.server.limits.day"]
    assert (day["cap"], day["held"], day["spent"], day["left"]) == (3000, 1000, 800, 1200)
    table = list(csv.DictReader(io.StringIO(bistro("budget", "show", "-e", "E1042", "--format", "csv").output)))
    assert [(row["cap"], row["left"], row["currency"]) for row in table] == [("30.00", "12.00", "USD")]
    shown = bistro("budget", "show", "-e", "E1042").output
    assert "$12.00" in shown
    assert "Nov 21 04:00" in shown


def test_a_ledger_that_holds_and_one_that_was_tampered_with(bistro: Run, tmp_path: Path) -> None:
    request(bistro, "--amount", "10.00")
    done = bistro("ledger", "verify", "--replay", "--format", "json")
    assert done.exit_code == 0
    (book,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert (book["location"], book["ok"], book["findings"]) == ("bistro-soho", True, [])
    _tamper(tmp_path / "empower.db")
    broken = bistro("ledger", "verify", "--format", "json")
    assert broken.exit_code == 5
    assert json.loads(broken.stdout)["findings"]
    assert "does not hold" in bistro("ledger", "verify").stdout


def _tamper(path: Path) -> None:
    """What somebody with the database's password could do."""
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE comp SET remedy = 'apology'")
    connection.close()


@pytest.mark.parametrize(
    "words",
    [
        ("comp", "list"),
        ("comp", "expire"),
        ("staff", "list"),
        ("budget", "show"),
        ("ledger", "list"),
        ("ledger", "verify"),
    ],
    ids=" ".join,
)
def test_an_unknown_location_is_bad_input_with_the_nearest_name(bistro: Run, words: tuple[str, ...]) -> None:
    done = bistro(*words, "--location", "bistro-sohoo")
    assert done.exit_code == 2
    assert "did you mean `bistro-soho`?" in done.stderr


def test_the_book_is_listed_from_a_line_on(bistro: Run) -> None:
    request(bistro, "--amount", "10.00")
    entries = [json.loads(line) for line in bistro("ledger", "list", "--format", "json").output.splitlines()]
    assert [entry["seq"] for entry in entries] == list(range(len(entries)))
    assert [entry["kind"] for entry in entries][0 :: len(entries) - 1] == ["open", "decision"]
    page = bistro("ledger", "list", "--since", "1", "--limit", "1", "--format", "json")
    assert json.loads(page.stdout)["seq"] == 1
    assert "--since 2" in page.stderr

"""The policy desk on the command line: publish, log, take back, try on history."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import ASK, POLICY, Run


@pytest.fixture
def candidate(tmp_path: Path) -> Path:
    folder = tmp_path / "candidate"
    folder.mkdir()
    (folder / "bistro.toml").write_text(POLICY.replace("amount = 30.00", "amount = 20.00"))
    return folder


def said(run: Run, *words: str, code: int = 0) -> dict:
    result = run(*words, "--format", "json")
    assert result.exit_code == code, result.output + result.stderr
    return json.loads(result.stdout.splitlines()[0])


def test_published_looked_up_and_taken_back(bistro: Run, candidate: Path) -> None:
    assert "nothing is published: the files are in force" in bistro("policy", "log").stdout
    first = said(bistro, "policy", "publish", "--why", "opening")
    assert (first["id"], first["state"], first["why"]) == (1, "in force", "opening")
    later = ("--from", "2026-12-24T04:00")
    made = said(bistro, "policy", "publish", str(candidate), "--why", "holidays", *later)
    assert (made["state"], made["starts"]) == ("scheduled", "2026-12-24T04:00:00")
    assert made["locations"][0]["effective"] == "2026-12-24T09:00:00.000000Z"
    log = [json.loads(line) for line in bistro("policy", "log", "--format", "json").stdout.splitlines()]
    assert [(item["id"], item["state"]) for item in log] == [(2, "scheduled"), (1, "in force")]
    assert said(bistro, "policy", "show", "--at", "2026-12-24T04:00")["publication"] == 2
    assert said(bistro, "policy", "show", "bistro-soho", "--at", "2026-12-24T03:59")["publication"] == 1
    back = said(bistro, "policy", "rollback", "--why", "not this year")
    assert (back["id"], back["back_to"]) == (3, 1)
    assert said(bistro, "policy", "show", "--at", "2026-12-24T04:00")["publication"] == 3
    assert bistro("ledger", "verify").exit_code == 0


def test_a_set_with_problems_is_not_published(bistro: Run, candidate: Path) -> None:
    (candidate / "bistro.toml").write_text(POLICY.replace("amount = 30.00", "amount = 30.0"))
    result = bistro("policy", "publish", str(candidate), "--why", "so")
    assert result.exit_code == 5
    assert "bistro.toml:" in result.stderr
    assert "nothing is published" in bistro("policy", "log").stdout


CASE = """\
policy = "bistro"
now = 2026-11-20T19:30:00-05:00
[employees]
ana = { roles = ["server"] }
[cases.the_end_of_the_day]
ask = { employee = "ana", remedy = "dessert", reason = "wrong_order", amount = 10.01 }
used."roles.server.limits.day" = { amount = 20.00 }
expect = { outcome = "escalate" }
"""


def test_a_set_of_which_a_case_fails_is_not_published(bistro: Run, policies: Path, candidate: Path) -> None:
    for folder in (policies, candidate):
        (folder / "bistro.cases.toml").write_text(CASE)
    said(bistro, "policy", "publish", "--why", "opening")
    (candidate / "bistro.toml").write_text(POLICY.replace("amount = 30.00", "amount = 40.00"))
    result = bistro("policy", "publish", str(candidate), "--why", "holidays")
    assert result.exit_code == 5
    assert "case `bistro.cases.toml" in result.stderr
    assert "the_end_of_the_day` fails: see `empower policy test " in result.stderr
    (candidate / "bistro.cases.toml").write_text(CASE.replace("20.00", "30.00"))
    assert said(bistro, "policy", "publish", str(candidate), "--why", "holidays")["id"] == 2


@pytest.mark.parametrize(
    ("words", "code", "part"),
    [
        (("--from", "2020-01-01T00:00"), 2, "`2020-01-01T00:00` is past"),
        (("--from", "tomorrow"), 2, "`tomorrow` is no moment"),
        ((), 1, "publication 1 is of just this set already"),
    ],
)
def test_what_is_refused_says_why(bistro: Run, words: tuple[str, ...], code: int, part: str) -> None:
    bistro("policy", "publish", "--why", "opening")
    result = bistro("policy", "publish", "--why", "again", *words)
    assert (result.exit_code, part in result.stderr) == (code, True), result.stderr


def test_who_publishes_may_be_the_owner_of_an_admin_key(bistro: Run) -> None:
    pos = said(bistro, "key", "create", "--scope", "pos", "--at", "bistro-soho")
    refused = bistro("policy", "publish", "--why", "so", "--key", pos["key"])
    assert (refused.exit_code, "no admin's" in refused.stderr) == (1, True)
    admin = said(bistro, "key", "create", "--scope", "admin", "--at", "*")
    assert said(bistro, "policy", "publish", "--why", "so", "--key", admin["key"])["by"] == f"key:{admin['id']}"


def test_a_backtest_tells_flips_money_and_examples(bistro: Run, candidate: Path, tmp_path: Path) -> None:
    for _ in range(2):
        made = said(bistro, "comp", "request", *ASK, "--amount", "12.00")
        bistro("comp", "capture", made["id"])
    same = said(bistro, "policy", "backtest", str(tmp_path / "policies"))
    assert (same["decided"], same["flips"]) == (2, 0)
    page = tmp_path / "out.html"
    found = said(bistro, "policy", "backtest", str(candidate), "--since", "90d", "--html", str(page))
    assert (found["flips"], found["by"]["outcome"]) == (1, {"approve → escalate": 1})
    assert found["money"] == {"USD": {"given_more": 0, "given_less": 1200, "words": ["$0.00", "$12.00"]}}
    assert found["examples"][0]["why"] == {"rule": "roles.server.limits.day", "code": "limit_exceeded"}
    text = page.read_text()
    assert "1 of 2 decisions flip" in text
    assert "http" not in text
    assert "<script" not in text
    shown = bistro("policy", "backtest", str(candidate)).stdout
    assert "2 decisions at 1 location, 1 flip (50.0 %)" in shown
    assert "USD: $0.00 given more, $12.00 given less" in shown
    assert "░" in shown


def test_a_backtest_of_no_span_is_a_usage_error(bistro: Run, candidate: Path) -> None:
    result = bistro("policy", "backtest", str(candidate), "--since", "a while")
    assert (result.exit_code, "`a while` is neither a number of days" in result.stderr) == (2, True)


def test_what_if_names_the_cap_that_would_have_sufficed(bistro: Run) -> None:
    assert bistro("policy", "what-if").stdout.strip() == "no limit was hit"
    bistro("comp", "request", *ASK, "--amount", "14.00")
    found = said(bistro, "policy", "what-if")
    assert (found["limit"], found["cap"], found["least"]) == (
        "roles.server.limits.comp",
        1200,
        {"90": 1400, "95": 1400, "99": 1400},
    )


def test_a_loosening_waits_until_another_admin_confirms_it(bistro: Run, policies: Path) -> None:
    two = POLICY + '\n[publishing]\ntwo_people_for = "looser"\n'
    (policies / "bistro.toml").write_text(two)
    said(bistro, "policy", "publish", "--why", "from now on in twos")
    (policies / "bistro.toml").write_text(two.replace("amount = 30.00", "amount = 90.00"))
    made = said(bistro, "policy", "publish", "--why", "holiday week", code=4)
    assert (made["state"], made["waits_for"]) == ("waiting", ["bistro: roles.server.limits.day"])
    assert bistro("policy", "confirm", "2").exit_code == 1
    admin = said(bistro, "key", "create", "--scope", "admin", "--at", "*")
    assert said(bistro, "policy", "confirm", "2", "--key", admin["key"])["state"] == "in force"
    assert bistro("ledger", "verify").exit_code == 0


def test_a_candidate_is_watched_told_of_and_let_go(bistro: Run, candidate: Path) -> None:
    assert "shadow 1 is watched" in bistro("policy", "shadow", str(candidate)).stdout
    for _ in range(2):
        bistro("comp", "request", *ASK, "--amount", "12.00")
    found = said(bistro, "policy", "shadow", "report")
    assert (found["decided"], found["by"]["outcome"]) == (2, {"approve → escalate": 1})
    assert "1 flip" in bistro("policy", "shadow", "report").stdout
    assert bistro("policy", "shadow", "stop").stdout == "shadow 1 is ended\n"
    assert said(bistro, "policy", "shadow", "report")["decided"] == 2

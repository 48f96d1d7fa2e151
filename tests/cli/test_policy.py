"""`empower policy check | explain | show | schema`."""

import csv
import json
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from empower.cli import main
from empower.core.policy import Policy
from empower.policy import ProblemName

BISTRO = """\
[policy]
id = "bistro"
title = "Bistro"
extends = "house"
locations = ["bistro-*"]

[roles.server.limits]
day = { per = "employee", every = "day", amount = 75.00, count = 6 }
"""

HOUSE = """\
[policy]
id = "house"

[calendar]
timezone = "America/New_York"
currency = "USD"
day_starts = 04:00:00
week_starts = "monday"

[remedies.dessert]
title = "Free dessert"
most = 15.00
cost = 0.32

[reasons.wrong_order]
title = "Wrong item served"
dimension = "reliability"
stage = "serving"
remedies = ["dessert"]
follow_up = { within = "90 seconds", by = "server" }

[roles.server]
title = "Server"
remedies = ["dessert"]
limits.check = { per = "check", percent_of_check = 12.5 }

[guards.night]
when = { between = [22:00:00, 04:00:00], amount_over = 10.00 }
then = "escalate"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "house.toml").write_text(HOUSE)
    (tmp_path / "bistro.toml").write_text(BISTRO)
    return tmp_path


def run(folder: Path, *args: str) -> Result:
    return CliRunner().invoke(main, ["policy", *args], env={"EMPOWER_POLICIES": str(folder)})


def test_check_of_good_policies(folder: Path) -> None:
    result = run(folder, "check")
    assert (result.exit_code, result.stdout) == (0, "2 policies, 0 problems\n")


def test_check_shows_each_problem_with_its_frame(folder: Path) -> None:
    (folder / "bistro.toml").write_text(BISTRO.replace("75.00", "75.0"))
    result = run(folder, "check")
    assert result.exit_code == 5
    assert result.stdout == (
        "bistro.toml:8:51: `75.0` must have 2 decimals, as USD has; did you mean `75.00`? [wrong-decimals]\n"
        "    6 |\n"
        "    7 | [roles.server.limits]\n"
        '  > 8 | day = { per = "employee", every = "day", amount = 75.0, count = 6 }\n'
        "      |                                                   ^^^^\n"
        "    9 |\n"
        "\n"
        "2 policies, 1 problem\n"
    )


def test_check_as_json_is_one_problem_a_line(folder: Path) -> None:
    (folder / "bistro.toml").write_text(BISTRO.replace('"day"', '"dya"').replace("extends", "extend"))
    result = run(folder, "check", "--format", "json")
    problems = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 5
    assert [(one["file"], one["name"], one["line"], one["column"], one["near"]) for one in problems] == [
        ("bistro.toml", "unknown-key", 4, 1, "extends"),
        ("bistro.toml", "unknown-window", 8, 35, "day"),
    ]
    assert result.stderr == "2 policies, 2 problems\n"


def test_check_as_csv(folder: Path) -> None:
    (folder / "house.toml").write_text("[policy")
    result = run(folder, "check", "--format", "csv")
    rows = list(csv.DictReader(StringIO(result.stdout)))
    assert [(row["file"], row["line"], row["column"], row["name"]) for row in rows] == [
        ("house.toml", "1", "8", "bad-toml")
    ]


ODD = """
[guards.late]
when = { between = [23:00:00, 02:00:00], amount_over = 15.00 }
then = "escalate"
"""


def test_a_warning_keeps_nothing_out_of_force(folder: Path) -> None:
    (folder / "bistro.toml").write_text(BISTRO + ODD)
    result = run(folder, "check")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == (
        "bistro.toml:11:56: warning: guard `late` never holds: nothing that it speaks of may cost more than this "
        "[never-true]"
    )
    assert result.stdout.splitlines()[-1] == "2 policies, 0 problems, 1 warning"
    assert run(folder, "check", "--strict").exit_code == 5
    record = json.loads(run(folder, "check", "--format", "json").stdout)
    assert (record["severity"], record["name"], record["line"]) == ("warning", "never-true", 11)


def test_a_broken_invariant_shows_what_is_approved(folder: Path) -> None:
    claim = '\n[invariants.small]\nnever = { roles = ["server"], employee_per = "day", over = 20.00 }\n'
    (folder / "bistro.toml").write_text(BISTRO + claim)
    result = run(folder, "check")
    assert result.exit_code == 5
    assert (
        "bistro.toml:11:9: invariant `small` does not hold: `server` grants $20.01 in a day: $15.00 of" in result.stdout
    )
    asked = next(line for line in result.stdout.splitlines() if line.startswith("  approved: "))
    assert json.loads(asked.removeprefix("  approved: "))["remedy"] == "dessert"
    record = json.loads(run(folder, "check", "--format", "json").stdout)
    assert json.loads(record["example"].splitlines()[0])["amount"]["amount"] == 1500


def test_check_as_sarif(folder: Path) -> None:
    (folder / "bistro.toml").write_text(BISTRO.replace('"day"', '"dya"') + ODD)
    result = run(folder, "check", "--format", "sarif")
    log = json.loads(result.stdout)
    ran = log["runs"][0]
    assert (result.exit_code, log["version"]) == (5, "2.1.0")
    assert [rule["id"] for rule in ran["tool"]["driver"]["rules"]] == ["unknown-window"]
    place = ran["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == (folder / "bistro.toml").as_uri()
    assert place["region"] == {"startLine": 8, "startColumn": 35}
    assert ran["results"][0]["level"] == "error"
    (folder / "bistro.toml").write_text(BISTRO + ODD)
    ran = json.loads(run(folder, "check", "--format", "sarif").stdout)["runs"][0]
    assert [(one["ruleId"], one["level"]) for one in ran["results"]] == [("never-true", "warning")]


def test_explain_tells_what_a_problem_means_and_how_to_mend_it(folder: Path) -> None:
    result = run(folder, "explain", "unreachable-rule")
    assert result.exit_code == 0
    for said in ("a warning", "limits.rides", "unreachable-rule.toml:13:8", "To mend it:"):
        assert said in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 100
    page = json.loads(run(folder, "explain", "wrong-decimals", "--format", "json").stdout)
    assert (page["severity"], list(page["example"]["files"])) == ("error", ["wrong-decimals.toml"])
    assert len(run(folder, "explain").stdout.splitlines()) == len(ProblemName)


def test_explain_of_no_problem(folder: Path) -> None:
    result = run(folder, "explain", "unreachable-rules")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "unknown problem `unreachable-rules`; did you mean `unreachable-rule`?" in result.stderr


def test_check_takes_a_folder_of_its_own(folder: Path, tmp_path: Path) -> None:
    result = run(tmp_path / "nowhere", "check", str(folder))
    assert result.exit_code == 0
    result = run(folder, "check", str(tmp_path / "nowhere"))
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (5, "0 policies, 1 problem")


def test_show_lists_the_policies(folder: Path) -> None:
    result = run(folder, "show")
    assert result.exit_code == 0
    assert [line.split()[:4] for line in result.stdout.splitlines()[2:]] == [
        ["bistro", "bistro-*", "USD", "America/New_York"]
    ]


def test_show_one_policy_fits_80_columns(folder: Path) -> None:
    result = run(folder, "show", "bistro")
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= 80
    for said in (
        "roles.server.limits.day",
        "$75.00",
        "6 times",
        "12.5% of check",
        "guards.night",
        "22:00:00, 04:00:00",
        "32%",
    ):
        assert said in result.stdout


@pytest.mark.parametrize(
    ("address", "value"),
    [
        ("roles.server.limits.day.amount", "75.00"),
        ("roles.server.limits.day.per", "employee"),
        ("roles.server.limits.check.percent_of_check", "12.5"),
        ("remedies.dessert.cost", "0.32"),
        ("remedies.dessert.zero", "false"),
        ("reasons.wrong_order.follow_up.within", "90 seconds"),
        ("guards.night.when.between", "22:00:00, 04:00:00"),
        ("calendar.day_starts", "04:00:00"),
        ("holds.expires", "1 day"),
        ("approval.expires", "15 minutes"),
        ("policy.title", "Bistro"),
    ],
)
def test_show_prints_the_value_at_an_address_as_it_is_written(address: str, value: str, folder: Path) -> None:
    result = run(folder, "show", "bistro", address)
    assert (result.exit_code, result.stdout) == (0, f"{value}\n")
    assert run(folder, "show", address).stdout == f"{value}\n"


def test_show_of_a_table_is_all_that_stands_below(folder: Path) -> None:
    result = run(folder, "show", "bistro", "roles.server.limits.day", "--format", "csv")
    assert result.stdout.splitlines() == [
        "policy,address,value",
        "bistro,roles.server.limits.day.per,employee",
        "bistro,roles.server.limits.day.every,day",
        "bistro,roles.server.limits.day.amount,75.00",
        "bistro,roles.server.limits.day.count,6",
        "bistro,roles.server.limits.day.beyond,escalate",
    ]


def test_show_as_json(folder: Path) -> None:
    value = json.loads(run(folder, "show", "bistro", "remedies.dessert.most", "--format", "json").stdout)
    assert value == {
        "policy": "bistro",
        "address": "remedies.dessert.most",
        "value": {"amount": 1500, "currency": "USD"},
    }
    policy = Policy.load(run(folder, "show", "bistro", "--format", "json").stdout)
    assert policy.digest in run(folder, "show", "--format", "csv").stdout


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (["bistor"], "unknown policy `bistor`; did you mean `bistro`?"),
        (["house"], "policy `house` governs no location; look at those that extend it"),
        (["xyz"], "unknown policy `xyz`; there are `bistro`"),
        (
            ["bistro", "roles.sever.limits"],
            "policy `bistro` has nothing at `roles.sever.limits`; did you mean `roles.server`?",
        ),
        (["policy.id.x"], "policy `bistro` has nothing at `policy.id.x`"),
    ],
)
def test_show_of_what_is_not_there(what: list[str], said: str, folder: Path) -> None:
    result = run(folder, "show", *what)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


def test_show_of_policies_with_problems_shows_the_problems(folder: Path) -> None:
    (folder / "bistro.toml").write_text(BISTRO.replace("75.00", "75.0"))
    result = run(folder, "show", "bistro")
    assert (result.exit_code, result.stdout) == (5, "")
    assert "bistro.toml:8:51: `75.0` must have 2 decimals" in result.stderr


def test_schema_is_json_schema(folder: Path) -> None:
    result = run(folder, "schema")
    assert json.loads(result.stdout)["$schema"] == "https://json-schema.org/draft/2020-12/schema"

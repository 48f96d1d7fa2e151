"""`empower policy test` as a test runner: what is printed, exit codes, JUnit, coverage."""

import json
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from .conftest import Run

POLICIES = Path(__file__).parents[2] / "policies"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(POLICIES, tmp_path / "house")
    return tmp_path / "house"


def spoil(folder: Path) -> None:
    """The bistro's servers may give a dollar less at once."""
    file = folder / "bistro.toml"
    file.write_text(file.read_text().replace("limits.comp = { amount = 40.00 }", "limits.comp = { amount = 39.00 }"))


def test_all_pass(run: Run, folder: Path) -> None:
    done = run("policy", "test", str(folder))
    assert done.exit_code == 0
    assert "bistro.cases.toml ..." in done.stdout
    assert done.stdout.rstrip().endswith("passed")
    assert "F" not in done.stdout.split("coverage")[0]


def test_a_failure_says_where_what_was_expected_and_why_not(run: Run, folder: Path) -> None:
    spoil(folder)
    done = run("policy", "test", str(folder), "bistro")
    assert done.exit_code == 5
    lines = (folder / "bistro.cases.toml").read_text().split("\n")
    number = lines.index("[cases.up_to_a_main_course]") + 1
    assert f"bistro.cases.toml:{number}: up_to_a_main_course" in done.stdout
    assert "expected `approve`, got `escalate`" in done.stdout
    assert "Only $39.00 of $39.00 left." in done.stdout
    assert "bakery" not in done.stdout
    assert "failed, " in done.stdout


def test_a_failure_keeps_a_set_from_being_published(bistro: Run, folder: Path) -> None:
    spoil(folder)
    done = bistro("policy", "publish", str(folder), "--why", "cheaper")
    assert done.exit_code == 5
    assert "see `empower policy test" in done.stderr
    assert "nothing" in bistro("policy", "log").output


def test_json_and_junit_say_the_same(run: Run, folder: Path, tmp_path: Path) -> None:
    spoil(folder)
    done = run("policy", "test", str(folder), "--format", "json", "--junit", str(tmp_path / "out.xml"))
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    told = {(row["file"], row["case"]) for row in rows if "case" in row and not row["passed"]}
    root = ET.parse(tmp_path / "out.xml").getroot()  # noqa: S314  our own
    failed = {
        (case.get("classname"), case.get("name")) for case in root.iter("testcase") if case.find("failure") is not None
    }
    assert told == failed != set()
    assert root.get("tests") == str(sum("case" in row for row in rows))
    assert root.get("failures") == str(len(failed))


def test_coverage_is_told_and_may_be_asked_for(run: Run, folder: Path) -> None:
    said = run("policy", "test", str(folder), "bistro", "--untried", "--fail-under", "90")
    assert said.exit_code == 0
    assert "untried: " not in run("policy", "test", str(folder), "bistro").stdout
    (folder / "hotel.cases.toml").unlink()
    short = run("policy", "test", str(folder), "hotel", "--untried", "--fail-under", "90")
    assert short.exit_code == 5
    assert "hotel: untried: roles.concierge gives spa" in short.stdout
    assert "below 90 %" in short.stderr


def test_what_is_wrong_with_a_file_is_told_with_its_frame(run: Run, folder: Path) -> None:
    file = folder / "bistro.cases.toml"
    file.write_text(file.read_text().replace('remedy = "apology"', 'remedy = "apologie"', 1))
    done = run("policy", "test", str(folder))
    assert done.exit_code == 5
    assert "unknown remedy `apologie`; did you mean `apology`?" in done.stdout
    assert "^^^" in done.stdout


def test_what_is_wrong_with_a_file_is_an_error_in_junit(run: Run, folder: Path, tmp_path: Path) -> None:
    file = folder / "bistro.cases.toml"
    file.write_text(file.read_text().replace('remedy = "apology"', 'remedy = "apologie\\u0007"', 1))
    done = run("policy", "test", str(folder), "--junit", str(tmp_path / "out.xml"))
    root = ET.parse(tmp_path / "out.xml").getroot()  # noqa: S314  our own
    (case,) = root.iter("testcase")
    error = case.find("error")
    assert (done.exit_code, root.get("errors"), case.get("file")) == (5, "1", "bistro.cases.toml")
    assert error is not None
    assert (error.get("type"), "unknown remedy" in error.get("message", "")) == ("unknown-remedy", True)


def test_junit_that_cannot_be_written(run: Run, folder: Path, tmp_path: Path) -> None:
    done = run("policy", "test", str(folder), "--junit", str(tmp_path / "gone" / "out.xml"))
    assert (done.exit_code, "cannot write" in done.stderr) == (1, True)


def test_nothing_to_run(run: Run, folder: Path) -> None:
    for file in folder.glob("*.cases.toml"):
        file.unlink()
    done = run("policy", "test", str(folder))
    assert (done.exit_code, done.stdout) == (0, "")
    assert "no cases" in done.stderr
    assert run("policy", "test", str(folder), "--fail-under", "1").exit_code == 5


def test_an_unknown_policy_is_a_mistake_of_the_caller(run: Run, folder: Path) -> None:
    done = run("policy", "test", str(folder), "bisto")
    assert done.exit_code == 2
    assert "did you mean `bistro`?" in done.stderr

"""`empower policy set | fmt`."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from empower.cli import main

POLICIES = Path(__file__).parent.parent.parent / "policies"
ADDRESS = "roles.server.limits.day.amount"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(POLICIES, tmp_path / "policies"))


def run(folder: Path, *args: str, text: str | None = None) -> Result:
    env = {"EMPOWER_POLICIES": str(folder), "EMPOWER_STORE": "sqlite:///empower.db"}
    return CliRunner().invoke(main, ["policy", *args], env=env, input=text)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_set_tells_what_it_did_and_how_to_go_on(folder: Path) -> None:
    done = run(folder, "set", "bistro", "holds.expires", "4 hours", "--why", "it's December")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == (
        'holds.expires: "3 hours" → "4 hours"\n'
        "written in bistro.toml:164\n"
        "put it in force, and on record, with\n"
        f"  empower policy publish --why 'it'\"'\"'s December' --policies {folder}\n"
    )
    assert run(folder, "show", "bistro", "holds.expires").stdout == "4 hours\n"


def test_set_tells_where_a_value_was_inherited_from(folder: Path) -> None:
    done = run(folder, "set", "bistro", "approval.expires", "20 minutes", "--why", "slow nights")
    assert "it was inherited from house.toml:320, which stays as it is for all others\n" in done.stdout
    assert run(folder, "show", "hotel", "approval.expires").stdout == "30 minutes\n"
    assert run(folder, "show", "bakery", "approval.expires").stdout == "10 minutes\n"


def test_set_tells_whom_else_it_changes(folder: Path) -> None:
    done = run(folder, "set", "house", "remedies.taxi.cost", "0.9", "--why", "a better contract")
    assert "this changes bakery, bistro, hotel, which start from it\n" in done.stdout


def test_set_needs_a_reason(folder: Path) -> None:
    before = contents(folder)
    assert run(folder, "set", "bistro", ADDRESS, "90.00").exit_code == 2
    assert run(folder, "set", "bistro", ADDRESS, "90.00", "--why", " ").exit_code == 2
    assert contents(folder) == before


def test_a_dry_run_shows_the_line_and_changes_nothing(folder: Path) -> None:
    before = contents(folder)
    done = run(folder, "set", "bistro", "holds.expires", "4 hours", "--why", "x", "--dry-run")
    assert done.exit_code == 0
    assert '-expires = "3 hours"        # a long dinner\n+expires = "4 hours"        # a long dinner\n' in done.stdout
    assert contents(folder) == before


def test_what_is_refused_leaves_every_byte(folder: Path) -> None:
    before = contents(folder)
    checks = run(folder, "set", "bistro", ADDRESS, "90.0", "--why", "x")
    assert (checks.exit_code, "did you mean `90.00`?" in checks.stderr) == (5, True)
    cases = run(folder, "set", "bistro", ADDRESS, "90.00", "--why", "x")
    assert (cases.exit_code, "3 cases would fail" in cases.stderr) == (5, True)
    assert "the_last_dollar_of_the_day" in cases.stderr
    names = run(folder, "set", "bistro", "roles.server.limits.dya.amount", "90.00", "--why", "x")
    assert (names.exit_code, "did you mean `roles.server.limits.day`?" in names.stderr) == (2, True)
    assert contents(folder) == before


def test_despite_its_cases(folder: Path) -> None:
    done = run(folder, "set", "bistro", ADDRESS, "90.00", "--why", "x", "--despite-cases")
    assert done.exit_code == 0
    assert "fails: bistro.cases.toml:" in done.stdout
    assert run(folder, "test", "bistro").exit_code == 5


def test_set_for_scripts(folder: Path) -> None:
    done = run(folder, "set", "bistro", "holds.expires", "4 hours", "--why", "x", "--format", "json")
    found = json.loads(done.stdout)
    assert {key: found[key] for key in ("before", "after", "file", "line", "written", "policies", "why")} == {
        "before": '"3 hours"',
        "after": '"4 hours"',
        "file": "bistro.toml",
        "line": 164,
        "written": True,
        "policies": ["bistro"],
        "why": "x",
    }
    again = json.loads(
        run(folder, "set", "bistro", "holds.expires", "4 hours", "--why", "x", "--format", "json").stdout
    )
    assert (again["written"], again["diff"]) == (False, "")
    wrong = run(folder, "set", "bistro", "holds.expirse", "4 hours", "--why", "x", "--format", "json")
    assert json.loads(wrong.stderr)["errors"][0]["near"] == "expires"


def test_the_same_again_says_so(folder: Path) -> None:
    done = run(folder, "set", "bistro", ADDRESS, "120.00", "--why", "x")
    assert (done.exit_code, done.stdout) == (0, f"{ADDRESS} is 120.00 already: nothing is changed\n")


def test_fmt_of_what_ships_has_nothing_to_do(folder: Path) -> None:
    before = contents(folder)
    done = run(folder, "fmt", "--check")
    assert (done.exit_code, done.stdout) == (0, f"{len(before)} as it should be\n")


def test_fmt_checks_and_then_lays_out(folder: Path) -> None:
    path = folder / "bistro.toml"
    laid_out = path.read_bytes()
    path.write_bytes(laid_out.replace(b" = ", b"=").replace(b"\n", b"  \r\n"))
    path.chmod(0o640)
    rough = path.read_bytes()
    check = run(folder, "fmt", "--check")
    assert (check.exit_code, check.stdout.splitlines()[0]) == (1, f"{path}: to be laid out")
    assert path.read_bytes() == rough
    assert run(folder, "fmt").exit_code == 0
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (laid_out, 0o640)


def test_fmt_refuses_what_is_no_toml_and_lays_out_the_rest(folder: Path) -> None:
    (folder / "bistro.toml").write_text("[policy\n")
    (folder / "hotel.toml").write_text("x=1\n")
    done = run(folder, "fmt", "--format", "json")
    states = {Path(row["file"]).name: row for row in map(json.loads, done.stdout.splitlines())}
    assert done.exit_code == 5
    assert states["bistro.toml"]["state"] == "refused"
    assert (states["bistro.toml"]["problem"]["name"], states["bistro.toml"]["problem"]["line"]) == ("bad-toml", 1)
    assert states["hotel.toml"]["state"] == "laid_out"
    assert (folder / "bistro.toml").read_text() == "[policy\n"
    assert (folder / "hotel.toml").read_text() == "x = 1\n"


def test_fmt_of_one_file_and_of_stdin(folder: Path) -> None:
    (folder / "bistro.toml").write_text("x=1\n")
    (folder / "hotel.toml").write_text("x=1\n")
    run(folder, "fmt", str(folder / "hotel.toml"))
    assert [(folder / name).read_text() for name in ("bistro.toml", "hotel.toml")] == ["x=1\n", "x = 1\n"]
    piped = run(folder, "fmt", "-", text="a={b=1}\n")
    assert (piped.exit_code, piped.stdout) == (0, "a = { b = 1 }\n")
    wrong = run(folder, "fmt", "-", text="a=\n")
    assert (wrong.exit_code, wrong.stdout) == (5, "")


def test_fmt_follows_no_link_out_of_the_folder(folder: Path) -> None:
    outside = folder.parent / "outside.toml"
    outside.write_text("x=1\n")
    (folder / "more.toml").symlink_to(outside)
    assert run(folder, "fmt").exit_code == 5
    assert outside.read_text() == "x=1\n"


def test_fmt_of_a_folder_that_is_not_there(tmp_path: Path) -> None:
    done = run(tmp_path / "gone", "fmt")
    assert (done.exit_code, "cannot list" in done.stderr) == (2, True)
    assert run(tmp_path, "fmt", str(tmp_path / "gone.toml")).exit_code == 5

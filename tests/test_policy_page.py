"""The page on the language is a policy that holds, and the page on cases holds against the policies that come along."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from empower.policy import read
from empower.policy.case_document import SECTIONS as OF_CASES
from empower.policy.case_reading import read_cases
from empower.policy.cases import run
from empower.policy.document import SECTIONS

ROOT = Path(__file__).parents[1]
POLICY = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
CASES = (ROOT / "docs" / "cases.md").read_text(encoding="utf-8")
TOML = re.compile(r"```toml\n(.*?)```", re.DOTALL)
SHELL = re.compile(r"```sh\n(.*?)```", re.DOTALL)


def test_the_blocks_of_the_page_are_one_policy_without_problems(tmp_path: Path) -> None:
    (tmp_path / "corner.toml").write_text("\n".join(TOML.findall(POLICY)), encoding="utf-8")
    reading = read(tmp_path)
    assert [str(problem) for problem in reading.problems] == []
    assert set(reading.policies.by_id) == {"corner"}
    assert [str(problem) for problem in reading.warnings] == []


def test_every_key_of_a_policy_is_on_the_page() -> None:
    keys = {key for section in SECTIONS.values() for key in section.model_fields}
    assert {key for key in keys if not re.search(rf"\b{key}\b", POLICY)} == set()


def test_the_cases_of_the_page_pass(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "policies", tmp_path / "policies")
    (tmp_path / "policies" / "bistro.cases.toml").write_text("\n".join(TOML.findall(CASES)), encoding="utf-8")
    found = read_cases(tmp_path / "policies", ["bistro"])
    assert found.problems == ()
    results = [run(case) for case in found.cases if case.file == "bistro.cases.toml"]
    assert len(results) == 8
    assert [result.differences for result in results] == [()] * len(results)


def test_every_key_of_a_case_is_on_the_page() -> None:
    keys = {key for section in OF_CASES.values() for key in section.model_fields}
    assert {key for key in keys if not re.search(rf"\b{key}\b", CASES)} == set()


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash: apt-get install bash")
@pytest.mark.parametrize("page", [POLICY, CASES], ids=["policy", "cases"])
def test_every_block_of_commands_runs_as_it_stands(page: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "policies", tmp_path / "policies")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "COLUMNS": "80"}
    script = "\n".join(["set -eu", *SHELL.findall(page)])
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_links_lead_somewhere() -> None:
    for page in sorted((ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"

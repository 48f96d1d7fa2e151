"""The page on the book is run, and names every check that there is."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from empower.core.entry import Kind
from empower.ledger.findings import MEANS

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "ledger.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash: apt-get install bash")
def test_every_block_runs_as_it_stands(tmp_path):
    shutil.copytree(ROOT / "policies", tmp_path / "policies")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "COLUMNS": "80"}
    script = "\n".join(["set -eu", *BLOCK.findall(PAGE)])
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for said in ("erased: 1 notes", "holds, replayed", "0 put right", "in 1 book, verified"):
        assert said in done.stdout, said
    assert "does not hold" not in done.stdout


def test_every_check_and_every_kind_of_entry_is_on_it():
    named = set(re.findall(r"`([a-z]+)`", PAGE))
    assert set(MEANS) - named == set()
    assert set(Kind.__args__) - named == set()


def test_every_check_that_is_made_says_what_it_means():
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "empower" / "ledger").glob("*.py"))
    made = set(re.findall(r'\.add\(\s*"([a-z]+)"', code)) | set(re.findall(r'None, "([a-z]+)",', code))
    assert made - {"more"} == set(MEANS)

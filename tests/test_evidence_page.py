"""The page on evidence is run: every command block in order, in one folder, by the shell that a reader has."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")
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
    for said in ("holds: entry", "seen first", "goes on", "rotated away", "in force", "holds, replayed"):
        assert said in done.stdout, said
    assert len(list((tmp_path / "outside").glob("*.checkpoints"))) == 1
    assert "does not hold" not in done.stdout


def test_each_code_that_the_page_names_is_one_that_the_code_has():
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", PAGE.partition("## When it does not hold")[2]))
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "empower").rglob("*.py"))
    assert {name for name in named if f'"{name}"' not in code} == set()
    assert len(named) >= 15

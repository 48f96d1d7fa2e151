"""The page on publishing is run: every command block in order, in one folder, by the shell that a reader has."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "publishing.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash: apt-get install bash")
def test_every_block_runs_as_it_stands(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "policies", tmp_path / "policies")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "COLUMNS": "80"}
    for name in ("EMPOWER_STORE", "EMPOWER_POLICIES", "EMPOWER_KEY"):
        environment.pop(name, None)
    script = "\n".join(["set -eu", *BLOCK.findall(PAGE)])
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=400, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for said in ("scheduled", "taken back", "publication 5: in force", "approve → escalate", "holds, replayed"):
        assert said in done.stdout, said
    assert "given less" in (tmp_path / "backtest.html").read_text(encoding="utf-8")


def test_each_code_that_the_page_names_is_one_that_the_code_has() -> None:
    table = PAGE.partition("## When it is refused")[2]
    cells = [row.split("|")[1] for row in table.splitlines() if row.startswith("|")]
    named = {code for cell in cells for code in re.findall(r"`([a-z]+(?:_[a-z]+)+)`", cell)}
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "empower").rglob("*.py"))
    assert {name for name in named if f'"{name}"' not in code} == set()
    assert len(named) >= 18

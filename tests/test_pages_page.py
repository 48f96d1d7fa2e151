"""The page on the pages is run, and what it says of paths is so."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from empower.engine.sessions import IDLE, LASTS
from empower.http.pages.pace import TRIES, WINDOW_SECONDS
from empower.http.pages.queue import AT_ONCE
from empower.http.pages.routers import ROUTERS

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "pages.md").read_text(encoding="utf-8")


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash: apt-get install bash")
def test_every_block_runs_as_it_stands(tmp_path):
    shutil.copytree(ROOT / "policies", tmp_path / "policies")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "COLUMNS": "80"}
    script = "\n".join(["set -eu", *re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)])
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nobody is signed in" in done.stdout


def test_each_path_of_the_table_is_a_page():
    paths = {route.path.replace("{comp_id}", "{id}") for router in ROUTERS for route in router.routes}
    named = {
        path for row in re.findall(r"^\| (`/.*?) \|", PAGE, re.MULTILINE) for path in re.findall(r"`(/[^`]*)`", row)
    }
    assert len(named) >= 6
    assert named <= paths


def test_the_numbers_are_those_of_the_code():
    assert (LASTS.total_seconds(), IDLE.total_seconds()) == (12 * 3600, 2 * 3600)
    assert (TRIES, WINDOW_SECONDS, AT_ONCE) == (20, 60, 20)


def test_its_picture_is_there():
    for target in re.findall(r"\]\(([^)#:]+)\)", PAGE):
        assert (ROOT / "docs" / target).exists(), target

"""The page on approvals is run: every command block in order, in one folder, by the shell that a reader has."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from empower.core.event import TYPES

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "approvals.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)


def free_port() -> str:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return str(server.getsockname()[1])


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash: apt-get install bash")
@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl: apt-get install curl")
def test_every_block_runs_as_it_stands(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "policies", tmp_path / "policies")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "COLUMNS": "80"}
    script = "\n".join(["set -eu", *BLOCK.findall(PAGE), "echo the end"])
    script = script.replace("8000", free_port()).replace("9000", free_port())
    output = tmp_path / "output.txt"
    with output.open("w") as out:
        shell = subprocess.Popen(
            ["bash", "-c", script],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = shell.wait(240)
        finally:
            os.killpg(shell.pid, signal.SIGTERM)
            shell.wait()
    said = output.read_text()
    assert (code, said.splitlines()[-1]) == (0, "the end"), said
    assert "comp.approved 900" in said
    assert "working" in said
    assert "event: comp.pending" in (tmp_path / "heard.txt").read_text()


def test_the_page_names_each_event_and_the_codes_that_there_are() -> None:
    assert {name for name in TYPES if f"`{name}`" not in PAGE} == set()
    named = set(re.findall(r"40[39] `([a-z_]+)`", PAGE))
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "empower").rglob("*.py"))
    assert len(named) >= 7
    assert {name for name in named if f'"{name}"' not in code and not name.startswith("comp_")} == set()

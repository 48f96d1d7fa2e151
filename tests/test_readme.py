"""README is run: every command block in order, in one folder, by the shell that a reader has."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
HOLIDAYS = "2026-12-24"
BLOCK = re.compile(r"(<!-- command: \w+ -->\n)?```(sh|python)\n(.*?)```", re.DOTALL)


def blocks() -> list[tuple[str, str]]:
    """Language and text of each block that stands in no installation command."""
    return [(kind, text) for marked, kind, text in BLOCK.findall(README) if not marked]


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port: int = server.getsockname()[1]
        return port


def soon() -> str:
    """A day that is still to come, whenever the page is run."""
    return (datetime.now(UTC) + timedelta(days=30)).date().isoformat()


def script(port: int) -> str:
    """All blocks as one shell script that stops at the first failure."""
    lines = ["set -eu"]
    for number, (kind, text) in enumerate(blocks()):
        if kind == "sh":
            lines.append(text.replace("8000", str(port)).replace(HOLIDAYS, soon()))
        else:
            lines.append(f"cat > block{number}.py <<'END_OF_BLOCK'\n{text}END_OF_BLOCK\npython block{number}.py")
        lines.append(f"echo '=== {number}'")
    return "\n".join(lines)


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash: apt-get install bash")
@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl: apt-get install curl")
def test_every_block_runs_as_it_stands(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "policies", tmp_path / "policies")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "COLUMNS": "80"}
    environment.pop("EMPOWER_STORE", None)
    output = tmp_path / "output.txt"
    with output.open("w") as out:
        shell = subprocess.Popen(
            ["bash", "-c", script(free_port())],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = shell.wait(timeout=400)
        finally:
            with contextlib.suppress(ProcessLookupError):  # a block that failed started no server
                os.killpg(shell.pid, signal.SIGTERM)
    said = output.read_text()
    assert code == 0, said
    assert "APPROVED  dessert $12.00, as server" in said
    assert "5 decisions at 1 location, 1 flip (20.0 %)\nUSD: $38.00 given more, $0.00 given less" in said
    assert "publication 2: scheduled" in said
    assert "publication 3, the set of publication 1 again: in force" in said
    assert '"status":"approved"' in said
    assert f"=== {len(blocks()) - 1}" in said


def test_the_two_commands_stand_where_ci_looks_for_them() -> None:
    assert re.findall(r"<!-- command: (\w+) -->", README) == ["demo", "test"]


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target

"""The rules of the house that no linter knows."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "empower").rglob("*.py"))
MOST_LINES = 400
EXACT = ("core", "engine", "ledger", "store")
"""The packages through which money goes: integers only."""


def _shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _lines_with(pattern: str, paths: list[Path]) -> list[str]:
    """`file:line: text` of each line in which `pattern` is found."""
    return [
        f"{_shown(path)}:{number}: {line.strip()}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(pattern, line)
    ]


def _imported(path: Path) -> set[str]:
    """The modules that a file imports, wherever in it."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    whole = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    parts = {"." * node.level + (node.module or "") for node in nodes if isinstance(node, ast.ImportFrom)}
    return whole | parts


def _committed() -> list[str]:
    """The files that git knows; skips outside of a checkout."""
    try:
        done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [name for name in done.stdout.split("\0") if name]


def test_there_is_something_to_look_at():
    assert {"empower/__init__.py", "empower/clock.py", "empower/core/decide.py"} <= {_shown(path) for path in SOURCES}


def test_no_file_is_too_long_to_read():
    lengths = {_shown(path): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


def test_no_float_comes_near_money():
    near = [path for path in SOURCES if path.relative_to(ROOT / "empower").parts[0] in EXACT]
    assert _lines_with(r"\bfloat\(", near) == []


def test_nothing_is_left_for_later():
    later = "TODO|FIXME|XXX|NotImplementedError"
    assert _lines_with(rf"\b(?:{later})\b", SOURCES) == []


def test_core_imports_the_standard_library_pydantic_and_orjson_and_nothing_else():
    core = [path for path in SOURCES if path.is_relative_to(ROOT / "empower" / "core")]
    allowed = sys.stdlib_module_names | {"pydantic", "pydantic_core", "orjson"}
    odd = {
        f"{_shown(path)}: {name}"
        for path in core
        for name in _imported(path)
        if name.partition(".")[0] not in allowed and not f"{name}.".startswith("empower.core.")
    }
    assert odd == set()


def test_every_folder_of_tests_is_a_package():
    """Else `tests/http` would stand before the standard library's `http`, and equal file names would collide."""
    folders = {path.parent for path in (ROOT / "tests").rglob("test_*.py")}
    assert {_shown(folder) for folder in folders if not (folder / "__init__.py").exists()} == set()


def test_constraints_name_each_dependency_and_no_address():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if re.search(r"://|@|^-|\bfile:", line)] == []
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.split(r"[^A-Za-z0-9._-]", need)[0] for need in wanted}
    assert names - {line.partition("==")[0] for line in lines} == set()


def test_no_store_secret_or_lock_file_is_committed():
    odd = re.compile(r"(^|/)uv\.lock$|\.db(-shm|-wal)?$|\.sqlite3?$|\.secret$")
    assert [name for name in _committed() if odd.search(name)] == []

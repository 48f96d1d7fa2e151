"""`empower --help` is light, and every command says what it does."""

import json
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from empower.cli import COMMANDS, main
from empower.cli.lazy import Lazy

HEAVY = ("sqlalchemy", "sqlmodel", "fastapi", "uvicorn", "alembic", "rich", "pydantic", "babel")

PROBE = """\
import json, sys
from empower.cli import main
try:
    main(sys.argv[1:], prog_name="empower")
except SystemExit:
    pass
print(json.dumps([name for name in sys.modules if "." not in name]))
"""


@pytest.mark.parametrize("words", [("--help",), ("comp", "--help"), ("completion",), ("nonsense",)])
def test_what_needs_no_store_loads_no_library_for_one(words: tuple[str, ...]) -> None:
    done = subprocess.run([sys.executable, "-c", PROBE, *words], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert not loaded & set(HEAVY)


def test_help_names_every_command_in_the_order_of_a_first_day() -> None:
    done = CliRunner().invoke(main, ["--help"])
    listed = done.output.split("Commands:\n")[1].splitlines()
    assert [line.split()[0] for line in listed] == list(COMMANDS)


def commands() -> list[tuple[str, ...]]:
    """The words of every command, groups and what they hold."""
    found: list[tuple[str, ...]] = []
    for name, stub in main.commands.items():
        assert isinstance(stub, Lazy)
        found.append((name,))
        real = stub.load()
        if isinstance(real, click.Group):
            found += [(name, inner) for inner in real.commands]
    return found


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_helps_within_80_columns(words: tuple[str, ...]) -> None:
    done = CliRunner(env={"COLUMNS": "80"}).invoke(main, [*words, "--help"], prog_name="empower")
    assert done.exit_code == 0
    assert done.output.startswith(f"Usage: empower {' '.join(words)}")
    assert max(map(len, done.output.splitlines())) <= 80


def test_a_misspelt_command_is_a_usage_error_with_the_nearest() -> None:
    done = CliRunner().invoke(main, ["ledgre"], prog_name="empower")
    assert done.exit_code == 2
    assert "ledger" in done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_the_script_of_a_shell(shell: str) -> None:
    done = CliRunner().invoke(main, ["completion", shell], prog_name="empower")
    assert done.exit_code == 0
    assert "_EMPOWER_COMPLETE" in done.output


def test_commands_complete_without_their_modules() -> None:
    """A TAB after `empower le` offers `ledger`, and does not open the database's libraries."""
    env = {"_EMPOWER_COMPLETE": "bash_complete", "COMP_WORDS": "empower le", "COMP_CWORD": "1"}
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True, env=env)
    assert done.stdout.splitlines()[0] == "plain,ledger"

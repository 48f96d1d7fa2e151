"""The page on databases says what the program does."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from empower.cli.options import shown
from empower.engine.secret import VARIABLE as SECRET
from empower.evidence.keys import VARIABLE as SIGNING_KEY
from empower.http.caretaker import REFRESH_SECONDS
from empower.store import database, writer
from empower.store.connecting import PREPARE, USUAL, store_url
from empower.store.grants import ROLES
from tests.postgres import VARIABLE

PAGE = (Path(__file__).parents[1] / "docs" / "scale.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [SECRET, SIGNING_KEY, PREPARE, VARIABLE, *ROLES, "target_session_attrs=read-write"])
def test_names_are_those_of_the_program(name: str) -> None:
    assert f"`{name}" in PAGE


def test_numbers_are_those_of_the_program() -> None:
    assert f"locked for more than {database.BUSY_SECONDS} seconds" in PAGE
    assert f"takes more than {database.WRITE_SECONDS}" in PAGE
    assert f"for the next {writer.HOT_FOR} transactions" in PAGE
    assert writer.MOST_GOES == 8
    assert "at most eight times" in PAGE
    assert (USUAL["connect_timeout"], REFRESH_SECONDS) == ("5", 0.5)
    assert "(5 seconds unless told)" in PAGE
    assert "each looks by itself twice a second" in PAGE


def test_the_campaigns_on_it_can_be_started() -> None:
    named = re.findall(r"python -m (benchmarks\.campaigns\.\w+)", PAGE)
    assert {"overspend", "kill", "lost_answers"} <= {name.rpartition(".")[2] for name in named}
    assert [name for name in named if not callable(getattr(import_module(name), "main", None))] == []


def test_the_urls_on_it_are_urls() -> None:
    words = [word.strip("`|()") for word in PAGE.split() if "postgresql+psycopg://" in word]
    found = [store_url(word) for word in words if word.count("…") == 0]
    assert len(found) >= 3
    assert all(url.get_driver_name() == "psycopg" for url in found)


@pytest.mark.parametrize(
    ("url", "printed"),
    [
        ("postgresql+psycopg://app:sesame@db/empower", "postgresql+psycopg://app:***@db/empower"),
        ("postgresql+psycopg://app@db/empower", "postgresql+psycopg://app@db/empower"),
        ("sqlite:///a:b@c.db", "sqlite:///a:b@c.db"),
    ],
)
def test_a_password_is_not_printed(url: str, printed: str) -> None:
    assert shown(url) == printed

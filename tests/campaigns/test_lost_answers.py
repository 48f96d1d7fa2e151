"""A small campaign of lost answers: between tills and server, and on PostgreSQL between server and database."""

from pathlib import Path

import pytest

from benchmarks.campaigns.lost_answers import campaign
from tests.conftest import Database

pytestmark = pytest.mark.both


def test_tills_that_ask_again_are_answered_once_and_counters_equal_the_books(
    database: Database, tmp_path: Path
) -> None:
    run = campaign(database.url, tmp_path, requests=50, threads=6, seed=11)
    assert run.wrong == []
    assert run.again >= 50
    assert sum(run.lost.values()) > 10
    of_the_database = ("statement held up", "statement lost", "result held up", "commit lost", "commit's answer lost")
    assert any(run.lost[what] for what in of_the_database) == (database.kind != "sqlite")

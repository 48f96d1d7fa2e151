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
    assert run.calls > run.answered
    lost = {what for what, times in run.lost.items() if times}
    assert {"request lost", "answer lost", "request twice at once"} <= lost
    assert ("result held up" in lost) == (database.kind != "sqlite")

"""A small kill campaign: of servers, of engines with their tills, and of the database under them."""

from pathlib import Path

import pytest

from benchmarks.campaigns.kill import Size, campaign
from benchmarks.campaigns.setting import place
from tests.conftest import Database
from tests.postgres import VARIABLE


@pytest.mark.both
@pytest.mark.parametrize("mode", ["engine", "serve"])
def test_nothing_that_was_answered_is_lost_and_every_key_gets_its_first_answer(
    database: Database, tmp_path: Path, mode: str
) -> None:
    [run] = campaign(database.url, tmp_path, Size(kills=3, processes=2, tills=4, seed=3), (mode,))
    assert run.wrong == []
    assert run.kills == 3
    assert run.requests <= run.again
    assert run.requests <= run.entries


def test_a_database_that_crashes_and_recovers_loses_nothing_either(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with place("postgresql") as at:
        [run] = campaign(at.url, tmp_path, Size(kills=2, processes=2, tills=4, seed=3), ("database",), at.server)
    assert run.wrong == []
    assert (run.who, run.kills) == ("database", 2)
    assert run.requests <= run.again

"""A small kill campaign, on a server and on an engine with its tills."""

from pathlib import Path

import pytest

from benchmarks.campaigns.kill import Size, campaign
from tests.conftest import Database

pytestmark = pytest.mark.both


@pytest.mark.parametrize("mode", ["engine", "serve"])
def test_nothing_that_was_answered_is_lost_and_every_key_gets_its_first_answer(
    database: Database, tmp_path: Path, mode: str
) -> None:
    [run] = campaign(database.url, tmp_path, Size(kills=3, processes=2, tills=4, seed=3), (mode,))
    assert run.wrong == []
    assert run.kills == 3
    assert run.requests <= run.again
    assert run.requests <= run.entries

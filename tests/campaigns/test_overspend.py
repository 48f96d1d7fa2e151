"""A small overspend campaign: exactly what there is room for, to one process and to several that die meanwhile."""

from pathlib import Path

import pytest

from benchmarks.campaigns.overspend import Size, campaign, main
from tests.conftest import Database

SMALL = Size(room=20, processes=2, threads=3, locations=3, kills=1, seed=5)


@pytest.mark.both
def test_exactly_as_many_are_approved_as_there_is_room_for(database: Database, tmp_path: Path) -> None:
    runs = campaign(database.url, tmp_path, SMALL)
    assert [what for run in runs for what in run.wrong] == []
    assert [(run.budget, run.approved) for run in runs] == [
        ("location", 20),
        ("group", 20),
        ("location + kills", 20),
        ("group + kills", 20),
    ]
    assert all(run.asked > run.room >= run.most for run in runs)


def test_the_command_prints_a_table_that_fits(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["overspend", "--room", "4", "--processes", "1", "--threads", "2", "--kills", "0"]
    monkeypatch.setattr("sys.argv", words)
    with pytest.raises(SystemExit) as ended:
        main()
    printed = capsys.readouterr().out
    assert ended.value.code == 0
    assert max(map(len, printed.splitlines())) <= 80
    assert printed.rstrip().endswith("no violation")

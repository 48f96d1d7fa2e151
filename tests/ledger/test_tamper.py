"""A small tamper campaign: every column of every table once, every kind of attack; nothing gets through unexplained."""

from typing import Any

import pytest

from tests.ledger.books import benchmark

tamper = benchmark("tamper")


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return tamper.campaign(tmp_path_factory.mktemp("campaign"), requests=24, rows=1, seed=2, quick=True)


@pytest.fixture
def tallies(done: Any) -> dict[str, Any]:
    return {tally.kind: tally for tally in done.tallies}


def test_nothing_gets_through_that_is_not_listed_with_a_reason(done):
    assert [f"{result.attack.kind}: {result.attack.what}" for result in tamper.unexplained(done.tallies)] == []


def test_every_column_of_every_table_was_tried(done, tallies):
    assert done.untried == []
    assert {"edit entry.leaf", "edit approval.approver", "edit pin.hash", "edit checkpoint.note"} <= set(tallies)


@pytest.mark.parametrize("kind", ["history rewritten", "history rewritten, signed anew", "rollback of all"])
def test_a_whole_history_that_agrees_with_itself_is_caught_from_outside_alone(tallies, kind):
    assert (tallies[kind].alone, tallies[kind].outside) == (0, 1)
    assert "checkpoint" in tallies[kind].checks


def test_the_table_in_the_documentation_has_a_row_for_each_table_and_story(done, tallies):
    rows = list(tamper.brief(done.tallies))[2:]
    assert sum(int(row.split(" | ")[1]) for row in rows) == sum(tally.tried for tally in tallies.values())
    assert [row for row in rows if row.startswith(("| `entry`:", "| rollback of all |"))][1].count("| 1 | 0 | 1 |") == 1


def test_what_is_listed_as_no_evidence_was_tried(tallies):
    """A reason that excuses nothing any more is to be taken off the list."""
    missed = {kind for kind, tally in tallies.items() if tally.missed}
    assert all(tamper.excuse(kind) for kind in missed)

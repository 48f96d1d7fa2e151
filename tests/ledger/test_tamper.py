"""A small tamper campaign: every column of every table once, every kind of attack; nothing gets through unexplained."""

from pathlib import Path

import pytest

from tests.ledger.books import benchmark

tamper = benchmark("tamper")


@pytest.fixture(scope="module")
def tallies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    folder: Path = tmp_path_factory.mktemp("campaign")
    return {tally.kind: tally for tally in tamper.campaign(folder, requests=50, rows=1, seed=2)}


def test_nothing_gets_through_that_is_not_listed_with_a_reason(tallies):
    assert [f"{result.attack.kind}: {result.attack.what}" for result in tamper.unexplained(tallies.values())] == []


def test_every_column_of_every_table_was_tried(tallies):
    tried = {kind for kind in tallies if kind.startswith("edit ")}
    assert {"edit entry.leaf", "edit comp.held_minor", "edit counter.start", "edit policy.text"} <= tried
    assert len(tried) > 80


def test_a_whole_history_that_agrees_with_itself_is_caught_from_outside_alone(tallies):
    for kind in ("history rewritten", "rollback of all"):
        assert (tallies[kind].alone, tallies[kind].outside) == (0, 1)
        assert tallies[kind].checks == "checkpoint"


def test_what_is_listed_as_no_evidence_was_tried(tallies):
    """A reason that excuses nothing any more is to be taken off the list."""
    missed = {kind for kind, tally in tallies.items() if tally.missed}
    assert missed <= set(tamper.NOT_EVIDENCE)

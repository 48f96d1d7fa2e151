"""The failover campaign's own parts: what it says was lost, how long nobody was answered, and what it needs."""

from pathlib import Path

import pytest

from benchmarks.campaigns import failover, patroni
from benchmarks.campaigns.check import Line, State
from benchmarks.campaigns.history import LOST, Call, Outcome

SECOND = 1_000_000_000


def answered(seq: int, leaf: str, end: int) -> Call:
    comp = {"id": "c", "entries": [{"location": "cafe-a", "seq": seq, "kind": "decision", "leaf": leaf}]}
    return Call("request", {}, f"k{seq}", end - SECOND, end, Outcome(comp=comp))


def book(*hashes: str) -> State:
    lines = [Line("cafe-a", seq, "decision", "", "c", b"", leaf) for seq, leaf in enumerate(hashes)]
    return State({"cafe-a": lines}, {}, {})


def test_what_was_answered_and_is_not_in_the_book_is_lost() -> None:
    history = [answered(0, "aa", 1), answered(1, "bb", 2), answered(2, "cc", 3)]
    assert failover.lost(history, book("aa", "bb", "cc")) == []
    assert failover.lost(history, book("aa", "xx")) == [
        "request k1: lost entry 1 of cafe-a",
        "request k2: lost entry 2 of cafe-a",
    ]


def test_a_gap_is_the_longest_time_without_an_answer() -> None:
    assert failover.longest_gap([2 * SECOND, 5 * SECOND, 99 * SECOND], 0, 6 * SECOND) == 3
    assert failover.longest_gap([], 0, 6 * SECOND) == 6


def test_a_round_counts_what_was_answered_in_it_and_what_was_not() -> None:
    found = failover.Round("node")
    unknown = Call("request", {}, "k", SECOND, 4 * SECOND, LOST)
    died = Call("request", {}, "k", SECOND)
    history = [answered(0, "aa", 1 * SECOND), answered(1, "bb", 3 * SECOND), answered(2, "cc", 9 * SECOND)]
    failover.measured([*history, unknown, died], 0, 6 * SECOND, found)
    assert (found.gap, found.answered, found.unanswered) == (3, 2, 2)


def test_without_patroni_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(patroni, "postgresql", lambda: None)
    monkeypatch.setattr("sys.argv", ["failover", "--rounds", "1"])
    with pytest.raises(SystemExit) as ended:
        failover.main()
    assert str(ended.value.code) == (
        "failover: missing here: install Debian's packages first, "
        "`apt-get install etcd-server patroni python3-etcd postgresql`"
    )


def test_a_kind_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["failover", "--kinds", "node,earthquake"])
    with pytest.raises(SystemExit) as ended:
        failover.main()
    assert ended.value.code == 2
    assert "`earthquake` is no kind: choose among postmaster, node" in capsys.readouterr().err

"""The history check finds every kind of lie: a real history holds, and falsified in one place it does not."""

import json
import sys
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from benchmarks.campaigns import kill, lost_answers
from benchmarks.campaigns.check import Check, Fold, Found, Line, Stage, State, check, state_of
from benchmarks.campaigns.children import run_tills
from benchmarks.campaigns.history import Call, Outcome, Recorder, begun_and_finished, calls, lines
from benchmarks.campaigns.plays import EVENING, Play, rules, stage
from benchmarks.campaigns.setting import setting, told
from benchmarks.campaigns.tills import EngineDoor, replay
from tests.engine.model import World

REQUESTS = 60


class History(NamedTuple):
    """What was asked at a stage, and what its store holds."""

    stage: Stage
    calls: list[Call]
    state: State


@pytest.fixture(scope="module")
def true(tmp_path_factory: pytest.TempPathFactory) -> History:
    """Two tills at two locations."""
    folder = tmp_path_factory.mktemp("history")
    log, play = folder / "tills.jsonl", Play(stage(rules(), EVENING, 2), "evening", 7)
    keys = [f"k{number}" for number in range(REQUESTS)]
    with setting(f"sqlite:///{folder / 'empower.db'}", folder, rules()) as at:
        at.open(play.stage)
        door, recorder = EngineDoor(at.engine), Recorder(log)
        run_tills([door, door], recorder, play, iter(keys))
        recorder.close()
        replay(door, log, play, keys)
        return History(play.stage, calls([log]), state_of(at.engine.store, play.stage))


@pytest.fixture
def history(true: History) -> History:
    """One to falsify."""
    return deepcopy(true)


def checked(history: History) -> Found:
    return check(history.stage, history.calls, history.state)


def test_a_true_history_holds(true: History) -> None:
    found = checked(true)
    assert found.wrong == []
    assert found.again >= REQUESTS
    assert found.entries > REQUESTS
    assert {call.does for call in true.calls} == {"request", "capture", "void", "reverse"}
    outcomes = {call.outcome.comp["decision"]["outcome"] for call in true.calls if call.outcome.comp}
    assert outcomes == {"approve", "escalate", "deny"}
    assert {call.outcome.refused for call in true.calls} >= {None, "idempotency_key_reused"}


def test_the_model_with_sums_adds_up_what_the_model_adds_up(true: History) -> None:
    held = Check(true.stage, true.calls, true.state)
    assert held.run().wrong == []
    order = sorted(held.lines.values(), key=lambda line: line.recorded_at)
    fold = Fold(held, [line for line in order if line.comp is not None])
    assert list(fold.run()) == []
    world, compared = fold.world, 0
    for comp in list(world.comps.values()):
        wanted = {"check": comp.ask.check, "guest": comp.ask.guest, "employee": comp.ask.employee, "group": "cafe"}
        wanted |= {"incident": comp.ask.incident}
        for limit in world.rules.everything():
            if limit.per:
                words = (limit, world.rules, wanted, comp.ask.location, comp.day)
                assert world.used(*words) == World.used(world, *words)
                compared += any(world.used(*words))
    assert compared > REQUESTS


# Lies

Lie = Callable[[History], None]
LIES: dict[str, tuple[Lie, str]] = {}


def lie(found: str) -> Callable[[Lie], Lie]:
    def keep(falsify: Lie) -> Lie:
        LIES[falsify.__name__] = (falsify, found)
        return falsify

    return keep


def place_of(history: History, *, does: str, status: str = "") -> int:
    """Where among the calls the first one stands that was answered so."""
    return next(
        index
        for index, call in enumerate(history.calls)
        if call.does == does and call.outcome.comp and status in ("", call.outcome.comp["status"])
    )


def first_lines(history: History) -> list[Line]:
    book = history.state.books[history.stage.locations[0]]
    return [line for line in book if line.kind == "decision"]


@lie("was known before")
def the_book_goes_against_real_time(history: History) -> None:
    early, *_, late = first_lines(history)
    for index, call in enumerate(history.calls):
        comp = call.outcome.comp
        if comp and late.comp == comp["id"] and call.does == "request":
            history.calls[index] = replace(call, start=1, end=2)
        elif early.comp in (comp and comp["id"], call.asked.get("comp")):
            history.calls[index] = replace(call, start=call.start + 10, end=(call.end or 0) + 10)


@lie("the model says")
def an_approval_was_none(history: History) -> None:
    comp = history.calls[place_of(history, does="request", status="approved")].outcome.comp or {}
    for call in history.calls:
        if call.outcome.comp and call.does == "request" and call.outcome.comp["id"] == comp["id"]:
            call.outcome.comp["decision"]["outcome"] = "escalate"


@lie("the model has")
def a_capture_was_told_of_with_another_amount(history: History) -> None:
    comp = history.calls[place_of(history, does="capture", status="captured")].outcome.comp or {}
    comp["amount"]["captured"] += 1


@lie("which is not in the book")
def the_last_line_is_lost(history: History) -> None:
    history.state.books[history.stage.locations[0]].pop()


@lie("which is not in the book")
def a_line_was_written_anew(history: History) -> None:
    book = history.state.books[history.stage.locations[0]]
    book[-1] = book[-1]._replace(hash="00" * 32)


@lie("a comp that no key was answered with")
def a_request_was_written_twice(history: History) -> None:
    key = history.calls[place_of(history, does="request")].key
    history.calls[:] = [call for call in history.calls if call.key != key]


@lie("that nobody asked for")
def a_capture_came_of_itself(history: History) -> None:
    comp = history.calls[place_of(history, does="capture", status="captured")].asked["comp"]
    history.calls[:] = [call for call in history.calls if (call.does, call.asked.get("comp")) != ("capture", comp)]


@lie("2 comps")
def a_key_was_given_twice(history: History) -> None:
    place = place_of(history, does="request")
    other = next(c.key for c in history.calls if c.key not in (None, history.calls[place].key))
    history.calls[place] = replace(history.calls[place], key=other)


@lie("0 comps")
def a_key_was_never_answered(history: History) -> None:
    history.calls.append(Call("request", history.calls[0].asked, "unheard", 1))


@lie("answered differently")
def the_same_key_had_two_answers(history: History) -> None:
    comp = history.calls[place_of(history, does="request")].outcome.comp or {}
    comp["updated_at"] = "2026-01-01T00:00:00.000000Z"


@lie("refused with limit_exceeded")
def a_key_was_refused_for_no_reason(history: History) -> None:
    call = history.calls[place_of(history, does="request")]
    history.calls.append(replace(call, outcome=Outcome(refused="limit_exceeded")))


@lie("refused with comp_voided")
def a_step_was_refused_that_was_possible(history: History) -> None:
    call = history.calls[place_of(history, does="capture", status="captured")]
    history.calls.append(replace(call, outcome=Outcome(refused="comp_voided")))


@lie("no order explains")
def a_budget_across_locations_was_read_wrongly(history: History) -> None:
    for book in history.state.books.values():
        for index, line in enumerate(book):
            said = json.loads(line.leaf)
            for row in said["body"].get("standing", []) if line.kind == "decision" else []:
                if row and "group" in row[0] and any(row[3:]):
                    row[4] += 1
                    book[index] = line._replace(leaf=json.dumps(said).encode())
                    return
    raise LookupError


@lie("counter (")
def a_counter_holds_more_than_the_comps(history: History) -> None:
    key, used = next((key, used) for key, used in history.state.counters.items() if used.held)
    history.state.counters[key] = used._replace(held=used.held + 1)


@lie("comp ")
def a_comp_is_half_written(history: History) -> None:
    name, row = next((name, row) for name, row in history.state.comps.items() if row[0] == "approved")
    history.state.comps[name] = (*row[:3], 0, *row[4:])


@pytest.mark.parametrize("name", LIES)
def test_a_falsified_history_is_found(history: History, name: str) -> None:
    falsify, found = LIES[name]
    falsify(history)
    wrong = checked(history).wrong
    assert wrong
    assert found in wrong[0]


# What is recorded, and told


def test_a_record_that_a_kill_cut_off_says_what_it_can(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    recorder = Recorder(log)
    recorder.record("request", {}, "k1", lambda: Outcome(refused="unknown_location"))
    recorder.finished("k1")
    with pytest.raises(KeyboardInterrupt):
        recorder.record("request", {}, "k2", lambda: (_ for _ in ()).throw(KeyboardInterrupt))
    recorder.close()
    with log.open("ab") as file:
        file.write(b'{"call": "half')
    assert len(lines(log)) == 4
    assert begun_and_finished(log) == ({"k1", "k2"}, {"k1"})
    known, unknown = calls([log])
    assert (known.key, known.outcome.is_known, known.end is None) == ("k1", True, False)
    assert (unknown.key, unknown.outcome.is_known, unknown.end) == ("k2", False, None)


def test_a_violation_is_told_and_is_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert told("kill", ["what", "times"], [["kills", "3"]], []) == 0
    assert told("kill", ["what", "times"], [["kills", "3"]], ["key [k]: 2 comps"]) == 1
    assert "wrong: key [k]: 2 comps\n1 violations" in capsys.readouterr().out


@pytest.mark.parametrize("command", [kill, lost_answers])
def test_help_says_what_it_attacks(
    command: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["campaign", "--help"])
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == 0
    assert "Exit code 1 on any violation" in " ".join(capsys.readouterr().out.split())

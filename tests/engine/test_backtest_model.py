"""A backtest against an independent model: the same past, lived again by a world that has the candidate's rules.

The model sums over comps and knows no counters; what became of a comp that both grant is what became of it in reality,
and what only the candidate grants is captured in full at once.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from empower.core.backtest import OUTCOMES, Answered
from empower.core.flips import Flips
from empower.engine import Engine, backtesting
from empower.engine.views import CompView
from empower.policy import read

from .house import Clock
from .model import REASONS, Ask, Rules, World
from .test_life_machine import EDITS, START, _new_world, _open, _prepared, asks

EXAMPLES = int(os.environ.get("EMPOWER_BACKTEST_EXAMPLES", "12"))
PAUSES = st.sampled_from([timedelta(minutes=minutes) for minutes in (0, 1, 1, 5, 5, 60, 119, 240, 900, 1440)])
ENDS = ("leave", "leave", "capture", "capture", "half", "void", "reverse", "half back", "late")
KINDS = [(remedy, reason) for reason, remedies in REASONS.items() for remedy in remedies if remedy != "apology"]


@st.composite
def likely(draw: st.DrawFn) -> Ask:
    """A request that is approved until the windows are full."""
    remedy, reason = draw(st.sampled_from(KINDS))
    check = draw(st.sampled_from((None, None, "C1", "C2")))
    return Ask(
        location=draw(st.sampled_from(("cafe-a", "cafe-a", "cafe-b"))),
        employee=draw(st.sampled_from(("ana", "ana", "ana", "bo", "max"))),
        remedy=remedy,
        reason=reason,
        amount=draw(st.sampled_from((500, 1000, 1500, 2000, 3000, 4000))),
        guest=draw(st.sampled_from((None, "room:12", "room:13", "room:14"))),
        incident=draw(st.sampled_from((None, "i1", "i2"))),
        check=check,
        total=9000 if check else None,
        state="open" if check else None,
        note="The soup was cold.",
        accept_less=draw(st.sampled_from((False, False, True))),
    )


STEPS = st.tuples(st.one_of(likely(), likely(), likely(), asks()), PAUSES, st.sampled_from(ENDS))


@pytest.fixture(scope="module", autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    yield
    if _prepared.cache_info().currsize:
        shutil.rmtree(_prepared())
        _prepared.cache_clear()


class Recording(Flips):
    """Keeps every answer."""

    answers: dict[str, tuple[str, str, int, str | None]]

    def take(self, answered: Answered, full: Any) -> None:
        now = OUTCOMES[answered.now].value
        role = answered.now_role if now == "approve" else None
        self.answers[answered.comp] = (OUTCOMES[answered.was].value, now, answered.now_granted_minor, role)
        super().take(answered, full)


class Twice:
    """The past as it is lived in the store, and by the model under the candidate."""

    def __init__(self, folder: Path, rules: Rules, candidate: Rules) -> None:
        shutil.copytree(_prepared(), folder, dirs_exist_ok=True)
        (folder / "policies" / "cafe.toml").write_text(rules.toml())
        self.clock = Clock(START)
        self.engine: Engine = _open(folder, self.clock)
        self.world: World = _new_world(self.clock)
        self.world.rules = candidate
        self.said: dict[str, tuple[str, str, int, str | None]] = {}

    def ask(self, ask: Ask) -> CompView:
        after, answer, comp = self.world.request(ask)
        view = self.engine.request(ask.json())
        granted = answer.outcome == "approve"
        self.said[view.id] = (view.decision.outcome, answer.outcome, answer.granted, answer.role if granted else None)
        if granted and view.status != "approved":
            comp = replace(comp, status="captured", captured=comp.granted, held=0, expires_at=None)
        after.comps[view.id] = comp
        self.world = after
        return view

    def go_on(self, view: CompView, what: str) -> None:
        """What becomes of a comp that was approved in reality."""
        if view.status != "approved" or what == "leave":
            return
        if what == "late":
            self.clock.go(hours=3)
            self._both(view, "capture", None)
        elif what == "void":
            self._both(view, "void", None)
        else:
            self._both(view, "capture", view.amount.held // 2 or None if what.startswith("half") else None)
            if what == "reverse":
                self._both(view, "reverse", None)
            elif what == "half back":
                self._both(view, "reverse", view.amount.held // 4 or None)

    def _both(self, view: CompView, step: str, amount: int | None) -> None:
        run = getattr(self.engine, step)
        made = run(view.id) if amount is None else run(view.id, amount)
        self.world = self.world.copy()
        self.world.arrive(view.request["location"])
        comp = self.world.comps[view.id]
        if comp.role is None:
            return
        if step == "capture":
            spent = min(made.amount.captured, comp.granted)
            comp = replace(comp, status="captured", captured=spent, held=0, expires_at=None)
        elif step == "void":
            comp = replace(comp, status="voided", held=0, expires_at=None)
        else:
            comp = replace(comp, status="reversed", reversed=min(made.amount.reversed, comp.captured))
        self.world.comps[view.id] = comp


@contextmanager
def twice(rules: Rules, candidate: Rules) -> Iterator[Twice]:
    folder = Path(tempfile.mkdtemp(prefix="empower-twice-"))
    try:
        both = Twice(folder, rules, candidate)
        try:
            yield both
        finally:
            both.engine.close()
    finally:
        shutil.rmtree(folder)


def tried(both: Twice, candidate: Rules, monkeypatch: pytest.MonkeyPatch) -> Recording:
    Recording.answers = {}
    monkeypatch.setattr(backtesting, "Flips", Recording)
    folder = Path(str(both.engine.store.url.database)).parent / "candidate"
    folder.mkdir()
    (folder / "cafe.toml").write_text(candidate.toml())
    found = backtesting.backtest(both.engine.store, read(folder).policies)
    assert found.errors == 0
    assert isinstance(found.flips, Recording)
    return found.flips


@settings(
    max_examples=EXAMPLES,
    derandomize="EMPOWER_BACKTEST_EXAMPLES" not in os.environ,
    phases=tuple(Phase) if "EMPOWER_BACKTEST_EXAMPLES" in os.environ else (Phase.explicit, Phase.generate),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(
    rules=st.sampled_from(EDITS),
    candidate=st.sampled_from(EDITS),
    steps=st.lists(STEPS, min_size=25, max_size=45),
)
def test_every_answer_is_the_one_that_a_world_under_the_candidate_gives(
    rules: Rules, candidate: Rules, steps: list[tuple[Ask, timedelta, str]]
) -> None:
    with twice(rules, candidate) as both, pytest.MonkeyPatch.context() as monkeypatch:
        for ask, pause, what in steps:
            both.clock.moment += pause
            both.go_on(both.ask(ask), what)
        flips = tried(both, candidate, monkeypatch)
        assert flips.answers == both.said
        assert flips.flips == sum(was != now for was, now, _, _ in both.said.values())
        if candidate == rules:
            assert flips.flips == 0
            assert set(flips.money.values()) <= {(0, 0)}

"""The demo played on a store of its own, at a time that the test chooses."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from empower.demo import account, feed, policies, roster
from empower.demo.places import PLACES
from empower.demo.run import BY, Clock, Player, Report, read_feed
from empower.engine import Engine
from empower.pos.square import Account

Play = Callable[[str], Iterator[tuple[Engine, Report]]]


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Play:
    """Play the demo as if it were `now`; the engine stays open for the test."""
    monkeypatch.delenv("EMPOWER_SECRET", raising=False)

    @contextmanager
    def played(now: str) -> Iterator[tuple[Engine, Report]]:
        moment = datetime.fromisoformat(now)
        clock = Clock(moment)
        store = f"sqlite:///{tmp_path / 'demo.db'}"
        with Engine.open(store, policies=policies(), clock=clock, create=True, title=BY) as engine:
            player = Player(engine, clock, Account.model_validate_json(account()))
            player.set_up(PLACES, roster(), moment)
            yield engine, player.play(read_feed(feed()), lambda _: None)

    return played

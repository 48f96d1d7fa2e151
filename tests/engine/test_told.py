"""Many are told, as bytes, what one is shown."""

from typing import Any

import pytest

from empower.core.request import Request
from empower.engine.showing import told, viewed
from empower.engine.wish import Told
from tests.engine.house import OWN_TABLE, House, ask, policy

ODD = 'Sie sagte: "kalt" \\ 冷たい\n\u2028 <b>&amp;</b>'
LIMITS = """\
limits.day = { per = "employee", every = "day", amount = 100.00, count = 3 }
limits.check = { per = "check", percent_of_check = 50 }
"""


@pytest.mark.parametrize(
    "asked",
    [
        ask(1000),
        ask(1000, note=ODD, guest="room:12", incident=ODD.strip().replace("\n", " ")),
        ask(1000, check={"id": "C1", "total": {"amount": 5000, "currency": "USD"}, "state": "open"}),
        ask(4500, remedy="discount", check={"id": "C1", "total": {"amount": 5000, "currency": "USD"}}),
        ask(4500, remedy="discount", accept_less=True),
        ask(4500, remedy="discount", note="Cold soup"),
        ask(99_000, remedy="discount"),
        ask(0, remedy="apology"),
        ask(1000, occurred_at="2026-11-20T18:00:00-05:00", shift="s", photo="p"),
    ],
    ids=str,
)
def test_the_bytes_are_those_of_the_view(house: House, asked: dict[str, Any]) -> None:
    house.write(policy(LIMITS, more=OWN_TABLE))
    engine = house.open(create=True)
    house.people(engine, "cafe-a")
    for _ in range(4):
        made = engine.store.write(
            lambda unit: engine._made(unit, Request.model_validate(asked), None, "", "test"), at=("cafe-a",)
        )
        view = viewed(made)
        assert told(made) == Told(view.id, view.decision.outcome, view.model_dump_json().encode())

"""What the tills of a campaign ask for: by a key alone, so that whoever comes after a crash asks the very same."""

import random
import uuid
from dataclasses import dataclass
from typing import Literal, NamedTuple

from benchmarks.campaigns.check import Stage
from benchmarks.campaigns.history import Does
from tests.engine.model import REASONS, Ask, Limit, Role, Rules

AMOUNT = 100
"""Of every hold where a budget has room for so many."""
ROOM_HERE, ROOM_EVERYWHERE = "clerk", "runner"
"""Roles: the one has a budget for each location, the other one across all."""


class Step(NamedTuple):
    """What is done with a comp that was approved."""

    does: Does
    amount: int | None


@dataclass(frozen=True)
class Play:
    """The requests of a stage: `room` asks for the same amount again and again, `evening` for all kinds of things."""

    stage: Stage
    kind: Literal["room", "evening"]
    seed: int

    def ask(self, key: str) -> Ask:
        pick = random.Random(f"{self.seed} {key}")
        location = pick.choice(self.stage.locations)
        employee = pick.choice(sorted(self.stage.roster))
        if self.kind == "room":
            return Ask(location, employee, "dessert", "wrong_order", AMOUNT)
        remedy = pick.choice(["apology", "dessert", "dessert", "item", "item", "discount"])
        check = pick.choice([None, None, None, f"C{pick.randrange(40)}"])
        return Ask(
            location,
            employee,
            remedy,
            pick.choice([reason for reason, remedies in REASONS.items() if remedy in remedies]),
            0 if remedy == "apology" else pick.choice([1, 100, 250, 700, 1500, 3600]),
            guest=pick.choice([None, f"loyalty:{int(600 * pick.random() ** 3)}"]),
            incident=pick.choice([None, f"I{pick.randrange(60)}"]),
            check=check,
            total=None if check is None else pick.choice([None, 4000, 10001]),
            state=None if check is None else pick.choice([None, "open"]),
            note=pick.choice([None, "The soup was cold."]),
            accept_less=pick.random() < 0.2,
        )

    def steps(self, key: str, granted: int) -> list[Step]:
        """What follows an approval."""
        pick = random.Random(f"{self.seed} {key} steps")
        if self.kind == "room":
            return []
        part = granted // 2 or None
        first: list[Does] = pick.choice([["capture"], ["capture"], ["capture", "reverse"], ["void"], []])
        return [Step(does, None if does == "void" else pick.choice([None, part])) for does in first[:1]] + [
            Step(does, None) for does in first[1:]
        ]


def stage(rules: Rules, roles: dict[str, tuple[str, ...]], locations: int) -> Stage:
    """Locations and people that nobody has used before: several campaigns may play in one store."""
    run = uuid.uuid4().hex[:8]
    names = tuple(f"cafe-{run}-{number}" for number in range(locations))
    return Stage(rules, names, {f"{name}-{run}": held for name, held in roles.items()})


def rules(room: int = 300) -> Rules:
    """Budgets of every scope; a trainee's are soon used up. Two have room for exactly so many holds."""
    cap = room * AMOUNT
    comp = Limit("comp", amount=5000)
    guest = Limit("guest", ("guest",), "3 days", count=12)
    check = Limit("check", ("check",), percent=50, remedies=("item", "discount"), beyond="deny")
    sweets = Limit("sweets", ("employee",), "day", count=30, remedies=("dessert",))
    incident = Limit("incident", ("incident", "guest"), amount=6000)
    clerk = Role(ROOM_HERE, ("dessert",), limits=(Limit("here", ("employee",), None, amount=cap),))
    everywhere = Limit("everywhere", ("group", "employee"), None, amount=cap, beyond="deny")
    runner = Role(ROOM_EVERYWHERE, ("dessert",), limits=(everywhere,))
    server = Role("server", SERVED, limits=(comp, *_days(4_000_000, 12_000), guest))
    trainee = Role("trainee", SERVED, limits=(comp, *_days(60_000, 150), guest))
    host = Role("host", ("apology", "dessert"), limits=(sweets,))
    names = ("server", "trainee", "host", ROOM_HERE)
    manager = Role("manager", ("*",), names, (Limit("comp", amount=8000), incident))
    return Rules((server, trainee, host, clerk, runner, manager), (check,))


def _days(amount: int, count: int) -> tuple[Limit, ...]:
    """Somebody's day at one location, and a little more of some remedies across all."""
    more = amount + amount // 4
    return (
        Limit("day", ("employee",), "day", amount=amount, count=count),
        Limit("chain", ("group", "employee"), "day", amount=more, remedies=("item", "discount")),
    )


SERVED = ("apology", "dessert", "item", "discount")
EVENING = {
    "ana": ("server",),
    "bo": ("host", "server"),
    "cy": ("server",),
    "dee": (ROOM_EVERYWHERE, "trainee"),
    "max": ("manager",),
    "pat": ("trainee",),
    "zoe": ("trainee",),
}

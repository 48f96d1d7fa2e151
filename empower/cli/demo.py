"""`empower demo`: an evening at three properties, to look at, and a store to go on with."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from empower.cli.errors import BROKEN
from empower.cli.options import DEFAULT_POLICIES, engine_options, format_option, go_on, setting, was_typed

if TYPE_CHECKING:
    from empower.demo.run import Clock
    from empower.engine import Engine

SECONDS = "%Y-%m-%dT%H:%M:%S%z"


@click.command()
@click.option("--now", type=click.DateTime([SECONDS]), help="Play the evening before this moment, not before now.")
@click.option("--fresh/--keep", default=True, help="Make an earlier demo's store anew, or leave it be.")
@format_option
@engine_options
@click.pass_context
def demo(ctx: click.Context, now: datetime | None, form: str, *, fresh: bool) -> None:
    """Play an evening at a bakery, a bistro and a hotel, and leave its store behind.

    An earlier demo's store is made anew; any other is left alone.
    """
    from empower.clock import now as clock_now
    from empower.demo.run import BY, PIN, Clock
    from empower.demo.store import make_room
    from empower.engine import Engine
    from empower.policy import PolicySource

    ctx.meta["empower.policies"] = folder = _policies()
    policies = PolicySource(Path(folder))
    make_room(setting("store"), policies, keep=not fresh)
    moment = now.astimezone(UTC) if now else clock_now()
    clock = Clock(moment)
    with Engine.open(setting("store"), policies=policies, clock=clock, create=True, title=BY) as engine:
        held = _play(engine, clock, moment, form)
    if form == "table":
        _go_on(PIN)
    ctx.exit(0 if held else BROKEN)


def _policies() -> str:
    """The folder asked for; where there is none by default, the policies that came with the package."""
    asked = setting("policies")
    if was_typed("policies") or asked != DEFAULT_POLICIES or Path(asked).is_dir():
        return asked
    from empower.demo import policies

    return str(policies())


def _play(engine: "Engine", clock: "Clock", now: datetime, form: str) -> bool:
    """Play, show, verify; whether the ledger holds."""
    from empower.cli.evening import Stage
    from empower.cli.ledger import verified
    from empower.demo import account, feed, roster
    from empower.demo.places import PLACES
    from empower.demo.run import Player, read_feed
    from empower.pos.square import Account

    lines = read_feed(feed())
    player = Player(engine, clock, Account.model_validate_json(account()))
    player.set_up(PLACES, roster(), now)
    stage = Stage(engine, form)
    report = stage.play(player, lines)
    checked = verified(engine, None, replay=True)
    stage.close(report, checked)
    return bool(checked.ok)


def _go_on(pin: str) -> None:
    click.echo("\nGo on with:")
    for words in (
        ("comp", "list"),
        ("comp", "list", "--status", "pending"),
        ("budget", "show", "--location", "bistro-soho", "--employee", "S21"),
        ("ask", "-l", "bistro-soho", "-e", "S22", "-r", "dessert", "-w", "cold_dish", "-a", "9.00"),
        ("ledger", "verify", "--replay"),
        ("key", "create", "--scope", "pos", "--at", "'*'"),
        ("serve",),
        ("comp", "request", "-l", "bistro-soho", "-e", "S22", "-r", "item", "-w", "cold_dish", "-a", "60.00"),
    ):
        click.echo(f"  {go_on(*words)}")
    click.echo(f"What waits is answered on the pages of `serve`: sign in as S25, PIN {pin}.")

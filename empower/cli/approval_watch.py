"""`empower approval watch`: what waits, live: a screen in a terminal, a line an event where there is none."""

import threading
from typing import TYPE_CHECKING, Any

import click

from empower.cli.amounts import Cash
from empower.cli.options import engine_options, format_option, opened
from empower.cli.output import COLOURS, Column, as_csv, as_json, console, lines, show, text, when

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, RenderableType
    from rich.text import Text

    from empower.core.event import Event
    from empower.engine import Engine
    from empower.engine.events_follow import Follower, Scope

ROUND_SECONDS = 0.5
MOST_SHOWN = 20
MOST_RECENT = 5


def _cash(event: "Event") -> Cash:
    amount = event.data["amount"]
    return Cash(amount["amount"], amount["currency"])


COLUMNS = (
    Column("type", lambda event: event.type),
    Column("at", lambda event: event.at),
    Column("location", lambda event: event.location),
    Column("comp", lambda event: event.comp),
    Column("employee", lambda event: event.data["employee"]),
    Column("remedy", lambda event: event.data["remedy"]),
    Column("reason", lambda event: event.data["reason"]),
    Column("amount", _cash),
    Column("currency", lambda event: event.data["amount"]["currency"]),
    Column("asked_now", lambda event: " ".join(event.data.get("asked_now", []))),
    Column("by", lambda event: event.data.get("by")),
)
pause = threading.Event().wait


@click.command()
@click.option("--location", "-l", help="Only there.")
@click.option("--as", "approver", metavar="EMPLOYEE", help="Say what each would be for them.")
@click.option("--once", is_flag=True, help="Show what waits now, and end.")
@format_option
@engine_options
def watch(location: str | None, approver: str | None, form: str, *, once: bool) -> None:
    """Show what waits, live, until stopped with Ctrl-C.

    JSON and CSV are an event a line, as a webhook is sent it: first what waits now, then what happens.
    """
    from contextlib import suppress

    from empower.cli.approval import COLUMNS as WAITING
    from empower.cli.approval import waiting
    from empower.engine.events_follow import Scope

    with opened() as engine, suppress(KeyboardInterrupt):
        zones = {item.id: item.timezone for item in engine.locations()}
        page = engine.approvals(location=location, approver=approver, limit=100 if once else 1)
        screen = console()
        if once:
            show(page.items, form, WAITING, table=lambda: waiting(page.items, zones), empty="nothing waits")
        elif form == "table" and screen.is_terminal:
            _live(engine, screen, Scope(None, location), approver, zones)
        else:
            _print(engine, Scope(None, location), form, zones)


def _follow(follower: "Follower", scope: "Scope") -> "Iterator[list[Event]]":
    """What happened, a round at a time."""
    from empower.core.errors import BusyError
    from empower.engine.events_follow import Behind

    while True:
        try:
            told = follower.read([scope])
        except Behind:
            click.echo("too much happened at once to tell all of it", err=True)
            told = []
        except BusyError:  # the next round tries again
            told = []
        yield [item.event for item in told if _is_told(item.event)]
        pause(ROUND_SECONDS)


def _is_told(event: "Event") -> bool:
    """Whether it is about a comp that waits or waited: what was approved at once has nobody else in it."""
    return (
        event.type in ("comp.pending", "comp.climbed", "comp.declined")
        or (event.type == "comp.approved" and "by" in event.data)
        or (event.type == "comp.expired" and event.data["was"] == "pending")
    )


def _print(engine: "Engine", scope: "Scope", form: str, zones: dict[str, str]) -> None:
    """Every event as a line, as it happens."""
    follower = engine.follower()
    follower.start()
    if form == "csv":
        click.echo(as_csv([], COLUMNS), nl=False)
    for event in follower.waiting(scope):
        _line(event, form, zones)
    for events in _follow(follower, scope):
        for event in events:
            _line(event, form, zones)


def _line(event: "Event", form: str, zones: dict[str, str]) -> None:
    if form == "json":
        click.echo(as_json(event.payload()))
    elif form == "csv":
        click.echo(as_csv([event], COLUMNS, header=False), nl=False)
    else:
        console().print(_sentence(event, zones), soft_wrap=True)


def _live(engine: "Engine", screen: "Console", scope: "Scope", approver: str | None, zones: dict[str, str]) -> None:
    """A screen that shows what waits, the time it has left, and how the last ones ended."""
    from rich.live import Live

    follower = engine.follower()
    follower.start()
    recent: list[Event] = []
    with Live(console=screen, screen=True, auto_refresh=False, vertical_overflow="ellipsis") as live:
        for events in _follow(follower, scope):
            recent = [*recent, *events][-MOST_RECENT:]
            live.update(_screen(engine, scope, approver, zones, recent), refresh=True)


def _screen(
    engine: "Engine", scope: "Scope", approver: str | None, zones: dict[str, str], recent: "list[Event]"
) -> "RenderableType":
    from rich.console import Group

    from empower.cli.approval import waiting

    page = engine.approvals(location=scope.location, approver=approver, limit=MOST_SHOWN)
    more = " and more" if page.next else ""
    head = f"{len(page.items)}{more} waiting" if page.items else "nothing waits"
    parts: list[Any] = [text(f"{head}   Ctrl-C ends", "bold"), text("")]
    if recent:
        parts += [lines(*(_sentence(event, zones) for event in reversed(recent))), text("")]
    return Group(*parts, waiting(page.items, zones))


def _sentence(event: "Event", zones: dict[str, str]) -> "Text":
    """`Nov 23 19:42 bistro-soho pending: E1042 asks for $50.00 of waive_check (wrong_order), asks manager`."""
    kind, data = event.type.removeprefix("comp."), event.data
    said = f"{data['employee']}, {_cash(event).readable} of {data['remedy']} ({data['reason']})"
    if "by" in data:
        said += f", by {data['by']}"
    if data.get("asked_now"):
        said += f", asks {' or '.join(data['asked_now'])}"
    told = text(f"{when(event.at, zones.get(event.location, 'UTC'))} {event.location} ", "dim")
    return told.append_text(text(kind, COLOURS.get(kind, "yellow"))).append_text(text(f": {said} {event.comp}"))

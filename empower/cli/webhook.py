"""`empower webhook`: who is told of events by HTTP."""

from typing import TYPE_CHECKING, Any

import click

from empower.cli.errors import FAILURE
from empower.cli.options import engine_options, format_option, opened, who, why_option
from empower.cli.output import Column, as_csv, as_json, lines, new_table, show, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from empower.engine.webhook_views import DeadView, NewWebhookView, WebhookView

COLUMNS = (
    Column("id", lambda row: row.id),
    Column("url", lambda row: row.url),
    Column("locations", lambda row: " ".join(row.locations)),
    Column("events", lambda row: " ".join(row.events)),
    Column("state", lambda row: row.state),
    Column("failing_since", lambda row: row.failing_since),
    Column("last_error", lambda row: row.last_error),
    Column("next_at", lambda row: row.next_at),
    Column("delivered_at", lambda row: row.delivered_at),
    Column("waiting", lambda row: row.waiting),
    Column("behind", lambda row: row.behind),
    Column("dead", lambda row: row.dead),
    Column("allow_private", lambda row: row.allow_private),
    Column("created_at", lambda row: row.created_at),
)
DEAD_COLUMNS = (
    Column("webhook", lambda row: row.webhook),
    Column("event", lambda row: row.event),
    Column("type", lambda row: row.type),
    Column("comp", lambda row: row.comp),
    Column("created_at", lambda row: row.created_at),
    Column("tries", lambda row: row.tries),
    Column("last_error", lambda row: row.last_error),
    Column("dead_at", lambda row: row.dead_at),
)
STATES = {"working": "green", "failing": "red", "gone": "dim"}
_id = click.argument("webhook_id", metavar="ID")


@click.group()
def webhook() -> None:
    """Who is told of events by HTTP, signed as Standard Webhooks has it."""


@webhook.command()
@click.argument("url")
@click.option("--at", "at", required=True, multiple=True, metavar="LOCATION", help="May be repeated; `*` for all.")
@click.option(
    "--event", "events", multiple=True, metavar="TYPE", help="Such as `pending`; may be repeated. All if left out."
)
@click.option("--allow-private", is_flag=True, help="It may lead into a private network, and be plain HTTP.")
@why_option
@format_option
@engine_options
def add(url: str, form: str, **said: Any) -> None:
    """Tell URL of events from now on. Its secret is shown once."""
    with opened() as engine:
        _show_secret(engine.webhooks.add(url, by=who(), **said), form)


@webhook.command()
@_id
@why_option
@format_option
@engine_options
def rotate(webhook_id: str, why: str, form: str) -> None:
    """Make a new secret. For a day the old one signs too."""
    with opened() as engine:
        _show_secret(engine.webhooks.rotate(webhook_id, by=who(), why=why), form)


def _show_secret(made: "NewWebhookView", form: str) -> None:
    if form == "json":
        click.echo(as_json({"id": made.id, "secret": made.secret} | made.model_dump(mode="json")))
    elif form == "csv":
        click.echo(as_csv([made], (Column("secret", lambda row: row.secret), *COLUMNS)), nl=False)
    else:
        click.echo(made.secret)
        click.echo(f"webhook {made.id}: keep the secret now, it is not shown again", err=True)


@webhook.command("list")
@format_option
@engine_options
def list_all(form: str) -> None:
    """The webhooks, and how each is doing."""
    with opened() as engine:
        found = engine.webhooks.listed()
    show(found, form, COLUMNS, table=lambda: _table(found), empty="no webhooks")


def _table(found: "Sequence[WebhookView]") -> "Table":
    rows = new_table()
    rows.add_column("id\nurl", min_width=36, overflow="fold")
    rows.add_column("locations\nevents", overflow="fold")
    rows.add_column("state", no_wrap=True)
    for item in found:
        owed = f"{item.waiting + item.behind} to go" if item.waiting or item.behind else ""
        dead = f"{item.dead} dead" if item.dead else ""
        rows.add_row(
            lines(text(item.id), text(item.url, "dim"), *([text(item.last_error, "red")] if item.last_error else [])),
            lines(text(" ".join(item.locations)), text(_short(item.events), "dim")),
            lines(text(item.state, STATES[item.state]), *(text(said, "yellow") for said in (owed, dead) if said)),
        )
    return rows


def _short(events: "Sequence[str]") -> str:
    from empower.core.event import TYPES

    return "all events" if tuple(events) == TYPES else " ".join(name.removeprefix("comp.") for name in events)


@webhook.command()
@_id
@why_option
@format_option
@engine_options
def remove(webhook_id: str, why: str, form: str) -> None:
    """Tell it nothing any more, not even what it is owed."""
    with opened() as engine:
        gone = engine.webhooks.remove(webhook_id, by=who(), why=why)
    if form == "table":
        click.echo(f"webhook {gone.id} is removed")
    else:
        show([gone], form, COLUMNS)


@webhook.command()
@click.argument("webhook_id", metavar="ID", required=False)
@format_option
@engine_options
def dead(webhook_id: str | None, form: str) -> None:
    """What was given up after many tries, of one webhook or of all."""
    with opened() as engine:
        found = engine.webhooks.dead(webhook_id)
    show(found, form, DEAD_COLUMNS, table=lambda: _dead_table(found), empty="nothing was given up")


def _dead_table(found: "Sequence[DeadView]") -> "Table":
    rows = new_table()
    rows.add_column("event\ncomp", overflow="fold")
    rows.add_column("webhook\nwhy", min_width=36, overflow="fold")
    rows.add_column("tries", justify="right")
    for item in found:
        rows.add_row(
            lines(text(f"{item.type} {item.event}"), text(item.comp, "dim")),
            lines(text(item.webhook), text(f"{item.dead_at[:16]} {item.last_error}", "red")),
            text(item.tries),
        )
    return rows


@webhook.command()
@_id
@click.argument("event", required=False)
@engine_options
def resend(webhook_id: str, event: str | None) -> None:
    """Send again what was given up: one EVENT, or all of it. `empower serve` does it, or `empower webhook deliver`."""
    with opened() as engine:
        due = engine.webhooks.resend(webhook_id, event)
    click.echo(f"{due} {'event is' if due == 1 else 'events are'} due again")


@webhook.command()
@engine_options
@click.pass_context
def deliver(ctx: click.Context, /) -> None:
    """Send what is due now, and end: for a timer, where `empower serve` is not running.

    Exit codes: 0 all of it was taken, 1 something was not, and is tried again later.
    """
    import asyncio

    from empower.engine.webhook_courier import Courier, Sent

    with opened() as engine:

        async def once() -> Sent:
            return await Courier(engine.webhooks).once()

        sent = asyncio.run(once())
    click.echo(f"{sent.delivered} delivered, {sent.failed} failed")
    ctx.exit(FAILURE if sent.failed else 0)

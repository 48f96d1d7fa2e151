"""`empower comp`: request comps, look at them, and settle them."""

from datetime import datetime
from typing import IO, TYPE_CHECKING, Any

import click

from empower.cli.amounts import Cash, minor_of
from empower.cli.errors import DENIED, DONE, ESCALATED, exit_code, say, worst
from empower.cli.options import engine_options, format_option, opened, who
from empower.cli.output import Column, as_csv, as_json, console, show, when
from empower.cli.requests import Read, read, request_options
from empower.core.errors import EmpowerError

if TYPE_CHECKING:
    from empower.engine import Engine
    from empower.engine.views import CompView

_CODES = {"pending": ESCALATED, "denied": DENIED}
STATUSES = ("pending", "approved", "captured", "voided", "expired", "denied", "declined", "reversed")


def _cash(name: str) -> Column:
    return Column(name, lambda row: Cash(getattr(row.amount, name), row.amount.currency))


def _asked(name: str) -> Column:
    return Column(name, lambda row: row.request.get(name))


def _charged(name: str, key: str) -> Column:
    return Column(name, lambda row: (row.authority or {}).get(key))


COLUMNS = (
    Column("id", lambda row: row.id),
    Column("status", lambda row: row.status),
    Column("location", lambda row: row.location),
    *(_asked(name) for name in ("employee", "remedy", "reason", "guest", "incident")),
    *(_cash(name) for name in ("asked", "granted", "held", "captured", "reversed")),
    Column("currency", lambda row: row.amount.currency),
    _charged("authority", "employee"),
    _charged("role", "role"),
    Column("forced", lambda row: row.forced),
    Column("created_at", lambda row: row.created_at),
    Column("updated_at", lambda row: row.updated_at),
    Column("expires_at", lambda row: row.expires_at),
)

_amount = click.option("--amount", "-a", help="Such as 12.50; all of it if left out.")
_note = click.option("--note", help="What happened.")
_id = click.argument("comp_id", metavar="ID")


@click.group()
def comp() -> None:
    """Request, look at and settle comps."""


@comp.command()
@request_options
@click.option("--key", help="Idempotency key: the same key and request get the same comp again.")
@format_option
@engine_options
@click.pass_context
def request(ctx: click.Context, /, file: IO[bytes] | None, key: str | None, form: str, **flags: Any) -> None:
    """Decide a request and, where approved, hold the amount.

    Takes what `empower ask` takes. For JSON on several lines, line N has the key `KEY:N`.

    Exit codes: 0 approved, 4 pending until somebody else approves, 3 denied, 2 bad input.
    """
    code = DONE
    with opened() as engine:
        for index, item in enumerate(read(engine, file, flags)):
            code = worst(code, _request(engine, item, key, form, header=index == 0))
    ctx.exit(code)


def _request(engine: "Engine", item: Read, key: str | None, form: str, *, header: bool) -> int:
    try:
        if isinstance(item.request, EmpowerError):
            raise item.request
        own = f"{key}:{item.line}" if key and item.line else key
        made = engine.request(item.request, key=own, by=who())
    except EmpowerError as error:
        say(error, as_json=form == "json", line=item.line)
        return exit_code(error)
    _print(engine, made, form, header=header, line=item.line)
    return _CODES.get(made.status, DONE)


def _print(engine: "Engine", made: "CompView", form: str, *, header: bool, line: int | None) -> None:
    """A comp that was decided now."""
    from empower.cli.decisions import answer
    from empower.cli.places import places

    if form == "json":
        click.echo(as_json(({} if line is None else {"line": line}) | made.model_dump(mode="json")))
    elif form == "csv":
        click.echo(as_csv([made], COLUMNS, header=header), nl=False)
    else:
        asked = Cash(made.amount.asked, made.amount.currency)
        console().print(answer(made.decision, asked, str(made.request["remedy"]), line=line))
        until = when(made.expires_at, places(engine)[made.location].timezone)
        click.echo(f"  comp {made.id} is {made.status}{f' until {until}' if until else ''}")


@comp.command("show")
@_id
@format_option
@engine_options
def show_one(comp_id: str, form: str) -> None:
    """One comp: its life, its decision and its entries."""
    with opened() as engine:
        _show(engine, engine.comp(comp_id), form)


def _show(engine: "Engine", found: "CompView", form: str) -> None:
    from empower.cli.comps import detail
    from empower.cli.places import places

    show([found], form, COLUMNS, table=lambda: detail(found, places(engine)[found.location].timezone))


@comp.command("list")
@click.option("--status", type=click.Choice(STATUSES))
@click.option("--location", "-l")
@click.option("--employee", "-e")
@click.option("--guest", "-g", help="The till's reference of the guest.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z"]))
@click.option("--forced", is_flag=True, help="Only those captured late without room.")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
@click.option("--cursor", help="Where the page before ended.")
@format_option
@engine_options
def list_all(form: str, since: datetime | None, *, forced: bool, **filters: Any) -> None:
    """Comps, the newest first."""
    from empower.cli.comps import table
    from empower.cli.places import places, zones

    moment = since.astimezone() if since else None
    with opened() as engine:
        known = zones(places(engine, filters["location"]))
        page = engine.comps(since=moment, forced=True if forced else None, **filters)
    show(page.items, form, COLUMNS, table=lambda: table(page.items, known), empty="no comps")
    if page.next:
        click.echo(f"there are more: --cursor {page.next}", err=True)


@comp.command()
@_id
@_amount
@format_option
@engine_options
def capture(comp_id: str, amount: str | None, form: str) -> None:
    """The guest has it: spend the held amount, and release the rest."""
    with opened() as engine:
        _show(engine, engine.capture(comp_id, _minor(engine, comp_id, amount), by=who()), form)


@comp.command()
@_id
@_note
@format_option
@engine_options
def void(comp_id: str, note: str | None, form: str) -> None:
    """It was not given after all: release the hold."""
    with opened() as engine:
        _show(engine, engine.void(comp_id, note=note, by=who()), form)


@comp.command()
@_id
@_amount
@_note
@format_option
@engine_options
def reverse(comp_id: str, amount: str | None, note: str | None, form: str) -> None:
    """Take a captured comp back, and give its budgets back what it took."""
    with opened() as engine:
        _show(engine, engine.reverse(comp_id, _minor(engine, comp_id, amount), note=note, by=who()), form)


@comp.command()
@click.option("--location", "-l", help="Only there.")
@format_option
@engine_options
def expire(location: str | None, form: str) -> None:
    """End the holds and the pending comps whose time is up."""
    from empower.cli.comps import table
    from empower.cli.places import places, zones

    with opened() as engine:
        known = zones(places(engine, location))
        ended = engine.expire(location)
    show(ended, form, COLUMNS, table=lambda: table(ended, known), empty="nothing to expire")


def _minor(engine: "Engine", comp_id: str, amount: str | None) -> int | None:
    return None if amount is None else minor_of(amount, engine.comp(comp_id).amount.currency)

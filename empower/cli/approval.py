"""`empower approval`: what waits for somebody else, and their yes or no."""

import sys
from typing import TYPE_CHECKING, Any

import click

from empower.cli.amounts import Cash, minor_of
from empower.cli.errors import DONE, ESCALATED
from empower.cli.lazy import Lazy
from empower.cli.options import engine_options, format_option, opened, who
from empower.cli.output import Column, console, show, text, when

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Group
    from rich.text import Text

    from empower.engine import Engine
    from empower.engine.proofs import Pin
    from empower.engine.views import CompView, PendingView

COLUMNS = (
    Column("id", lambda row: row.comp.id),
    Column("location", lambda row: row.comp.location),
    Column("employee", lambda row: row.requester.id),
    Column("name", lambda row: row.requester.name),
    Column("remedy", lambda row: row.comp.request["remedy"]),
    Column("reason", lambda row: row.comp.request["reason"]),
    Column("amount", lambda row: Cash(row.comp.approval.amount, row.comp.amount.currency)),
    Column("currency", lambda row: row.comp.amount.currency),
    Column("asked_now", lambda row: " ".join(row.comp.approval.asked_now)),
    Column("expires_at", lambda row: row.comp.approval.expires_at),
    Column("seconds_left", lambda row: row.seconds_left),
)
SOON_SECONDS = 180
_id = click.argument("comp_id", metavar="ID")
_as = click.option("--as", "approver", required=True, metavar="EMPLOYEE", help="Who answers; their PIN is asked for.")
_pin_stdin = click.option("--pin-stdin", is_flag=True, help="Read the PIN from standard input instead.")
_location = click.option("--location", "-l", help="Only there.")


@click.group()
def approval() -> None:
    """What waits for somebody else, and their yes or no."""


@approval.command("list")
@_location
@click.option("--as", "approver", metavar="EMPLOYEE", help="Say what each would be for them.")
@click.option("--limit", type=click.IntRange(1, 100), default=50, show_default=True)
@click.option("--cursor", help="Where the page before ended.")
@format_option
@engine_options
def list_all(form: str, **asked: Any) -> None:
    """What waits, the oldest first."""
    with opened() as engine:
        page = engine.approvals(**asked)
        zones = {item.id: item.timezone for item in engine.locations()}
    show(page.items, form, COLUMNS, table=lambda: waiting(page.items, zones), empty="nothing waits")
    if page.next:
        click.echo(f"there are more: --cursor {page.next}", err=True)


@approval.command()
@_id
@_as
@click.option("--amount", "-a", help="Less than was asked, such as 12.50.")
@click.option("--note", help="For the record.")
@_pin_stdin
@format_option
@engine_options
@click.pass_context
def approve(ctx: click.Context, /, comp_id: str, approver: str, form: str, **said: Any) -> None:
    """Say yes, on the approver's own limits.

    Exit codes: 0 approved, 4 pending until another person says yes too, 1 refused.
    """
    with opened() as engine:
        currency = engine.comp(comp_id).amount.currency
        less = None if said["amount"] is None else minor_of(said["amount"], currency)
        proof = _proof(approver, stdin=said["pin_stdin"])
        done = engine.approve(comp_id, proof, less, note=said["note"], by=who())
        _show(engine, done, form)
    ctx.exit(ESCALATED if done.status == "pending" else DONE)


@approval.command()
@_id
@_as
@click.option("--note", required=True, help="Why.")
@_pin_stdin
@format_option
@engine_options
def decline(comp_id: str, approver: str, note: str, form: str, *, pin_stdin: bool) -> None:
    """Say no, and why."""
    with opened() as engine:
        engine.comp(comp_id)
        _show(engine, engine.decline(comp_id, _proof(approver, stdin=pin_stdin), note=note, by=who()), form)


approval.add_command(Lazy("watch", "empower.cli.approval_watch:watch", "What waits, live, until stopped with Ctrl-C."))


def _proof(approver: str, *, stdin: bool) -> "Pin":
    from empower.engine.proofs import Pin

    return Pin(approver, read_pin(f"PIN of {approver}", stdin=stdin))


def read_pin(prompt: str, *, stdin: bool, twice: bool = False) -> str:
    """A PIN that is typed unseen, or a line of standard input."""
    if stdin:
        return sys.stdin.readline().rstrip("\r\n")
    typed: str = click.prompt(prompt, hide_input=True, confirmation_prompt=twice, err=True)
    return typed


def _show(engine: "Engine", done: "CompView", form: str) -> None:
    from empower.cli.comp import COLUMNS as COMP_COLUMNS
    from empower.cli.comps import detail
    from empower.cli.places import places

    show([done], form, COMP_COLUMNS, table=lambda: detail(done, places(engine)[done.location].timezone))
    if form == "table" and done.approval is not None:
        left = done.approval.people - len(done.approval.approved)
        console(err=True).print(text(f"{left} more must say yes"))


def waiting(items: "Sequence[PendingView]", zones: dict[str, str]) -> "Group":
    """A block a comp: what, why and the time left; who; what stopped it; what is known of the guest."""
    from rich.console import Group
    from rich.padding import Padding

    return Group(*(Padding(_block(item, zones[item.comp.location]), (0, 0, 1, 0)) for item in items))


def _block(item: "PendingView", zone: str) -> "Group":
    from rich.console import Group
    from rich.padding import Padding
    from rich.table import Table

    amount = Cash(item.comp.approval.amount if item.comp.approval else 0, item.comp.amount.currency)
    head = Table.grid(padding=(0, 2), expand=True)
    head.add_column(ratio=1, overflow="fold")
    head.add_column(justify="right", no_wrap=True)
    head.add_row(
        text(f"{amount.readable}  {item.remedy}", "bold").append_text(text(f", for: {item.reason}")),
        text(
            f"{item.seconds_left // 60}:{item.seconds_left % 60:02} left",
            "yellow" if item.seconds_left < SOON_SECONDS else "dim",
        ),
    )
    asked = item.comp.approval.asked_now if item.comp.approval else []
    told = [
        text(
            f"{item.requester.name} ({item.requester.id}) at {item.comp.location}, {when(item.comp.created_at, zone)}"
        ),
        text(f"asks {' or '.join(asked)}"),
        *(text(said, "yellow") for said in dict.fromkeys(found.message for found in item.stopped_by)),
        *_about(item),
        text(item.comp.id, "dim"),
    ]
    return Group(head, *(Padding(line, (0, 0, 0, 2)) for line in told))


def _about(item: "PendingView") -> "list[Text]":
    """What is known of the guest, and what it is for the approver who looks."""
    said = []
    if item.guest is not None:
        comps, given = item.guest.comps, Cash(item.guest.amount, item.guest.currency).readable
        before = f"{comps} comp{'s' if comps > 1 else ''} before, {given} in all" if comps else "no comp before"
        said.append(text(f"this guest had {before}", "dim"))
    if item.for_approver is not None:
        most = item.for_approver.most
        may = "you may not grant it" if most is None else f"you may grant {Cash(most.amount, most.currency).readable}"
        said.append(text(may, "green" if item.for_approver.may else "red"))
    return said

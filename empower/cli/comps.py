"""Comps as tables of 80 columns."""

from typing import TYPE_CHECKING

from empower.cli.amounts import Cash
from empower.cli.output import COLOURS, lines, new_table, text, when

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Group
    from rich.table import Table

    from empower.engine.views import CompView

POLICY_SHOWN = len("sha256:") + 16
"""Of a digest: enough to tell two apart; JSON has all of it."""


def table(comps: "Sequence[CompView]", zones: dict[str, str]) -> "Table":
    """Two lines a comp; times are those of the location."""
    rows = new_table()
    rows.add_column("id", min_width=36, no_wrap=True)
    rows.add_column("location", overflow="fold")
    rows.add_column("employee", overflow="fold")
    rows.add_column("amount", justify="right", no_wrap=True)
    for item in comps:
        request = item.request
        rows.add_row(
            lines(text(item.id), text(f"{request['remedy']} for {request['reason']}", "dim")),
            lines(text(item.location), text(when(item.created_at, zones[item.location]), "dim")),
            lines(text(request["employee"]), text((item.authority or {}).get("role", ""), "dim")),
            lines(text(worth(item)), text(status(item), COLOURS[item.status])),
        )
    return rows


def worth(item: "CompView") -> Cash:
    """What a comp came to: what was captured, else granted, else asked."""
    amount = item.amount
    return Cash(amount.captured or amount.granted or amount.asked, amount.currency)


def status(item: "CompView") -> str:
    """The status, and whether it was captured without room."""
    return f"{item.status}, forced" if item.forced else item.status


def detail(item: "CompView", zone: str) -> "Group":
    """Everything about one comp."""
    from rich.console import Group
    from rich.table import Table

    from empower.cli.decisions import answer

    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim")
    facts.add_column(overflow="fold")
    for name, value in _facts(item, zone):
        if value:
            facts.add_row(text(name), text(value, COLOURS.get(item.status, "") if name == "status" else ""))
    said = answer(item.decision, Cash(item.amount.asked, item.amount.currency), str(item.request["remedy"]))
    answered = item.status != "pending" and item.decision.outcome == "escalate"
    head = "\nWhen it was asked for:" if answered else ""
    return Group(facts, text(head, "dim"), said)


def _facts(item: "CompView", zone: str) -> list[tuple[str, str]]:
    currency = item.amount.currency
    parts = [(name, getattr(item.amount, name)) for name in ("asked", "granted", "held", "captured", "reversed")]
    authority = item.authority or {}
    return [
        ("comp", item.id),
        ("status", status(item)),
        ("location", item.location),
        ("employee", str(item.request["employee"])),
        ("authority", " as ".join(authority[key] for key in ("employee", "role") if key in authority)),
        ("remedy", str(item.request["remedy"])),
        ("reason", str(item.request["reason"])),
        ("amount", ", ".join(f"{Cash(minor, currency).readable} {name}" for name, minor in parts if minor)),
        ("guest", str(item.request.get("guest") or "")),
        ("incident", str(item.request.get("incident") or "")),
        ("created", when(item.created_at, zone)),
        ("expires", when(item.expires_at, zone)),
        ("policy", f"{item.decision.policy[:POLICY_SHOWN]}…"),
        ("entries", ", ".join(f"{entry.seq} {entry.kind}" for entry in item.entries)),
    ]

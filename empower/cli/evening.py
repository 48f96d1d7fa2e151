"""How the demo looks: each answer on a line as it comes, then what became of it, the budgets and the books."""

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from empower.cli.amounts import Cash
from empower.cli.books import verdict
from empower.cli.budgets import table as budget_table
from empower.cli.decisions import choices
from empower.cli.output import COLOURS, OUTCOMES, as_json, console, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table
    from rich.text import Text

    from empower.demo.run import Answer, Line, Player, Report, Step
    from empower.engine import Engine
    from empower.engine.views import AmountView, BudgetView, CompView
    from empower.ledger import Report as Verified

WIDTHS = (5, 15, 7, 22, 27)
"""Of a line's columns: time, property, who, what, answer."""
FULLEST = 4
"""Budgets shown of each property."""


class Stage:
    """Shows a demo in a format."""

    def __init__(self, engine: "Engine", form: str) -> None:
        """The engine knows names and zones."""
        self._form = form
        self._names = {(row.location, row.id): row.name for row in engine.staff()}
        self._places = {row.id: row for row in engine.locations()}
        self._console = console()

    def play(self, player: "Player", lines: "Sequence[Line]") -> "Report":
        """Play the feed with a progress bar, and show each answer at once."""
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        if self._form != "table":
            return player.play(lines, self._tell_json if self._form == "json" else lambda _: None)
        self._console.print(f"An evening at {', '.join(item.title for item in self._places.values())}.\n")
        columns = (TextColumn("the evening"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=self._console) as progress:
            task = progress.add_task("", total=len(lines))

            def heard(answer: "Answer") -> None:
                self._console.print(self._line(answer))
                progress.advance(task)

            return player.play(lines, heard)

    def close(self, report: "Report", checked: "Verified") -> None:
        """Show what the evening came to."""
        if self._form == "table":
            self._outcomes(report)
            self._steps(report)
            self._budgets(report)
            self._books(checked)
            return
        for step in report.steps:
            if self._form == "json":
                value = {"step": step.kind, "line": step.line.number, "at": step.moment.isoformat()}
                click.echo(as_json(value | {"comp": step.comp.model_dump(mode="json")}))
        if self._form == "csv":
            from empower.cli.comp import COLUMNS
            from empower.cli.output import show

            show([answer.comp for answer in report.answers], "csv", COLUMNS)

    def _tell_json(self, answer: "Answer") -> None:
        value = {"line": answer.line.number, "at": answer.moment.isoformat(), "story": answer.line.story}
        click.echo(as_json(value | {"comp": answer.comp.model_dump(mode="json")}))

    def _line(self, answer: "Answer") -> "Table":
        """`19:42 bistro-soho  Ana  dessert  $12.00  APPROVED`."""
        from rich.table import Table

        comp = answer.comp
        row = Table.grid(padding=(0, 1))
        for width in WIDTHS:
            row.add_column(width=width, overflow="fold")
        row.add_row(
            text(self._time(comp, answer.moment), "dim"),
            text(comp.location),
            text(self._first_name(comp)),
            text(_proposed(comp, WIDTHS[3])),
            _answered(comp),
        )
        return row

    def _first_name(self, comp: "CompView") -> str:
        return self._first_name_of(comp, str(comp.request["employee"]))

    def _first_name_of(self, comp: "CompView", employee: str) -> str:
        return self._names.get((comp.location, employee), employee).split()[0]

    def _time(self, comp: "CompView", moment: datetime) -> str:
        return moment.astimezone(ZoneInfo(self._places[comp.location].timezone)).strftime("%H:%M")

    def _outcomes(self, report: "Report") -> None:
        said = Counter[str](answer.comp.decision.outcome for answer in report.answers)
        parts = [f"{said[outcome]} {name.lower()}" for outcome, name in OUTCOMES.items()]
        self._console.print(f"\n{len(report.answers)} asked: {', '.join(parts)}.")

    def _steps(self, report: "Report") -> None:
        captured = [step.comp for step in report.steps if step.kind == "capture"]
        self._console.print("\nThen", style="bold")
        for place in self._places.values():
            there = [comp.amount.captured for comp in captured if comp.location == place.id]
            total = Cash(sum(there), place.currency).readable
            self._console.print(f"  {place.id}: {len(there)} captured, {total} in all")
        for step in report.steps:
            if step.kind != "capture" or step.comp.amount.captured < step.comp.amount.granted:
                self._console.print(self._step(step))

    def _step(self, step: "Step") -> "Text":
        comp = step.comp
        amount = comp.amount
        granted = Cash(amount.granted, amount.currency).readable
        then = step.line.then if isinstance(step.line.then, dict) else {}
        who = self._first_name_of(comp, then.get("approve") or then.get("decline") or step.line.proposal["employee"])
        done = {
            "approve": f"approved by {who}, {_share(granted, amount)}",
            "decline": f"declined by {who}",
            "capture": f"captured {Cash(amount.captured, amount.currency).readable} of {granted}",
            "void": f"voided, {granted} released",
            "reverse": f"reversed, {Cash(amount.reversed, amount.currency).readable} given back",
            "expire": f"expired, {granted} released",
        }[step.kind]
        said = text(f"  {self._time(comp, step.moment)} {comp.location} {comp.request['remedy']}: ")
        return said.append_text(text(done, COLOURS[comp.status]))

    def _budgets(self, report: "Report") -> None:
        shown = [row for place in self._places for row in _fullest(report.budgets, place)]
        self._console.print("\nBudgets, the fullest of each property", style="bold")
        self._console.print(budget_table(shown, {place.id: place.timezone for place in self._places.values()}))

    def _books(self, checked: "Verified") -> None:
        self._console.print("\nThe books, verified and every decision decided again", style="bold")
        for book in checked.books:
            for line in verdict(book, replay=True):
                self._console.print(text("  ").append_text(line))


def _share(granted: str, amount: "AmountView") -> str:
    """`$200.00 of $300.00`, or `$30.00` where it is all."""
    return granted if amount.granted == amount.asked else f"{granted} of {Cash(amount.asked, amount.currency).readable}"


def _proposed(comp: "CompView", width: int) -> str:
    """The remedy, and at the right what it is worth, if anything."""
    remedy, asked = str(comp.request["remedy"]), comp.amount.asked
    worth = Cash(asked, comp.amount.currency).readable if asked else ""
    return remedy + worth.rjust(width - len(remedy))


def _answered(comp: "CompView") -> "Text":
    """`APPROVED`, `ESCALATED → manager +1`, `DENIED → dessert up to $8.00`."""
    decision, amount = comp.decision, comp.amount
    said = text(OUTCOMES[decision.outcome], COLOURS[decision.outcome])
    if decision.outcome == "escalate":
        first, *others = decision.approvers
        return said.append_text(text(f" → {first}{f' +{len(others)}' if others else ''}"))
    if decision.outcome == "deny":
        instead = choices(decision.counter_offer, amount.currency, worth_something=True)
        return said.append_text(text(f" → {instead[0]}" if instead else ""))
    if amount.granted < amount.asked:
        return said.append_text(text(f" {Cash(amount.granted, amount.currency).readable} of it"))
    return said


def _fullest(budgets: "Sequence[BudgetView]", place: str) -> "list[BudgetView]":
    """Of amounts: counts say little beside them."""

    def used(row: "BudgetView") -> int:
        return 100 * (row.spent + row.held) // max(row.cap, 1)

    there = [row for row in budgets if row.location == place and row.unit == "amount"]
    return sorted(there, key=used, reverse=True)[:FULLEST]

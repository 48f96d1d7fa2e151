"""The webhooks that a book tells of, against those that stand beside it."""

from collections.abc import Iterable
from typing import Any

from empower.ledger.beside import commits, listed
from empower.ledger.findings import BookReport
from empower.ledger.lines import Line
from empower.store.auditing import WEBHOOK_COLUMNS, Row

SAID = {"locations": "at"}
"""What an entry calls a column, if not by its name."""
LISTS = ("locations", "events")
URL = "url"
"""What an entry commits to of the address: its path may hold a token."""


class Webhooks:
    """The webhooks as the entries of one book tell of them."""

    def __init__(self, report: BookReport) -> None:
        """Before the first entry."""
        self._report = report
        self.told: dict[str, dict[str, Any]] = {}
        """By id: its columns as far as its entries say them, those from before all was said less; and the last seq."""

    def take(self, line: Line) -> None:
        """One entry more; only those about webhooks are looked at."""
        if line.kind != "webhook":
            return
        name, does = line.body.get("webhook"), line.body.get("does")
        if type(name) is not str or does not in ("add", "rotate", "remove"):
            self._report.add("webhooks", "an entry about a webhook makes no sense", line.seq)
        elif does == "remove":
            # Of one that nobody added, too: so a row that somebody put there is got rid of.
            self.told.pop(name, None)
        elif (does == "add") == (name in self.told):
            message = "added twice" if does == "add" else "rotated, and never added, or removed before"
            self._report.add("webhooks", f"webhook `{name}` was {message}", line.seq)
        else:
            named = {column: SAID.get(column, column) for column in (URL, *WEBHOOK_COLUMNS)}
            said = {column: line.body[field] for column, field in named.items() if field in line.body}
            self.told[name] = self.told.get(name, {}) | said | {"seq": line.seq}

    def compare(self, stored: Iterable[Row]) -> None:
        """Hold the webhooks that reach this book (id, url, salt, and `WEBHOOK_COLUMNS`) against what it says."""
        left = dict(self.told)
        for identity, url, salt, *values in stored:
            has = {
                name: listed(value) if name in LISTS else value
                for name, value in zip(WEBHOOK_COLUMNS, values, strict=True)
            }
            should = left.pop(identity, None)
            if should is not None:
                self._hold(identity, should, url, salt, has)
            elif "*" in has["locations"] or self._report.location in has["locations"]:
                message = f"webhook `{identity}` is told of this book, which says nothing of it, or that it was removed"
                self._report.add("webhooks", message)
        for identity, should in left.items():
            self._report.add("webhooks", f"webhook `{identity}` is missing", should["seq"])

    def _hold(self, identity: str, should: dict[str, Any], url: Any, salt: Any, has: dict[str, Any]) -> None:
        if URL in should and not commits(should[URL], salt, url):
            message = f"webhook `{identity}`: the address, or its salt, is not the one that the entry commits to"
            self._report.add("webhooks", message, should["seq"])
        for column, value in has.items():
            if column in should and value != should[column]:
                said = f"{column} is `{value}`, by the book `{should[column]}`"
                self._report.add("webhooks", f"webhook `{identity}`: {said}", should["seq"])

"""What stands beside a book and is told of in it: notes, guests, the roster, API keys, idempotency keys."""

import hmac
import json
from collections.abc import Iterable, Iterator
from typing import Any

from empower.core.entry import key_commitment, own_guest
from empower.ledger.findings import BookReport
from empower.ledger.lines import Line
from empower.ledger.scratch import Row, Scratch
from empower.store.rows import COMP_COLUMNS

GUEST = COMP_COLUMNS.index("guest")
COMP_SEQ = COMP_COLUMNS.index("seq")


class Notes:
    """Holds the notes beside a book against the commitments in it; only an erased guest's may be gone."""

    def __init__(self, report: BookReport, kept: Iterator[Row]) -> None:
        """`kept`: seq, salt and text, in the order of the entries."""
        self._report = report
        self._kept = kept
        self._next = next(kept, None)
        self.gone: list[list[Any]] = []
        """Notes that are not there: seq, and the guest whose erasure would explain it."""
        self.erased: set[str] = set()

    def take(self, line: Line, row: Row | None) -> None:
        """One entry more; `row` is its comp's."""
        if line.kind == "erase":
            self._erase(line)
        note = line.body.get("note")
        while self._next is not None and self._next[0] < line.seq:
            self._stray()
        if self._next is not None and self._next[0] == line.seq:
            _, salt, text = self._next
            self._next = next(self._kept, None)
            if type(note) is not dict or not commits(note.get("commitment"), salt, text):
                self._report.add("notes", "the note is not the one that the entry commits to", line.seq)
        elif note is not None:
            self.gone.append([line.seq, None if row is None else row[GUEST]])

    def _erase(self, line: Line) -> None:
        guest = line.body.get("guest")
        if type(guest) is not str:
            self._report.add("guests", "an erasure names no pseudonym", line.seq)
            return
        self.erased.add(guest)

    def _stray(self) -> None:
        if self._next is not None:
            self._report.add("notes", "a note belongs to no entry that has one", self._next[0])
            self._next = next(self._kept, None)

    def end(self) -> None:
        """After the last entry."""
        while self._next is not None:
            self._stray()
        for seq, guest in self.gone:
            if guest not in self.erased:
                self._report.add("notes", "the note is gone, and no erasure in the book explains it", seq)


def commits(said: Any, salt: Any, text: Any) -> bool:
    """Whether what an entry says is the commitment to a text under the salt that is kept beside."""
    if type(said) is not str or type(salt) is not bytes or type(text) is not str:
        return False
    return hmac.compare_digest(hmac.digest(salt, text.encode(), "sha256").hex(), said)


def check_guests(report: BookReport, scratch: Scratch, erased: set[str]) -> None:
    """Hold the guests that a book names against those that a reference leads to."""
    for guest in scratch.strangers(report.location):
        if guest not in erased:
            report.add("guests", f"no reference leads to guest `{guest}`, and no erasure in the book explains it")
    for guest in sorted(erased):
        if scratch.knows_guest(guest):
            report.add("guests", f"guest `{guest}` was erased, and a reference leads there again")


class Roster:
    """The roles at a location as its entries gave them."""

    def __init__(self, report: BookReport) -> None:
        """Before the first entry."""
        self._report = report
        self.roles: dict[str, dict[str, list[Any]]] = {}
        """By employee and role: position, since and until."""
        self.guests: dict[str, list[str]] = {}
        """By employee: when their own guest reference was last spoken of, and the commitment to it."""

    def take(self, line: Line) -> None:
        """One entry more; only those of the roster are looked at, not those of PINs and delegations."""
        if line.kind != "staff" or "does" in line.body:
            return
        employee, role = line.body.get("employee"), line.body.get("role")
        if type(employee) is not str or type(role) is not str:
            self._report.add("staff", "an entry of the roster names no employee or no role", line.seq)
            return
        held = self.roles.setdefault(employee, {})
        position = held[role][0] if role in held else len(held)
        held[role] = [position, line.body.get("since"), line.body.get("until")]
        guest = line.body.get("guest")
        if type(guest) is str:
            self.guests[employee] = [line.at, guest]

    def rows(self) -> list[Row]:
        """The roster: employee, role, position, since, until."""
        return [(employee, role, *held) for employee, roles in self.roles.items() for role, held in roles.items()]

    def compare(self, stored: Iterable[Row]) -> None:
        """Hold the roster as it stands (with whether each person is known) against that of the entries."""
        left = {row[:2]: row[2:] for row in self.rows()}
        for employee, role, *held, known in stored:
            should = left.pop((employee, role), None)
            name = f"`{employee}` as `{role}`"
            if should is None:
                self._report.add("staff", f"{name} stands in no entry")
            elif tuple(held) != should:
                said = "position, from and until are"
                self._report.add("staff", f"{name}: {said} {tuple(held)}, by the book {should}")
            if known is None:
                self._report.add("staff", f"{name} is no employee that is known by name")
        for employee, role in left:
            self._report.add("staff", f"`{employee}` as `{role}` is missing from the roster")


def check_own_guests(
    report: BookReport, told: dict[str, list[str]], stored: dict[str, Row | None], guests: Iterable[Row]
) -> None:
    """Hold the guests that employees are against what the books commit to.

    `told` has the last commitment to each employee's; `stored` the keyed hash and pseudonym that stand there, None
    where the pseudonym leads nowhere; `guests` is read where a commitment has nothing to stand for: erased it may be.
    """
    for employee, row in stored.items():
        said = told.get(employee, ["", ""])[1]
        if row is None or not hmac.compare_digest(own_guest(row[0], employee, row[1]), said):
            report.add("guests", f"employee `{employee}` is another guest than the books commit to, or none")
    open_ones = {employee: said for employee, (_, said) in told.items() if employee not in stored}
    for mac, pseudonym in guests if open_ones else ():
        for employee, said in open_ones.items():
            if own_guest(mac, employee, pseudonym) == said:
                report.add("guests", f"employee `{employee}` is guest `{pseudonym}` by the books, and no longer here")


class Keys:
    """The API keys as the entries of one book tell of them."""

    def __init__(self, report: BookReport) -> None:
        """Before the first entry."""
        self._report = report
        self.told: dict[str, dict[str, Any]] = {}
        """By id: what the entry that made it says, and when it was revoked."""

    def take(self, line: Line) -> None:
        """One entry more; only those about keys are looked at."""
        if line.kind != "key":
            return
        name, does = line.body.get("key"), line.body.get("does")
        if type(name) is not str or does not in ("create", "revoke"):
            self._report.add("keys", "an entry about a key makes no sense", line.seq)
        elif does == "create":
            said = {field: line.body.get(field) for field in ("scopes", "at", "hash", "created_at")}
            self.told[name] = said | {"revoked_at": None, "seq": line.seq}
        elif name not in self.told:
            self._report.add("keys", f"key `{name}` was revoked and never made", line.seq)
        else:
            self.told[name]["revoked_at"] = line.body.get("revoked_at")

    def compare(self, stored: Iterable[Row], opened_at: str) -> None:
        """Hold the keys that reach this book against what it says; one that ended before it began may be new to it."""
        left = dict(self.told)
        for identity, digest, _name, scopes, locations, created_at, revoked_at, _last in stored:
            reached = listed(locations)
            should = left.pop(identity, None)
            if should is None:
                over = type(revoked_at) is str and revoked_at <= opened_at
                if not over and ("*" in reached or self._report.location in reached):
                    self._report.add("keys", f"key `{identity}` reaches this book, which says nothing of it")
                continue
            has = {
                "scopes": listed(scopes),
                "at": reached,
                "hash": digest.hex() if type(digest) is bytes else digest,
                "created_at": created_at,
                "revoked_at": revoked_at,
            }
            for field, value in has.items():
                if value != should[field]:
                    said = f"{field} is `{value}`, by the book `{should[field]}`"
                    self._report.add("keys", f"key `{identity}`: {said}", should["seq"])
        for identity, should in left.items():
            self._report.add("keys", f"key `{identity}` is missing", should["seq"])


def listed(text: Any) -> list[Any]:
    """The JSON list that a column holds; an empty one where it holds none."""
    try:
        found = json.loads(text)
    except (ValueError, TypeError):
        return []
    return found if isinstance(found, list) else []


def check_answers(report: BookReport, scratch: Scratch, stored: Iterable[list[Row]]) -> None:
    """Hold the idempotency keys of a location against the decisions that were made for them."""
    location = report.location
    for rows in stored:
        left = scratch.answers(location, {row[3] for row in rows})
        taken = []
        for owner, key, body, comp_id in rows:
            said = left.pop(comp_id, None)
            if said is None:
                where = "is in no entry that came with it, or has another key already"
                report.add("idempotency", f"key `{key}` of `{owner}` points to comp `{comp_id}`, which {where}")
                continue
            taken.append(comp_id)
            if type(body) is not bytes or key_commitment(body, owner, key) != said:
                message = f"key `{key}` of `{owner}` is not the one that comp `{comp_id}` was made for"
                report.add("idempotency", message)
        scratch.forget_answers(location, taken)
    for comp_id in scratch.unanswered(location):
        report.add("idempotency", f"the key that comp `{comp_id}` was made for is missing: it could be made twice")

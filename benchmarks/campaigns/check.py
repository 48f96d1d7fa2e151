"""The history check: what was asked and answered, held against the books and against the tests' independent model.

A book is one order of all that happened at its location. It must agree with real time, so that what had been answered
before something else was asked stands before it; and the model, asked the same in that order, must come to the same
answers, counters and comps. Nothing that was answered may be missing, nothing may stand there that nobody asked for,
and a key has one comp.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import zip_longest
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from benchmarks.campaigns.history import Call
from benchmarks.campaigns.swift import Swift
from benchmarks.campaigns.weave import NEVER, NOTHING, Knot, NoOrderError, Sum, misplaced, woven
from empower.core.entry import content, moment_of
from empower.store import Store
from tests.engine.model import Answer, Ask, Book, Comp, Refused, Rules, Used, World

MOST_TOLD = 12
SINGULAR = {"remedies": "remedy", "reasons": "reason"}
STEPS = ("capture", "void", "reverse")


class Line(NamedTuple):
    """An entry of a book, as it is stored."""

    location: str
    seq: int
    kind: str
    recorded_at: str
    comp: str | None
    leaf: bytes
    hash: str

    @property
    def body(self) -> dict[str, Any]:
        said: dict[str, Any] = content(self.leaf)["body"]
        return said


@dataclass(frozen=True)
class Stage:
    """Where a campaign plays: its locations, who works there, and the rules; nothing of it was used before."""

    rules: Rules
    locations: tuple[str, ...]
    roster: Mapping[str, tuple[str, ...]]
    """The roles of each employee, at all of the locations."""


@dataclass
class Found:
    """What the check looked at, and what is wrong."""

    calls: int = 0
    answered: int = 0
    again: int = 0
    """Answers to a key that had been answered before; all were compared."""
    entries: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass
class State:
    """What a store holds of a stage."""

    books: dict[str, list[Line]]
    comps: dict[str, tuple[Any, ...]]
    counters: dict[tuple[str, str, str, str], Used]


def state_of(store: Store, stage: Stage) -> State:
    """Read it, past the engine."""
    with store.read() as unit:
        entries = unit.rows("SELECT location, seq, kind, recorded_at, comp, leaf, hash FROM entry ORDER BY 1, 2", {})
        columns = "location, id, status, authority_role, granted_minor, held_minor, captured_minor, reversed_minor"
        comps = unit.rows(f"SELECT {columns} FROM comp", {})
        amounts = "held_minor, spent_minor, held_count, spent_count"
        counters = unit.rows(f"SELECT location, measure, subject, start, {amounts} FROM counter", {})
    books: dict[str, list[Line]] = {location: [] for location in stage.locations}
    for row in entries:
        if row[0] in books:
            location, seq, kind, at, comp, leaf, leaf_hash = row
            books[location].append(Line(location, seq, kind, at, comp, bytes(leaf), bytes(leaf_hash).hex()))
    return State(
        books,
        {row[1]: row[2:] for row in comps if row[0] in books},
        {(row[0], row[1], row[2], row[3]): Used(*row[4:]) for row in counters if _is_of(stage, row[0], row[2])},
    )


def _is_of(stage: Stage, place: str, subject: str) -> bool:
    """Counters across locations are those of the stage's people."""
    return place in stage.locations or (
        place.startswith("@") and not stage.roster.keys().isdisjoint(subject.split("|"))
    )


def check(stage: Stage, calls: Iterable[Call], state: State) -> Found:
    """Hold a history against a store's state."""
    return Check(stage, list(calls), state).run()


class Check:
    """One history, and the state that it led to."""

    def __init__(self, stage: Stage, calls: list[Call], state: State) -> None:
        self.stage, self.calls, self.state = stage, calls, state
        self.found = Found(len(calls), sum(call.outcome.is_known for call in calls))
        self.lines = {(line.location, line.seq): line for book in state.books.values() for line in book}
        self.lives: dict[str, list[Line]] = defaultdict(list)
        """The entries of each comp."""
        for line in self.lines.values():
            self.lives[line.comp or ""].append(line)
        self.asked: dict[str, list[Call]] = defaultdict(list)
        """The calls that asked for a comp, by its id."""
        self.steps: dict[tuple[str, str], list[Call]] = defaultdict(list)
        """Calls by the comp and what they wanted of it."""
        self.knew: dict[tuple[str, int], int] = {}
        """When an entry was first known of."""
        self.shown: dict[tuple[str, int], list[Call]] = defaultdict(list)
        """Answers, by the last entry that they tell of."""

    def run(self) -> Found:
        self.found.entries = sum(line.comp is not None for line in self.lines.values())
        for look in (self._answers, self._keys, self._orphans, self._order):
            if not self.found.wrong:
                self.found.wrong += list(look())[:MOST_TOLD]
        return self.found

    # What was answered is in the books, and the same key gets the same

    def _answers(self) -> Iterator[str]:
        for call in self.calls:
            comp = call.outcome.comp
            if call.does != "request":
                self.steps[call.asked["comp"], call.does].append(call)
            if comp is None:
                continue
            for entry in comp["entries"]:
                where = (entry["location"], entry["seq"])
                line = self.lines.get(where)
                if line is None or (line.comp, line.kind, line.hash) != (comp["id"], entry["kind"], entry["leaf"]):
                    yield f"{call.does} {call.key or comp['id']}: answered with entry {where}, which is not in the book"
                self.knew[where] = min(self.knew.get(where, NEVER), call.end or NEVER)
            last = comp["entries"][-1]
            self.shown[last["location"], last["seq"]].append(call)

    def _keys(self) -> Iterator[str]:
        by_key: dict[str, list[Call]] = defaultdict(list)
        for call in self.calls:
            if call.does == "request" and call.key is not None:
                by_key[call.key].append(call)
        for key, calls in by_key.items():
            answers = [call for call in calls if call.outcome.comp is not None]
            comps = {str(call.outcome.comp["id"]) for call in answers if call.outcome.comp is not None}
            if len(comps) != 1:
                yield f"key {key}: {len(comps)} comps: {sorted(comps)}"
                continue
            if any(call.outcome.comp != answers[0].outcome.comp for call in answers):
                yield f"key {key}: the same key was answered differently"
            if any(call.asked != answers[0].asked for call in answers):
                yield f"key {key}: answered for two different requests"
            self.found.again += len(answers) - 1
            self.asked[comps.pop()] = [call for call in calls if call.asked == answers[0].asked]
            yield from self._reused(key, calls, answers[0])

    def _reused(self, key: str, calls: list[Call], first: Call) -> Iterator[str]:
        for call in calls:
            code = call.outcome.refused
            if code is not None and (code != "idempotency_key_reused" or call.asked == first.asked):
                yield f"key {key}: refused with {code}"

    def _orphans(self) -> Iterator[str]:
        """A request that was made twice shows here: the second comp is nobody's answer."""
        for line in self.lines.values():
            if line.kind == "decision" and line.comp not in self.asked:
                yield f"{line.location}/{line.seq}: a comp that no key was answered with"
            elif line.kind in STEPS and not self._causes(line):
                yield f"{line.location}/{line.seq}: a {line.kind} that nobody asked for"
        for call in self.calls:
            if call.does != "request" and call.outcome.refused is not None and not self._is_conflict(call):
                yield f"{call.does} of {call.asked['comp']}: refused with {call.outcome.refused}"

    def _is_conflict(self, call: Call) -> bool:
        """Whether the comp was in the state that the refusal names at some moment of the call."""
        lines = self.lives[call.asked["comp"]]
        for line, after in zip_longest(lines, lines[1:]):
            if call.outcome.refused == f"comp_{_state(line)}":
                gone = NEVER if after is None else self.knew.get((after.location, after.seq), NEVER)
                return self._knot(line).start <= (call.end or NEVER) and call.start <= gone
        return False

    def _causes(self, line: Line) -> list[Call]:
        """The calls that may have made an entry."""
        comp, body = line.comp or "", line.body
        if line.kind == "decision":
            return self.asked[comp]
        if line.kind == "void":
            return self.steps[comp, line.kind]
        left = body.get("released", 0) if line.kind == "capture" else self.state.comps[comp][4] - body["amount"]
        able = (body["amount"],) if left else (body["amount"], None)
        return [call for call in self.steps[comp, line.kind] if call.asked["amount"] in able]

    # One order for everything

    def _order(self) -> Iterator[str]:
        books = [self._knots(book) for book in self.state.books.values()]
        for book in books:
            for early, late in misplaced(book):
                told = f"{late.location}/{late.seq} was known before {early.location}/{early.seq} was asked for"
                yield f"{told}, and stands behind it"
        try:
            order = woven(books)
        except NoOrderError as error:
            yield f"no order explains what was read across locations, from {error} on"
        else:
            lines = [self.lines[knot.location, knot.seq] for knot, _ in order]
            missed = {(knot.location, knot.seq): found for knot, found in order if found}
            yield from Fold(self, lines, missed).run()

    def _knots(self, book: list[Line]) -> list[Knot]:
        had: dict[str, tuple[Sum, tuple[str, ...]]] = {}
        knots = []
        for line in book:
            if line.comp is None:
                continue
            if line.kind == "decision":
                reads, after = _wide_reads(line), _held(line)
                keys = tuple(key for key in reads if _counts(key, line.body["request"]))
                had[line.comp] = (after, keys)
                knots.append(self._knot(line, reads, dict.fromkeys(keys, after) if any(after) else {}))
                continue
            before, keys = had[line.comp]
            after = _after(line, before)
            had[line.comp] = (after, keys)
            move = tuple(one - other for one, other in zip(after, before, strict=True))
            knots.append(self._knot(line, {}, dict.fromkeys(keys, move) if any(move) else {}))
        return knots

    def _knot(self, line: Line, reads: dict[str, Sum] | None = None, moves: dict[str, Sum] | None = None) -> Knot:
        begun = min((call.start for call in self._causes(line)), default=0) if line.kind != "expire" else 0
        known = self.knew.get((line.location, line.seq), NEVER)
        return Knot(line.location, line.seq, begun, known, reads or {}, moves or {})


def _wide_reads(line: Line) -> dict[str, Sum]:
    rows = [row for row in line.body["standing"] if row is not None and "group" in row[0].partition("/")[0].split("+")]
    return {" ".join(row[:3]): tuple(row[3:]) for row in rows}


def _counts(key: str, request: dict[str, Any]) -> bool:
    """Whether a counter counts such requests: others are read too, for what might be offered instead."""
    filters = parse_qsl(key.partition(" ")[0].partition("?")[2])
    return all(request[SINGULAR[name]] in names.split(",") for name, names in filters)


def _state(line: Line) -> str:
    """What a comp is after an entry."""
    if line.kind == "decision":
        return {"approve": "approved", "escalate": "pending", "deny": "denied"}[line.body["decision"]["outcome"]]
    return f"{line.kind}d".replace("voidd", "voided")


def _held(line: Line) -> Sum:
    decision = line.body["decision"]
    return (decision["granted"], 0, 1, 0) if decision["outcome"] == "approve" else NOTHING


def _after(line: Line, before: Sum) -> Sum:
    """What a comp uses after a step."""
    if line.kind == "capture":
        return (0, line.body["amount"], 0, 1)
    if line.kind == "reverse":
        left = before[1] - line.body["amount"]
        return (0, left, 0, 1 if left else 0)
    return NOTHING


class Fold:
    """The model, asked what was asked, in the order that was found, and shown what was seen."""

    def __init__(
        self, check: Check, lines: list[Line], missed: Mapping[tuple[str, int], dict[str, Sum]] | None = None
    ) -> None:
        """`missed`: by location and seq, what of counters across locations a decision had not seen."""
        self.check, self.lines, self.missed = check, lines, missed or {}
        self.moment = datetime.min.replace(tzinfo=UTC)
        self.world = Swift(lambda: self.moment, check.stage.rules)
        for location, book in check.state.books.items():
            begun = [line for line in book if line.comp is None]
            at = moment_of(begun[-1].recorded_at)
            self.world.books[location] = Book(check.stage.rules, at, tuple(line.kind for line in begun))
            for employee, roles in check.stage.roster.items():
                held: tuple[tuple[str, date | None], ...] = tuple((role, None) for role in roles)
                self.world.roster[location, employee] = held

    def run(self) -> Iterator[str]:
        for line in self.lines:
            self.moment = moment_of(line.recorded_at)
            wrong = list(self._line(line))
            if wrong:
                yield from (f"{line.location}/{line.seq} ({line.kind}): {what}" for what in wrong)
                return  # the model knows no more what stands there
        yield from self._end()

    def _line(self, line: Line) -> Iterator[str]:
        if line.kind == "expire":
            self.world.arrive(line.location)
        elif line.kind == "decision":
            yield from self._decision(line)
        else:
            yield from self._step(line)
        for call in self.check.shown[line.location, line.seq]:
            yield from self._shown(call.outcome.comp or {}, self.world.comps[line.comp or ""])

    def _decision(self, line: Line) -> Iterator[str]:
        call = self.check.asked[line.comp or ""][0]
        ask = Ask(**call.asked)
        self.world.missed = self.missed.get((line.location, line.seq), {})
        _, answer, comp = self.world.request(ask)
        self.world.missed = {}
        told = next(call.outcome.comp for call in self.check.asked[line.comp or ""] if call.outcome.comp)
        if ask.guest is not None:
            name = told["request"]["guest"]
            if self.world.pseudonyms.setdefault(ask.guest, name) != name:
                yield f"the guest `{ask.guest}` has two pseudonyms"
        self.world.comps[told["id"]] = comp
        if answered(told["decision"]) != answer:
            yield f"answered {answered(told['decision'])}, the model says {answer}"

    def _step(self, line: Line) -> Iterator[str]:
        comp = line.comp or ""
        steps = {"capture": World.capture, "reverse": World.reverse}
        try:
            if line.kind == "void":
                self.world.void(comp)
            else:
                steps[line.kind](self.world, comp, line.body["amount"] or None)
        except (Refused, KeyError) as refused:
            yield f"the model refuses it with {refused!r}"

    def _shown(self, told: dict[str, Any], comp: Comp) -> Iterator[str]:
        names = ("asked", "granted", "held", "captured", "reversed")
        until = told["expires_at"] and moment_of(told["expires_at"])
        said = (told["status"], told["forced"], until, *(told["amount"][name] for name in names))
        wanted = (comp.status, comp.forced, comp.expires_at, comp.ask.amount, *(getattr(comp, n) for n in names[1:]))
        if said != wanted:
            yield f"was shown as {said}, the model has {wanted}"

    def _end(self) -> Iterator[str]:
        """What is stored in the end, besides the books."""
        state = self.check.state
        for location, book in state.books.items():
            if self.world.books[location].kinds != tuple(line.kind for line in book):
                yield f"{location}: the book has other lines than the model"
            if [line.seq for line in book] != list(range(len(book))):
                yield f"{location}: the book has gaps"
        counters, wanted = {key: used for key, used in state.counters.items() if any(used)}, self.world.counters()
        for key in sorted(counters.keys() | wanted.keys()):
            if counters.get(key) != wanted.get(key):
                yield f"counter {key}: is {counters.get(key)}, the model has {wanted.get(key)}"
        comps = {
            name: (comp.status, comp.role, comp.granted, comp.held, comp.captured, comp.reversed)
            for name, comp in self.world.comps.items()
        }
        for name in sorted(comps.keys() | state.comps.keys()):
            if comps.get(name) != state.comps.get(name):
                yield f"comp {name}: is {state.comps.get(name)}, the model has {comps.get(name)}"


def answered(decision: dict[str, Any]) -> Answer:
    """What was answered to a request, in the model's words."""
    offer = decision["counter_offer"]
    findings = ("rule", "code", "unit", "cap", "used", "left", "fact")
    return Answer(
        outcome=decision["outcome"],
        role=decision["role"],
        granted=decision["granted"],
        findings=[tuple(finding.get(name) for name in findings) for finding in decision["findings"]],
        approvers=decision["approvers"],
        approvals=decision["approvals"],
        obligations=decision["obligations"],
        amount=offer["amount"] if offer else None,
        remedies=[(item["remedy"], item["most"] or 0) for item in offer["remedies"]] if offer else None,
    )

"""An evening at three properties, played through the engine.

Each property's evening is laid into its own business day, by the time that is given: nothing here reads a clock, and
nothing is printed. What the evening came to is a `Report`.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Any, NamedTuple

from empower.core.errors import PolicyError
from empower.demo.places import Evening, Place, evening
from empower.engine import Engine
from empower.engine.proofs import Pin
from empower.engine.views import BudgetView, CompView
from empower.pos.square import Account, request_from

BY = "demo"
"""Who opens the demo's books, which is how its store is known again."""
PIN = "2749"
"""Of everybody who answers for others in the demo: its store is to be tried, by the pages too."""
ANSWERED_AFTER = timedelta(minutes=3)
"""When a manager says yes or no; before any pending comp of the example policies expires."""
SETTLED_AFTER = timedelta(minutes=8)
"""When the till rings up what was approved."""
UNDONE_AFTER = timedelta(minutes=20)


class Clock:
    """The engine's clock, set by hand."""

    def __init__(self, moment: datetime) -> None:
        """Stand at `moment`."""
        self.moment = moment

    def __call__(self) -> datetime:
        """The moment at which it stands."""
        return self.moment


class Line(NamedTuple):
    """A line of the feed."""

    number: int
    at: float
    order: dict[str, Any]
    proposal: dict[str, Any]
    then: Any
    """What comes next: None, `capture`, `{"capture": minor units}`, `void`, `reverse` or `expire`.

    Of what was escalated: `{"approve": employee, "amount": minor units or null}`, which is then captured, or
    `{"decline": employee, "note": why}`.
    """
    story: str
    expect: Any


class Answer(NamedTuple):
    """What was said to one line of the feed."""

    line: Line
    moment: datetime
    request: dict[str, Any]
    comp: CompView


class Step(NamedTuple):
    """What became of a comp: `approve`, `decline`, `capture`, `void`, `reverse` or `expire`."""

    kind: str
    line: Line
    moment: datetime
    comp: CompView


class Report(NamedTuple):
    """What the evening came to."""

    evenings: dict[str, Evening]
    answers: list[Answer]
    steps: list[Step]
    budgets: list[BudgetView]
    """Of whoever used any of theirs, as the evening ended."""


def read_feed(text: str) -> list[Line]:
    """The lines of a feed."""
    rows = (json.loads(line) for line in text.splitlines() if line.strip())
    return [
        Line(number, row["at"], row["order"], row["proposal"], row["then"], row["story"], row["expect"])
        for number, row in enumerate(rows, 1)
    ]


class _Due(NamedTuple):
    """Something to do later; sorts by moment, then as the feed has it."""

    moment: datetime
    number: int
    order: int
    kind: str
    amount: int | None
    answer: Answer


class Player:
    """Plays a feed at the locations of an account."""

    def __init__(self, engine: Engine, clock: Clock, account: Account) -> None:
        """The clock is the engine's own."""
        self._engine = engine
        self._clock = clock
        self._account = account
        self._evenings: dict[str, Evening] = {}
        self._due: dict[str, list[_Due]] = {}
        self._steps: list[Step] = []

    def set_up(self, places: Sequence[Place], roster: str, now: datetime) -> None:
        """Open the books and take in the roster, before the first evening begins.

        Raises `PolicyError` where no policy governs a place.
        """
        for place in places:
            policy = self._engine.policies.current.policy_for(place.id)
            if policy is None:
                raise PolicyError(f"the demo needs a policy for `{place.id}`: start from the example policies")
            self._evenings[place.id] = evening(place, policy.days, now)
        self._clock.moment = min(item.start for item in self._evenings.values())
        for place in places:
            self._engine.open_location(place.id, title=place.title, by=BY, why="the demo")
        self._engine.import_staff(roster, by=BY, why="the demo")

    def play(self, feed: Sequence[Line], heard: Callable[[Answer], None]) -> Report:
        """Ask for every line and settle what was approved; `heard` is told each answer at once."""
        for employee in approvers(feed):
            self._engine.set_pin(employee, PIN, by=BY, why="the demo")
        answers = []
        for line in feed:
            answer = self._ask(line)
            answers.append(answer)
            heard(answer)
        self._finish(answers)
        return Report(self._evenings, answers, sorted(self._steps, key=_number), self._budgets(answers))

    def _ask(self, line: Line) -> Answer:
        place = self._account.locations[line.order["location_id"]]
        moment = self._evenings[place].at(line.at)
        self._settle(place, moment)
        self._clock.moment = moment
        request = request_from(self._account, line.order, line.proposal) | {"occurred_at": moment.isoformat()}
        comp = self._engine.request(request, key=f"demo-{line.number}", owner=BY, by=BY)
        answer = Answer(line, moment, request, comp)
        for due in _plan(answer):
            heappush(self._due.setdefault(place, []), due)
        return answer

    def _settle(self, place: str, until: datetime) -> None:
        """Do what is due at a location by `until`."""
        waiting = self._due.get(place, [])
        while waiting and waiting[0].moment <= until:
            self._step(heappop(waiting))

    def _step(self, due: _Due) -> None:
        self._clock.moment = min(due.moment, self._evenings[due.answer.comp.location].end)
        engine, comp_id, then = self._engine, due.answer.comp.id, due.answer.line.then
        if due.kind == "approve":
            comp = engine.approve(comp_id, Pin(then["approve"], PIN), due.amount, by=BY)
        elif due.kind == "decline":
            comp = engine.decline(comp_id, Pin(then["decline"], PIN), note=then["note"], by=BY)
        elif due.kind == "capture":
            comp = engine.capture(comp_id, due.amount, by=BY)
        elif due.kind == "void":
            comp = engine.void(comp_id, note="the guest had left", by=BY)
        else:
            comp = engine.reverse(comp_id, note="rung up twice", by=BY)
        self._steps.append(Step(due.kind, due.answer.line, self._clock.moment, comp))

    def _finish(self, answers: list[Answer]) -> None:
        """Go to the end of every evening, and let expire what nobody settled."""
        for place, times in self._evenings.items():
            self._settle(place, times.end + UNDONE_AFTER)
            self._clock.moment = times.end
            self._engine.expire(place)
        for answer in answers:
            if answer.comp.status == "approved" and answer.line.then == "expire":
                comp = self._engine.comp(answer.comp.id)
                self._steps.append(Step("expire", answer.line, datetime.fromisoformat(comp.updated_at), comp))

    def _budgets(self, answers: list[Answer]) -> list[BudgetView]:
        """What is used of any budget that an answer looked at, as that property's evening ended."""
        found: dict[tuple[str, ...], BudgetView] = {}
        for answer in answers:
            place, asked = answer.comp.location, answer.request
            self._clock.moment = self._evenings[place].end
            rows = self._engine.budgets(
                place,
                employee=asked["employee"],
                guest=asked["guest"],
                incident=asked["incident"],
                shift=asked["shift"],
            )
            found |= {(place, row.limit, row.subject, row.unit): row for row in rows if row.spent or row.held}
        return list(found.values())


def _number(step: Step) -> int:
    return step.line.number


def approvers(feed: Iterable[Line]) -> list[str]:
    """The employees who say yes or no in a feed, each once."""
    found = (
        line.then.get("approve") or line.then.get("decline")
        for line in feed
        if line.expect == "escalate" and line.then is not None
    )
    return sorted(set(found))


def _plan(answer: Answer) -> Iterator[_Due]:
    """What becomes of a comp, and when."""
    then, number, settled = answer.line.then, answer.line.number, answer.moment + SETTLED_AFTER
    if then in (None, "expire"):
        return
    if answer.comp.status == "pending":
        kind = "approve" if "approve" in then else "decline"
        yield _Due(answer.moment + ANSWERED_AFTER, number, 0, kind, then.get("amount"), answer)
        if kind == "approve":
            yield _Due(settled, number, 1, "capture", None, answer)
    elif then == "void":
        yield _Due(settled, number, 0, "void", None, answer)
    elif answer.comp.status == "approved":
        amount = then["capture"] if isinstance(then, dict) else None
        yield _Due(settled, number, 0, "capture", amount, answer)
        if then == "reverse":
            yield _Due(answer.moment + UNDONE_AFTER, number, 1, "reverse", None, answer)

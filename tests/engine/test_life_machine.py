"""The life of comps, driven at random: a small independent model predicts every answer, and adds up every counter.

`EMPOWER_MACHINE_EXAMPLES` and `EMPOWER_MACHINE_STEPS` make a campaign of it.
"""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from empower.core import errors
from empower.engine import Engine
from empower.engine.views import CompView, DecisionView
from empower.ledger import verify

from .house import Clock
from .model import MOST, REASONS, Answer, Ask, Book, Comp, Limit, Refused, Role, Rules, Used, World, day_of

EXAMPLES = int(os.environ.get("EMPOWER_MACHINE_EXAMPLES", "60"))
STEPS = int(os.environ.get("EMPOWER_MACHINE_STEPS", "50"))

START = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
"""A Saturday, 18:00 in Tokyo: the week and the month soon end."""
LOCATIONS = ("cafe-a", "cafe-b")
LAST_DAY = date(2026, 11, 29)
"""Zoe's last business day."""

COMP = Limit("comp", amount=5000)
DAY = Limit("day", ("employee",), "day", amount=8000, count=5)
GUEST = Limit("guest", ("guest",), "3 days", count=2)
CHECK = Limit("check", ("check",), percent=50, remedies=("item", "discount"), beyond="deny")
MONTH = Limit("month", ("location",), "month", amount=20000, beyond="deny")
WEEK = Limit("week", ("employee",), "week", amount=9000)
INCIDENT = Limit("incident", ("incident", "guest"), amount=6000)
GROUP = Limit("group", ("group",), "day", amount=15000)
KIND = Limit("kind", ("remedy", "reason"), "day", count=4)
SWEETS = Limit("sweets", ("employee",), "day", count=2, remedies=("dessert",))

BASE = Rules(
    roles=(
        Role("server", ("apology", "dessert", "item", "discount"), limits=(COMP, DAY, GUEST)),
        Role("host", ("apology", "dessert"), limits=(SWEETS,)),
        Role("manager", ("*",), ("server", "host"), (Limit("comp", amount=8000), INCIDENT)),
    ),
    limits=(CHECK, MONTH),
)


def _server(rules: Rules, *limits: Limit) -> Rules:
    roles = tuple(replace(role, limits=limits) if role.name == "server" else role for role in rules.roles)
    return replace(rules, roles=roles)


EDITS = (
    BASE,
    _server(BASE, COMP, replace(DAY, amount=6000), GUEST),
    _server(BASE, COMP, replace(DAY, name="daily", amount=12000, count=9), GUEST),
    _server(BASE, COMP, GUEST),
    _server(BASE, COMP, DAY, WEEK, replace(GUEST, every="2 days", amount=5000)),
    replace(_server(BASE, COMP, DAY, WEEK), week_starts="sunday"),
    replace(BASE, limits=(CHECK, MONTH, GROUP)),
    replace(BASE, limits=(GROUP, KIND, replace(MONTH, every="week"))),
    replace(BASE, limits=(replace(GROUP, per=("group", "employee")), MONTH), two_people_over=3000),
)

GUESTS = st.sampled_from((None, "room:12", "loyalty:778812", "employee|7\\x"))
INCIDENTS = st.sampled_from((None, "i|1", "i\\", "i2"))
AMOUNTS = st.sampled_from((1, 700, 1000, 1500, 2000, 3500, 3501, 5000, 5001, 8000, 9000, 20000))
TIMES = st.sampled_from(
    [timedelta(minutes=minutes) for minutes in (0, 1, 30, 31, 90, 119, 120, 240, 600, 1440, 3 * 1440, -45)]
)


@st.composite
def asks(draw: st.DrawFn) -> Ask:
    remedy = draw(st.sampled_from(tuple(MOST)))
    fitting = [reason for reason, remedies in REASONS.items() if remedy in remedies]
    check = draw(st.sampled_from((None, "C1", "C2")))
    return Ask(
        location=draw(st.sampled_from((*LOCATIONS, LOCATIONS[0]))),
        employee=draw(st.sampled_from(("ana", "ana", "bo", "max", "zoe"))),
        remedy=remedy,
        reason=draw(st.sampled_from((*fitting, *REASONS))),
        amount=0 if remedy == "apology" and draw(st.booleans()) else draw(AMOUNTS),
        guest=draw(GUESTS),
        incident=draw(INCIDENTS),
        check=check,
        total=draw(st.sampled_from((None, 4000, 10001))) if check else None,
        state=draw(st.sampled_from((None, "open", "open", "closed"))) if check else None,
        note=draw(st.sampled_from((None, "The soup was cold."))),
        accept_less=draw(st.booleans()),
    )


@cache
def _prepared() -> Path:
    """A store, its secret and the first policy, to begin each example with."""
    folder = Path(tempfile.mkdtemp(prefix="empower-machine-"))
    (folder / "policies").mkdir()
    (folder / "policies" / "cafe.toml").write_text(BASE.toml())
    with _open(folder, Clock(START), create=True) as engine:
        for location in LOCATIONS:
            engine.open_location(location, by="test")
        for employee, role in (("ana", "server"), ("bo", "host"), ("bo", "server"), ("max", "manager")):
            engine.add_staff(employee, name=employee, role=role, at=LOCATIONS, by="test")
        engine.add_staff("zoe", name="Zoe", role="server", at=LOCATIONS, until=LAST_DAY, by="test")
    return folder


@pytest.fixture(scope="module", autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    yield
    if _prepared.cache_info().currsize:
        shutil.rmtree(_prepared())
        _prepared.cache_clear()


def _open(folder: Path, clock: Callable[[], datetime], *, create: bool = False) -> Engine:
    store = f"sqlite:///{folder / 'empower.db'}"
    return Engine.open(store, policies=folder / "policies", clock=clock, create=create)


def _new_world(clock: Clock) -> World:
    world = World(clock, BASE)
    for location in LOCATIONS:
        world.books[location] = Book(BASE, START, ("open",) + ("staff",) * 5)
        roles: dict[str, tuple[tuple[str, date | None], ...]] = {
            "ana": (("server", None),),
            "bo": (("host", None), ("server", None)),
            "max": (("manager", None),),
            "zoe": (("server", LAST_DAY),),
        }
        world.roster |= {(location, employee): held for employee, held in roles.items()}
    return world


def _answered(decision: DecisionView) -> Answer:
    offer = decision.counter_offer
    return Answer(
        outcome=decision.outcome,
        role=decision.role,
        granted=decision.granted,
        findings=[(f.rule, f.code, f.unit, f.cap, f.used, f.left, f.fact) for f in decision.findings],
        approvers=decision.approvers,
        approvals=decision.approvals,
        obligations=decision.obligations,
        amount=offer.amount if offer else None,
        remedies=[(item.remedy, item.most or 0) for item in offer.remedies] if offer else None,
    )


class Life(RuleBasedStateMachine):
    """Two locations, four people, two engines over one store as two processes would have."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="empower-life-"))
        shutil.copytree(_prepared(), self.folder, dirs_exist_ok=True)
        self.clock = Clock(START)
        self.world = _new_world(self.clock)
        self.engines = [_open(self.folder, self.clock), _open(self.folder, self.clock)]
        self.firsts: dict[tuple[str, str, str], tuple[dict[str, Any], CompView]] = {}
        self.eye = sqlite3.connect(self.folder / "empower.db")

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            report = verify(self.engines[0].store, replay=True)
            for engine in self.engines:
                engine.close()
            self.eye.close()
            shutil.rmtree(self.folder)
            assert report.findings == []

    @property
    def engine(self) -> Engine:
        return self.engines[0]

    # Asking

    @rule(ask=asks())
    def request(self, ask: Ask) -> None:
        self._request(ask, None, "")

    @rule(ask=asks())
    def request_and_capture(self, ask: Ask) -> None:
        comp = self._request(ask, None, "")
        if comp.status == "approved":
            self.world = self.world.capture(comp.id, None)
            self._shown(self.engine.capture(comp.id), self.world.comps[comp.id])

    @rule(ask=asks(), key=st.sampled_from("kl"), owner=st.sampled_from(("", "till")))
    def request_with_a_key(self, ask: Ask, key: str, owner: str) -> None:
        first = self.firsts.get((ask.location, owner, key))
        if first is None:
            self.firsts[ask.location, owner, key] = (ask.json(), self._request(ask, key, owner))
        elif first[0] != ask.json():
            with self._refused(Refused("KeyReusedError", "idempotency_key_reused")):
                self.engine.request(ask.json(), key=key, owner=owner)

    @rule(data=st.data())
    def request_again(self, data: st.DataObject) -> None:
        if self.firsts:
            location, owner, key = data.draw(st.sampled_from(sorted(self.firsts)))
            asked, first = self.firsts[location, owner, key]
            assert self.engine.request(asked, key=key, owner=owner) == first

    def _request(self, ask: Ask, key: str | None, owner: str) -> CompView:
        after, answer, comp = self.world.request(ask)
        view = self.engine.request(ask.json(), key=key, owner=owner)
        assert _answered(view.decision) == answer
        assert view.id not in after.comps
        after.comps[view.id] = comp
        if ask.guest is not None:
            assert self.world.pseudonyms.setdefault(ask.guest, view.request["guest"]) == view.request["guest"]
        self.world = after
        self._shown(view, comp)
        return view

    @rule(ask=asks())
    def evaluate(self, ask: Ask) -> None:
        before = self._version()
        answer = self.world.evaluate(ask)
        assert _answered(self.engine.evaluate(ask.json())) == answer
        assert [_answered(view) for view in self.engine.evaluate_batch([ask.json()]) if _is_view(view)] == [answer]
        assert self._version() == before

    @rule(ask=asks())
    def options(self, ask: Ask) -> None:
        before = self._version()
        ask = replace(ask, note=None, accept_less=False)
        wanted = ("location", "employee", "reason", "check", "guest", "incident")
        view = self.engine.options({name: value for name, value in ask.json().items() if name in wanted})
        told = [[(item.remedy, item.most) for item in items] for items in (view.options, view.ask)]
        assert tuple(told) == self.world.options(ask)
        assert self._version() == before

    # Going on

    @rule(data=st.data())
    def capture(self, data: st.DataObject) -> None:
        comp = self._comp(data, "approved", "expired", "captured")
        if comp is not None:
            amount = self._part(data, self.world.comps[comp].granted)
            self._step(comp, lambda: self.world.capture(comp, amount), lambda: self.engine.capture(comp, amount))

    @rule(data=st.data())
    def void(self, data: st.DataObject) -> None:
        comp = self._comp(data, "approved", "voided")
        if comp is not None:
            self._step(comp, lambda: self.world.void(comp), lambda: self.engine.void(comp, note="left"))

    @rule(data=st.data())
    def reverse(self, data: st.DataObject) -> None:
        comp = self._comp(data, "captured", "captured", "reversed")
        if comp is not None:
            amount = self._part(data, self.world.comps[comp].captured)
            self._step(comp, lambda: self.world.reverse(comp, amount), lambda: self.engine.reverse(comp, amount))

    def _comp(self, data: st.DataObject, *likely: str) -> str | None:
        """Mostly one for which the step makes sense."""
        fitting = [one for status in likely for one, comp in self.world.comps.items() if comp.status == status]
        either = data.draw(st.sampled_from((fitting, fitting, fitting, list(self.world.comps)))) or fitting
        return data.draw(st.sampled_from(either)) if either else None

    def _part(self, data: st.DataObject, whole: int) -> int | None:
        return data.draw(st.sampled_from((None, None, whole // 2, whole // 3, whole, whole + 1, 0, 1, -1)))

    def _step(self, comp: str, model: Callable[[], World], real: Callable[[], CompView]) -> None:
        try:
            after = model()
        except Refused as refused:
            with self._refused(refused):
                real()
        else:
            view = real()
            self.world = after
            self._shown(view, after.comps[comp])

    @rule(location=st.sampled_from((None, *LOCATIONS)))
    def expire(self, location: str | None) -> None:
        after = self.world.expire(location)
        due = {comp for comp, now in after.comps.items() if now.status != self.world.comps[comp].status}
        assert {view.id for view in self.engine.expire(location)} == due
        self.world = after

    # The world around

    @rule(time=TIMES)
    def time_passes(self, time: timedelta) -> None:
        self.clock.moment += time

    @rule(data=st.data(), just_before=st.booleans())
    def time_is_up(self, data: st.DataObject, just_before: bool) -> None:
        """To the very moment at which something expires, or the one before."""
        moments = sorted({comp.expires_at for comp in self.world.comps.values() if comp.expires_at})
        if moments:
            self.clock.moment = data.draw(st.sampled_from(moments)) - timedelta(microseconds=just_before)

    @rule(rules=st.sampled_from(EDITS))
    def edit_policy(self, rules: Rules) -> None:
        (self.folder / "policies" / "cafe.toml").write_text(rules.toml())
        for engine in self.engines:
            engine.policies.refresh()
            assert engine.policies.problems == ()
        self.world.rules = rules

    @rule(location=st.sampled_from(LOCATIONS))
    def promote(self, location: str) -> None:
        held = self.world.roster[location, "ana"]
        after = self.world.copy()
        after.arrive(location)
        if ("manager", None) not in held:
            after.roster[location, "ana"] = (*held, ("manager", None))
            after.write(location, "staff")
        self.engine.add_staff("ana", name="ana", role="manager", at=[location], by="test")
        self.world = after

    @rule()
    def other_process(self) -> None:
        self.engines.reverse()

    @rule()
    def start_again(self) -> None:
        self.engines.pop(0).close()
        self.engines.insert(0, _open(self.folder, self.clock))

    # What must hold after every step

    @invariant()
    def counters_are_the_sum_of_the_book(self) -> None:
        if hasattr(self, "folder"):
            rows = self.eye.execute("SELECT * FROM counter").fetchall()
            held = {(row[0], row[1], row[2], row[3]): Used(*row[4:]) for row in rows if any(row[4:])}
            wanted = self.world.counters()
            assert {key: used for key, used in held.items() if key[0] != "@cafe" or key in wanted} == wanted

    @invariant()
    def what_a_process_still_knows_of_counters_is_so(self) -> None:
        """An engine begins its next transaction with what it knew after its last, if the book has not grown since."""
        if hasattr(self, "folder"):
            for engine in self.engines:
                for location, (size, sums) in engine.store.line.warm._kept.items():
                    if size == len(self.world.books[location].kinds):
                        self._known(location, sums)

    def _known(self, location: str, sums: dict[Any, Any]) -> None:
        held = self.world.counters()
        for (measure, subject), windows in sums.items():
            for (first, last), usage in windows.items():
                parts = [
                    used
                    for (place, name, whose, start), used in held.items()
                    if (place, name, whose) == (location, measure, subject) and first <= start <= last
                ]
                assert Used(*map(sum, zip(*parts, strict=True))) == tuple(usage)

    @invariant()
    def comps_are_as_they_should_be(self) -> None:
        if hasattr(self, "folder"):
            columns = "id, status, authority_role, business_day, granted_minor, held_minor, captured_minor"
            rows = self.eye.execute(f"SELECT {columns}, reversed_minor, forced FROM comp").fetchall()
            assert {row[0]: row[1:] for row in rows} == {
                comp_id: (
                    comp.status,
                    comp.role,
                    comp.day.isoformat(),
                    comp.granted,
                    comp.held,
                    comp.captured,
                    comp.reversed,
                    comp.forced,
                )
                for comp_id, comp in self.world.comps.items()
            }

    @invariant()
    def the_book_says_what_happened(self) -> None:
        if hasattr(self, "folder"):
            for location, book in self.world.books.items():
                query = "SELECT seq, kind FROM entry WHERE location = ? ORDER BY seq"
                assert self.eye.execute(query, (location,)).fetchall() == list(enumerate(book.kinds))

    @rule(
        location=st.sampled_from(LOCATIONS),
        employee=st.sampled_from(("ana", "bo", "max", "zoe")),
        guest=GUESTS,
        incident=INCIDENTS,
    )
    def budgets(self, location: str, employee: str, guest: str | None, incident: str | None) -> None:
        before = self._version()
        views = self.engine.budgets(location, employee=employee, guest=guest, incident=incident)
        told = [(view.limit, view.unit, view.cap, view.held, view.spent, view.left) for view in views]
        assert told == self.world.budgets(location, employee, guest, incident)
        assert self._version() == before

    def _shown(self, view: CompView, comp: Comp) -> None:
        amount = view.amount
        assert (view.status, view.forced) == (comp.status, comp.forced)
        assert (amount.asked, amount.granted, amount.held) == (comp.ask.amount, comp.granted, comp.held)
        assert (amount.captured, amount.reversed) == (comp.captured, comp.reversed)
        expires = None if view.expires_at is None else datetime.fromisoformat(view.expires_at)
        assert expires == comp.expires_at
        assert self.engine.comp(view.id) == view

    def _version(self) -> tuple[int, int]:
        """Changes with every commit of another connection."""
        return self.eye.execute("PRAGMA data_version").fetchone()[0], day_of(self.clock()).toordinal()

    @contextmanager
    def _refused(self, refused: Refused) -> Iterator[None]:
        kind, code = refused.args
        with pytest.raises(getattr(errors, kind)) as raised:
            yield
        assert raised.value.code == code


def _is_view(answer: object) -> bool:
    return isinstance(answer, DecisionView)


CAMPAIGN = "EMPOWER_MACHINE_EXAMPLES" in os.environ
"""In the suite a failure is told as it was found: to make it small takes minutes."""

Life.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    derandomize=not CAMPAIGN,
    phases=tuple(Phase) if CAMPAIGN else (Phase.explicit, Phase.reuse, Phase.generate),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestLife = Life.TestCase

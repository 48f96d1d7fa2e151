"""An independent model of the engine: it keeps what happened, adds it up, and predicts each answer.

It knows nothing of counters: whatever a limit measures is summed over all comps, each time. Its rules are its own
values, and the policy file that the engine reads is printed from them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

MINUTE = timedelta(minutes=1)
HOLD, APPROVAL = 120 * MINUTE, 30 * MINUTE
AHEAD = timedelta(hours=9 - 4)
"""Tokyo is nine hours ahead of UTC, all year; its business days begin at four."""

TITLES = {"apology": "A sincere apology", "dessert": "A dessert", "item": "Off the check", "discount": "Money off"}
MOST = {"apology": 0, "dessert": 1500, "item": 4000, "discount": 9000}
REASONS = {"wrong_order": ("apology", "dessert", "item"), "long_wait": ("apology", "dessert", "discount")}
NOTE_OVER = 3500
SCOPES = ("comp", "check", "guest", "incident", "employee", "role", "shift", "remedy", "reason", "location", "group")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ORDER = ("approve", "escalate", "deny")
PLENTY = 10**7


@dataclass(frozen=True)
class Limit:
    """A cap; `per` nothing looks at one comp alone."""

    name: str
    per: tuple[str, ...] = ()
    every: str | None = None
    amount: int | None = None
    count: int | None = None
    percent: int | None = None
    remedies: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    beyond: str = "escalate"

    def applies(self, remedy: str, reason: str) -> bool:
        return (not self.remedies or remedy in self.remedies) and (not self.reasons or reason in self.reasons)


@dataclass(frozen=True)
class Role:
    """A role by its name; `*` are all remedies."""

    name: str
    remedies: tuple[str, ...]
    approves: tuple[str, ...] = ()
    limits: tuple[Limit, ...] = ()

    def may(self, remedy: str) -> bool:
        return self.remedies == ("*",) or remedy in self.remedies


@dataclass(frozen=True)
class Rules:
    """What changes from one policy to the next."""

    roles: tuple[Role, ...]
    limits: tuple[Limit, ...] = ()
    week_starts: str = "monday"
    two_people_over: int = 6000

    def role(self, name: str) -> Role:
        return next(role for role in self.roles if role.name == name)

    def addressed(self, role: Role) -> Iterator[tuple[str, Limit]]:
        for limit in role.limits:
            yield f"roles.{role.name}.limits.{limit.name}", limit
        yield from self.house()

    def house(self) -> Iterator[tuple[str, Limit]]:
        for limit in self.limits:
            yield f"limits.{limit.name}", limit

    def everything(self) -> list[Limit]:
        return [*self.limits, *(limit for role in self.roles for limit in role.limits)]

    def toml(self) -> str:
        """The policy file that means these rules."""
        lines = ['[policy]\nid = "cafe"\nlocations = ["cafe-*"]', "[calendar]", 'timezone = "Asia/Tokyo"']
        lines += ['currency = "USD"', "day_starts = 04:00:00", f'week_starts = "{self.week_starts}"']
        lines += [
            f'[remedies.{name}]\ntitle = "{TITLES[name]}"\nmost = {_dollars(most)}'
            + ("\nzero = true" if most == 0 else "")
            for name, most in MOST.items()
        ]
        for name, remedies in REASONS.items():
            lines += [f'[reasons.{name}]\ntitle = "{name}"\ndimension = "reliability"\nstage = "serving"']
            lines += [f"remedies = {list(remedies)}"]
        lines += [f"[limits.{limit.name}]\n{_limit(limit, chr(10))}" for limit in self.limits]
        for role in self.roles:
            lines += [f'[roles.{role.name}]\ntitle = "{role.name}"\nremedies = {list(role.remedies)}']
            lines += [f"approves = {list(role.approves)}"] if role.approves else []
            lines += [f"limits.{limit.name} = {{ {_limit(limit, ', ')} }}" for limit in role.limits]
        lines += [
            '[guards.closed]\nwhen = { check_state = ["closed"], remedies = ["item", "discount"] }\nthen = "deny"'
        ]
        lines += [f'[guards.note_over]\nwhen = {{ amount_over = {_dollars(NOTE_OVER)} }}\nthen = "require"']
        lines += ['require = ["note"]']
        lines += [f'[approval]\nexpires = "30 minutes"\ntwo_people_over = {_dollars(self.two_people_over)}']
        return "\n".join([*lines, '[holds]\nexpires = "2 hours"\n'])


def _dollars(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02}"


def _limit(limit: Limit, joint: str) -> str:
    parts = [f"per = {list(limit.per)}"] if limit.per else []
    parts += [f'every = "{limit.every}"'] if limit.every else []
    parts += [f"amount = {_dollars(limit.amount)}"] if limit.amount is not None else []
    parts += [f"count = {limit.count}"] if limit.count is not None else []
    parts += [f"percent_of_check = {limit.percent}"] if limit.percent is not None else []
    parts += [f"remedies = {list(limit.remedies)}"] if limit.remedies else []
    parts += [f"reasons = {list(limit.reasons)}"] if limit.reasons else []
    return joint.join([*parts, f'beyond = "{limit.beyond}"'])


@dataclass(frozen=True)
class Ask:
    """A request."""

    location: str
    employee: str
    remedy: str
    reason: str
    amount: int
    guest: str | None = None
    incident: str | None = None
    check: str | None = None
    total: int | None = None
    state: str | None = None
    note: str | None = None
    accept_less: bool = False

    def json(self) -> dict[str, Any]:
        """As the till sends it."""
        said: dict[str, Any] = {name: getattr(self, name) for name in ("location", "employee", "remedy", "reason")}
        said["amount"] = {"amount": self.amount, "currency": "USD"}
        said |= {name: getattr(self, name) for name in ("guest", "incident", "note") if getattr(self, name)}
        if self.accept_less:
            said["accept_less"] = True
        if self.check is not None:
            said["check"] = {"id": self.check}
            if self.total is not None:
                said["check"]["total"] = {"amount": self.total, "currency": "USD"}
            if self.state is not None:
                said["check"]["state"] = self.state
        return said


class Used(NamedTuple):
    """Minor units and comps, held and spent."""

    held: int = 0
    spent: int = 0
    held_count: int = 0
    spent_count: int = 0

    @property
    def amount(self) -> int:
        return self.held + self.spent

    @property
    def count(self) -> int:
        return self.held_count + self.spent_count


@dataclass(frozen=True)
class Comp:
    """A comp as it stands."""

    ask: Ask
    rules: Rules
    status: str
    role: str | None
    """On whose limits it is charged; None while it is not."""
    day: date
    granted: int
    expires_at: datetime | None
    before: int | None
    """The total that its check had before."""
    held: int = 0
    captured: int = 0
    reversed: int = 0
    forced: bool = False

    def used(self) -> Used:
        if self.status == "approved":
            return Used(self.held, 0, 1, 0)
        kept = self.captured - self.reversed
        if self.status == "captured" or (self.status == "reversed" and kept):
            return Used(0, kept, 0, 1)
        return Used()


@dataclass(frozen=True)
class Book:
    """What stands in a book."""

    rules: Rules
    last_at: datetime
    kinds: tuple[str, ...]


class Refused(Exception):  # noqa: N818  an answer, not a fault
    """What the engine must raise: the kind of error, and its code."""


@dataclass(frozen=True)
class Answer:
    """What the engine must answer to a request."""

    outcome: str
    role: str | None
    granted: int
    findings: list[tuple[Any, ...]]
    approvers: list[str] = field(default_factory=list)
    approvals: int = 0
    obligations: list[str] = field(default_factory=list)
    amount: int | None = None
    """The counter-offer's."""
    remedies: list[tuple[str, int]] | None = None


@dataclass
class World:
    """Everything that happened so far, at all locations."""

    clock: Callable[[], datetime]
    rules: Rules
    """Those in the files."""
    books: dict[str, Book] = field(default_factory=dict)
    comps: dict[str, Comp] = field(default_factory=dict)
    roster: dict[tuple[str, str], tuple[tuple[str, date | None], ...]] = field(default_factory=dict)
    pseudonyms: dict[str, str] = field(default_factory=dict)

    def copy(self) -> "World":
        """To go on in, and to forget if it comes to nothing."""
        return replace(self, books=dict(self.books), comps=dict(self.comps), roster=dict(self.roster))

    # Coming to a location

    def now(self, location: str) -> datetime:
        return max(self.clock(), self.books[location].last_at)

    def write(self, location: str, kind: str) -> None:
        book = self.books[location]
        self.books[location] = replace(book, kinds=(*book.kinds, kind), last_at=self.now(location))

    def arrive(self, location: str) -> datetime:
        """The files' rules come into force, and what is due expires."""
        now = self.now(location)
        if self.books[location].rules != self.rules:
            self.books[location] = replace(self.books[location], rules=self.rules)
            self.write(location, "policy")
        for comp_id, comp in list(self.comps.items()):
            if comp.ask.location == location and comp.expires_at is not None and comp.expires_at <= now:
                self.comps[comp_id] = replace(comp, status="expired", held=0, expires_at=None)
                self.write(location, "expire")
        return now

    def roles(self, location: str, employee: str, day: date) -> list[str]:
        held = self.roster[location, employee]
        return [role for role, until in held if until is None or day <= until]

    # Adding up

    def used(self, limit: Limit, rules: Rules, wanted: dict[str, str | None], location: str, day: date) -> Used | str:
        """What a limit measures for the values `wanted`; the name of a fact that it needs and that is missing."""
        for scope in limit.per:
            if wanted[scope] is None:
                return scope
        first, last = window(limit.every, day, rules.week_starts)
        total = Used()
        for comp in self.comps.values():
            same = all(values(comp.ask, comp.ask.employee, comp.role)[scope] == wanted[scope] for scope in limit.per)
            here = comp.ask.location == location or "group" in limit.per
            if comp.role and same and here and first <= comp.day <= last and limit.applies(*kind(comp.ask)):
                total = Used(*(one + other for one, other in zip(total, comp.used(), strict=True)))
        return total

    # Deciding

    def decide(self, ask: Ask, now: datetime) -> tuple[Answer, int | None]:
        """The answer, and the total that the check had before."""
        judge = Judge(self, self.books[ask.location].rules, ask, day_of(now))
        return judge.answer(), judge.before

    def request(self, ask: Ask) -> tuple["World", Answer, Comp]:
        after = self.copy()
        now = after.arrive(ask.location)
        answer, before = after.decide(ask, now)
        after.write(ask.location, "decision")
        comp = Comp(
            ask=ask,
            rules=after.books[ask.location].rules,
            status={"approve": "approved", "escalate": "pending", "deny": "denied"}[answer.outcome],
            role=answer.role if answer.outcome == "approve" else None,
            day=day_of(now),
            granted=answer.granted,
            expires_at={"approve": now + HOLD, "escalate": now + APPROVAL, "deny": None}[answer.outcome],
            before=before,
            held=answer.granted,
        )
        return after, answer, comp

    def evaluate(self, ask: Ask) -> Answer:
        after = self.copy()
        return after.decide(ask, after.arrive(ask.location))[0]

    def options(self, ask: Ask) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
        after = self.copy()
        now = after.arrive(ask.location)
        return Judge(after, after.books[ask.location].rules, ask, day_of(now)).options()

    # The life of a comp

    def capture(self, comp_id: str, amount: int | None) -> "World":
        after, comp = self._come(comp_id)
        if comp.status == "captured" and amount in (None, comp.captured):
            return after
        if comp.status == "expired" and comp.role is not None:
            spent = _share(amount, comp.granted)
            forced = not after.room(comp, spent)
            changed = replace(comp, status="captured", captured=spent, forced=forced)
        elif comp.status == "approved":
            changed = replace(comp, status="captured", captured=_share(amount, comp.held), held=0, expires_at=None)
        else:
            raise Refused("ConflictError", f"comp_{comp.status}")
        return after._took(comp_id, changed, "capture")

    def room(self, comp: Comp, amount: int) -> bool:
        """Whether the rules that granted it would grant it again, in the windows that it had."""
        judge = Judge(self, comp.rules, replace(comp.ask, amount=amount), comp.day)
        return judge.grants(comp.rules.role(comp.role or ""), comp.ask.employee)

    def void(self, comp_id: str) -> "World":
        after, comp = self._come(comp_id)
        if comp.status == "voided":
            return after
        if comp.status != "approved":
            raise Refused("ConflictError", f"comp_{comp.status}")
        return after._took(comp_id, replace(comp, status="voided", held=0, expires_at=None), "void")

    def reverse(self, comp_id: str, amount: int | None) -> "World":
        after, comp = self._come(comp_id)
        if comp.status == "reversed" and amount in (None, comp.reversed):
            return after
        if comp.status != "captured":
            raise Refused("ConflictError", f"comp_{comp.status}")
        back = _share(amount, comp.captured)
        return after._took(comp_id, replace(comp, status="reversed", reversed=back), "reverse")

    def expire(self, location: str | None) -> "World":
        after = self.copy()
        for name in sorted(after.books) if location is None else [location]:
            after.arrive(name)
        return after

    def _come(self, comp_id: str) -> tuple["World", Comp]:
        after = self.copy()
        after.arrive(after.comps[comp_id].ask.location)
        return after, after.comps[comp_id]

    def _took(self, comp_id: str, comp: Comp, kind: str) -> "World":
        self.comps[comp_id] = comp
        self.write(comp.ask.location, kind)
        return self

    # What else is told

    def budgets(self, location: str, employee: str, guest: str | None, incident: str | None) -> list[tuple[Any, ...]]:
        """Limit, unit, cap, held, spent and left of each budget, in the policy's order."""
        after = self.copy()
        day, rules = day_of(after.arrive(location)), after.rules
        found = list(rules.house())
        for role in after.roles(location, employee, day):
            found += [(f"roles.{role}.limits.{one.name}", one) for one in rules.role(role).limits]
        told = []
        for address, limit in found:
            role = address.split(".")[1] if address.startswith("roles.") else None
            wanted = values(Ask(location, employee, "", "", 0, guest, incident), employee, role)
            if not limit.per or {"remedy", "reason", "check"} & set(limit.per):
                continue
            used = after.used(limit, rules, wanted, location, day)
            if isinstance(used, Used):
                caps = (("amount", limit.amount, used.held, used.spent),)
                caps += (("count", limit.count, used.held_count, used.spent_count),)
                told += [
                    (address, unit, cap, held, spent, max(0, cap - held - spent))
                    for unit, cap, held, spent in caps
                    if cap is not None
                ]
        return told

    def wide(self) -> dict[str, tuple[Limit, str]]:
        """What some book's rules measure across locations: it must be counted, wherever else it is not measured."""
        found: dict[str, tuple[Limit, str]] = {}
        for book in self.books.values():
            found |= {name: of for name, of in measures(book.rules).items() if "group" in name}
        return found

    def counters(self) -> dict[tuple[str, str, str, str], Used]:
        """Location, measure, subject and start of every counter that holds anything, as the store should have it."""
        found: dict[tuple[str, str, str, str], Used] = {}
        wide = self.wide()
        for comp in self.comps.values():
            used = comp.used()
            if comp.role is None or not any(used):
                continue
            own = measures(self.books[comp.ask.location].rules)
            counted = {name: of for name, of in own.items() if "group" not in name} | wide
            for name, (limit, week) in counted.items():
                key = self._key(name, limit, comp, week) if limit.applies(*kind(comp.ask)) else None
                if key is not None:
                    had = found.get(key, Used())
                    found[key] = Used(*(one + other for one, other in zip(had, used, strict=True)))
        return found

    def _key(self, name: str, limit: Limit, comp: Comp, week: str) -> tuple[str, str, str, str] | None:
        facts = values(comp.ask, comp.ask.employee, comp.role)
        facts["guest"] = None if facts["guest"] is None else self.pseudonyms[facts["guest"]]
        parts = [facts[scope] for scope in sorted(limit.per, key=SCOPES.index)]
        if None in parts:
            return None
        escaped = [str(part).replace("\\", "\\\\").replace("|", "\\|") if parts[1:] else str(part) for part in parts]
        place = "@cafe" if "group" in limit.per else comp.ask.location
        rolling = limit.every is not None and limit.every.endswith("days")
        start = window("day" if rolling else limit.every, comp.day, week)[0]
        return place, name, "|".join(escaped), "" if limit.every is None else start.isoformat()


def _share(amount: int | None, most: int) -> int:
    if amount is None:
        return most
    if amount > most or (amount <= 0 < most) or amount < 0:
        raise Refused("InputError", "invalid_input")
    return amount


def day_of(moment: datetime) -> date:
    return (moment + AHEAD).date()


def window(every: str | None, day: date, week_starts: str) -> tuple[date, date]:
    """The first day of a window and the day itself: what is charged later lies in no window of today."""
    if every is None:
        return date.min, date.max
    if every == "day":
        return day, day
    if every == "week":
        first = day
        while WEEKDAYS[first.weekday()] != week_starts:
            first -= timedelta(days=1)
        return first, first + timedelta(days=6)
    if every == "month":
        return day.replace(day=1), (day.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return day - timedelta(days=int(every.removesuffix(" days")) - 1), day


def kind(ask: Ask) -> tuple[str, str]:
    return ask.remedy, ask.reason


def values(ask: Ask, employee: str | None, role: str | None) -> dict[str, str | None]:
    """What each scope is, of a request or a comp."""
    return {
        "check": ask.check,
        "guest": ask.guest,
        "incident": ask.incident,
        "employee": employee,
        "role": role,
        "shift": None,
        "remedy": ask.remedy,
        "reason": ask.reason,
        "location": ask.location,
        "group": "cafe",
    }


def measures(rules: Rules) -> dict[str, tuple[Limit, str]]:
    """What is counted under the rules, by the name that the store has for it."""
    found = {}
    for limit in rules.everything():
        if limit.per:
            kept = "ever" if limit.every is None else limit.every
            kept = "day" if kept.endswith("days") else kept
            kept = f"week-{rules.week_starts}" if kept == "week" else kept
            filters = [("remedies", limit.remedies), ("reasons", limit.reasons)]
            query = "&".join(f"{name}={','.join(sorted(names))}" for name, names in filters if names)
            name = f"{'+'.join(sorted(limit.per, key=SCOPES.index))}/{kept}" + (f"?{query}" if query else "")
            found[name] = (limit, rules.week_starts)
    return found


class Judge:
    """One request before the rules."""

    def __init__(self, world: World, rules: Rules, ask: Ask, day: date) -> None:
        self.world, self.rules, self.ask, self.day = world, rules, ask, day
        self.before = None
        if ask.check is not None and ask.total is not None:
            totals = [
                comp.ask.total
                for comp in world.comps.values()
                if (comp.ask.location, comp.ask.check) == (ask.location, ask.check) and comp.ask.total is not None
            ]
            self.before = totals[-1] if totals else None

    def answer(self) -> Answer:
        names = self.world.roles(self.ask.location, self.ask.employee, self.day)
        if not names:
            finding = ("staff", "employee_inactive", None, None, None, None, self.ask.employee)
            return Answer("deny", None, 0, [finding], remedies=[])
        roles = [self.rules.role(name) for name in names]
        verdicts = [self.judge(role, self.ask) for role in roles]
        for role, (outcome, findings, owed) in zip(roles, verdicts, strict=True):
            if outcome == "approve":
                return Answer("approve", role.name, self.ask.amount, findings, obligations=owed)
        return self._less(roles) or self._refused(roles, verdicts)

    def _less(self, roles: list[Role]) -> Answer | None:
        amount, best = self.largest(roles, self.ask.remedy)
        if not self.ask.accept_less or not amount or best is None:
            return None
        _, findings, owed = self.judge(best, replace(self.ask, amount=amount))
        less = ("", "granted_less", "amount", amount, 0, self.ask.amount - amount, None)
        return Answer("approve", best.name, amount, [less, *findings], obligations=owed)

    def _refused(self, roles: list[Role], verdicts: list[tuple[str, list[tuple[Any, ...]], list[str]]]) -> Answer:
        amount, _ = self.largest(roles, self.ask.remedy)
        others = [name for name in REASONS[self.ask.reason] if name != self.ask.remedy]
        found = [(name, self.largest(roles, name)[0]) for name in others]
        remedies = [(name, most) for name, most in found if most is not None]
        alone = None
        for role, (outcome, findings, owed) in zip(roles, verdicts, strict=True):
            if outcome != "escalate":
                continue
            able = [other.name for other in self.by_power() if role.name in other.approves and self.grants(other, None)]
            if able:
                people = 2 if self.ask.amount > self.rules.two_people_over else 1
                return Answer("escalate", role.name, 0, findings, able, people, owed, amount, remedies)
            alone = alone or (role, findings, owed)
        role, findings, owed = alone or (roles[0], *verdicts[0][1:])
        if alone:
            nobody = (f"roles.{role.name}", "no_approver", None, None, None, None, None)
            findings = [nobody, *findings]
        return Answer("deny", role.name, 0, findings, [], 0, owed, amount, remedies)

    def options(self) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
        """Of each remedy of the reason the largest amount that is approved, and that another could grant beyond it."""
        names = self.world.roles(self.ask.location, self.ask.employee, self.day)
        roles = [self.rules.role(name) for name in names]
        alone, beyond = [], []
        for remedy in REASONS[self.ask.reason]:
            most, _ = self.largest(roles, remedy)
            granted = self._granted([role for role in roles if role.may(remedy)], remedy)
            alone += [] if most is None else [(remedy, most)]
            beyond += [] if granted is None or (most is not None and granted <= most) else [(remedy, granted)]
        return alone, beyond

    def _granted(self, roles: list[Role], remedy: str) -> int | None:
        least = 0 if MOST[remedy] == 0 else 1
        others = [other for other in self.rules.roles if any(role.name in other.approves for role in roles)]
        best = None
        for other in others:
            low, high = least - 1, PLENTY
            while low + 1 < high:
                middle = (low + high) // 2
                judge = Judge(self.world, self.rules, replace(self.ask, remedy=remedy, amount=middle), self.day)
                low, high = (middle, high) if judge.grants(other, None) else (low, middle)
            if low >= least and (best is None or low > best):
                best = low
        return best

    def by_power(self) -> list[Role]:
        def power(role: Role) -> tuple[int, int, str]:
            amounts = [one.amount for one in role.limits if one.amount is not None and one.applies(*kind(self.ask))]
            return min(amounts, default=PLENTY), len(role.approves), role.name

        return sorted(self.rules.roles, key=power)

    def largest(self, roles: list[Role], remedy: str) -> tuple[int | None, Role | None]:
        """By halving what would be approved, whatever the rules are."""
        best: tuple[int | None, Role | None] = (None, None)
        for role in roles:
            low = -1 if MOST[remedy] == 0 else 0
            high = PLENTY
            while low + 1 < high:
                middle = (low + high) // 2
                tried = replace(self.ask, remedy=remedy, amount=middle)
                low, high = (middle, high) if self.judge(role, tried)[0] == "approve" else (low, middle)
            if low >= (0 if MOST[remedy] == 0 else 1) and (best[0] is None or low > best[0]):
                best = (low, role)
        return best

    def judge(self, role: Role, ask: Ask) -> tuple[str, list[tuple[Any, ...]], list[str]]:
        """Outcome, findings and what is owed, by one role."""
        if not role.may(ask.remedy):
            return "deny", [_said(f"roles.{role.name}.remedies", "remedy_not_allowed", fact=ask.remedy)], []
        if ask.remedy not in REASONS[ask.reason]:
            return "deny", [_said(f"reasons.{ask.reason}.remedies", "remedy_not_for_reason", fact=ask.remedy)], []
        outcomes, findings, owed = ["approve"], [], []
        if ask.state == "closed" and ask.remedy in ("item", "discount"):
            outcomes.append("deny")
            findings.append(_said("guards.closed", "guard_denies"))
        if ask.amount > NOTE_OVER and ask.note:
            findings.append(_said("guards.note_over", "requirement_met"))
        elif ask.amount > NOTE_OVER:
            outcomes.append("escalate")
            owed = ["note"]
            findings.append(_said("guards.note_over", "requirement_missing", fact="note"))
        most, alone = MOST[ask.remedy], self.rules.two_people_over
        if ask.amount > most:
            outcomes.append("deny")
            findings.append(_said(f"remedies.{ask.remedy}.most", "over_most", "amount", most, 0, most))
        if ask.amount > alone:
            outcomes.append("escalate")
            findings.append(_said("approval.two_people_over", "two_people", "amount", alone, 0, alone))
        for address, limit in self.rules.addressed(role):
            if limit.applies(*kind(ask)):
                outcomes += self._cap(address, limit, role, ask, findings)
        return max(outcomes, key=ORDER.index), findings, owed

    def _cap(self, address: str, limit: Limit, role: Role, ask: Ask, findings: list[tuple[Any, ...]]) -> list[str]:
        wanted = values(ask, ask.employee, role.name)
        used = self.world.used(limit, self.rules, wanted, ask.location, self.day) if limit.per else Used()
        if isinstance(used, str):
            findings.append(_said(address, "missing_fact", fact=used))
            return ["escalate"]
        outcomes = []
        for code, unit, cap, had, more in self._caps(limit, used, ask):
            left = cap - had - more
            within = left >= 0
            findings.append(
                _said(
                    address, "within_limit" if within else code, unit, cap, had, left if within else max(0, cap - had)
                )
            )
            outcomes += [] if within else [limit.beyond]
            if unit == "percent" and self.before not in (None, ask.total):
                findings.append(_said(address, "check_total_changed", unit, self.before, had, cap - had))
        if limit.percent is not None and ask.total is None:
            findings.append(_said(address, "missing_fact", fact="check.total"))
            outcomes.append("escalate")
        return outcomes

    def _caps(self, limit: Limit, used: Used, ask: Ask) -> Iterator[tuple[str, str, int, int, int]]:
        if limit.amount is not None:
            yield "limit_exceeded", "amount", limit.amount, used.amount, ask.amount
        if limit.count is not None:
            yield "count_exceeded", "count", limit.count, used.count, 1
        if limit.percent is not None and ask.total is not None:
            yield "percent_exceeded", "percent", ask.total * limit.percent // 100, used.amount, ask.amount

    def grants(self, role: Role, employee: str | None) -> bool:
        """Whether a role could say yes; an approver who is not known yet has used nothing."""
        ask = self.ask
        if not role.may(ask.remedy) or ask.remedy not in REASONS[ask.reason] or ask.amount > MOST[ask.remedy]:
            return False
        if ask.state == "closed" and ask.remedy in ("item", "discount"):
            return False
        for _, limit in self.rules.addressed(role):
            if not limit.applies(*kind(ask)):
                continue
            wanted = values(ask, employee, role.name)
            used = self.world.used(limit, self.rules, wanted, ask.location, self.day) if limit.per else Used()
            known = used if isinstance(used, Used) else Used()
            caps = self._caps(limit, known, ask)
            if any(had + more > cap for _, unit, cap, had, more in caps if known is used or unit != "percent"):
                return False
        return True


def _said(
    rule: str,
    code: str,
    unit: str | None = None,
    cap: int | None = None,
    used: int | None = None,
    left: int | None = None,
    fact: str | None = None,
) -> tuple[Any, ...]:
    return (rule, code, unit, cap, used, left, fact)

"""May I comp this? Reading what a decision needs, deciding, and holding what was approved."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from empower.core.canonical import LARGEST_INTEGER
from empower.core.codes import Outcome
from empower.core.comp import Comp, hold_move
from empower.core.counter import Needed, Usage
from empower.core.decide import approves, decide
from empower.core.decision import Decision, recorded
from empower.core.entry import Entry, commitment, moment_of, recorded_standing, stamp
from empower.core.errors import FieldError, InputError, KeyReusedError, unknown_name
from empower.core.history import first_comp
from empower.core.money import Money
from empower.core.policy import Policy
from empower.core.request import Check, Context, Facts, Request, facts_of
from empower.engine.desk import CLOCK_SKEW, Desk, Place, arrive, new_id, new_pseudonym, new_salt, open_book
from empower.engine.rules import move_counters
from empower.store import Ask, Needs, Unit
from empower.store.listing import books
from empower.store.relying import Relied
from empower.store.unit import group_location


class Case(NamedTuple):
    """A request as it was decided, with all that was read for it."""

    place: Place
    facts: Facts
    context: Context
    needed: list[Needed | None]
    standing: list[Usage | None]
    decision: Decision
    day: date


def study(desk: Desk, unit: Unit, request: Request, by: str, *, guest: str | None) -> Case:
    """Decide a request; `guest` is the guest's pseudonym.

    Raises `InputError` for names, a currency, an amount or a moment that cannot be meant.
    """
    book = open_book(unit, request.location, lambda: [known.location for known in books(unit)])
    place = arrive(desk, unit, book, by)
    policy = place.policy.policy
    _check_meaning(policy, request, place.now)
    day = policy.days.business_day(place.now)
    context = context_of(unit, request, day, guest)
    facts = facts_of(request, context)
    return _decided(unit, place, facts, context, day)


def _decided(unit: Unit, place: Place, facts: Facts, context: Context, day: date) -> Case:
    compiled, now = place.policy, place.now
    group = group_location(compiled.policy.id)
    needed = compiled.counters(facts, now)
    standing = unit.usages(place.location, group, needed)
    if not approves(compiled, facts, standing, now):
        needed = compiled.counters(facts, now, offers=True)
        standing = unit.usages(place.location, group, needed)
    _check_sums(facts, standing)
    return Case(place, facts, context, needed, standing, decide(compiled, facts, standing, now), day)


def _check_sums(facts: Facts, standing: list[Usage | None]) -> None:
    """Raise `InputError` where a counter would pass what a leaf can hold exactly."""
    highest = max((usage.held_minor + usage.spent_minor for usage in standing if usage is not None), default=0)
    if highest + facts.amount_minor > LARGEST_INTEGER:
        message = f"`{facts.amount_minor}` would take a budget beyond 2^53 - 1"
        raise InputError(message, errors=[FieldError("/amount/amount", message)])


def _check_meaning(policy: Policy, request: Request, now: datetime) -> None:
    """Raise `InputError` with everything in a request that no rule could make sense of."""
    errors = []
    if request.remedy not in policy.remedies:
        errors.append(unknown_name("/remedy", "remedy", request.remedy, policy.remedies))
    if request.reason not in policy.reasons:
        errors.append(unknown_name("/reason", "reason", request.reason, policy.reasons))
    errors.extend(wrong_currencies(request.amount, request.check, request.location, policy.calendar.currency))
    remedy = policy.remedies.get(request.remedy)
    if remedy is not None and request.amount.amount == 0 and not (remedy.zero or remedy.most == 0):
        errors.append(FieldError("/amount/amount", f"a `{request.remedy}` needs an amount above zero"))
    if request.occurred_at is not None and request.occurred_at > now + CLOCK_SKEW:
        errors.append(FieldError("/occurred_at", f"`{request.occurred_at.isoformat()}` is in the future"))
    if errors:
        raise InputError(errors[0].message, errors=errors)


def wrong_currencies(amount: Money | None, check: Check | None, location: str, currency: str) -> Iterator[FieldError]:
    """An error for each amount that is not in the location's `currency`."""
    amounts = [("/amount", amount)]
    if check is not None:
        amounts.append(("/check/total", check.total))
        amounts.extend((f"/check/items/{index}/amount", item.amount) for index, item in enumerate(check.items))
    for pointer, money in amounts:
        if money is not None and money.currency != currency:
            message = f"amounts at `{location}` are in `{currency}`, not `{money.currency}`"
            yield FieldError(f"{pointer}/currency", message, currency)


def context_of(unit: Unit, request: Request, day: date, guest: str | None) -> Context:
    """What is known of a request at a location on business day `day`; raises `InputError` for a stranger."""
    roles = unit.roster(request.location, request.employee)
    if not roles:
        error = unknown_name("/employee", "employee", request.employee, unit.employees(request.location))
        raise InputError(error.message, code="unknown_employee", errors=[error])
    held = tuple(role.role for role in roles if role.holds(day))
    own = guest is not None and guest == unit.own_guest(request.employee)
    check = request.check
    before = None
    if check is not None and check.total is not None:
        before = unit.check_total(request.location, check.id)
    return Context(
        roles=held,
        active=bool(held),
        guest=guest,
        employee_is_guest=own or request.guest == f"employee:{request.employee}",
        has_note=bool(request.note),
        check_total_before_minor=before,
    )


def ahead(desk: Desk, request: Request, owner: str, key: str | None) -> tuple[Ask, Needs]:
    """What a request will read: at once, and then counters, then."""
    mac = None if request.guest is None else desk.secret.guest(request.guest)
    check = None if request.check is None or request.check.total is None else request.check.id

    def needs(unit: Unit) -> tuple[str, str, list[Needed | None]] | None:
        book = unit.book(request.location)
        if book is None or not unit.roster(request.location, request.employee):
            return None
        policy = desk.rules.kept(unit, book.policy)
        if request.remedy not in policy.policy.remedies or request.reason not in policy.policy.reasons:
            return None
        now = max(desk.clock(), moment_of(book.recorded_at))
        guest = None if mac is None else unit.guest(mac)
        facts = facts_of(request, context_of(unit, request, policy.policy.days.business_day(now), guest))
        return request.location, group_location(policy.policy.id), policy.counters(facts, now)

    return Ask(request.location, request.employee, owner, key, mac, check), needs


def known_guest(desk: Desk, unit: Unit, reference: str | None) -> str | None:
    """The pseudonym of a guest reference; a new one where there is none yet, not kept."""
    if reference is None:
        return None
    return unit.guest(desk.secret.guest(reference)) or new_pseudonym()


def kept_guest(desk: Desk, unit: Unit, reference: str | None) -> str | None:
    """The pseudonym of a guest reference, kept for the next time."""
    if reference is None:
        return None
    mac = desk.secret.guest(reference)
    pseudonym = unit.guest(mac)
    if pseudonym is None:
        pseudonym = unit.draw("guest", new_pseudonym)
        unit.add_guest(mac, pseudonym)
    return pseudonym


def answer_again(unit: Unit, request: Request, owner: str, key: str, body: bytes) -> Comp | None:
    """The comp that a key made before; raises `KeyReusedError` where it came with another body."""
    found = unit.answered(request.location, owner, key)
    if found is None:
        return None
    known_body, comp_id = found
    if known_body != body:
        raise KeyReusedError(f"the key `{key}` was used for another request: take a new key for a new request")
    return unit.comp(comp_id)


class Held(NamedTuple):
    """A comp as it was just made."""

    comp: Comp
    line: Entry
    request: dict[str, Any]
    """The request as the book keeps it."""


def hold(unit: Unit, case: Case, request: Request, asked: dict[str, Any], answers: str | None = None) -> Held:
    """Write the decision into the book, and hold what it approved; `asked` is the request as JSON.

    `answers` commits to the idempotency key that the request came with.
    """
    place = case.place
    book = open_book(unit, place.location)
    salt = unit.draw("salt", new_salt) if request.note else None
    body = decision_body(case, request, asked, salt)
    if answers is not None:
        body["answers"] = answers
    comp_id = unit.draw("comp", lambda: new_id(place.now))
    line = unit.append(book, "decision", place.now, comp_id, place.by, body)
    comp = first_comp(place.location, line.seq, line.recorded_at, comp_id, body)
    unit.put_comp(comp)
    if comp.authority is not None:
        move_counters(unit, comp, place.policy, hold_move(comp.held_minor), _relied(case))
    if request.note and salt is not None:
        unit.add_note(place.location, line.seq, salt, request.note)
    return Held(comp, line, body["request"])


def _relied(case: Case) -> Relied:
    """What a grant goes by, and how to know whether it stands by other values."""
    policy, granted = case.place.policy, case.decision

    def stands(standing: Sequence[Usage | None]) -> bool:
        again = decide(policy, case.facts, standing, case.place.now)
        return (again.outcome, again.role, again.granted_minor) == granted_as

    granted_as = (granted.outcome, granted.role, granted.granted_minor)
    return Relied(group_location(policy.policy.id), case.needed, case.standing, stands)


def as_json(request: Request) -> dict[str, Any]:
    """A request as JSON, without what it does not say."""
    return request.model_dump(mode="json", exclude_none=True, exclude_defaults=True)


def decision_body(case: Case, request: Request, asked: dict[str, Any], salt: bytes | None) -> dict[str, Any]:
    """What a decision entry says: all that it takes to decide again, and nothing that names the guest."""
    said = {name: value for name, value in asked.items() if name not in ("note", "guest")}
    if case.facts.guest is not None:
        said["guest"] = case.facts.guest
    context = case.context._asdict()
    del context["guest"]
    policy, now = case.place.policy.policy, case.place.now
    body = {
        "request": said,
        "context": context,
        "policy": policy.digest,
        "policy_id": policy.id,
        "day": case.day.isoformat(),
        "standing": recorded_standing(case.needed, case.standing),
        "decision": recorded(case.decision),
    }
    seconds = _seconds(policy, case.decision)
    if seconds is not None:
        body["expires_at"] = stamp(now + timedelta(seconds=seconds))
    if salt is not None and request.note:
        body["note"] = {"commitment": commitment(salt, request.note)}
    return body


def _seconds(policy: Policy, decision: Decision) -> int | None:
    if decision.outcome is Outcome.APPROVE:
        return policy.holds.expires_seconds
    return policy.approval.expires_seconds if decision.outcome is Outcome.ESCALATE else None

"""What may be offered to a guest: for an employee, a reason and a check, each remedy with its largest amount."""

from empower.core.canonical import LARGEST_INTEGER
from empower.core.decide import may_offer
from empower.core.errors import InputError, unknown_name
from empower.core.money import Money
from empower.core.policy import Policy
from empower.core.request import Check, Facts, Name, Outside, Ref, Request, facts_of
from empower.engine.deciding import context_of, known_guest, wrong_currencies
from empower.engine.desk import Desk, Place, arrive, open_book
from empower.engine.views import FollowUpView, OptionsView, OptionView
from empower.store import Unit
from empower.store.listing import books
from empower.store.unit import group_location


class OptionsRequest(Outside):
    """Who asks, where, why, and about what."""

    location: Name
    employee: Ref
    reason: Name
    check: Check | None = None
    guest: Ref | None = None
    incident: Ref | None = None
    shift: Ref | None = None


def options(desk: Desk, unit: Unit, asked: OptionsRequest) -> OptionsView:
    """The remedies of a reason, in the order to offer them; raises `InputError` for unknown names."""
    book = open_book(unit, asked.location, lambda: [known.location for known in books(unit)])
    place = arrive(desk, unit, book, "")
    policy = place.policy.policy
    if asked.reason not in policy.reasons:
        error = unknown_name("/reason", "reason", asked.reason, policy.reasons)
        raise InputError(error.message, errors=[error])
    errors = list(wrong_currencies(None, asked.check, asked.location, policy.calendar.currency))
    if errors:
        raise InputError(errors[0].message, errors=errors)
    facts = _facts(desk, unit, asked, place)
    alone, ask = [], []
    for remedy in policy.remedies_for(asked.reason):
        most, granted = _amounts(unit, place, facts._replace(remedy=remedy))
        if most is not None:
            alone.append(_option(policy, remedy, most))
        if granted is not None and granted > (-1 if most is None else most):
            ask.append(_option(policy, remedy, granted))
    reason = policy.reasons[asked.reason]
    follow = reason.follow_up
    return OptionsView(
        reason=asked.reason,
        title=reason.title,
        say=reason.say,
        currency=policy.calendar.currency,
        options=alone,
        ask=ask,
        follow_up=FollowUpView(within_seconds=follow.within_seconds, by=follow.by) if follow else None,
        policy=policy.digest,
    )


def _facts(desk: Desk, unit: Unit, asked: OptionsRequest, place: Place) -> Facts:
    policy = place.policy.policy
    request = Request(
        **dict(asked),
        remedy=policy.remedies_for(asked.reason)[0],
        amount=Money(amount=0, currency=policy.calendar.currency),
    )
    day = policy.days.business_day(place.now)
    context = context_of(unit, request, day, known_guest(desk, unit, asked.guest))
    return facts_of(request, context)


def _amounts(unit: Unit, place: Place, facts: Facts) -> tuple[int | None, int | None]:
    needed = place.policy.counters(facts, place.now, offers=True)
    standing = unit.usages(place.location, group_location(place.policy.policy.id), needed)
    return may_offer(place.policy, facts, standing, place.now)


def _option(policy: Policy, remedy: str, most: int) -> OptionView:
    capped = None if most == LARGEST_INTEGER else most
    return OptionView(remedy=remedy, title=policy.remedies[remedy].title, most=capped)

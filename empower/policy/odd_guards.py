"""Guards that are merely odd: no request can reach them, they can never be true, or another one says more."""

from collections.abc import Iterator
from itertools import chain

from empower.core.policy import Guard, When
from empower.policy.problems import ProblemName, quote
from empower.policy.reach import Reach
from empower.policy.shape import Fault

Found = Iterator[Fault]
TABLES = ("roles", "remedies", "reasons")
LISTS = (*TABLES, "item_categories", "check_state", "weekdays")


def guards_are_reached(reach: Reach) -> Found:
    """Roles, remedies and reasons that a guard names can meet."""
    for guard in reach.policy.guards:
        path, named = tuple(guard.address.split(".")), _named(guard.when)
        if not reach.meets(**named):
            said = f"no request reaches guard `{path[-1]}`: what it names never meets"
            yield Fault(ProblemName.UNREACHABLE_RULE, (*path, "when"), said)
            continue
        for table in TABLES:
            for number, name in enumerate(named[table]):
                if not reach.meets(**{**named, table: (name,)}):
                    said = f"guard `{path[-1]}` names {quote(name)}, which never meets what else it names"
                    yield Fault(ProblemName.UNREACHABLE_RULE, (*path, "when", table, number), said)


def _named(when: When) -> dict[str, tuple[str, ...]]:
    return {table: getattr(when, table) for table in TABLES}


def guards_can_be_true(reach: Reach) -> Found:
    """The facts of a guard can hold, and what it requires can be missing."""
    for guard in reach.policy.guards:
        path, when = tuple(guard.address.split(".")), guard.when
        mosts = [reach.policy.remedies[remedy].most for _, remedy, _ in reach.meetings(**_named(when))]
        over = when.amount_over
        if over is not None and mosts and all(most is not None and most <= over for most in mosts):
            said = f"guard `{path[-1]}` never holds: nothing that it speaks of may cost more than this"
            yield Fault(ProblemName.NEVER_TRUE, (*path, "when", "amount_over"), said)
        elif guard.require == ("note",) and when.note_missing is False:
            said = f"guard `{path[-1]}` asks for a note only where there is one"
            yield Fault(ProblemName.NEVER_TRUE, (*path, "when", "note_missing"), said)


def guards_are_once(reach: Reach) -> Found:
    """No guard says again what another one says, or less than one that holds wherever it does."""
    guards = reach.policy.guards
    for number, guard in enumerate(guards):
        path = tuple(guard.address.split("."))
        twin = next((other for other in guards[:number] if _same(other, guard)), None)
        if twin is not None:
            said = f"guard `{path[-1]}` says the same as `{twin.address}`"
            yield Fault(ProblemName.DUPLICATE_RULE, path, said, at_key=True)
            continue
        others = chain(guards[:number], guards[number + 1 :])
        above = next((other for other in others if overrules(other, guard) and not _same(other, guard)), None)
        if above is not None:
            said = f"guard `{path[-1]}` changes nothing: wherever it holds, `{above.address}` says as much or more"
            yield Fault(ProblemName.OVERRULED_GUARD, path, said, at_key=True)


def _same(one: Guard, other: Guard) -> bool:
    return _facts(one.when) == _facts(other.when) and (one.then, set(one.require)) == (other.then, set(other.require))


def _facts(when: When) -> dict[str, object]:
    return {key: frozenset(value) if key in LISTS else value for key, value in when}


def overrules(one: Guard, other: Guard) -> bool:
    """Whether `one` holds wherever `other` does, and is at least as strict."""
    if one.when.percent_over_bp is not None and one.then == "deny" and other.then != "deny":
        return False  # without the check's total it only asks for another person
    return _as_strict(one, other) and implied(other.when, one.when)


def _as_strict(one: Guard, other: Guard) -> bool:
    if one.then == "deny":
        return True
    if one.then == "escalate":
        return other.then == "escalate"
    return other.then == "require" and set(one.require) >= set(other.require)


def implied(when: When, other: When) -> bool:
    """Whether the facts of `other` hold wherever those of `when` do."""
    for key in LISTS:
        wanted, given = getattr(other, key), getattr(when, key)
        if wanted and not (given and set(given) <= set(wanted)):
            return False
    for key in ("amount_over", "percent_over_bp"):
        least, own = getattr(other, key), getattr(when, key)
        if least is not None and (own is None or own < least):
            return False
    exact = ("between", "employee_is_guest", "note_missing")
    return all(getattr(other, key) in (None, getattr(when, key)) for key in exact)

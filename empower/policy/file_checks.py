"""What can be wrong inside one file, whatever it extends: each check is one function, and all of them are run."""

from collections.abc import Callable, Iterator

from empower.core.policy import EVERYTHING
from empower.policy.document import GuardSection, LimitSection, NeverSection
from empower.policy.money import currencies, currency, is_timezone, timezones
from empower.policy.positions import Path
from empower.policy.problems import ProblemName, nearest, quote
from empower.policy.shape import Fault, File

Found = Iterator[Fault]
STAR = EVERYTHING[0]
LOCATIONS = ("policy", "locations")
LISTED = ("remedies", "reasons", "roles", "item_categories", "check_state", "weekdays")


def time_zone(file: File) -> Found:
    """The time zone exists."""
    name = file.document.calendar.timezone
    if name is not None and not is_timezone(name):
        near = nearest(name, timezones())
        yield Fault(ProblemName.UNKNOWN_TIME_ZONE, ("calendar", "timezone"), f"unknown time zone {quote(name)}", near)


def currency_code(file: File) -> Found:
    """The currency exists."""
    code = file.document.calendar.currency
    if code is not None and currency(code) is None:
        near = nearest(code, currencies())
        yield Fault(ProblemName.UNKNOWN_CURRENCY, ("calendar", "currency"), f"unknown currency {quote(code)}", near)


def limits_of(file: File) -> Iterator[tuple[Path, LimitSection]]:
    """The limits that stand in this file, with their places."""
    for name, limit in file.document.limits.items():
        if limit:
            yield ("limits", name), limit
    for role, section in file.document.roles.items():
        for name, limit in (section.limits or {}).items():
            if limit:
                yield ("roles", role, "limits", name), limit


def guards_of(file: File) -> Iterator[tuple[Path, GuardSection]]:
    """The guards that stand in this file, with their places."""
    for name, guard in file.document.guards.items():
        if guard:
            yield ("guards", name), guard


def caps(file: File) -> Found:
    """A limit caps something."""
    for path, limit in limits_of(file):
        if limit.amount is None and limit.count is None and limit.percent_of_check is None and not file.is_broken(path):
            message = f"limit `{path[-1]}` caps nothing; give it an `amount`, a `count` or a `percent_of_check`"
            yield Fault(ProblemName.LIMIT_WITHOUT_CAP, path, message, at_key=True)


def percent_scopes(file: File) -> Found:
    """A percentage of the check is measured per check."""
    for path, limit in limits_of(file):
        if limit.percent_of_check is not None and "check" not in _per(limit) and not file.is_broken((*path, "per")):
            message = 'a percent of the check is counted per check; add `per = "check"`'
            yield Fault(ProblemName.PERCENT_WITHOUT_CHECK, (*path, "percent_of_check"), message, at_key=True)


def windows(file: File) -> Found:
    """A limit that counts or has a window adds up more than one comp."""
    for path, limit in limits_of(file):
        if "comp" not in _per(limit) or file.is_broken((*path, "per")):
            continue
        key = "every" if limit.every else "count" if limit.count else None
        if key:
            message = (
                f'`{key}` has no sense for each comp alone; say whose comps are added up, as in `per = "employee"`'
            )
            yield Fault(ProblemName.WINDOW_WITHOUT_SCOPE, (*path, key), message, at_key=True)


def _per(limit: LimitSection) -> list[str]:
    return list(limit.per or ["comp"])


def guard_facts(file: File) -> Found:
    """A guard names at least one fact."""
    for path, guard in guards_of(file):
        if not guard.when.model_fields_set and not file.is_broken((*path, "when")):
            message = f"guard `{path[-1]}` names no fact; it would hold always"
            yield Fault(ProblemName.EMPTY_WHEN, (*path, "when"), message)


def requirements(file: File) -> Found:
    """`require` and `then = "require"` stand together."""
    for path, guard in guards_of(file):
        if file.is_broken((*path, "require")):
            continue
        if guard.then == "require" and guard.require is None:
            message = 'this requires nothing; add `require`, such as `require = ["note"]`'
            yield Fault(ProblemName.THEN_WITHOUT_REQUIRE, (*path, "then"), message)
        if guard.then != "require" and guard.require is not None:
            message = f'`require` needs `then = "require"`, not `then = "{guard.then}"`'
            yield Fault(ProblemName.REQUIRE_WITHOUT_THEN, (*path, "require"), message, at_key=True)


def claims(file: File) -> Found:
    """An invariant says in one way what must never be."""
    for name, invariant in file.document.invariants.items():
        path = ("invariants", name, "never")
        if invariant is None or file.is_broken(path):
            continue
        said = _claims(invariant.never)
        if said:
            yield Fault(ProblemName.BAD_INVARIANT, path, f"invariant `{name}` {said}")


def _claims(never: NeverSection) -> str:
    alone = never.alone is not None or never.grants_over is not None
    if alone and (never.employee_per is not None or never.over is not None):
        return "mixes one request with what a day adds up to; make two of it"
    if not alone and never.employee_per is None and never.over is None:
        return "claims nothing; add `alone = true`, `grants_over`, or `employee_per` and `over`"
    if not alone and (never.employee_per is None or never.over is None):
        return "needs both `employee_per` and `over`"
    if never.roles is not None and never.roles_below is not None:
        return "names `roles` and `roles_below`; keep one"
    return ""


def lists(file: File) -> Found:
    """Lists name everything once, and `*` stands alone where it may stand."""
    for path, names, star in _lists(file):
        seen: set[str] = set()
        for number, name in enumerate(names):
            if name == STAR and not star:
                message = f"`*` cannot stand here; leave `{path[-1]}` out for all of them"
                yield Fault(ProblemName.STAR_NOT_ALONE, (*path, number), message)
            elif name == STAR and len(names) > 1 and path != LOCATIONS:
                yield Fault(ProblemName.STAR_NOT_ALONE, (*path, number), "`*` stands for all; let it stand alone")
            elif name in seen:
                yield Fault(ProblemName.LISTED_TWICE, (*path, number), f"{quote(name)} is listed twice")
            seen.add(name)


def _lists(file: File) -> Iterator[tuple[Path, list[str], bool]]:
    """All lists of names: place, names, and whether `*` may stand for all."""
    document = file.document
    yield LOCATIONS, document.policy.locations or [], True
    for name, reason in document.reasons.items():
        yield ("reasons", name, "remedies"), reason.remedies or [], True
    for name, role in document.roles.items():
        yield ("roles", name, "remedies"), role.remedies or [], True
        yield ("roles", name, "approves"), role.approves or [], True
    for path, limit in limits_of(file):
        yield (*path, "per"), _per(limit), False
        yield (*path, "remedies"), limit.remedies or [], False
        yield (*path, "reasons"), limit.reasons or [], False
    for path, guard in guards_of(file):
        yield (*path, "require"), list(guard.require or []), False
        for key in LISTED:
            yield (*path, "when", key), list(getattr(guard.when, key) or []), False
    for name, invariant in document.invariants.items():
        for key in LISTED if invariant else ():
            yield ("invariants", name, "never", key), list(getattr(invariant and invariant.never, key) or []), False


FILE_CHECKS: tuple[Callable[[File], Found], ...] = (
    time_zone,
    currency_code,
    caps,
    percent_scopes,
    windows,
    guard_facts,
    requirements,
    claims,
    lists,
)

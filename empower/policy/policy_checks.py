"""What can be wrong in one policy after `extends`: each check is one function, and all of them are run."""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal

from empower.core.policy import EVERYTHING
from empower.policy.document import GuardSection, NeverSection, WhenSection
from empower.policy.merge import Whole
from empower.policy.money import currency, decimals_of, fits, written
from empower.policy.positions import Path
from empower.policy.problems import ProblemName, nearest, quote
from empower.policy.roles import ancestors
from empower.policy.shape import Fault, title

Found = Iterator[Fault]
STAR = EVERYTHING[0]

NEEDED = {"remedies": ("title",), "reasons": ("title", "dimension", "stage", "remedies"), "roles": ("title",)}
UNKNOWN = {
    "remedies": (ProblemName.UNKNOWN_REMEDY, "remedy"),
    "reasons": (ProblemName.UNKNOWN_REASON, "reason"),
    "roles": (ProblemName.UNKNOWN_ROLE, "role"),
}


def calendar_is_whole(whole: Whole) -> Found:
    """A policy that governs locations has a calendar."""
    calendar = whole.document.calendar
    if whole.document.policy.locations is None:
        return
    if not calendar.model_fields_set and not whole.is_broken(("calendar",)):
        message = f"policy `{whole.id}` governs locations and has no [calendar]"
        yield Fault(ProblemName.NO_CALENDAR, ("policy", "locations"), message)
        return
    for key in type(calendar).model_fields:
        if getattr(calendar, key) is None:
            yield from _missing(whole, ("calendar",), key)


def sections_are_whole(whole: Whole) -> Found:
    """Remedies, reasons and roles have what they need, here or in what they extend."""
    for table, keys in NEEDED.items():
        for name, section in getattr(whole.document, table).items():
            for key in keys:
                if getattr(section, key) is None:
                    yield from _missing(whole, (table, name), key)
    for name, role in whole.roles.items():
        line = _line(whole, name)
        is_broken = any(whole.is_broken(("roles", one, "remedies")) for one in line) or _breaks_off(whole, name)
        if role.remedies is None and not is_broken:
            yield from _missing(whole, ("roles", name), "remedies")


def _breaks_off(whole: Whole, role: str) -> bool:
    """Whether what the role inherits is not known: the line of its ancestors ends in one that is not there."""
    last = _line(whole, role)[-1]
    return whole.document.roles[last].inherits is not None or whole.is_broken(("roles", last, "inherits"))


def _line(whole: Whole, role: str) -> list[str]:
    return [role, *ancestors(whole.document, role)]


def _missing(whole: Whole, path: Path, key: str) -> Found:
    if not whole.is_broken((*path, key)):
        yield Fault(ProblemName.MISSING_KEY, path, f"`{key}` is missing in `{title(path)}`", at_key=True)


def names_are_known(whole: Whole) -> Found:
    """Every remedy, reason and role that is named somewhere is there."""
    known = {table: whole.names(table) for table in UNKNOWN}
    for path, table, names in _mentions(whole):
        for number, name in enumerate(names):
            if name not in known[table] and name != STAR and not whole.lost(table):
                problem, noun = UNKNOWN[table]
                place = path if path[-1] in {"by", "inherits", "roles_below"} else (*path, number)
                yield Fault(problem, place, f"unknown {noun} {quote(name)}", nearest(name, known[table]))


def _mentions(whole: Whole) -> Iterator[tuple[Path, str, Iterable[str]]]:
    """Everything that names a remedy, a reason or a role: place, table, names."""
    document = whole.document
    for name, reason in document.reasons.items():
        yield ("reasons", name, "remedies"), "remedies", reason.remedies or ()
        if reason.follow_up:
            yield ("reasons", name, "follow_up", "by"), "roles", (reason.follow_up.by,)
    for name, role in document.roles.items():
        yield ("roles", name, "remedies"), "remedies", role.remedies or ()
        yield ("roles", name, "approves"), "roles", role.approves or ()
        if role.inherits is not None:
            yield ("roles", name, "inherits"), "roles", (role.inherits,)
    yield from _narrowings(whole)


def _narrowings(whole: Whole) -> Iterator[tuple[Path, str, Iterable[str]]]:
    for path, limit in whole.limits():
        yield (*path, "remedies"), "remedies", limit.remedies or ()
        yield (*path, "reasons"), "reasons", limit.reasons or ()
    for path, guard in guards_of(whole):
        for table in UNKNOWN:
            yield (*path, "when", table), table, getattr(guard.when, table) or ()
    for path, never in claims_of(whole):
        for table in UNKNOWN:
            yield (*path, table), table, getattr(never, table) or ()
        if never.roles_below is not None:
            yield (*path, "roles_below"), "roles", (never.roles_below,)


def guards_of(whole: Whole) -> list[tuple[Path, GuardSection]]:
    """The guards, with their places."""
    return [(("guards", name), guard) for name, guard in whole.document.guards.items() if guard]


def claims_of(whole: Whole) -> list[tuple[Path, NeverSection]]:
    """What invariants say must never be, with their places."""
    return [(("invariants", name, "never"), one.never) for name, one in whole.document.invariants.items() if one]


def inheritance_ends(whole: Whole) -> Found:
    """No role inherits itself, along however many others."""
    roles = whole.document.roles
    for name in roles:
        line = _line(whole, name)
        if roles[line[-1]].inherits == name:
            circle = " → ".join([*line, name])
            message = f"role `{name}` inherits itself: {circle}" if len(line) > 1 else f"role `{name}` inherits itself"
            yield Fault(ProblemName.CIRCULAR_INHERITS, ("roles", name, "inherits"), message)


def amounts_fit(whole: Whole) -> Found:
    """Amounts have exactly the decimals of the policy's currency, and fit 2^53 - 1 of its smallest unit."""
    money = currency(whole.document.calendar.currency or "")
    if money is None:
        return
    for path, amount in _amounts(whole):
        if decimals_of(amount) != money.decimals:
            message = f"{quote(amount)} must have {_decimals(money.decimals)}, as {money.code} has"
            yield Fault(ProblemName.WRONG_DECIMALS, path, message, written(amount, money.decimals))
        elif not fits(amount, money.decimals):
            yield Fault(ProblemName.AMOUNT_TOO_LARGE, path, f"{quote(amount)} is beyond 2^53 - 1 of the smallest unit")


def _decimals(number: int) -> str:
    return "no decimals" if number == 0 else f"{number} decimals"


def _amounts(whole: Whole) -> Iterator[tuple[Path, Decimal]]:
    document = whole.document
    found: list[tuple[Path, Decimal | None]] = [
        *((("remedies", name, "most"), remedy.most) for name, remedy in document.remedies.items()),
        *(((*standing.path, "amount"), standing.limit.amount) for standing in whole.limits()),
        *(((*path, "when", "amount_over"), guard.when.amount_over) for path, guard in guards_of(whole)),
        (("approval", "two_people_over"), document.approval.two_people_over),
        *(((*path, "grants_over"), never.grants_over) for path, never in claims_of(whole)),
        *(((*path, "over"), never.over) for path, never in claims_of(whole)),
    ]
    return ((path, amount) for path, amount in found if amount is not None)


def guards_agree(whole: Whole) -> Found:
    """No two guards say something different where the very same facts hold."""
    said: dict[object, tuple[str | int, object]] = {}
    for path, guard in guards_of(whole):
        if whole.is_broken(path):
            continue
        consequence = (guard.then, frozenset(guard.require or ()))
        other, before = said.setdefault(_facts(guard.when), (path[-1], consequence))
        if before != consequence:
            message = f"guard `{path[-1]}` contradicts guard `{other}`: the same `when`, and something else follows"
            yield Fault(ProblemName.CONTRADICTING_GUARDS, path, message, at_key=True)


def _facts(when: WhenSection) -> frozenset[tuple[str, object]]:
    values = ((key, getattr(when, key)) for key in when.model_fields_set)
    return frozenset((key, frozenset(value) if isinstance(value, list) else value) for key, value in values)


def remedies_have_a_giver(whole: Whole) -> Found:
    """What a reason offers may be given by some role."""
    listed = [role.remedies or [] for role in whole.roles.values()]
    given = {remedy for remedies in listed for remedy in remedies}
    if STAR in given or _roles_are_broken(whole) or not given <= whole.document.remedies.keys():
        return
    for name, reason in whole.document.reasons.items():
        for number, remedy in enumerate(reason.remedies or ()):
            if remedy in whole.document.remedies and remedy not in given:
                message = f"no role may give {quote(remedy)}, which reason `{name}` offers"
                yield Fault(ProblemName.REMEDY_NOBODY_GIVES, ("reasons", name, "remedies", number), message)


def _roles_are_broken(whole: Whole) -> bool:
    """Whether what some role may give is not known."""
    cut = [path for file in whole.chain for path in file.broken if path[0] == "roles"]
    is_cut = any(path[2:3] in ((), ("remedies",), ("inherits",)) for path in cut)
    return is_cut or any(_breaks_off(whole, role) for role in whole.roles)


def something_is_dropped(whole: Whole) -> Found:
    """`false` drops a limit or a guard that would be inherited."""
    for table in ("limits", "guards", "invariants"):
        yield from _drops(whole, (table,), set())
    for role in whole.document.roles:
        above = {
            name
            for line in ancestors(whole.document, role)
            for file in whole.chain
            for name in _section(file.data, ("roles", line, "limits"))
        }
        yield from _drops(whole, ("roles", role, "limits"), above)


def _drops(whole: Whole, table: Path, known: set[str]) -> Found:
    known = set(known)
    for file in reversed(whole.chain):
        section = _section(file.data, table)
        for name, value in section.items():
            if value is False and name not in known and whole.file_of((*table, name)) is file:
                message = f"`{name} = false` drops nothing: no `{name}` is inherited"
                yield Fault(ProblemName.NOTHING_TO_DROP, (*table, name), message, nearest(name, known), at_key=True)
        known.update(section)


def _section(data: object, path: Path) -> dict[str, object]:
    for part in path:
        data = data.get(part, {}) if isinstance(data, dict) else {}
    return data if isinstance(data, dict) else {}


def claims_speak_of_somebody(whole: Whole) -> Found:
    """There are roles below the one that an invariant names."""
    for path, never in claims_of(whole):
        top = whole.document.roles.get(never.roles_below or "")
        if top is not None and not top.approves and not whole.is_broken(("roles", never.roles_below or "", "approves")):
            message = f"invariant `{path[1]}` speaks of no role: `{never.roles_below}` approves none"
            yield Fault(ProblemName.BAD_INVARIANT, (*path, "roles_below"), message)


POLICY_CHECKS: tuple[Callable[[Whole], Found], ...] = (
    calendar_is_whole,
    sections_are_whole,
    names_are_known,
    inheritance_ends,
    amounts_fit,
    guards_agree,
    remedies_have_a_giver,
    claims_speak_of_somebody,
    something_is_dropped,
)

"""The later steps of a comp: capture, void, reverse, expire."""

from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

from empower.core import comp as life
from empower.core.canonical import LARGEST_INTEGER, is_text
from empower.core.comp import Comp
from empower.core.entry import Entry, commitment, content, moment_of
from empower.core.errors import ConflictError, FieldError, InputError, NotFoundError, unknown_name
from empower.core.history import facts_from, first_comp
from empower.core.measure import local_moment
from empower.engine.desk import Desk, Place, arrive, new_salt, open_book, take
from empower.engine.rules import Rules, held_by_books
from empower.store import Unit
from empower.store.listing import lines_of

Within = Collection[str] | None
"""The locations that a caller reaches; None for all."""


def find(unit: Unit, comp_id: str, within: Within) -> Comp:
    """A comp that the caller reaches; one elsewhere is as little there as one that never was."""
    comp = unit.comp(comp_id, within) if is_text(comp_id) else None
    if comp is None or (within is not None and comp.location not in within):
        raise NotFoundError(f"there is no comp `{comp_id}` here", code="unknown_comp")
    return comp


def move(
    desk: Desk, unit: Unit, comp_id: str, by: str, within: Within, step: Callable[[Comp, Place], life.Step | None]
) -> Comp:
    """Take the step that `step` makes of the comp as it stands now; nothing if it was taken before."""
    comp = find(unit, comp_id, within)
    place = arrive(desk, unit, open_book(unit, comp.location), by)
    comp = find(unit, comp_id, within)
    try:
        made = step(comp, place)
    except life.StateConflictError as conflict:
        raise ConflictError(conflict.why, code=f"comp_{comp.status}") from None
    except life.AmountError as error:
        raise InputError(error.why, errors=[FieldError("/amount", error.why)]) from None
    return comp if made is None else take(unit, place, made)


def capture(rules: Rules, unit: Unit, comp: Comp, place: Place, amount_minor: int | None) -> life.Step | None:
    """Spend a hold; one that expired is spent all the same, as long as somebody had granted it."""
    if comp.status is life.Status.EXPIRED and comp.authority is not None:
        room = _room(rules, unit, comp, amount_minor)
        return life.capture_late(comp, amount_minor, place.now, room=room)
    return life.capture(comp, amount_minor, place.now)


def _room(rules: Rules, unit: Unit, comp: Comp, amount_minor: int | None) -> bool:
    """Whether a hold that expired would fit again into the windows it had, by the policy that granted it."""
    line = _granting(unit, comp)
    if line is None:
        return False
    body, held_at = content(line.leaf)["body"], moment_of(line.recorded_at)
    policy = rules.kept(unit, body["policy"])
    amount = comp.granted_minor if amount_minor is None else amount_minor
    role = comp.authority_role or ""
    if role not in policy.policy.roles:
        return False
    facts = facts_from(body)._replace(amount_minor=amount, employee=comp.authority or comp.employee, roles=(role,))
    needed = policy.counters(facts, held_at)
    standing = held_by_books(unit, comp, needed)
    trial = policy.plan(facts.roles, facts.remedy, facts.reason).straight[0]
    return trial.grants(facts, standing, local_moment(policy.policy, facts, held_at))


def _granting(unit: Unit, comp: Comp) -> Entry | None:
    """The entry that held a comp: the yes that completed it, or else its own decision."""
    lines = [line for line in lines_of(unit, comp) if line.kind == "approve"]
    return lines[-1] if lines else unit.entry(comp.location, comp.seq)


def whole(amount_minor: object) -> int | None:
    """An amount of a step: an integer of minor units, or None for all; raises `InputError` for anything else."""
    if amount_minor is None:
        return None
    if isinstance(amount_minor, bool) or not isinstance(amount_minor, int) or abs(amount_minor) > LARGEST_INTEGER:
        message = f"`{amount_minor}` is no integer of minor units"
        raise InputError(message, errors=[FieldError("/amount", message)])
    return amount_minor


def noted(note: str | None) -> tuple[dict[str, Any] | None, bytes | None]:
    """What an entry says of a note, and the salt to keep beside it."""
    if not note:
        return None, None
    if not is_text(note):
        message = "is not text: it holds half of a surrogate pair, or the character U+0000"
        raise InputError(f"/note: {message}", errors=[FieldError("/note", message)])
    salt = new_salt()
    return {"commitment": commitment(salt, note)}, salt


def first_state(line: Entry) -> Comp:
    """A comp as the decision entry `line` made it."""
    said = content(line.leaf)
    return first_comp(line.location, line.seq, line.recorded_at, said["comp"], said["body"])


def policy_of(line: Entry) -> str:
    """The digest of the policy that a decision entry names."""
    digest: str = content(line.leaf)["body"]["policy"]
    return digest


def status_of(name: str | None) -> str | None:
    """A status that exists; raises `InputError` with the nearest otherwise."""
    if name is None or name in set(life.Status):
        return name
    error = unknown_name("/status", "status", name, [status.value for status in life.Status])
    raise InputError(error.message, errors=[error])


def cursor_of(text: str | None) -> str | None:
    """The id that a page ended with; raises `InputError` for anything else."""
    if text is None:
        return None
    try:
        return str(UUID(text))
    except ValueError:
        message = f"`{text[:64]}` is no cursor: take `next` of the page before"
        raise InputError(message, errors=[FieldError("/cursor", message)]) from None

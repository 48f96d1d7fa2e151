"""Publishing: a set of policies is put in force at a moment, by somebody, for a reason, and every book says so.

What would not hold is refused by name, and what is in force stays. A loosening waits for another person where the
set in force, or the one to come, asks for two.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from empower.core.entry import moment_of, stamp
from empower.core.errors import ConflictError, FieldError, InputError, NotFoundError, PolicyError
from empower.core.policy import Policy
from empower.engine.desk import Desk, open_book
from empower.engine.publication_views import set_digest
from empower.engine.published import Snapshot, effective_at
from empower.engine.publishing_checks import (
    Candidate,
    check_clock,
    check_news,
    check_places,
    check_roles,
    check_times,
    start_of,
    waits_for,
)
from empower.engine.rules import take_up
from empower.policy import PolicySet
from empower.store import Book, Unit
from empower.store.listing import books
from empower.store.publishing import Publication, add_publication, confirm_publication, publications, revision


def publish(
    desk: Desk, unit: Unit, candidate: Candidate, *, by: str, why: str, starts: str | None, back_to: int | None = None
) -> int:
    """Record a set, and put it in force if it is to be at once; the publication's id.

    Raises `InputError`, `ConflictError` or `PolicyError` with a code for each thing that stands against it.
    """
    if not why.strip():
        raise InputError("say why: `--why` is for the books", errors=[FieldError("/why", "is empty")])
    heads = _locked(unit)
    snapshot = desk.rules.published.snapshot(unit)
    now = _now(desk, heads, snapshot)
    governed = {head.location: policy for head in heads if (policy := candidate.policies.policy_for(head.location))}
    check_places(desk, unit, heads, governed)
    check_roles(unit, governed, now)
    known = publications(unit)
    row = Publication(
        id=known[-1].id + 1 if known else 1,
        revision=revision(unit) + 1,
        at=stamp(now),
        by=by,
        why=why,
        starts=start_of(starts, governed, now, snapshot),
        policies=candidate.policies.digests,
        two_people_for=candidate.two_people_for,
        waits_for=[],
        back_to=back_to,
        confirmed_at=None,
        confirmed_by=None,
    )
    after = snapshot.with_row(row, candidate.policies)
    check_times(after, row, governed, now)
    check_news(candidate, snapshot, after, heads, now)
    row = row._replace(waits_for=waits_for(desk, unit, candidate, snapshot, after, heads, now))
    add_publication(unit, row)
    _say(unit, row, candidate.policies, governed, now, by)
    if not row.waits:
        _begin(desk, unit, row, governed, now, by)
    return row.id


def confirm(desk: Desk, unit: Unit, publication: int, *, by: str) -> int:
    """Say yes to a publication that waits for it; raises `NotFoundError`, `ConflictError` or `PolicyError`."""
    heads = _locked(unit)
    row = _known(unit, publication)
    if not row.waits:
        raise ConflictError(f"publication {row.id} waits for nobody", code="not_waiting")
    if row.by == by:
        raise ConflictError(
            f"`{by}` published it, so another person must confirm it: name yourself by your own admin key",
            code="same_person",
        )
    snapshot = desk.rules.published.snapshot(unit)
    now = _now(desk, heads, snapshot)
    policies = snapshot.policies(row.id)
    if policies is None:
        raise PolicyError(f"a text of publication {row.id} is lost or altered: publish it again", code="policy_lost")
    governed = {head.location: policy for head in heads if (policy := policies.policy_for(head.location))}
    check_roles(unit, governed, now)
    row = row._replace(confirmed_at=stamp(now), confirmed_by=by, revision=revision(unit) + 1)
    check_times(snapshot.with_row(row, policies), row, governed, now)
    confirm_publication(unit, row)
    _say(unit, row, policies, governed, now, by)
    _begin(desk, unit, row, governed, now, by)
    return row.id


def rollback(desk: Desk, unit: Unit, publication: int | None, *, by: str, why: str) -> int:
    """Publish an earlier set again, at once; what was still to come is taken back.

    Without `publication`: the set before the newest one, or the one in force where the newest is yet to come.
    """
    heads = _locked(unit)
    snapshot = desk.rules.published.snapshot(unit)
    now = _now(desk, heads, snapshot)
    row = _before_newest(snapshot, unit, now) if publication is None else _known(unit, publication)
    if row.waits:
        raise ConflictError(f"publication {row.id} was never in force: it waits for a yes", code="never_in_force")
    candidate = Candidate(policies_of(desk, unit, row.id), row.two_people_for)
    return publish(desk, unit, candidate, by=by, why=why, starts=None, back_to=row.id)


def policies_of(desk: Desk, unit: Unit, publication: int) -> PolicySet:
    """The set of a publication; raises `NotFoundError`, or `PolicyError` where a text of it is lost."""
    row = _known(unit, publication)
    found = desk.rules.published.snapshot(unit).policies(row.id)
    if found is None:
        raise PolicyError(f"a text of publication {row.id} is lost or altered", code="policy_lost")
    return found


def _locked(unit: Unit) -> list[Book]:
    """All books, locked in one order: of two who publish at once, one comes after the other and sees what it did."""
    names = [head.location for head in books(unit)]
    unit.lock_books(names)
    return [open_book(unit, name) for name in names]


def _now(desk: Desk, heads: list[Book], snapshot: Snapshot) -> datetime:
    """The moment, never before the last publication's: what is published later is in force, whosever clock is behind.

    Raises `ConflictError` where this clock is too far behind to be believed.
    """
    now = desk.clock()
    check_clock(now, heads)
    return max([now, *(moment_of(row.not_before) for row in snapshot.publications)])


def _known(unit: Unit, publication: int) -> Publication:
    for row in publications(unit):
        if row.id == publication:
            return row
    raise NotFoundError(
        f"there is no publication `{publication}`: see `empower policy log`", code="unknown_publication"
    )


def _before_newest(snapshot: Snapshot, unit: Unit, now: datetime) -> Publication:
    whole = snapshot.whole
    if not whole:
        raise ConflictError("nothing was published yet", code="nothing_published")
    newest = whole[-1]
    turns = [snapshot.turn_at(head.location, now) for head in books(unit)]
    current = max((turn.publication for turn in turns if turn), key=lambda row: row.revision, default=None)
    if current is not None and current != newest and newest.back_to is None:
        return current
    # A rollback says what it went back to: one more goes back behind that.
    at = newest.back_to or newest.id
    known = [row.id for row in whole]
    earlier = [row for row in whole[: known.index(at)] if row.policies != newest.policies and row.back_to is None]
    if not earlier:
        raise ConflictError(f"there is nothing before publication {at} to go back to", code="nothing_before")
    return earlier[-1]


# What a publication does


def _say(
    unit: Unit, row: Publication, policies: PolicySet, governed: Mapping[str, Policy], now: datetime, by: str
) -> None:
    """An entry in each book that the set governs; and the texts, kept at the moment of the first of them."""
    kept_at = None
    for location, policy in sorted(governed.items()):
        line = unit.append(open_book(unit, location), "publish", now, None, by, _body(row, policy))
        kept_at = kept_at or datetime.fromisoformat(line.recorded_at)
    for policy in policies:
        unit.keep_policy(policy.digest, policy.id, policy.text, kept_at or now)


def _body(row: Publication, policy: Policy) -> dict[str, Any]:
    body: dict[str, Any] = {
        "publication": row.id,
        "policy": policy.digest,
        "id": policy.id,
        "set": set_digest(row.policies),
        "policies": row.policies,
        "why": row.why,
        "asked_at": row.at,
        "starts": row.starts,
        "two_people_for": row.two_people_for,
    }
    if row.waits:
        body |= {"waits_for": row.waits_for}
    else:
        body |= {"effective": stamp(effective_at(row, policy))}
    if row.back_to is not None:
        body["back_to"] = row.back_to
    if row.confirmed_by is not None:
        body |= {"asked_by": row.by, "confirmed_at": row.confirmed_at}
    return body


def _begin(desk: Desk, unit: Unit, row: Publication, governed: Mapping[str, Policy], now: datetime, by: str) -> None:
    """Every book whose moment has come takes the set up in the very transaction that publishes it."""
    for location, policy in sorted(governed.items()):
        book = open_book(unit, location)
        if effective_at(row, policy) <= now and book.policy != policy.digest:
            take_up(unit, book, desk.rules.compiled(policy), now, by)

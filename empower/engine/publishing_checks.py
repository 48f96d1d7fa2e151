"""What stands against a publication, each by its name: the last good set stays in force."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from empower.core.entry import stamp
from empower.core.errors import ConflictError, FieldError, InputError, PolicyError
from empower.core.policy import Policy
from empower.engine.desk import CLOCK_SKEW, Desk
from empower.engine.published import Snapshot, effective_at
from empower.policy import PolicySet
from empower.policy.looser import loosenings
from empower.store import Book, Unit
from empower.store.people import staff
from empower.store.publishing import Publication

FARTHEST_YEARS = 2
"""A start later than this is taken for a slip of the pen."""


class Candidate(NamedTuple):
    """A set of policies that somebody wants in force."""

    policies: PolicySet
    two_people_for: str | None = None


def check_clock(now: datetime, heads: list[Book]) -> None:
    """Raise `ConflictError` where a book was written later than this machine's clock says it is."""
    ahead = [head for head in heads if head.recorded_at > stamp(now + CLOCK_SKEW)]
    if ahead:
        raise ConflictError(
            f"this machine's clock says {stamp(now)}, and the book of `{ahead[0].location}` was written at "
            f"{ahead[0].recorded_at}: set the clock first",
            code="clock_behind",
        )


def check_places(desk: Desk, unit: Unit, heads: list[Book], governed: Mapping[str, Policy]) -> None:
    """Raise `ConflictError` without a location, `PolicyError` for a set that governs none, or in another currency."""
    if not heads:
        raise ConflictError("no location is open yet: until one is, the files are in force", code="no_location")
    if not governed:
        named = ", ".join(f"`{head.location}`" for head in heads)
        raise PolicyError(f"the set governs none of the open locations ({named})", code="governs_nothing")
    for head in heads:
        policy = governed.get(head.location)
        was = desk.rules.kept(unit, head.policy).policy.calendar.currency
        if policy is not None and policy.calendar.currency != was:
            other = policy.calendar.currency
            message = f"the book of `{head.location}` is kept in {was}, policy `{policy.id}` is in {other}"
            raise PolicyError(message, code="other_currency")


def check_roles(unit: Unit, governed: Mapping[str, Policy], now: datetime) -> None:
    """Whoever has a role today must not wake up without it."""
    errors = []
    for location, policy in governed.items():
        today = policy.days.business_day(now).isoformat()
        for row in staff(unit, location):
            if row.role not in policy.roles and (row.until is None or row.until >= today):
                message = f"policy `{policy.id}` has no role `{row.role}`, which `{row.employee}` has at `{location}`"
                errors.append(FieldError(f"/{policy.id}/roles/{row.role}", message))
    if errors:
        more = f", and {len(errors) - 1} more of the roster" if len(errors) > 1 else ""
        error = PolicyError(f"{errors[0].message}{more}", code="role_in_use")
        error.errors = tuple(errors)
        raise error


def start_of(starts: str | None, governed: Mapping[str, Policy], now: datetime, snapshot: Snapshot) -> str | None:
    """When it is to begin, as it is kept; None for at once. Raises `InputError`."""
    if starts is None:
        return None
    moment = moment_of_text(starts)
    if not snapshot:
        raise _bad_start(
            "the first publication is in force at once: until then the files are, whatever they say",
            "first_at_once",
        )
    if moment.year > now.year + FARTHEST_YEARS:
        raise _bad_start(f"`{starts}` is more than two years away", "start_too_far")
    if moment.year < now.year - 1:
        raise _bad_start(f"`{starts}` is past", "start_in_past")
    written = stamp(moment) if moment.tzinfo else moment.isoformat(timespec="seconds")
    for location, policy in governed.items():
        if policy.moment(written) <= now:
            raise _bad_start(f"`{starts}` is past at `{location}`, where it is {_local(now, policy)}", "start_in_past")
    return written


def _bad_start(message: str, code: str) -> InputError:
    return InputError(message, code=code, errors=[FieldError("/from", message)])


def _local(moment: datetime, policy: Policy) -> str:
    return f"{moment.astimezone(policy.days.zone):%Y-%m-%dT%H:%M}"


def check_times(after: Snapshot, row: Publication, governed: Mapping[str, Policy], now: datetime) -> None:
    """Every location that it governs must have a policy now and whenever a policy says that it is over.

    Raises `PolicyError` for what was over before it began, or would leave a location without a policy.
    """
    for location, policy in governed.items():
        begins = effective_at(row, policy)
        if policy.ends is not None and policy.ends <= begins:
            raise PolicyError(
                f"policy `{policy.id}` is over at {_local(policy.ends, policy)}, before it would be in force at "
                f"`{location}`: mend its `until`",
                code="over_already",
            )
        for moment in (now, *after.changes(location, now)):
            if after.turn_at(location, moment) is None:
                raise PolicyError(
                    f"nothing published would govern `{location}` from {_local(moment, policy)} on: publish what is "
                    "to be in force then, without an `effective` or `until`, first",
                    code="nothing_governs",
                )


def check_news(candidate: Candidate, snapshot: Snapshot, after: Snapshot, heads: list[Book], now: datetime) -> None:
    """Raise `ConflictError` for the very set that was published last, where it would change nothing at any moment."""
    last = snapshot.whole[-1] if snapshot else None
    if last is None or last.policies != candidate.policies.digests or last.two_people_for != candidate.two_people_for:
        return
    if not any(True for head in heads for _ in _changed(snapshot, after, head.location, now)):
        raise ConflictError(f"publication {last.id} is of just this set already", code="nothing_new")


def _changed(
    snapshot: Snapshot, after: Snapshot, location: str, now: datetime
) -> Iterator[tuple[Policy | None, Policy | None]]:
    """What is and what would be in force at a location, at each moment from now on at which it is not the same."""
    for moment in (now, *sorted({*snapshot.changes(location, now), *after.changes(location, now)})):
        turns = (snapshot.turn_at(location, moment), after.turn_at(location, moment))
        was, then = (turn.policy if turn else None for turn in turns)
        if (was and was.digest) != (then and then.digest):
            yield was, then


def waits_for(
    desk: Desk, unit: Unit, candidate: Candidate, snapshot: Snapshot, after: Snapshot, heads: list[Book], now: datetime
) -> list[str]:
    """What in the set is looser than what it follows, where two people are asked for; else nothing."""
    before = snapshot.whole[-1].two_people_for if snapshot else None
    if "looser" not in (before, candidate.two_people_for):
        return []
    found = ["publishing.two_people_for"] if before and not candidate.two_people_for else []
    for head in heads:
        for was, then in _changed(snapshot, after, head.location, now):
            old = was or desk.rules.kept(unit, head.policy).policy
            if then is not None:
                found += [f"{then.id}: {item}" for item in loosenings(old, then)]
    return sorted(set(found))


def moment_of_text(text: str) -> datetime:
    """A moment as people write it; raises `InputError`."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise _bad_start(f"`{text}` is no moment: write it as 2026-12-24T04:00", "bad_moment") from None

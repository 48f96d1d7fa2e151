"""What is told of publications: each with what became of it, and what is in force where."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from empower.core.canonical import canonical, digest
from empower.core.entry import content, stamp
from empower.engine.published import Snapshot, Turn
from empower.engine.views import View
from empower.store import Unit
from empower.store.publishing import Publication, policy_lines

State = Literal["waiting", "scheduled", "in force", "replaced", "ended", "taken back"]


class TurnView(View):
    """A publication at one location."""

    location: str
    policy: str
    digest: str
    effective: str
    publication: int
    by: str
    why: str


class AtView(View):
    """What was, is or will be in force at a location at a moment."""

    location: str
    policy: str
    digest: str
    effective: str | None = None
    """None where it was taken up from the files, without a publication."""
    publication: int | None = None
    by: str | None = None
    why: str | None = None


class PublicationView(View):
    """A publication, and what became of it."""

    id: int
    state: State
    at: str
    by: str
    why: str
    starts: str | None
    policies: dict[str, str]
    digest: str
    """Of the whole set."""
    waits_for: list[str]
    back_to: int | None
    confirmed_by: str | None
    confirmed_at: str | None
    locations: list[TurnView]


def set_digest(policies: Mapping[str, str]) -> str:
    """The name of a set: the digest of the canonical JSON of its digests by policy id."""
    return digest(canonical(dict(policies)))


def turn_view(location: str, turn: Turn) -> TurnView:
    """What is in force at a location from a moment on."""
    row = turn.publication
    return TurnView(
        location=location,
        policy=turn.policy.id,
        digest=turn.policy.digest,
        effective=stamp(turn.effective),
        publication=row.id,
        by=row.by,
        why=row.why,
    )


def log(snapshot: Snapshot, locations: list[str], now: datetime) -> list[PublicationView]:
    """Every publication, the newest first."""
    current = {name: turn.publication.id for name in locations if (turn := snapshot.turn_at(name, now))}
    turns = {
        row.id: [(name, turn) for name in locations for turn in snapshot.turns(name) if turn.publication.id == row.id]
        for row in snapshot.publications
    }
    return [
        PublicationView(
            state=_state(row, [turn for _, turn in turns[row.id]], row.id in current.values(), now),
            digest=set_digest(row.policies),
            locations=[turn_view(name, turn) for name, turn in turns[row.id]],
            **{name: getattr(row, name) for name in PublicationView.model_fields if hasattr(row, name)},
        )
        for row in reversed(snapshot.publications)
    ]


def _state(row: Publication, turns: list[Turn], is_current: bool, now: datetime) -> State:
    if row.waits:
        return "waiting"
    if is_current:
        return "in force"
    if not turns:
        return "taken back"
    if any(turn.effective > now for turn in turns):
        return "scheduled"
    return "ended" if all(turn.has_ended(now) for turn in turns) else "replaced"


def taken_up_by(unit: Unit, location: str, when: datetime) -> str | None:
    """The digest of the policy that a book had taken up by a moment; None before it was opened."""
    found = None
    for line in policy_lines(unit, location, stamp(when)):
        found = content(line.leaf)["body"]["policy"]
    return found

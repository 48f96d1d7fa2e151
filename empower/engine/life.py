"""What happened to a comp, entry by entry, for people: who it was by name, and what they noted."""

from empower.core.comp import Comp
from empower.core.entry import Entry, content
from empower.engine.approving import who_ended
from empower.engine.desk import Desk
from empower.engine.views import PersonView, StepView, TitlesView
from empower.store import Book, Unit
from empower.store.approvers import name_of
from empower.store.listing import lines_of, note_of

BY_PEOPLE = ("decision", "approve", "decline")


def steps(unit: Unit, comp: Comp) -> list[StepView]:
    """The life of a comp, the decision first."""
    return [_step(unit, line) for line in lines_of(unit, comp)]


def titles(desk: Desk, unit: Unit, book: Book) -> TitlesView:
    """What the policy in force in a book calls things."""
    policy = desk.rules.kept(unit, book.policy).policy
    return TitlesView(
        remedies={name: item.title for name, item in policy.remedies.items()},
        reasons={name: item.title for name, item in policy.reasons.items()},
        roles={name: item.title for name, item in policy.roles.items()},
    )


def _step(unit: Unit, line: Entry) -> StepView:
    said = content(line.leaf)
    who = who_ended(line) if line.kind in BY_PEOPLE else None
    return StepView(
        seq=line.seq,
        kind=line.kind,
        at=line.recorded_at,
        by=said["by"],
        person=None if who is None else PersonView(id=who, name=name_of(unit, who)),
        note=note_of(unit, line.location, line.seq),
        body=said["body"],
    )

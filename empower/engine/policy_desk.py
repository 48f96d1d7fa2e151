"""The policy desk: publishing, its history, and taking it back."""

from datetime import datetime
from pathlib import Path

from empower.core.errors import PolicyError
from empower.engine import backtesting, hits, publishing, shadowing
from empower.engine.backtesting import Backtested, Progress
from empower.engine.desk import Desk, open_book
from empower.engine.hits import Suggestion
from empower.engine.publication_views import AtView, PublicationView, TurnView, log, taken_up_by, turn_view
from empower.engine.publishing_checks import Candidate, moment_of_text
from empower.policy import PolicySet
from empower.store import Store, Unit
from empower.store.listing import books


class PolicyDesk:
    """What admins do with policies, over one store."""

    def __init__(self, store: Store, desk: Desk) -> None:
        """In the engine's surroundings."""
        self.store = store
        self._desk = desk

    def publishes(self) -> bool:
        """Whether anything was ever published: if so, the files are candidates and not in force."""
        with self.store.read() as unit:
            return bool(self._desk.rules.published.snapshot(unit))

    def problems(self) -> list[str]:
        """What keeps the policies that should be in force out of it; nothing if they are."""
        with self.store.read() as unit:
            books(unit)
            snapshot = self._desk.rules.published.snapshot(unit)
        return self._desk.rules.problems(snapshot, self._desk.clock())

    def known_problems(self) -> list[str]:
        """The same, as it was when last asked: the store is not."""
        return self._desk.rules.known_problems(self._desk.clock())

    def publish(self, candidate: Candidate, *, by: str, why: str, starts: str | None = None) -> PublicationView:
        """Put a set in force at once, or from a moment (ISO 8601; without an offset, on each location's clock).

        Raises `InputError`, `ConflictError`, `PolicyError`; then nothing changed.
        """
        desk = self._desk
        return self._told(
            self.store.write(
                lambda unit: publishing.publish(desk, unit, candidate, by=by, why=why, starts=starts), alone=True
            )
        )

    def confirm(self, publication: int, *, by: str) -> PublicationView:
        """Say yes to a loosening that waits for another person."""
        desk = self._desk
        return self._told(self.store.write(lambda unit: publishing.confirm(desk, unit, publication, by=by), alone=True))

    def rollback(self, publication: int | None = None, *, by: str, why: str) -> PublicationView:
        """Publish an earlier set again, at once."""
        desk = self._desk
        return self._told(
            self.store.write(lambda unit: publishing.rollback(desk, unit, publication, by=by, why=why), alone=True)
        )

    def policies(self, publication: int | None = None) -> PolicySet:
        """The set of a publication, or what governs locations now; raises `NotFoundError`, `PolicyError`."""
        with self.store.read() as unit:
            if publication is None:
                found = (self._desk.rules.governing(unit, book.location, self._desk.clock()) for book in books(unit))
                return PolicySet({policy.id: policy for policy in found if policy is not None}.values())
            return publishing.policies_of(self._desk, unit, publication)

    def log(self) -> list[PublicationView]:
        """Every publication, the newest first."""
        with self.store.read() as unit:
            snapshot = self._desk.rules.published.snapshot(unit)
            return log(snapshot, [book.location for book in books(unit)], self._desk.clock())

    def in_force(self) -> list[TurnView]:
        """The publication that is in force at each location now; none where the files are."""
        now = self._desk.clock()
        with self.store.read() as unit:
            snapshot = self._desk.rules.published.snapshot(unit)
            turns = [(book.location, snapshot.turn_at(book.location, now)) for book in books(unit)]
        return [turn_view(name, turn) for name, turn in turns if turn is not None]

    def _told(self, publication: int) -> PublicationView:
        return next(item for item in self.log() if item.id == publication)

    def at(self, when: str, location: str | None = None) -> list[AtView]:
        """What was, is or will be in force at a moment, at each location or at one.

        `when` is ISO 8601; without an offset it is read on each location's own clock. Raises `PolicyError` for a
        moment at which a location's policy cannot be told.
        """
        moment = moment_of_text(when)
        found = []
        with self.store.read() as unit:
            names = [book.location for book in books(unit)] if location is None else [location]
            for name in names:
                book = open_book(unit, name, lambda: [head.location for head in books(unit)])
                current = self._desk.rules.kept(unit, book.policy).policy
                aware = moment if moment.tzinfo else moment.replace(tzinfo=current.days.zone)
                found.append(self._at(unit, name, aware))
        return found

    def _at(self, unit: Unit, name: str, moment: datetime) -> AtView:
        turn = self._desk.rules.published.snapshot(unit).turn_at(name, moment)
        if turn is not None:
            return AtView(**turn_view(name, turn).model_dump())
        taken = taken_up_by(unit, name, moment)
        if taken is None:
            raise PolicyError(
                f"`{name}` had no policy at {moment.isoformat()}: it was not open yet", code="not_open_yet"
            )
        policy = self._desk.rules.kept(unit, taken).policy
        return AtView(location=name, policy=policy.id, digest=policy.digest)

    # Trying a candidate on history

    def backtest(
        self,
        candidate: PolicySet,
        *,
        since: datetime | None = None,
        locations: list[str] | None = None,
        progress: Progress | None = None,
    ) -> Backtested:
        """Every request in the books since a moment, decided again; raises `InputError` or `PolicyError`."""
        return backtesting.backtest(self.store, candidate, since=since, locations=locations, progress=progress)

    def what_if(
        self, *, since: datetime | None = None, locations: list[str] | None = None, progress: Progress | None = None
    ) -> list[Suggestion]:
        """Each limit that was hit, and the caps that would have sufficed; raises `InputError`."""
        return hits.what_if(self.store, since=since, locations=locations, progress=progress)

    # Watching a candidate

    def begin_shadow(self, candidate: PolicySet, source: Path, *, by: str) -> int:
        """Watch a candidate beside what is in force from now on; its number."""
        return shadowing.begin(self.store, self._desk, candidate, source, by=by).id

    def end_shadow(self) -> int:
        """Watch it no longer; its number."""
        return shadowing.stop(self.store, self._desk).id

    def shadow_report(self) -> shadowing.Follower:
        """Where the candidate watched now, or last, would have answered otherwise, up to its last entry."""
        return shadowing.caught_up(self.store)

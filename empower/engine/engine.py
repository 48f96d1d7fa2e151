"""The engine: every use case as one call. The HTTP layer and the command line are thin over it."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from empower import clock as clocks
from empower.core.canonical import LARGEST_INTEGER, canonical, digest, is_text
from empower.core.comp import Comp, Step, reverse, void
from empower.core.entry import key_commitment, stamp
from empower.core.errors import EmpowerError, StoreError
from empower.core.policy import Policy
from empower.core.request import Request
from empower.engine import moving, options, staff
from empower.engine.approvals import Approvals
from empower.engine.budgets import Subjects, budgets
from empower.engine.deciding import ahead, answer_again, as_json, hold, kept_guest, known_guest, study
from empower.engine.desk import Desk, Place, arrive, new_id, open_book
from empower.engine.input import page, validated
from empower.engine.moving import Within, find
from empower.engine.options import OptionsRequest
from empower.engine.rules import Rules
from empower.engine.secret import load_secret
from empower.engine.showing import Fresh, comp_view, decision_view, entry_view, told, viewed
from empower.engine.views import (
    BudgetView,
    CompPage,
    CompView,
    DecisionView,
    EntryPage,
    OptionsView,
)
from empower.engine.wish import Told, Wish
from empower.policy import PolicySource
from empower.store import Store, Unit, Write
from empower.store.connecting import is_in_memory, sqlite_path
from empower.store.listing import Wanted, books, comps, lines, lines_of, note_of, taken_up
from empower.store.people import Deployment, deployment, put_deployment

EXPIRE_AT_ONCE = 64
"""Books that are locked together when comps expire."""
DEFAULT_STORE = "sqlite:///empower.db"
DEFAULT_POLICIES = "policies"


class Engine(Approvals):
    """Decides, holds and writes down. Safe for many threads; several processes may share one store."""

    def __init__(self, store: Store, desk: Desk) -> None:
        """Use `Engine.open`."""
        super().__init__(store, desk)

    @classmethod
    def open(
        cls,
        store: str = DEFAULT_STORE,
        *,
        policies: str | Path | PolicySource = DEFAULT_POLICIES,
        clock: Callable[[], datetime] = clocks.now,
        create: bool = False,
        title: str = "",
    ) -> "Engine":
        """Open a store (a database URL) under the policies of a folder.

        `clock` gives aware moments. `create` makes or migrates the store first. Policies with problems leave those in
        force that the books last took up; `ready` says so. Raises `StoreError` for a store that is not set up or of
        a newer schema, `PolicyError` for policies with problems where no book has taken up any.
        """
        source = policies if isinstance(policies, PolicySource) else None
        if source is None and create and not Store.exists(store):
            source = PolicySource(Path(str(policies)))
        opened = Store.open(store, create=create)
        try:
            with opened.read() as unit:
                fresh = deployment(unit) is None
            path = sqlite_path(opened.url)
            secret_path = None if path is None else path.with_name(path.name + ".secret")
            secret = load_secret(secret_path, create=create and fresh, in_memory=is_in_memory(opened.url))
            if source is None:
                source = PolicySource(Path(str(policies)), last_good=_last_good(opened))
            engine = cls(opened, Desk(Rules(source), secret, clock))
            engine._introduce(title, create=create)
        except BaseException:
            opened.close()
            raise
        return engine

    def _introduce(self, title: str, *, create: bool) -> None:
        """Hold the secret against the store's, or tell a new store what it is."""
        check = self._desk.secret.check()
        with self.store.read() as unit:
            found = deployment(unit)
        if found is None and create:
            now = self._desk.clock()
            new = Deployment(new_id(now), title, stamp(now), check)
            self.store.write(lambda unit: put_deployment(unit, new), alone=True)
        elif found is None or found.secret_check != check:
            raise StoreError("the secret is not the one that this store was made with", code="secret_wrong")

    @property
    def policies(self) -> PolicySource:
        """The policy files' last good set, and their problems."""
        return self._desk.rules.source

    @property
    def deployment(self) -> Deployment:
        """What this store is."""
        with self.store.read() as unit:
            found = deployment(unit)
        if found is None:
            raise StoreError("the store is not set up: run `empower init`", code="store_missing")
        return found

    def close(self) -> None:
        """Give the store back."""
        self.store.close()

    def __enter__(self) -> Self:
        """The engine itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    # Deciding

    def evaluate(self, request: Request | dict[str, Any]) -> DecisionView:
        """The decision on a request, nothing held, nothing written; raises `InputError`."""
        asked = validated(Request, request)
        with self.store.read() as unit:
            return self._evaluate(unit, asked)

    def evaluate_batch(self, requests: Sequence[Request | dict[str, Any]]) -> list[DecisionView | EmpowerError]:
        """The decisions on many requests, in their order; what is wrong with one stands in its place."""
        answers: list[DecisionView | EmpowerError] = []
        with self.store.read() as unit:
            for request in requests:
                try:
                    answers.append(self._evaluate(unit, validated(Request, request)))
                except EmpowerError as error:
                    answers.append(error)
        return answers

    def _evaluate(self, unit: Unit, request: Request) -> DecisionView:
        guest = known_guest(self._desk, unit, request.guest)
        case = study(self._desk, unit, request, "", guest=guest)
        return decision_view(case.decision, case.place.policy.policy)

    def options(self, request: OptionsRequest | dict[str, Any]) -> OptionsView:
        """What may be offered for a reason, each remedy with its largest amount; raises `InputError`."""
        asked = validated(OptionsRequest, request)
        with self.store.read() as unit:
            return options.options(self._desk, unit, asked)

    def request(
        self, request: Request | dict[str, Any], *, key: str | None = None, owner: str = "", by: str = "python"
    ) -> CompView:
        """Decide and hold: the comp, whatever the outcome, after it is durably written.

        The same `key` of the same `owner` at the same location gives the first answer again; with another body it
        raises `KeyReusedError`. Raises `InputError` for what cannot be meant, `BusyError` where nothing was written.
        """
        job, at, what = self._write(validated(Request, request), key, owner, by)
        return viewed(self.store.write(job, at=at, ahead=what))

    def request_all(self, wishes: Sequence[Wish]) -> list[Told | Exception]:
        """Several requests, each as if it had come alone; what is raised for one stands in its place."""
        found = self.store.write_all([self._write(*wish) for wish in wishes])
        return [one if isinstance(one, Exception) else told(one) for one in found]

    def _write(self, request: Request, key: str | None, owner: str, by: str) -> Write:
        return Write(
            lambda unit: self._made(unit, request, key, owner, by),
            (request.location,),
            lambda: ahead(self._desk, request, owner, key),
        )

    def _hold(self, unit: Unit, request: Request, key: str | None, owner: str, by: str) -> CompView:
        return viewed(self._made(unit, request, key, owner, by))

    def _made(self, unit: Unit, request: Request, key: str | None, owner: str, by: str) -> Fresh | CompView:
        asked = as_json(request)
        body = b""
        # Under its lock: whoever came with the same key before has either answered or not begun.
        unit.book(request.location)
        if key is not None:
            body = self._desk.secret.body(canonical(asked))
            before = answer_again(unit, request, owner, key, body)
            if before is not None:
                return self._first_answer(unit, before, request.note)
        case = study(self._desk, unit, request, by, guest=kept_guest(self._desk, unit, request.guest))
        held = hold(unit, case, request, asked, None if key is None else key_commitment(body, owner, key))
        if key is not None:
            unit.answer(request.location, owner, key, body, held.comp.id)
        policy = case.place.policy.policy
        return Fresh(held.comp, held.line, policy, held.request, case.decision, request.note)

    def _first_answer(self, unit: Unit, comp: Comp, note: str | None) -> CompView:
        """A comp as it was when it was first answered."""
        line = unit.entry(comp.location, comp.seq)
        if line is None:
            raise StoreError(f"entry {comp.seq} of `{comp.location}` is lost", code="store_damaged")
        first = moving.first_state(line)
        return self._show(unit, first, note=note, now=first.created_at)

    def _show(self, unit: Unit, comp: Comp, *, note: str | None, now: datetime | None = None) -> CompView:
        found = [unit.entry(comp.location, comp.seq)] if comp.last_seq == comp.seq else lines_of(unit, comp)
        entries = [line for line in found if line is not None]
        policy = self._desk.rules.kept(unit, moving.policy_of(entries[0])).policy
        return comp_view(comp, entries, policy, note, now or self._desk.clock())

    # The life of a comp

    def capture(
        self, comp_id: str, amount: int | None = None, *, by: str = "python", within: Within = None
    ) -> CompView:
        """The guest was served: spend `amount` minor units (default: all) of the hold, release the rest.

        A hold that has expired is spent all the same, `forced` where there is no longer room. Raises `NotFoundError`,
        `ConflictError`, `InputError`.
        """
        rules = self._desk.rules
        spent = moving.whole(amount)
        return self._move(
            comp_id, by, within, lambda unit, comp, place: moving.capture(rules, unit, comp, place, spent)
        )

    def void(self, comp_id: str, *, note: str | None = None, by: str = "python", within: Within = None) -> CompView:
        """The remedy was not given: release the hold."""
        said, salt = moving.noted(note)
        return self._move(
            comp_id, by, within, lambda _unit, comp, place: void(comp, place.now, said), note=note, salt=salt
        )

    def reverse(
        self,
        comp_id: str,
        amount: int | None = None,
        *,
        note: str | None = None,
        by: str = "python",
        within: Within = None,
    ) -> CompView:
        """Take back `amount` minor units (default: all) of what was captured, into the windows that were charged."""
        back = moving.whole(amount)
        said, salt = moving.noted(note)
        return self._move(
            comp_id,
            by,
            within,
            lambda _unit, comp, place: reverse(comp, back, place.now, said),
            note=note,
            salt=salt,
        )

    def _move(
        self,
        comp_id: str,
        by: str,
        within: Within,
        step: Callable[[Unit, Comp, Place], Step | None],
        *,
        note: str | None = None,
        salt: bytes | None = None,
    ) -> CompView:
        def job(unit: Unit) -> Callable[[], CompView]:
            before = find(unit, comp_id, within)
            comp = moving.move(self._desk, unit, comp_id, by, within, lambda c, place: step(unit, c, place))
            if note and salt and comp.last_seq != before.last_seq:
                unit.add_note(comp.location, comp.last_seq, salt, note)
            return lambda: self.comp(comp_id, within=within)

        return self.store.write(job, comp=comp_id, among=within)()

    def expire(self, location: str | None = None) -> list[CompView]:
        """Expire what is due by now, at one location or at all; returns what was."""
        if location is None:
            with self.store.read() as unit:
                names = [book.location for book in books(unit)]
        else:
            names = [location]
        expired: list[str] = []
        for first in range(0, len(names), EXPIRE_AT_ONCE):
            some = names[first : first + EXPIRE_AT_ONCE]
            expired += self.store.write(lambda unit, some=some: self._expire(unit, some), at=some)  # type: ignore[misc]
        return [self.comp(comp_id) for comp_id in expired]

    def _expire(self, unit: Unit, names: Sequence[str]) -> list[str]:
        expired = []
        for name in names:
            expired += [comp.id for comp in arrive(self._desk, unit, self._book(unit, name), "expiry").expired]
        return expired

    # Reading

    def comp(self, comp_id: str, *, within: Within = None) -> CompView:
        """A comp with its whole life; raises `NotFoundError`, for one elsewhere as for one that never was."""
        with self.store.read() as unit:
            comp = find(unit, comp_id, within)
            return self._show(unit, comp, note=note_of(unit, comp.location, comp.seq))

    def comps(
        self,
        *,
        status: str | None = None,
        location: str | None = None,
        employee: str | None = None,
        guest: str | None = None,
        since: datetime | None = None,
        forced: bool | None = None,
        cursor: str | None = None,
        limit: int = 50,
        within: Within = None,
    ) -> CompPage:
        """Comps, newest first; `guest` is the till's reference or a pseudonym, `cursor` the page before's `next`."""
        most = page(limit)
        if not all(is_text(value) for value in (location, employee, guest) if value is not None):
            return CompPage(items=[], next=None)
        with self.store.read() as unit:
            pseudonym = None
            if guest is not None:
                pseudonym = unit.guest(self._desk.secret.guest(guest)) or guest
            wanted = Wanted(
                moving.status_of(status),
                location,
                employee,
                pseudonym,
                None if since is None else stamp(since),
                forced,
                moving.cursor_of(cursor),
                within,
            )
            found = comps(unit, wanted, most + 1)
            items = [self._show(unit, comp, note=note_of(unit, comp.location, comp.seq)) for comp in found[:most]]
        return CompPage(items=items, next=items[-1].id if len(found) > most else None)

    def budgets(
        self,
        location: str,
        *,
        employee: str | None = None,
        guest: str | None = None,
        check: str | None = None,
        incident: str | None = None,
        shift: str | None = None,
    ) -> list[BudgetView]:
        """Each limit that applies at a location, and to whom or what is named; raises `InputError`."""
        with self.store.read() as unit:
            place = self._arrive(unit, location)
            roles: tuple[str, ...] = tuple(place.policy.policy.roles)
            if employee is not None:
                roles = staff.roles_on(unit, place, employee)
            pseudonym = None if guest is None else known_guest(self._desk, unit, guest)
            subjects = Subjects(location, employee, pseudonym, check, incident, shift)
            return budgets(unit, place, subjects, roles)

    def entries(self, location: str, *, since: int = 0, limit: int = 100) -> EntryPage:
        """The lines of a book from seq `since` on; raises `InputError` for an unknown location."""
        most = page(limit)
        with self.store.read() as unit:
            self._book(unit, location)
            found = lines(unit, location, since, most + 1) if since <= LARGEST_INTEGER else []
        items = [entry_view(line) for line in found[:most]]
        return EntryPage(items=items, next=str(found[most].seq) if len(found) > most else None)

    def ready(self) -> list[str]:
        """Why the engine is not, or not wholly, ready to answer; nothing if it is."""
        return self.publishing.problems()

    def _book(self, unit: Unit, location: str) -> Any:
        return open_book(unit, location, lambda: [book.location for book in books(unit)])

    def _arrive(self, unit: Unit, location: str) -> Place:
        return arrive(self._desk, unit, self._book(unit, location), "")


def _last_good(store: Store) -> Iterator[Policy]:
    """The policies that the books go by, those taken up last at the end, but for any whose text is no longer its own.

    Read only where it is asked for.
    """
    with store.read() as unit:
        for name in taken_up(unit):
            text = unit.policy_text(name)
            if text is not None and digest(text) == name:
                yield Policy.load(text)

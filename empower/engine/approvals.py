"""Approvals as calls of the engine: yes, no, what waits, and who may answer."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

from empower.core.comp import Comp, Status
from empower.core.entry import stamp
from empower.core.errors import EmpowerError, FieldError, InputError, NotFoundError, unknown_name
from empower.core.request import LONGEST_NOTE
from empower.engine import approving, moving, queue
from empower.engine.approving import Who
from empower.engine.desk import arrive, new_id, open_book
from empower.engine.life import steps, titles
from empower.engine.moving import Within, find
from empower.engine.office import Office
from empower.engine.places import why_of
from empower.engine.proofs import Hasher, Proof, Prover, check_pin, set_pin
from empower.engine.sessions import Sessions
from empower.engine.staff import NewStaff, add_staff
from empower.engine.views import CompView, DelegationView, PendingPage, PendingView, StaffView, StepView, TitlesView
from empower.store import Unit
from empower.store.approvers import Delegation, delegations, end_delegation, put_delegation
from empower.store.listing import books
from empower.store.people import staff

LONGEST_DELEGATION = timedelta(days=31)
LARGEST_QUEUE = 100


class Approvals(Office):
    """People who answer for others: how they are known, what they may grant, and what waits for them."""

    hasher: Hasher | None = None
    """Of PINs; the default is made when the first one is looked at."""

    def comp(self, comp_id: str, *, within: Within = None) -> CompView:
        """A comp with its whole life; the engine's."""
        raise TypeError(f"`{comp_id}` of `{within}` is shown by the engine")

    @property
    def _prover(self) -> Prover:
        if self.hasher is None:
            self.hasher = Hasher()
        return Prover(self.store, self._desk, self.hasher)

    @property
    def sessions(self) -> Sessions:
        """Who is signed in to the pages."""
        return Sessions(self._prover)

    # Answers

    def approve(
        self,
        comp_id: str,
        proof: Proof,
        amount: int | None = None,
        *,
        note: str | None = None,
        by: str = "python",
        within: Within = None,
    ) -> CompView:
        """Say yes, to all that is asked or to less (minor units): held and charged to who completed it.

        Raises `ProofError`; `ForbiddenError` for somebody who may not answer; `RefusedError`, with findings and the
        largest amount, where the approver's own limits do not reach; `ConflictError` with who was faster.
        """
        said, salt = moving.noted(_note(note))
        return self._answer(
            comp_id,
            proof,
            by,
            within,
            note,
            salt,
            lambda u, w: approving.approve(self._desk, u, comp_id, w, amount, said),
        )

    def decline(self, comp_id: str, proof: Proof, *, note: str, by: str = "python", within: Within = None) -> CompView:
        """Say no, and why; raises as `approve` does, and `InputError` without a note."""
        said, salt = moving.noted(_note(note))
        if said is None:
            message = "a decline needs a note: say why"
            raise InputError(message, code="note_missing", errors=[FieldError("/note", message)])
        return self._answer(
            comp_id, proof, by, within, note, salt, lambda u, w: approving.decline(self._desk, u, comp_id, w, said)
        )

    def _answer(
        self,
        comp_id: str,
        proof: Proof,
        by: str,
        within: Within,
        note: str | None,
        salt: bytes | None,
        answer: Callable[[Unit, Who], Comp | EmpowerError],
    ) -> CompView:
        with self.store.read() as unit:
            approving.check_unanswered(unit, find(unit, comp_id, within))
        who = Who(proof.employee(self._prover), proof.kind, by, within)

        def job(unit: Unit) -> EmpowerError | None:
            before = find(unit, comp_id, within)
            found = answer(unit, who)
            if isinstance(found, EmpowerError):
                return found
            if note and salt and found.last_seq != before.last_seq:
                unit.add_note(found.location, found.last_seq, salt, note)
            return None

        refused = self.store.write(job, alone=True, comp=comp_id, among=within)
        if refused is not None:
            raise refused
        return self.comp(comp_id, within=within)

    # What waits

    def approvals(
        self,
        *,
        location: str | None = None,
        approver: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
        within: Within = None,
    ) -> PendingPage:
        """What waits for a yes, the oldest first; with `approver`, what each would be for them."""
        after, most = moving.cursor_of(cursor) or "", max(1, min(limit, LARGEST_QUEUE))
        with self.store.read() as unit:
            found = queue.waiting(self._desk, unit, location, after, most + 1, within)
            items: list[PendingView] = [queue.pending_view(self._desk, unit, comp, approver) for comp in found[:most]]
        return PendingPage(items=items, next=items[-1].comp.id if len(found) > most else None)

    def pending(self, comp_id: str, *, approver: str | None = None, within: Within = None) -> PendingView | None:
        """One comp that waits, as `approvals` has it; None for one that does not. Raises `NotFoundError`."""
        with self.store.read() as unit:
            found = find(unit, comp_id, within)
            is_waiting = found.status is Status.PENDING and self._desk.clock() < (found.expires_at or found.created_at)
            return queue.pending_view(self._desk, unit, found, approver) if is_waiting else None

    def life(self, comp_id: str, *, within: Within = None) -> list[StepView]:
        """What happened to a comp, entry by entry, with names and notes; raises `NotFoundError` as `comp` does."""
        with self.store.read() as unit:
            return steps(unit, find(unit, comp_id, within))

    def titles(self, location: str) -> TitlesView:
        """What the policy in force at a location calls things; raises `InputError` for an unknown location."""
        with self.store.read() as unit:
            return titles(self._desk, unit, open_book(unit, location))

    # Who may answer

    def set_pin(self, employee: str, pin: str, *, by: str, why: str = "") -> list[str]:
        """Set an employee's PIN, and sign them out everywhere; returns the locations whose books say so.

        Raises `InputError`.
        """
        check_pin(pin)
        prover = self._prover
        digest = prover.hasher.digest(self._desk.secret.pin(employee, pin))
        return self.store.write(lambda unit: set_pin(self._desk, unit, employee, digest, by, why), alone=True)

    def delegate(
        self,
        employee: str,
        to: str,
        *,
        until: datetime,
        since: datetime | None = None,
        at: Sequence[str] = (),
        by: str,
        why: str = "",
    ) -> list[DelegationView]:
        """Let `to` approve in `employee`'s place until a moment, where both work; charged to `employee`.

        Raises `InputError` for strangers, for more than 31 days, and where one of the two has no role.
        """

        def job(unit: Unit) -> list[DelegationView]:
            now = self._desk.clock()
            begin = max(since or now, now)
            _check_delegation(employee, to, begin, until)
            wanted = list(at) or _common(unit, employee, to)
            made = []
            for location in wanted:
                known = unit.employees(location)
                errors = [
                    unknown_name(pointer, "employee", name, known)
                    for pointer, name in (("/employee", employee), ("/to", to))
                    if name not in known
                ]
                if errors:
                    raise InputError(f"at `{location}`: {errors[0].message}", errors=errors)
                given = Delegation(location, new_id(now), employee, to, stamp(begin), stamp(until))
                put_delegation(unit, given)
                body = {"does": "delegate"} | _said(given) | why_of(why)
                unit.append(open_book(unit, location), "staff", now, None, by, body)
                made.append(DelegationView(**given._asdict()))
            return made

        return self.store.write(job, alone=True)

    def end_delegation(self, delegation_id: str, *, by: str, why: str = "") -> DelegationView:
        """Take a delegation back, from now on; raises `NotFoundError`."""

        def job(unit: Unit) -> DelegationView:
            now = self._desk.clock()
            found = [given for given in delegations(unit) if given.id == delegation_id]
            if not found:
                raise NotFoundError(f"there is no delegation `{delegation_id}`", code="unknown_delegation")
            given = found[0]
            if given.until > stamp(now):
                end_delegation(unit, given, stamp(now))
                given = given._replace(until=stamp(now))
                body = {"does": "undelegate"} | _said(given) | why_of(why)
                unit.append(open_book(unit, given.location), "staff", now, None, by, body)
            return DelegationView(**given._asdict())

        return self.store.write(job, alone=True)

    def delegations(self) -> list[DelegationView]:
        """All delegations, the oldest first."""
        with self.store.read() as unit:
            return [DelegationView(**given._asdict()) for given in delegations(unit)]

    def end_staff(
        self, employee: str, *, at: Sequence[str] = (), first_without: date | None = None, by: str, why: str = ""
    ) -> list[StaffView]:
        """End an employee's roles, at some locations or at all; `first_without` is the first business day without.

        Without it that is tomorrow's business day. Raises `InputError` for somebody who has no role there.
        """

        def job(unit: Unit) -> None:
            rows = [row for row in staff(unit) if row.employee == employee and (not at or row.location in at)]
            if not rows:
                known = {row.employee for row in staff(unit)}
                error = unknown_name("/employee", "employee", employee, known)
                raise InputError(error.message, code="unknown_employee", errors=[error])
            new = []
            for row in rows:
                place = arrive(self._desk, unit, open_book(unit, row.location), by)
                today = place.policy.policy.days.business_day(place.now)
                last = today if first_without is None else first_without - timedelta(days=1)
                since = None if row.since is None else date.fromisoformat(row.since)
                if row.until is None or row.until > last.isoformat():
                    new.append(NewStaff(employee, row.name, row.location, row.role, since, last, None))
            add_staff(self._desk, unit, new, by, why)

        self.store.write(job, alone=True)
        return [row for row in self.staff() if row.id == employee and (not at or row.location in at)]


def _note(note: str | None) -> str | None:
    said = None if note is None else note.strip()
    if said and len(said) > LONGEST_NOTE:
        message = f"a note has at most {LONGEST_NOTE} characters"
        raise InputError(message, errors=[FieldError("/note", message)])
    return said or None


def _check_delegation(employee: str, to: str, begin: datetime, until: datetime) -> None:
    if employee == to:
        message = f"`{employee}` has their own authority already"
    elif until <= begin:
        message = "a delegation ends after it begins"
    elif until - begin > LONGEST_DELEGATION:
        message = f"a delegation is for {LONGEST_DELEGATION.days} days at most: give a role for longer"
    else:
        return
    raise InputError(message, errors=[FieldError("/to" if employee == to else "/until", message)])


def _common(unit: Unit, employee: str, to: str) -> list[str]:
    """Where both have a role."""
    found = [book.location for book in books(unit) if {employee, to} <= set(unit.employees(book.location))]
    if not found:
        message = f"`{employee}` and `{to}` work at no location together"
        raise InputError(message, errors=[FieldError("/to", message)])
    return found


def _said(given: Delegation) -> dict[str, str]:
    """What an entry says of a delegation."""
    return {
        "delegation": given.id,
        "employee": given.delegator,
        "to": given.delegate,
        "since": given.since,
        "until": given.until,
    }

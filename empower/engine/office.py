"""The engine's back office: locations, staff and keys."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date, datetime

from empower.core.entry import stamp
from empower.core.errors import BusyError
from empower.engine import erasing, keys, places, staff
from empower.engine.desk import Desk, open_book
from empower.engine.erasing import ErasedView
from empower.engine.events_follow import Follower
from empower.engine.keys import Caller
from empower.engine.moving import Within
from empower.engine.policy_desk import PolicyDesk
from empower.engine.views import KeyView, LocationView, NewKeyView, StaffImportView, StaffView
from empower.engine.webhooks import Webhooks, tell_of_webhooks
from empower.store import Store, Unit
from empower.store.feed import due
from empower.store.people import touch_key

TOUCH_SECONDS = 60
"""How stale a key's last use may be."""


class Office:
    """Who may do what, where; every change is recorded in the books that it concerns."""

    def __init__(self, store: Store, desk: Desk) -> None:
        """Over a store, in its surroundings."""
        self.store = store
        self._desk = desk
        self._touched: dict[str, datetime] = {}
        self.publishing = PolicyDesk(store, desk)
        self.webhooks = Webhooks(store, desk)

    def follower(self) -> Follower:
        """One who follows the books of all locations, from when it is started; not safe for threads."""
        return Follower(self.store, self._desk)

    def due(self) -> list[str]:
        """The locations where the time of some comp is up."""
        with self.store.read() as unit:
            return due(unit, stamp(self._desk.clock()))

    def locations(self, only: Within = None) -> list[LocationView]:
        """The locations that a caller reaches."""
        with self.store.read() as unit:
            return places.locations(self._desk, unit, only)

    def open_location(self, location: str, *, title: str = "", by: str, why: str = "") -> LocationView:
        """Open the book of a location; raises `InputError`, `ConflictError`, `PolicyError`."""

        def job(unit: Unit) -> LocationView:
            places.open_location(self._desk, unit, location, title, by, why)
            keys.tell_of_keys(unit, location, self._desk.clock(), by)
            tell_of_webhooks(self._desk, unit, location, by)
            return places.location_view(self._desk, unit, open_book(unit, location))

        return self.store.write(job, alone=True)

    def staff(self, location: str | None = None) -> list[StaffView]:
        """The roster, and whether each role is held on the location's present business day."""
        with self.store.read() as unit:
            return staff.roster(self._desk, unit, location)

    def add_staff(
        self,
        employee: str,
        *,
        name: str,
        role: str,
        at: Sequence[str],
        since: date | None = None,
        until: date | None = None,
        guest: str | None = None,
        by: str,
        why: str = "",
    ) -> list[StaffView]:
        """Give an employee a role at locations; the same again with other dates changes them."""
        rows = [staff.NewStaff(employee, name, place, role, since, until, guest) for place in at]
        self.store.write(lambda unit: staff.add_staff(self._desk, unit, rows, by, why), alone=True)
        return [row for row in self.staff() if row.id == employee and row.role == role and row.location in at]

    def import_staff(self, text: str, *, dry_run: bool = False, by: str, why: str = "") -> StaffImportView:
        """Take a roster in CSV (id,name,location,role,from,until,guest): all of it or, with `InputError`, nothing."""
        rows = staff.parse_roster(text)
        if dry_run:
            with self.store.read() as unit:
                found = staff.add_staff(self._desk, unit, rows, by, why)
                return found.model_copy(update={"dry_run": True})
        return self.store.write(lambda unit: staff.add_staff(self._desk, unit, rows, by, why), alone=True)

    def erase_guest(self, reference: str, *, by: str, why: str = "") -> ErasedView:
        """Erase a guest and every note about them for good; raises `NotFoundError`, `InputError`."""
        erased = self.store.write(lambda unit: erasing.erase_guest(self._desk, unit, reference, by, why), alone=True)
        return erased.model_copy(update={"traces": not self.store.settle()})

    def create_key(self, *, scopes: Sequence[str], at: Sequence[str], name: str = "", by: str) -> NewKeyView:
        """Make an API key; its secret is in this answer and nowhere else."""
        return self.store.write(lambda unit: keys.create_key(self._desk, unit, scopes, at, name, by), alone=True)

    def keys(self) -> list[KeyView]:
        """All API keys, without their secrets."""
        with self.store.read() as unit:
            return keys.listed(unit)

    def revoke_key(self, key_id: str, *, by: str, why: str = "") -> KeyView:
        """End an API key."""
        return self.store.write(lambda unit: keys.revoke_key(self._desk, unit, key_id, by, why), alone=True)

    def authenticate(self, secret: str) -> Caller | None:
        """Who holds a key; None for one that is unknown or revoked."""
        return self.callers((secret,)).get(secret)

    def callers(self, secrets: Iterable[str]) -> dict[str, Caller]:
        """Who holds each of several keys, without those that are unknown or revoked."""
        with self.store.read() as unit:
            found = {secret: key for secret in secrets if (key := keys.authenticate(unit, secret)) is not None}
        for key in found.values():
            self._touch(key.id)
        return {secret: keys.caller_of(key) for secret, key in found.items()}

    def _touch(self, key: str) -> None:
        """Remember that a key was used, now and then."""
        now = self._desk.clock()
        touched = self._touched.get(key)
        if touched is None or (now - touched).total_seconds() >= TOUCH_SECONDS:
            self._touched[key] = now
            with suppress(BusyError):  # when it was last used is no reason to keep a till waiting for an answer
                self.store.write(lambda unit: touch_key(unit, key, stamp(now)))

"""Books to verify and to attack: a policy with every kind of counter, two locations, evenings of requests and steps.

Made from a seed by the engine itself, on a clock set by hand, so that the same seed gives the same story.
"""

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from empower.core.comp import reverse, void
from empower.core.errors import EmpowerError
from empower.core.note import Key
from empower.core.request import Request
from empower.engine import Engine, moving
from empower.engine.proofs import Hasher, Pin
from empower.engine.publishing_checks import Candidate
from empower.engine.sessions import SignedIn
from empower.engine.webhook_claims import claim
from empower.ledger import signing
from empower.ledger.checkpoints import Checkpoints
from empower.ledger.outside import Outside
from empower.policy import PolicySet, read
from empower.store import Unit

PLACES = ("bistro-kent", "bistro-soho")
BEGIN = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
WHO = "books"
PINS = {"E0": "480517", "E1": "205831", "E5": "736402"}

POLICY = """\
[policy]
id = "bistro"
locations = ["bistro-*"]

[calendar]
timezone = "Europe/London"
currency = "GBP"
day_starts = 04:00:00
week_starts = "monday"

[remedies.apology]
title = "An apology"
most = 0.00
zero = true

[remedies.dessert]
title = "A dessert"
most = 15.00

[remedies.discount]
title = "Something off the bill"

[reasons.wrong_order]
title = "Wrong item served"
dimension = "reliability"
stage = "serving"
remedies = ["apology", "dessert", "discount"]

[reasons.long_wait]
title = "A long wait"
dimension = "responsiveness"
stage = "waiting"
remedies = ["*"]

[limits.month]
per = "location"
every = "month"
amount = 90000.00
beyond = "deny"

[limits.house]
per = "group"
every = "7 days"
amount = 90000.00

[limits.everywhere]
per = ["group", "guest"]
every = "week"
count = {everywhere}

[roles.server]
title = "Server"
remedies = ["*"]
limits.comp = { amount = 25.00 }
limits.day = { per = "employee", every = "day", amount = {day}, count = 30 }
limits.guest = { per = "guest", every = "30 days", count = 4, beyond = "escalate" }
limits.check = { per = "check", percent_of_check = 50, remedies = ["discount"] }
{more}

[roles.manager]
title = "Manager"
remedies = ["*"]
approves = ["server"]
limits.comp = { amount = 250.00 }
limits.day = { per = ["employee", "remedy"], every = "day", amount = 750.00 }

[guards.note_over]
when = { amount_over = 20.00 }
then = "require"
require = ["note"]
say = "Write one line about what happened."

[holds]
expires = "2 hours"
"""


def policy_text(*, later: bool = False) -> str:
    """The policy, or the one that follows it: other caps, and one thing measured that was not."""
    more = 'limits.week = { per = "employee", every = "week", amount = 4000.00 }' if later else ""
    text = POLICY.replace("{everywhere}", "9" if later else "8").replace("{day}", "400.00" if later else "300.00")
    return text.replace("{more}", more)


class Clock:
    """The engine's clock, set by hand."""

    def __init__(self) -> None:
        self.moment = BEGIN

    def __call__(self) -> datetime:
        return self.moment


class Maker:
    """Makes books in a folder: `empower.db` and `policies`."""

    def __init__(self, folder: Path, seed: int = 1, *, guests: int = 400) -> None:
        self.random = random.Random(seed)
        self.clock = Clock()
        self.guests = guests
        self.policies = folder / "policies"
        self.policies.mkdir(parents=True)
        (self.policies / "bistro.toml").write_text(policy_text())
        self.url = f"sqlite:///{folder / 'empower.db'}"
        self.engine = self.open(create=True)
        self._open: list[str] = []
        self._set_up()

    def open(self, *, create: bool = False) -> Engine:
        """The engine over the books."""
        return Engine.open(self.url, policies=self.policies, clock=self.clock, create=create)

    def _set_up(self) -> None:
        for place in PLACES:
            self.engine.open_location(place, title=place.title(), by=WHO, why="a new house")
        for number in range(8):
            self.engine.add_staff(
                f"E{number}",
                name=f"Name {number}",
                role="manager" if number == 0 else "server",
                at=PLACES if number % 2 else PLACES[:1],
                guest="loyalty:3" if number == 3 else None,
                by=WHO,
            )
        self.engine.add_staff("E5", name="Name 5", role="manager", at=PLACES, since=date(2026, 3, 3), by=WHO)
        self.engine.add_staff("E1", name="Name 1", role="server", at=PLACES, until=date(2027, 1, 1), by=WHO)
        self.engine.create_key(scopes=["pos"], at=["*"], name="till", by=WHO)
        self.clock.moment += timedelta(seconds=1)
        ended = self.engine.create_key(scopes=["finance"], at=[PLACES[0]], name="desk", by=WHO)
        self.engine.revoke_key(ended.id, by=WHO, why="left")

    def play(self, requests: int, *, at_once: int = 1) -> None:
        """So many requests, and what became of them; `at_once` share a transaction."""
        for done in range(0, requests, at_once):
            jobs = [job for _ in range(min(at_once, requests - done)) for job in self._evening()]
            self.engine.store.write(lambda unit, jobs=jobs: [job(unit) for job in jobs], alone=True)

    def _evening(self) -> list[Callable[[Unit], Any]]:
        place = self.random.choice(PLACES)
        asked, key = self._request(place), self.random.random()
        jobs: list[Callable[[Unit], Any]] = [lambda unit: self._ask(unit, asked, str(key) if key < 0.5 else None)]
        if self.random.random() < 0.8:
            jobs.append(self._settle)
        return jobs

    def _request(self, place: str) -> Request:
        pick = self.random
        staff = [f"E{number}" for number in range(8) if number % 2 or place == PLACES[0]]
        value: dict[str, Any] = {
            "location": place,
            "employee": pick.choice(staff),
            "remedy": pick.choice(["apology", "dessert", "discount", "discount"]),
            "reason": pick.choice(["wrong_order", "long_wait"]),
            "amount": {"amount": pick.randrange(1, 3000), "currency": "GBP"},
            "check": {"id": f"C{pick.randrange(10**6)}", "total": {"amount": 8000, "currency": "GBP"}, "state": "open"},
            "guest": pick.choice([None, f"loyalty:{pick.randrange(1, self.guests)}"]),
            "note": pick.choice([None, f"said at table {pick.randrange(40)}"]),
            "accept_less": pick.random() < 0.2,
        }
        if value["remedy"] == "apology":
            value["amount"]["amount"] = 0
        return Request.model_validate({name: item for name, item in value.items() if item is not None})

    def _ask(self, unit: Unit, request: Request, key: str | None) -> None:
        self.clock.moment += timedelta(seconds=self.random.randrange(1, 240))
        comp = self.engine._hold(unit, request, key, "till", WHO)
        if comp.status == "approved":
            self._open.append(comp.id)

    def _settle(self, unit: Unit) -> None:
        if not self._open:
            return
        self.clock.moment += timedelta(seconds=self.random.randrange(1, 240))
        comp_id = self._open.pop(self.random.randrange(len(self._open)))
        what = self.random.random()
        note = "it was taken back" if what < 0.5 else None
        said, salt = moving.noted(note)
        rules = self.engine._desk.rules
        steps: list[Callable[..., Any]] = [lambda comp, place: moving.capture(rules, unit, comp, place, None)]
        if what < 0.15:
            steps = [lambda comp, place: void(comp, place.now, said)]
        elif what < 0.3:
            steps.append(lambda comp, place: reverse(comp, None, place.now, said))
        for step in steps:
            try:
                comp = moving.move(self.engine._desk, unit, comp_id, WHO, None, step)
            except EmpowerError:
                return
        if note and salt and comp.status in ("voided", "reversed"):
            unit.add_note(comp.location, comp.last_seq, salt, note)

    def deny(self) -> None:
        """One request that nobody may grant, for nobody in particular: it moves no counter."""
        asked = {"location": PLACES[1], "employee": "E1", "remedy": "discount", "reason": "long_wait"}
        self.engine.request(asked | {"amount": {"amount": 9_500_000, "currency": "GBP"}}, by=WHO)

    def sign(self) -> list[Key]:
        """Sign every head, with the first key or with the next; the keys that there are."""
        if signing.history(self.engine.store):
            signing.rotate(self.engine.store, by=WHO, clock=self.clock)
        else:
            signing.new(self.engine.store, by=WHO, clock=self.clock)
        self.clock.moment += timedelta(seconds=1)
        Checkpoints(self.engine.store, self.clock, outside=Outside()).make()
        return signing.at_hand(self.engine.store)

    def answer(self) -> None:
        """Approvers with PINs and sessions, one standing in for another; what they were asked, and said."""
        engine = self.engine
        engine.hasher = Hasher(time_cost=1, memory_kib=8, parallelism=1)
        self.clock.moment = max(self.clock.moment, BEGIN + timedelta(days=2))
        for employee, pin in PINS.items():
            engine.set_pin(employee, pin, by=WHO, why="new")
        engine.set_pin("E1", "918264", by=WHO, why="forgotten")
        until = self.clock.moment + timedelta(days=3)
        for at, gone in ((PLACES, False), (PLACES[:1], True)):
            given = engine.delegate("E5", "E1", until=until, at=at, by=WHO, why="a holiday")
            if gone:
                engine.end_delegation(given[0].id, by=WHO, why="back")
        signed = engine.sessions.begin("E5", PINS["E5"], device="the till")
        engine.sessions.begin("E0", PINS["E0"])
        for number, place in enumerate((*PLACES, *PLACES)):
            self.clock.moment += timedelta(seconds=61)
            comp = self._large(place, number)
            proof = SignedIn(signed.secret) if number % 2 else Pin("E5", PINS["E5"])
            if number == 3:
                engine.decline(comp, proof, note="not again", by=WHO)
            else:
                engine.approve(comp, proof, note="they waited an hour", by=WHO)
        for employee in ("E0", "E1"):
            with suppress(EmpowerError):
                engine.approve(self._large(PLACES[0], 9), Pin(employee, "102938"), by=WHO)

    def _large(self, place: str, number: int) -> str:
        """A comp that somebody else must answer."""
        asked = {"location": place, "employee": "E3", "remedy": "discount", "reason": "long_wait", "note": "an hour"}
        asked |= {"amount": {"amount": 4000 + number, "currency": "GBP"}, "guest": f"room:{number}"}
        asked["check"] = {"id": f"L{number}{place}", "total": {"amount": 20_000, "currency": "GBP"}, "state": "open"}
        return self.engine.request(asked, by=WHO).id

    def publish(self) -> None:
        """Publish the policies: at once, one that a second person confirms, one that still waits, one to come."""
        desk = self.engine.publishing
        for day, two, starts, confirmed in (
            (400, "looser", None, True),
            (410, "looser", None, True),
            (420, None, None, False),
            (400, "looser", "2026-05-01T05:00", True),
        ):
            self.clock.moment += timedelta(minutes=1)
            found = Candidate(self._candidate(later=True, day=day), two)
            made = desk.publish(found, by="cli:ana", why=f"a day of {day}", starts=starts)
            if confirmed and made.waits_for:
                desk.confirm(made.id, by="cli:max")
        for name in ("stricter", "looser"):
            desk.begin_shadow(self._candidate(later=False), Path(name), by="cli:max")

    def tell(self) -> None:
        """Two webhooks, one of them rotated, and what is on its way to them."""
        for number in range(2):
            made = self.engine.webhooks.add(f"https://events.example/{number}", at=PLACES, by=WHO)
            self.clock.moment += timedelta(minutes=1)
        self.engine.webhooks.rotate(made.id, by=WHO)
        self.play(4)
        desk = self.engine._desk
        for row in self.engine.webhooks.listed():
            self.engine.store.write(lambda unit, name=row.id: claim(desk, unit, name, "p1"), alone=True)

    def _candidate(self, *, later: bool, day: int = 400) -> PolicySet:
        """The policies, with another limit of a server's day."""
        text = policy_text(later=later).replace("amount = 400.00, count", f"amount = {day}.00, count")
        (self.policies / "bistro.toml").write_text(text)
        return read(self.policies).policies

    def change_policy(self) -> None:
        """Put the policy that follows in the folder; the books take it up at their next write."""
        (self.policies / "bistro.toml").write_text(policy_text(later=True))
        self.engine.policies.refresh()

"""What is to be sent to a webhook now: claimed by one process at a time, and settled when it was sent.

The books are the outbox: what a webhook has not seen of them is taken up in their order, a bounded number of events
at a time, so that a webhook that is down keeps its place and nothing else. One process holds a webhook's lease while
it sends; if it dies, another goes on when the lease has run out, and what was under way is sent again.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from empower.core.canonical import canonical
from empower.core.comp import Status
from empower.core.entry import Entry, stamp
from empower.core.event import CLIMBED, Event
from empower.engine.desk import Desk
from empower.engine.events import climbed, climbs, events
from empower.engine.webhooks import reached
from empower.store import Unit
from empower.store.feed import heads
from empower.store.webhooks import (
    Delivery,
    Webhook,
    cursors,
    drop_dead,
    drop_deliveries,
    next_due,
    open_deliveries,
    put_cursor,
    put_deliveries,
    put_webhook,
    webhook,
)

LEASE = timedelta(seconds=60)
BATCH = 16
"""Comps whose events are sent at the same time."""
MOST_OPEN = 1000
"""Events of a webhook that are taken out of the books before they are delivered, about."""
CHUNK = 200
"""Entries that are looked at in one transaction."""
MOST_TRIES = 12
FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(hours=12)
LONGEST_PAUSE = timedelta(minutes=15)
DEAD_FOR = timedelta(days=30)


class Claim(NamedTuple):
    """What is sent now, under a lease; nothing where there is only more of the books to look at."""

    webhook: Webhook
    batch: list[Delivery]


class Outcome(NamedTuple):
    """What came of sending one event; `error` is None where it was taken."""

    delivery: Delivery
    error: str | None
    gone: bool = False


def has_work(unit: Unit, found: Webhook, now: str) -> bool:
    """Whether there may be something to send now that nobody else is at."""
    if found.gone_at is not None or found.next_at > now or (found.lease is not None and found.leased_until > now):
        return False
    due = next_due(unit, found.id)
    if due is not None and due <= now and _due(unit, open_deliveries(unit, found.id), now, 1):
        return True
    at, sizes = cursors(unit, found.id), heads(unit)
    return any(place in sizes and at.get(place, 0) < sizes[place].size for place in reached(unit, found))


def claim(desk: Desk, unit: Unit, webhook_id: str, lease: str) -> Claim | None:
    """Take the webhook's lease and what is due; None, and no lease, where nothing is, or another process is at it."""
    now = desk.clock()
    found = webhook(unit, webhook_id)
    if found is None or found.gone_at is not None:
        return None
    if found.lease not in (None, lease) and found.leased_until > stamp(now):
        return None
    waiting = open_deliveries(unit, webhook_id)
    fresh, is_more = _take_up(desk, unit, found, MOST_OPEN - len(waiting), stamp(now))
    put_deliveries(unit, fresh)
    batch: list[Delivery] = []
    if found.next_at <= stamp(now):
        batch = _due(unit, [*waiting, *fresh], stamp(now), 1 if found.failures else BATCH)
    held = lease if batch or is_more else None
    put_webhook(unit, found._replace(lease=held, leased_until=stamp(now + LEASE)))
    return None if held is None else Claim(found, batch)


def _take_up(desk: Desk, unit: Unit, found: Webhook, room: int, now: str) -> tuple[list[Delivery], bool]:
    """What the webhook has not seen of the books, as deliveries, and whether there is more; its cursors move on.

    Bounded, since nobody else can write meanwhile.
    """
    taken: list[Delivery] = []
    at, sizes, left, is_more = cursors(unit, found.id), heads(unit), CHUNK, False
    for location in reached(unit, found):
        since, size = at.get(location, 0), sizes[location].size if location in sizes else 0
        until = min(size, since + left) if len(taken) < room else since
        for line, event in events(desk, unit, location, since, until):
            taken += _deliveries(desk, unit, found, line, event, now)
        if until > since:
            put_cursor(unit, found.id, location, until)
        left -= max(0, until - since)
        is_more = is_more or until < size
    return taken, is_more and len(taken) < room


def _deliveries(desk: Desk, unit: Unit, found: Webhook, line: Entry, event: Event, now: str) -> Iterator[Delivery]:
    """The deliveries that an entry makes: its event, and the climbs that there will be if the comp waits."""
    if event.type in found.events:
        yield _delivery(found, event, now, now)
    if f"comp.{CLIMBED}" in found.events:
        for climb in climbs(desk, unit, [line]):
            ahead = climbed(unit, climb)
            if ahead is not None:
                yield _delivery(found, ahead, now, climb.at)


def _delivery(found: Webhook, event: Event, now: str, due: str) -> Delivery:
    body = canonical(event.payload()).decode()
    return Delivery(
        found.id, event.location, event.seq, event.rung, event.comp, event.type, body, now, due, 0, None, None
    )


def _due(unit: Unit, waiting: Iterable[Delivery], now: str, most: int) -> list[Delivery]:
    """Of each comp the first event that is still to be sent, where its time has come; the earliest due first.

    A climb waits for what was before it, and nothing waits for a climb: of a comp that waits no more it is dropped.
    """
    heads_of: dict[str, Delivery] = {}
    for item in sorted(waiting, key=lambda item: (item.location, item.seq, item.rung)):
        if item.rung and not _waits(unit, item):
            drop_deliveries(unit, [item])
            continue
        before = heads_of.get(item.comp)
        if before is None or (before.rung and before.due_at > now):
            heads_of[item.comp] = item
    due = [item for item in heads_of.values() if item.due_at <= now]
    return sorted(due, key=lambda item: (item.due_at, item.location, item.seq, item.rung))[:most]


def _waits(unit: Unit, item: Delivery) -> bool:
    comp = unit.comp(item.comp)
    return comp is not None and comp.status is Status.PENDING


def settle(desk: Desk, unit: Unit, webhook_id: str, lease: str, outcomes: Sequence[Outcome]) -> bool:
    """Write down what came of a batch; False where the lease was lost meanwhile, so that another sends it again."""
    now = desk.clock()
    found = webhook(unit, webhook_id)
    if found is None or found.lease != lease:
        return False
    drop_deliveries(unit, [item.delivery for item in outcomes if item.error is None])
    put_deliveries(unit, [_failed(item, now) for item in outcomes if item.error is not None])
    drop_dead(unit, webhook_id, stamp(now - DEAD_FOR))
    put_webhook(unit, _after(found, outcomes, now))
    return True


def _failed(outcome: Outcome, now: datetime) -> Delivery:
    """A delivery that failed: due again later, or given up."""
    item, tries = outcome.delivery, outcome.delivery.tries + 1
    dead = stamp(now) if tries >= MOST_TRIES else None
    due = stamp(now + retry_after(item, tries))
    return item._replace(tries=tries, due_at=due, last_error=outcome.error, dead_at=dead)


def _after(found: Webhook, outcomes: Sequence[Outcome], now: datetime) -> Webhook:
    """A webhook after a batch: one success shows that it works; where all failed it is left alone for a while."""
    errors = [item.error for item in outcomes if item.error is not None]
    if len(errors) < len(outcomes):
        return found._replace(failures=0, failing_since=None, last_error=None, delivered_at=stamp(now))
    gone = stamp(now) if any(item.gone for item in outcomes) else None
    return found._replace(
        failures=found.failures + 1,
        failing_since=found.failing_since or stamp(now),
        last_error=errors[-1] if errors else None,
        next_at=stamp(now + _doubled(FIRST_RETRY, found.failures, 2, LONGEST_PAUSE)),
        gone_at=gone,
        lease=None if gone else found.lease,
    )


def retry_after(item: Delivery, tries: int) -> timedelta:
    """How long until an event that failed `tries` times is tried again: three times as long each time.

    Up to a fifth longer, by a hash of what it is, so that what failed together does not come back together.
    """
    spread = sha256(f"{item.webhook} {item.key} {tries}".encode()).digest()[0]
    wait = _doubled(FIRST_RETRY, tries - 1, 3, LONGEST_RETRY)
    return wait + wait * spread // (5 * 255)


def _doubled(first: timedelta, times: int, by: int, most: timedelta) -> timedelta:
    return min(first * int(by ** min(times, 20)), most)

"""Webhooks in the database: read as values, written as rows; the caller holds the webhook's lock."""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, func, literal_column, select, update

from empower.store.queries import table
from empower.store.unit import Unit
from empower.store.webhook_tables import WebhookCursorRow, WebhookDeliveryRow, WebhookRow

WEBHOOK = table(WebhookRow)
CURSOR = table(WebhookCursorRow)
DELIVERY = table(WebhookDeliveryRow)


class Webhook(NamedTuple):
    """A row of `webhook`."""

    id: str
    url: str
    locations: tuple[str, ...]
    events: tuple[str, ...]
    allow_private: bool
    created_at: str
    generation: int
    rotated_at: str | None
    failures: int
    failing_since: str | None
    last_error: str | None
    next_at: str
    delivered_at: str | None
    gone_at: str | None
    lease: str | None
    leased_until: str
    salt: bytes | None


class Delivery(NamedTuple):
    """A row of `webhook_delivery`."""

    webhook: str
    location: str
    seq: int
    rung: int
    comp: str
    event: str
    body: str
    created_at: str
    due_at: str
    tries: int
    last_error: str | None
    dead_at: str | None

    @property
    def key(self) -> tuple[str, int, int]:
        """What it is the delivery of."""
        return self.location, self.seq, self.rung


def _webhook(row: tuple[Any, ...]) -> Webhook:
    found = Webhook(*row)
    return found._replace(
        locations=tuple(json.loads(row[2])), events=tuple(json.loads(row[3])), allow_private=bool(found.allow_private)
    )


def webhooks(unit: Unit) -> list[Webhook]:
    """All webhooks, the oldest first."""
    sql = unit.queries.cached("webhooks", select(WEBHOOK).order_by(WEBHOOK.c.id))
    return [_webhook(row) for row in unit.rows(sql, {})]


def webhook(unit: Unit, webhook_id: str) -> Webhook | None:
    """One webhook, locked until the transaction ends."""
    query = select(WEBHOOK).where(WEBHOOK.c.id == bindparam("id")).with_for_update()
    row = unit.row(unit.queries.cached("webhook", query), {"id": webhook_id})
    return None if row is None else _webhook(row)


def put_webhook(unit: Unit, found: Webhook) -> None:
    """Write a new or changed webhook."""
    values = found._asdict() | {"locations": json.dumps(found.locations), "events": json.dumps(found.events)}
    unit.write(unit.queries.upsert(WEBHOOK, "id"), values)


def drop_webhook(unit: Unit, webhook_id: str) -> None:
    """Forget a webhook, and what was still to be sent to it."""
    for where, column in ((DELIVERY, DELIVERY.c.webhook), (CURSOR, CURSOR.c.webhook), (WEBHOOK, WEBHOOK.c.id)):
        sql = unit.queries.cached(f"drop {where.name}", delete(where).where(column == bindparam("id")))
        unit.write(sql, {"id": webhook_id})


def cursors(unit: Unit, webhook_id: str) -> dict[str, int]:
    """How far a webhook is in each book."""
    query = select(CURSOR.c.location, CURSOR.c.seq).where(CURSOR.c.webhook == bindparam("webhook"))
    return dict(unit.rows(unit.queries.cached("cursors", query), {"webhook": webhook_id}))


def put_cursor(unit: Unit, webhook_id: str, location: str, seq: int) -> None:
    """A webhook goes on in a book from here."""
    sql = unit.queries.cached_upsert(CURSOR, "webhook", "location")
    unit.write(sql, {"webhook": webhook_id, "location": location, "seq": seq})


def open_deliveries(unit: Unit, webhook_id: str) -> list[Delivery]:
    """What is still to be sent to a webhook, in the order of the books."""
    query = select(DELIVERY).where(DELIVERY.c.webhook == bindparam("webhook"), DELIVERY.c.dead_at.is_(None))
    query = query.order_by(DELIVERY.c.location, DELIVERY.c.seq, DELIVERY.c.rung)
    return [Delivery(*row) for row in unit.rows(unit.queries.cached("open deliveries", query), {"webhook": webhook_id})]


def dead_deliveries(unit: Unit, webhook_id: str, limit: int) -> list[Delivery]:
    """What was given up, the oldest first."""
    query = select(DELIVERY).where(DELIVERY.c.webhook == bindparam("webhook"), DELIVERY.c.dead_at.is_not(None))
    query = query.order_by(DELIVERY.c.dead_at, DELIVERY.c.location, DELIVERY.c.seq, DELIVERY.c.rung)
    query = query.limit(bindparam("most")).offset(literal_column("0"))
    sql = unit.queries.cached("dead deliveries", query)
    return [Delivery(*row) for row in unit.rows(sql, {"webhook": webhook_id, "most": limit})]


def next_due(unit: Unit, webhook_id: str) -> str | None:
    """When the next of what is still to be sent is due."""
    query = select(func.min(DELIVERY.c.due_at))
    query = query.where(DELIVERY.c.webhook == bindparam("webhook"), DELIVERY.c.dead_at.is_(None))
    row = unit.row(unit.queries.cached("next due", query), {"webhook": webhook_id})
    return None if row is None else row[0]


def counts(unit: Unit, webhook_id: str) -> tuple[int, int]:
    """How many are still to be sent, climbs that may never come left out; and how many were given up."""
    climbs = DELIVERY.c.rung != literal_column("0")
    query: Any = select(func.count(), func.count(DELIVERY.c.dead_at))
    query = query.where(DELIVERY.c.webhook == bindparam("webhook"), ~climbs | DELIVERY.c.dead_at.is_not(None))
    row = unit.row(unit.queries.cached("count deliveries", query), {"webhook": webhook_id})
    return (0, 0) if row is None else (row[0] - row[1], row[1])


def put_deliveries(unit: Unit, found: Iterable[Delivery]) -> None:
    """Write new or changed deliveries."""
    sql = unit.queries.cached_upsert(DELIVERY, "webhook", "location", "seq", "rung")
    for item in found:
        unit.write(sql, item._asdict())


def drop_deliveries(unit: Unit, found: Iterable[Delivery]) -> None:
    """They were delivered, or nobody needs them any more."""
    keys = ("webhook", "location", "seq", "rung")
    query = delete(DELIVERY).where(*(DELIVERY.c[key] == bindparam(key) for key in keys))
    sql = unit.queries.cached("drop delivery", query)
    for item in found:
        unit.write(sql, {key: getattr(item, key) for key in keys})


def drop_dead(unit: Unit, webhook_id: str, before: str) -> None:
    """Forget what was given up before a moment."""
    query = delete(DELIVERY).where(DELIVERY.c.webhook == bindparam("webhook"), DELIVERY.c.dead_at < bindparam("before"))
    unit.write(unit.queries.cached("drop dead", query), {"webhook": webhook_id, "before": before})


def release(unit: Unit, lease: str) -> None:
    """Give back what a process held."""
    query = update(WEBHOOK).where(WEBHOOK.c.lease == bindparam("held")).values(lease=None)
    unit.write(unit.queries.cached("release", query), {"held": lease, "lease": None})


def revive(unit: Unit, webhook_id: str, key: tuple[str, int, int] | None, at: str) -> None:
    """What was given up, one or all of it, is due again."""
    query = update(DELIVERY).where(DELIVERY.c.webhook == bindparam("of"), DELIVERY.c.dead_at.is_not(None))
    parameters: dict[str, Any] = {"of": webhook_id, "due_at": at, "tries": 0, "dead_at": None}
    if key is not None:
        names = ("location", "seq", "rung")
        query = query.where(*(DELIVERY.c[name] == bindparam(f"{name}_") for name in names))
        parameters |= {f"{name}_": value for name, value in zip(names, key, strict=True)}
    unit.write(
        unit.queries.sql(query.values({name: bindparam(name) for name in ("due_at", "tries", "dead_at")})), parameters
    )

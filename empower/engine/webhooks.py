"""Webhooks: who is told of events by HTTP, signed by the Standard Webhooks specification.

A webhook's secret is kept nowhere. It is HMAC-SHA-256 of the webhook's id and a generation under the deployment's
secret, so that a copy of the database signs nothing, and rotating it is the next generation.
"""

import base64
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from empower.core.entry import commitment, moment_of, stamp
from empower.core.errors import FieldError, InputError, NotFoundError, unknown_name
from empower.core.event import TYPES, event_id
from empower.engine.desk import Desk, new_id, new_salt, open_book
from empower.engine.keys import EVERYWHERE
from empower.engine.places import why_of
from empower.engine.webhook_urls import check_url, origin
from empower.engine.webhook_views import DeadView, NewWebhookView, WebhookView
from empower.store import Store, Unit
from empower.store.listing import books
from empower.store.webhooks import (
    Delivery,
    Webhook,
    counts,
    cursors,
    dead_deliveries,
    drop_webhook,
    put_cursor,
    put_webhook,
    revive,
    webhook,
    webhooks,
)

MOST_WEBHOOKS = 100
BOTH_SECRETS = timedelta(hours=24)
"""How long after a rotation what is sent is signed with the old secret as well."""
LONGEST_LIST = 1000
ALL_OF_THEM = 10**9
_EVENT_ID = re.compile(r"evt_([a-z0-9-]{1,63})_(\d{1,15})(?:_(\d{1,3}))?", re.ASCII)


class Webhooks:
    """Who is told of events, and what could not be told them."""

    def __init__(self, store: Store, desk: Desk) -> None:
        """Over a store, in its surroundings."""
        self.store = store
        self.desk = desk

    def add(
        self,
        url: str,
        *,
        at: Sequence[str],
        events: Sequence[str] = (),
        allow_private: bool = False,
        by: str,
        why: str = "",
    ) -> NewWebhookView:
        """Tell `url` of events (types; all by default) at locations (`*` for all), from now on; raises `InputError`.

        Its secret is in this answer alone.
        """
        check_url(url, allow_private=allow_private)

        def job(unit: Unit) -> Webhook:
            now = stamp(self.desk.clock())
            known = {book.location: book.size for book in books(unit)}
            chosen = _events(events)
            _check(at, known, len(webhooks(unit)))
            places, made = tuple(sorted(set(at))), new_id(self.desk.clock())
            health = (0, None, None, now, None, None, None, now)
            found = Webhook(made, url, places, chosen, allow_private, now, 1, None, *health, new_salt())
            put_webhook(unit, found)
            _record(self.desk, unit, found, by, {"does": "add"} | _said(found) | why_of(why))
            # What tells of the webhook itself is no event; from there on everything is told.
            for location in reached(unit, found):
                put_cursor(unit, found.id, location, open_book(unit, location).size)
            return found

        return self._with_secret(self.store.write(job, alone=True))

    def rotate(self, webhook_id: str, *, by: str, why: str = "") -> NewWebhookView:
        """Give a webhook a new secret; for a day what is sent is signed with the old one too."""

        def job(unit: Unit) -> Webhook:
            found = _find(unit, webhook_id)
            salt = found.salt or new_salt()
            moment = stamp(self.desk.clock())
            found = found._replace(generation=found.generation + 1, rotated_at=moment, salt=salt)
            put_webhook(unit, found)
            _record(self.desk, unit, found, by, {"does": "rotate"} | _said(found) | why_of(why))
            return found

        return self._with_secret(self.store.write(job, alone=True))

    def remove(self, webhook_id: str, *, by: str, why: str = "") -> WebhookView:
        """Tell a webhook nothing any more, not even what it is still owed."""

        def job(unit: Unit) -> WebhookView:
            found = _find(unit, webhook_id)
            view = _view(unit, found)
            drop_webhook(unit, webhook_id)
            _record(self.desk, unit, found, by, {"does": "remove"} | why_of(why))
            return view

        return self.store.write(job, alone=True)

    def listed(self) -> list[WebhookView]:
        """All webhooks, without their secrets."""
        with self.store.read() as unit:
            return [_view(unit, found) for found in webhooks(unit)]

    def dead(self, webhook_id: str | None = None) -> list[DeadView]:
        """What was given up, the oldest first: of one webhook or of all; at most 1000 of each."""
        with self.store.read() as unit:
            wanted = [found for found in webhooks(unit) if webhook_id in (None, found.id)]
            if webhook_id is not None and not wanted:
                raise _unknown(webhook_id)
            return [_dead(item) for found in wanted for item in dead_deliveries(unit, found.id, LONGEST_LIST)]

    def resend(self, webhook_id: str, event: str | None = None) -> int:
        """Make what was given up due again, one event or all of it; how many. Raises `NotFoundError`."""

        def job(unit: Unit) -> int:
            found = _find(unit, webhook_id)
            _, dead = counts(unit, webhook_id)
            if event is not None:
                known = [item for item in dead_deliveries(unit, webhook_id, ALL_OF_THEM) if _dead(item).event == event]
                if not known:
                    message = f"`{event}` was not given up: `empower webhook dead` lists what was"
                    raise NotFoundError(message, code="unknown_event")
                dead = len(known)
            revive(unit, webhook_id, None if event is None else _key(event), stamp(self.desk.clock()))
            put_webhook(unit, found._replace(failures=0, next_at=stamp(self.desk.clock()), gone_at=None))
            return dead

        return self.store.write(job, alone=True)

    def _with_secret(self, found: Webhook) -> NewWebhookView:
        with self.store.read() as unit:
            view = _view(unit, found)
        return NewWebhookView(**view.model_dump(), secret=secrets(self.desk, found, self.desk.clock())[0])


def secrets(desk: Desk, found: Webhook, now: datetime) -> list[str]:
    """What to sign with at a moment: the secret in force, and for a while the one before it."""
    generations = [found.generation]
    if found.rotated_at is not None and now < moment_of(found.rotated_at) + BOTH_SECRETS:
        generations.append(found.generation - 1)
    keys = [desk.secret.webhook(found.id, generation) for generation in generations]
    return ["whsec_" + base64.b64encode(key).decode() for key in keys]


def reached(unit: Unit, found: Webhook) -> list[str]:
    """The locations whose events a webhook is told."""
    return [book.location for book in books(unit)] if EVERYWHERE in found.locations else list(found.locations)


def tell_of_webhooks(desk: Desk, unit: Unit, location: str, by: str) -> None:
    """Say in the book of a new location which webhooks are told of it already."""
    for found in webhooks(unit):
        if EVERYWHERE in found.locations:
            said = _entry(found, {"does": "add"} | _said(found))
            unit.append(open_book(unit, location), "webhook", desk.clock(), None, by, said)


def _events(asked: Sequence[str]) -> tuple[str, ...]:
    """The types that are asked for, with or without `comp.`; all where none is. Raises `InputError`."""
    names = [name if name.startswith("comp.") else f"comp.{name}" for name in asked]
    errors = [unknown_name("/events", "event", name, TYPES) for name in names if name not in TYPES]
    if errors:
        raise InputError(errors[0].message, errors=errors)
    return tuple(name for name in TYPES if not names or name in names)


def _check(at: Sequence[str], known: dict[str, int], there: int) -> None:
    errors = [unknown_name("/at", "location", place, known) for place in at if place not in (EVERYWHERE, *known)]
    if not at:
        errors.append(FieldError("/at", "a webhook needs a location"))
    if there >= MOST_WEBHOOKS:
        errors.append(FieldError("", f"there are {MOST_WEBHOOKS} webhooks: remove one first"))
    if errors:
        raise InputError(errors[0].message, errors=errors)


def _find(unit: Unit, webhook_id: str) -> Webhook:
    found = webhook(unit, webhook_id)
    if found is None:
        raise _unknown(webhook_id)
    return found


def _unknown(webhook_id: str) -> NotFoundError:
    return NotFoundError(f"there is no webhook `{webhook_id}`: `empower webhook list`", code="unknown_webhook")


def _said(found: Webhook) -> dict[str, Any]:
    """All that decides where a webhook sends, what, and how; a URL's path may hold a token, so it is committed to."""
    committed = {} if found.salt is None else {"url": commitment(found.salt, found.url)}
    return committed | {
        "to": origin(found.url),
        "at": [*found.locations],
        "events": [*found.events],
        "allow_private": found.allow_private,
        "generation": found.generation,
        "created_at": found.created_at,
        "rotated_at": found.rotated_at,
    }


def _entry(found: Webhook, body: dict[str, Any]) -> dict[str, Any]:
    return {"webhook": found.id} | body


def _record(desk: Desk, unit: Unit, found: Webhook, by: str, body: dict[str, Any]) -> None:
    for location in reached(unit, found):
        unit.append(open_book(unit, location), "webhook", desk.clock(), None, by, _entry(found, body))


def _key(event: str) -> tuple[str, int, int] | None:
    found = _EVENT_ID.fullmatch(event)
    return None if found is None else (found[1], int(found[2]), int(found[3] or 0))


def _dead(item: Delivery) -> DeadView:
    return DeadView(
        webhook=item.webhook,
        event=event_id(item.location, item.seq, item.rung),
        type=item.event,
        location=item.location,
        comp=item.comp,
        created_at=item.created_at,
        tries=item.tries,
        last_error=item.last_error or "",
        dead_at=item.dead_at or "",
    )


def _view(unit: Unit, found: Webhook) -> WebhookView:
    at = cursors(unit, found.id)
    sizes = {book.location: book.size for book in books(unit)}
    waiting, dead = counts(unit, found.id)
    return WebhookView(
        id=found.id,
        url=found.url,
        locations=list(found.locations),
        events=list(found.events),
        allow_private=found.allow_private,
        created_at=found.created_at,
        state="gone" if found.gone_at else "failing" if found.failures else "working",
        failing_since=found.failing_since,
        last_error=found.last_error,
        next_at=found.next_at if found.failures else None,
        delivered_at=found.delivered_at,
        waiting=waiting,
        behind=sum(max(0, sizes[place] - at.get(place, 0)) for place in reached(unit, found) if place in sizes),
        dead=dead,
    )

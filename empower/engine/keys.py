"""API keys: made, shown once, known again by their hash, and ended."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from empower.core.entry import stamp
from empower.core.errors import FieldError, InputError, NotFoundError, unknown_name
from empower.engine.desk import Desk, new_id, open_book
from empower.engine.places import why_of
from empower.engine.views import KeyView, NewKeyView
from empower.store import Unit
from empower.store.listing import books
from empower.store.people import Key, key_by_hash, key_by_id, keys, put_key

SCOPES = ("pos", "finance", "admin")
EVERYWHERE = "*"


class Caller(NamedTuple):
    """Who holds a key, and how far it reaches."""

    id: str
    scopes: frozenset[str]
    locations: frozenset[str] | None
    """None reaches all."""


def create_key(desk: Desk, unit: Unit, scopes: Sequence[str], at: Sequence[str], name: str, by: str) -> NewKeyView:
    """Make a key of 256 random bits; only its hash is kept. Raises `InputError` for unknown scopes or locations."""
    known = [book.location for book in books(unit)]
    errors = [unknown_name("/scopes", "scope", scope, SCOPES) for scope in scopes if scope not in SCOPES]
    errors += [unknown_name("/at", "location", place, known) for place in at if place not in (EVERYWHERE, *known)]
    if not scopes or not at:
        errors.append(FieldError("/scopes" if not scopes else "/at", "a key needs a scope and a location"))
    if errors:
        raise InputError(errors[0].message, errors=errors)
    now = desk.clock()
    secret = "emp_" + secrets.token_urlsafe(32)
    key = Key(
        new_id(now), _hash(secret), name, tuple(sorted(set(scopes))), tuple(sorted(set(at))), stamp(now), None, None
    )
    put_key(unit, key)
    _record_key(unit, key, now, by, _made(key))
    return NewKeyView(**key_view(key).model_dump(), key=secret)


def revoke_key(desk: Desk, unit: Unit, key_id: str, by: str, why: str) -> KeyView:
    """End a key; nothing happens to one that is ended already. Raises `NotFoundError`."""
    key = key_by_id(unit, key_id)
    if key is None:
        raise NotFoundError(f"there is no key `{key_id}`", code="unknown_key")
    if key.revoked_at is None:
        now = desk.clock()
        key = key._replace(revoked_at=stamp(now))
        put_key(unit, key)
        _record_key(unit, key, now, by, {"does": "revoke", "revoked_at": key.revoked_at} | why_of(why))
    return key_view(key)


def _made(key: Key) -> dict[str, Any]:
    """What an entry says of a key that was made: all that it may do, and the hash that it is known by."""
    return {
        "does": "create",
        "scopes": list(key.scopes),
        "at": list(key.locations),
        "hash": key.hash.hex(),
        "created_at": key.created_at,
    }


def tell_of_keys(unit: Unit, location: str, now: datetime, by: str) -> None:
    """Say in the book of a new location which keys reach it already."""
    for key in keys(unit):
        if EVERYWHERE in key.locations and key.revoked_at is None:
            unit.append(open_book(unit, location), "key", now, None, by, {"key": key.id} | _made(key))


def _record_key(unit: Unit, key: Key, now: datetime, by: str, body: dict[str, Any]) -> None:
    reached = [book.location for book in books(unit)] if EVERYWHERE in key.locations else key.locations
    unit.lock_books(reached)
    for location in reached:
        unit.append(open_book(unit, location), "key", now, None, by, {"key": key.id} | body)


def authenticate(unit: Unit, secret: str) -> Key | None:
    """The key of a secret, unless it is unknown or revoked."""
    digest = _hash(secret)
    key = key_by_hash(unit, digest)
    if key is None or key.revoked_at is not None or not hmac.compare_digest(key.hash, digest):
        return None
    return key


def caller_of(key: Key) -> Caller:
    """Who holds a key."""
    reach = None if EVERYWHERE in key.locations else frozenset(key.locations)
    return Caller(key.id, frozenset(key.scopes), reach)


def key_view(key: Key) -> KeyView:
    """A key as it is answered."""
    return KeyView(
        id=key.id,
        name=key.name,
        scopes=list(key.scopes),
        locations=list(key.locations),
        created_at=key.created_at,
        revoked_at=key.revoked_at,
        last_used_at=key.last_used_at,
    )


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()


def listed(unit: Unit) -> list[KeyView]:
    """All keys, the oldest first."""
    return [key_view(key) for key in keys(unit)]

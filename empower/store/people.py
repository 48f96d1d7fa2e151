"""Employees with their roles, and API keys."""

import json
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select, update

from empower.store.queries import API_KEY, DEPLOYMENT, EMPLOYEE, STAFF
from empower.store.unit import Unit


class Staff(NamedTuple):
    """A role of an employee at a location; dates are ISO 8601 business days, both included."""

    location: str
    employee: str
    role: str
    position: int
    since: str | None
    until: str | None
    name: str
    guest: str | None


def staff(unit: Unit, location: str | None = None) -> list[Staff]:
    """The roster, by location and employee."""
    query = select(STAFF, EMPLOYEE.c.name, EMPLOYEE.c.guest).join(EMPLOYEE, EMPLOYEE.c.id == STAFF.c.employee)
    query = query.order_by(STAFF.c.location, STAFF.c.employee, STAFF.c.position, STAFF.c.role)
    parameters: dict[str, Any] = {}
    if location is not None:
        query = query.where(STAFF.c.location == bindparam("location"))
        parameters["location"] = location
    return [Staff(*row) for row in unit.rows(unit.queries.sql(query), parameters)]


def put_staff(unit: Unit, row: Staff) -> None:
    """Write an employee's name and one role."""
    queries = unit.queries
    unit.write(queries.cached_upsert(EMPLOYEE, "id"), {"id": row.employee, "name": row.name, "guest": row.guest})
    values = row._asdict()
    del values["name"], values["guest"]
    unit.write(queries.cached_upsert(STAFF, "location", "employee", "role"), values)


class Key(NamedTuple):
    """An API key without its secret."""

    id: str
    hash: bytes
    name: str
    scopes: tuple[str, ...]
    locations: tuple[str, ...]
    created_at: str
    revoked_at: str | None
    last_used_at: str | None


def _key(row: tuple[Any, ...]) -> Key:
    identity, digest, name, scopes, locations, *moments = row
    return Key(identity, bytes(digest), name, tuple(json.loads(scopes)), tuple(json.loads(locations)), *moments)


def keys(unit: Unit) -> list[Key]:
    """All keys, the oldest first."""
    query = unit.queries.cached("keys", select(API_KEY).order_by(API_KEY.c.created_at, API_KEY.c.id))
    return [_key(row) for row in unit.rows(query, {})]


def key_by_hash(unit: Unit, digest: bytes) -> Key | None:
    """The key of a SHA-256 of its secret."""
    query = unit.queries.cached("key", select(API_KEY).where(API_KEY.c.hash == bindparam("hash")))
    row = unit.row(query, {"hash": digest})
    return None if row is None else _key(row)


def key_by_id(unit: Unit, key_id: str) -> Key | None:
    """The key of an id."""
    query = unit.queries.cached("key by id", select(API_KEY).where(API_KEY.c.id == bindparam("id")))
    row = unit.row(query, {"id": key_id})
    return None if row is None else _key(row)


def put_key(unit: Unit, key: Key) -> None:
    """Write a new or changed key."""
    values = key._asdict() | {"scopes": json.dumps(key.scopes), "locations": json.dumps(key.locations)}
    unit.write(unit.queries.upsert(API_KEY, "id"), values)


def touch_key(unit: Unit, key_id: str, at: str) -> None:
    """Remember when a key was last used."""
    query = update(API_KEY).where(API_KEY.c.id == bindparam("key_id")).values(last_used_at=bindparam("at"))
    unit.write(unit.queries.cached("touch key", query), {"key_id": key_id, "at": at})


class Deployment(NamedTuple):
    """What this store is."""

    id: str
    title: str
    created_at: str
    secret_check: bytes


def deployment(unit: Unit) -> Deployment | None:
    """What this store is; None before it is set up."""
    row = unit.row(unit.queries.cached("deployment", select(DEPLOYMENT)), {})
    return None if row is None else Deployment(row[0], row[1], row[2], bytes(row[3]))


def put_deployment(unit: Unit, found: Deployment) -> None:
    """Say once what this store is."""
    unit.write(unit.queries.add(DEPLOYMENT), found._asdict())

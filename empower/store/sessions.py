"""Who is signed in to the pages, kept by hash."""

from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, select, update

from empower.store.queries import table
from empower.store.session_tables import SessionRow
from empower.store.unit import Unit

SESSION = table(SessionRow)


class Kept(NamedTuple):
    """A session without its secret; moments as `core.entry.stamp` writes them."""

    id: str
    hash: bytes
    employee: str
    device: str
    began_at: str
    used_at: str
    ends_at: str
    ended_at: str | None


def _kept(row: tuple[Any, ...]) -> Kept:
    identity, digest, *rest = row
    return Kept(identity, bytes(digest), *rest)


def add_session(unit: Unit, session: Kept) -> None:
    """Somebody signed in."""
    unit.write(unit.queries.add(SESSION), session._asdict())


def session_by_hash(unit: Unit, digest: bytes) -> Kept | None:
    """The session of a SHA-256 of its secret, whether or not it is still in force."""
    query = unit.queries.cached("session", select(SESSION).where(SESSION.c.hash == bindparam("hash")))
    row = unit.row(query, {"hash": digest})
    return None if row is None else _kept(row)


def sessions(unit: Unit, since: str) -> list[Kept]:
    """The sessions that were not over by themselves at `since`, the oldest first."""
    query = select(SESSION).where(SESSION.c.ends_at > bindparam("since")).order_by(SESSION.c.began_at, SESSION.c.id)
    return [_kept(row) for row in unit.rows(unit.queries.cached("sessions", query), {"since": since})]


def touch_session(unit: Unit, session_id: str, at: str) -> None:
    """Remember when a session was last used."""
    query = update(SESSION).where(SESSION.c.id == bindparam("session_id")).values(used_at=bindparam("at"))
    unit.write(unit.queries.cached("touch session", query), {"session_id": session_id, "at": at})


def end_session(unit: Unit, session_id: str, at: str) -> None:
    """End one session, unless it is ended."""
    query = (
        update(SESSION)
        .where(SESSION.c.id == bindparam("session_id"), SESSION.c.ended_at.is_(None))
        .values(ended_at=bindparam("at"))
    )
    unit.write(unit.queries.cached("end session", query), {"session_id": session_id, "at": at})


def end_sessions_of(unit: Unit, employee: str, at: str) -> None:
    """End all sessions of an employee that are not ended."""
    query = (
        update(SESSION)
        .where(SESSION.c.employee == bindparam("whose"), SESSION.c.ended_at.is_(None))
        .values(ended_at=bindparam("at"))
    )
    unit.write(unit.queries.cached("end sessions", query), {"whose": employee, "at": at})


def forget_sessions(unit: Unit, before: str) -> None:
    """Delete what was over before a moment."""
    query = delete(SESSION).where(SESSION.c.ends_at < bindparam("before"))
    unit.write(unit.queries.cached("forget sessions", query), {"before": before})

"""The handler that a team would write in a day: FastAPI, SQLModel, one session a request, the rules in the code.

Correct as far as it goes: keys are hashed, a request is validated, the limits of policies/bench.toml hold under
concurrency, an idempotency key answers again, the comp, its audit line and the month's sum are one transaction, durable
as ours (WAL, synchronous=FULL). Budgets are sums over indexed rows; the location's month, where that would be a sum
over the whole book, is a row that is added to. A lock in the process keeps its threads from fighting for the file's.
What it lacks: a policy that is not code, explanations, counter-offers, approvals, a book that cannot be rewritten.
"""

import hashlib
import json
import threading
import uuid
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Depends, FastAPI, Header, HTTPException
from sqlalchemy import Engine, event, func
from sqlalchemy.orm import registry
from sqlmodel import Field, Session, SQLModel, create_engine, select

from empower import clock
from empower.core.request import Request

ZONE = ZoneInfo("America/New_York")
DAY_STARTS = timedelta(hours=4)
GIVES = {"wrong_order": {"apology", "remake", "dessert", "item"}, "long_wait": {"apology", "dessert"}}
MOST = {"apology": 0, "dessert": 1500}
PER_COMP, PER_DAY, DAY_COUNT, PER_WEEK = 2500, 7500, 6, 30_000
PER_GUEST, GUEST_COUNT, GUEST_DAYS = 6000, 2, 30
PER_MONTH = 600_000
NOTE_OVER = 2000


class Row(SQLModel, registry=registry()):
    """Apart from our own tables, so that both may be in one process."""


class ApiKey(Row, table=True):
    hash: str = Field(primary_key=True)
    location: str


class Employee(Row, table=True):
    id: str = Field(primary_key=True)
    location: str = Field(primary_key=True)
    role: str


class Comp(Row, table=True):
    id: str = Field(primary_key=True)
    location: str
    employee: str
    remedy: str
    reason: str
    amount: int
    currency: str
    check_id: str | None = Field(default=None, index=True)
    guest: str | None = Field(default=None, index=True)
    status: str
    why: str
    day: date
    created_at: datetime


class MonthSum(Row, table=True):
    location: str = Field(primary_key=True)
    month: date = Field(primary_key=True)
    amount: int = 0


class Answer(Row, table=True):
    key: str = Field(primary_key=True)
    body: str
    comp: str


class Audit(Row, table=True):
    id: int | None = Field(default=None, primary_key=True)
    comp: str
    at: datetime
    said: str


def opened(path: Path) -> Engine:
    """The database, made if it is not there."""
    engine = create_engine(f"sqlite:///{path}", connect_args={"check_same_thread": False, "timeout": 30})

    @event.listens_for(engine, "connect")
    def settings(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL").close()
        connection.execute("PRAGMA synchronous=FULL").close()

    @event.listens_for(engine, "begin")
    def immediately(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    Row.metadata.create_all(engine)
    with engine.begin() as connection:
        for columns in ("location, employee, day", "location, guest, day"):
            name = f"comp_{columns.split(', ')[1]}_day"
            connection.exec_driver_sql(f"CREATE INDEX IF NOT EXISTS {name} ON comp ({columns})")
    return engine


def furnish(engine: Engine, location: str, employees: int, key: str) -> None:
    """A roster of servers, and a till's key."""
    with Session(engine) as session:
        session.add(ApiKey(hash=_hash(key), location=location))
        session.add_all(Employee(id=f"E{number}", location=location, role="server") for number in range(employees))
        session.commit()


def create_app(engine: Engine) -> FastAPI:
    """The service."""
    app = FastAPI()
    lock = threading.Lock()

    def session() -> Iterator[Session]:
        with lock, Session(engine) as found:
            yield found

    @app.post("/v1/comps", status_code=201)
    def request_comp(
        asked: Request,
        session: Annotated[Session, Depends(session)],
        authorization: Annotated[str, Header()],
        idempotency_key: Annotated[str, Header()],
    ) -> Comp:
        key = session.get(ApiKey, _hash(authorization.removeprefix("Bearer ")))
        if key is None:
            raise HTTPException(401, "unknown key")
        if key.location != asked.location:
            raise HTTPException(403, "another location")
        body = _hash(asked.model_dump_json())
        answered = session.get(Answer, idempotency_key)
        if answered is not None:
            if answered.body != body:
                raise HTTPException(422, "the key was used for another request")
            return _known(session, answered.comp)
        comp = _decided(session, asked)
        session.add(comp)
        session.add(Answer(key=idempotency_key, body=body, comp=comp.id))
        said = json.dumps({"request": asked.model_dump(mode="json"), "status": comp.status, "why": comp.why})
        session.add(Audit(comp=comp.id, at=comp.created_at, said=said))
        session.commit()
        return _known(session, comp.id)

    return app


def _known(session: Session, comp_id: str) -> Comp:
    comp = session.get(Comp, comp_id)
    assert comp is not None
    return comp


def _decided(session: Session, asked: Request) -> Comp:
    """The comp, whose amount is added to the location's month if it is approved."""
    now = clock.now()
    day = (now.astimezone(ZONE) - DAY_STARTS).date()
    status, why = _denied(session, asked) or _escalated(session, asked, day) or ("approved", "within all limits")
    month = session.get(MonthSum, (asked.location, day.replace(day=1)))
    month = month or MonthSum(location=asked.location, month=day.replace(day=1))
    if status != "denied" and month.amount + asked.amount.amount > PER_MONTH:
        status, why = "denied", "the location's month is full"
    if status == "approved":
        month.amount += asked.amount.amount
        session.add(month)
    return Comp(
        id=str(uuid.uuid4()),
        location=asked.location,
        employee=asked.employee,
        remedy=asked.remedy,
        reason=asked.reason,
        amount=asked.amount.amount,
        currency=asked.amount.currency,
        check_id=asked.check.id if asked.check else None,
        guest=asked.guest,
        status=status,
        why=why,
        day=day,
        created_at=now,
    )


def _denied(session: Session, asked: Request) -> tuple[str, str] | None:
    employee = session.get(Employee, (asked.employee, asked.location))
    if employee is None or employee.role != "server":
        return "denied", "no role that may"
    if asked.amount.currency != "USD" or asked.remedy not in GIVES.get(asked.reason, set()):
        return "denied", "not for this reason"
    if asked.amount.amount > MOST.get(asked.remedy, asked.amount.amount):
        return "denied", "more than anybody may"
    if asked.check and any(item.category == "alcohol" for item in asked.check.items):
        return "denied", "no alcohol"
    return None


def _escalated(session: Session, asked: Request, day: date) -> tuple[str, str] | None:
    amount = asked.amount.amount
    if amount > PER_COMP or (amount > NOTE_OVER and not asked.note):
        return "pending", "too much for a server, or without a note"
    if asked.check is None or asked.check.total is None or asked.check.state == "closed" or asked.guest is None:
        return "pending", "a fact is missing"
    ours = (Comp.location == asked.location, Comp.status == "approved")
    today = _used(session, *ours, Comp.employee == asked.employee, Comp.day == day)
    week = _used(session, *ours, Comp.employee == asked.employee, Comp.day >= day - timedelta(days=day.weekday()))
    guest = _used(session, *ours, Comp.guest == asked.guest, Comp.day > day - timedelta(days=GUEST_DAYS))
    check = _used(session, *ours, Comp.check_id == asked.check.id)
    if today[0] + amount > PER_DAY or today[1] >= DAY_COUNT or week[0] + amount > PER_WEEK:
        return "pending", "the employee's day or week is full"
    if guest[0] + amount > PER_GUEST or guest[1] >= GUEST_COUNT:
        return "pending", "the guest has had enough"
    if check[0] + amount > asked.check.total.amount:
        return "pending", "more than the check"
    return None


def _used(session: Session, *where: Any) -> tuple[int, int]:
    """The amount and the count of what was approved."""
    found = session.exec(select(func.coalesce(func.sum(Comp.amount), 0), func.count()).where(*where)).one()
    return found[0], found[1]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

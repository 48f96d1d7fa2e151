"""An event: what an entry of a book means to somebody who listens.

Made of the entry and of the decision that began the comp, nothing else: whoever reads the book again makes the same
event, under the same id. It tells ids and pseudonyms, as the book does; no name, no note, no reference of a guest.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from empower.core.codes import Outcome
from empower.core.entry import Entry, content, moment_of, stamp

Body = dict[str, Any]

_DECIDED = {Outcome.APPROVE: "approved", Outcome.ESCALATE: "pending", Outcome.DENY: "denied"}
_DONE = {"decline": "declined", "capture": "captured", "void": "voided", "expire": "expired", "reverse": "reversed"}
CLIMBED = "climbed"
STATES = ("pending", "approved", "declined", "expired", "captured", "voided", "reversed", "denied")
TYPES = tuple(f"comp.{name}" for name in (*STATES, CLIMBED))
"""All types of events. `comp.climbed`: nobody answered in time, so that the next role is asked."""


class Event(NamedTuple):
    """What happened to a comp."""

    id: str
    type: str
    at: str
    """The entry's moment; of a climb the moment of the rung."""
    location: str
    seq: int
    """The entry; of a climb the entry that decided the comp."""
    rung: int
    """Which role of the ladder a climb goes to, from 1; 0 for what stands in the book."""
    comp: str
    data: dict[str, Any]

    def payload(self) -> dict[str, Any]:
        """As the Standard Webhooks specification has it: type, timestamp, data."""
        return {"type": self.type, "timestamp": self.at, "data": self.data}


def event_id(location: str, seq: int, rung: int = 0) -> str:
    """The id of an event: no two share one, and reading it again gives the same. A location has no `_` in its id."""
    return f"evt_{location}_{seq}" + (f"_{rung}" if rung else "")


def event_of(line: Entry, first: Body, asked: Sequence[str]) -> Event | None:
    """The event that an entry is; None for one that moves no comp.

    `first` is the body of the entry that decided the comp, `asked` are the roles that are asked while it is pending.
    """
    found = _what(line, first) if line.comp else None
    if line.comp is None or found is None:
        return None
    status, amount_minor, said = found
    if status == "pending":
        said["asked_now"] = list(asked)
    identity = event_id(line.location, line.seq)
    data = _about(identity, line, first, status, amount_minor) | said
    return Event(identity, f"comp.{status}", line.recorded_at, line.location, line.seq, 0, line.comp, data)


def climb_of(line: Entry, first: Body, rung: int, asked: Sequence[str], at: datetime) -> Event:
    """The event that a rung of the ladder is reached: `line` is the entry that decided the comp, which still waits."""
    identity = event_id(line.location, line.seq, rung)
    data = _about(identity, line, first, "pending", _asked(first)) | {"asked_now": list(asked)}
    return Event(identity, f"comp.{CLIMBED}", stamp(at), line.location, line.seq, rung, str(line.comp), data)


def rungs(first: Body, step_seconds: int | None, created_at: str) -> list[tuple[datetime, list[str]]]:
    """When the ladder is climbed, and which roles are asked from then on; nothing where all are asked at once."""
    roles = first["decision"].get("approvers", [])
    if not step_seconds:
        return []
    begun, step = moment_of(created_at), timedelta(seconds=step_seconds)
    return [(begun + number * step, roles[: number + 1]) for number in range(1, len(roles))]


def asked_first(first: Body, step_seconds: int | None) -> list[str]:
    """The roles that are asked at once."""
    roles: list[str] = first["decision"].get("approvers", [])
    return roles[:1] if step_seconds else roles


def _about(identity: str, line: Entry, first: Body, status: str, amount_minor: int) -> dict[str, Any]:
    request = first["request"]
    return {
        "id": identity,
        "location": line.location,
        "seq": line.seq,
        "comp": line.comp,
        "status": status,
        "employee": request["employee"],
        "remedy": request["remedy"],
        "reason": request["reason"],
        "amount": {"amount": amount_minor, "currency": request["amount"]["currency"]},
        "guest": request.get("guest"),
        "check": (request.get("check") or {}).get("id"),
        "incident": request.get("incident"),
        "shift": request.get("shift"),
    }


def _asked(first: Body) -> int:
    amount: int = first["request"]["amount"]["amount"]
    return amount


def _what(line: Entry, first: Body) -> tuple[str, int, dict[str, Any]] | None:
    """The status that an entry led to, the amount that it is about, and what else there is to say."""
    body = first if line.kind == "decision" else content(line.leaf)["body"]
    if line.kind == "decision":
        return _decided(body)
    if line.kind == "approve":
        return _approved(body)
    if line.kind not in _DONE:
        return None
    if line.kind == "decline":
        return "declined", _asked(first), {"by": body["decliner"]}
    if line.kind == "expire":
        waited = body["from"] == "pending"
        return "expired", _asked(first) if waited else body["released"], {"was": body["from"]}
    amount = body["released"] if line.kind == "void" else body["amount"]
    more = {"forced": body["forced"]} if "forced" in body else {}
    return _DONE[line.kind], amount, more


def _decided(body: Body) -> tuple[str, int, dict[str, Any]]:
    decision = body["decision"]
    status = _DECIDED[Outcome(decision["outcome"])]
    said: dict[str, Any] = {}
    if status == "pending":
        said = {"approvals": {"given": 0, "needed": max(decision.get("approvals", 1), 1)}}
    if status == "approved":
        said = {"authority": {"employee": body["request"]["employee"], "role": decision["role"]}}
    if "expires_at" in body:
        said["expires_at"] = body["expires_at"]
    return status, decision["granted"] if status == "approved" else _asked(body), said


def _approved(body: Body) -> tuple[str, int, dict[str, Any]]:
    """A yes: the last that was needed, or one that leaves the comp pending."""
    said: dict[str, Any] = {"by": body["approver"]}
    if "expires_at" not in body:
        return (
            "pending",
            body["amount"],
            said | {"approvals": {"given": len(body["with"]) + 1, "needed": body["people"]}},
        )
    said["authority"] = {"employee": body["authority"], "role": body["grant"]["role"]}
    return "approved", body["amount"], said | {"expires_at": body["expires_at"]}

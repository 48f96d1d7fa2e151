"""Approvals: what waits, and a yes or a no by somebody who proves who they are."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field, SecretStr

from empower.core.request import Outside, Ref
from empower.core.validation import validated
from empower.engine.proofs import Pin
from empower.engine.views import CompView, PendingPage
from empower.http.bodies import JsonBody
from empower.http.comps import Amount, CompId, Note, bounded, minor_of
from empower.http.described import MONEY, WITH_BODY, answer, problems, takes
from empower.http.keys import PosDoor
from empower.http.queries import ApprovalsQuery

router = APIRouter(tags=["approvals"])

PinText = Annotated[SecretStr, Field(min_length=1, max_length=64, description="their PIN")]


class Approve(Outside):
    """Who says yes, and to how much: to all that is asked by default."""

    approver: Ref
    pin: PinText
    amount: Amount | None = None
    note: Note | None = None


class Decline(Outside):
    """Who says no, and why."""

    approver: Ref
    pin: PinText
    note: Note


@router.get("/v1/approvals", summary="What waits", response_model=PendingPage, responses=problems(401, 403, 422, 503))
def approvals(door: PosDoor, query: Annotated[ApprovalsQuery, Query()]) -> Response:
    """The comps that wait for a yes, the oldest first, with what it takes to answer them. Key: `pos`.

    With `approver`, each says what it would be for them: how much they may grant, and what they have left.
    """
    call = door.enter()
    call.filter(query.location)
    return answer(call.engine.approvals(**dict(query), within=call.within))


@router.post(
    "/v1/comps/{id}/approve",
    summary="Say yes",
    response_model=CompView,
    responses=problems(401, 403, 404, 409, *WITH_BODY, 503),
    openapi_extra=takes(Approve, {"approver": "E2000", "pin": "480517", "amount": MONEY}),
)
def approve(door: PosDoor, id: CompId, body: JsonBody) -> Response:  # noqa: A002
    """Grant what waits, or less of it, on the approver's own limits at this moment. Key: `pos`.

    Where two people are needed it stays `pending` after the first. 409 `approval_refused` has `findings`, and as
    `counter_offer` the largest amount that this approver may grant; 409 `comp_approved`, `comp_declined` or
    `comp_expired` says in `settled` who was faster, and when. 403 `proof_wrong` is an unknown approver or a wrong PIN,
    `proof_locked` too many of them, with `retry_after` in seconds.
    """
    call = door.enter()
    asked = validated(Approve, body.object())
    amount = minor_of(call, id, asked.amount)
    proof = Pin(asked.approver, asked.pin.get_secret_value())
    view = call.engine.approve(bounded(id), proof, amount, note=asked.note, by=call.by, within=call.within)
    return answer(view)


@router.post(
    "/v1/comps/{id}/decline",
    summary="Say no",
    response_model=CompView,
    responses=problems(401, 403, 404, 409, *WITH_BODY, 503),
    openapi_extra=takes(Decline, {"approver": "E2000", "pin": "480517", "note": "third time this week"}),
)
def decline(door: PosDoor, id: CompId, body: JsonBody) -> Response:  # noqa: A002
    """End what waits, and say why. Problems are those of a yes. Key: `pos`."""
    call = door.enter()
    asked = validated(Decline, body.object())
    proof = Pin(asked.approver, asked.pin.get_secret_value())
    return answer(call.engine.decline(bounded(id), proof, note=asked.note, by=call.by, within=call.within))

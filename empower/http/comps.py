"""Comps: asked for and held, captured, voided, reversed, and read."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import Discriminator, Field, StrictInt, Tag

from empower.core.canonical import LARGEST_INTEGER
from empower.core.errors import FieldError, InputError
from empower.core.money import Money
from empower.core.request import LONGEST_NOTE, Outside, Request
from empower.core.validation import AS_MINOR, AS_MONEY, validated
from empower.engine.views import CompPage, CompView
from empower.http.bodies import JsonBody
from empower.http.described import MONEY, REQUEST, WITH_BODY, answer, problems, takes
from empower.http.holding import LONGEST_KEY, Holding
from empower.http.keys import Call, PosDoor, ReadDoor
from empower.http.queries import CompsQuery

LONGEST_ID = 64

router = APIRouter(tags=["comps"])

Note = Annotated[str, Field(max_length=LONGEST_NOTE)]
Minor = Annotated[StrictInt, Field(ge=0, le=LARGEST_INTEGER, description="minor units")]
Amount = Annotated[
    Annotated[Money, Tag(AS_MONEY)] | Annotated[Minor, Tag(AS_MINOR)],
    Discriminator(lambda value: AS_MONEY if isinstance(value, dict | Money) else AS_MINOR),
]
CompId = Annotated[str, Path(description="the comp's id")]


class Capture(Outside):
    """How much of the hold is spent: all of it by default."""

    amount: Amount | None = None


class Void(Outside):
    """Why the remedy was not given."""

    note: Note | None = None


class Reverse(Outside):
    """How much of what was captured is taken back, all of it by default, and why."""

    amount: Amount | None = None
    note: Note | None = None


KEY_PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "the same for every try of one request: it is then decided and held once",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
    "example": "till-3-20261123-0042",
}


@router.post(
    "/v1/comps",
    summary="Decide and hold",
    status_code=201,
    response_model=CompView,
    responses=problems(401, 403, *WITH_BODY, 503),
    openapi_extra=takes(Request, REQUEST) | {"parameters": [KEY_PARAMETER]},
)
async def request_comp(door: PosDoor, body: JsonBody) -> Response:
    """The comp, whatever the outcome, once it is durably written: `approved` holds the money. Key: `pos`.

    The same `Idempotency-Key` with the same body gives the first answer again, denials too; with another body it is a
    422. A 503 wrote nothing: send the same again.
    """
    holding: Holding = door.state.holding
    return await holding.ask(door, body)


@router.get("/v1/comps", summary="Comps, newest first", response_model=CompPage, responses=problems(401, 403, 422, 503))
def comps(door: ReadDoor, query: Annotated[CompsQuery, Query()]) -> Response:
    """A page of the comps that the key reaches; `next` is the cursor of the one that follows.

    Key: `pos`, `finance`.
    """
    call = door.enter()
    call.filter(query.location)
    asked = dict(query) | {"forced": None if query.forced is None else query.forced == "true"}
    return answer(call.engine.comps(**asked, within=call.within))


@router.get("/v1/comps/{id}", summary="One comp", response_model=CompView, responses=problems(401, 403, 404, 503))
def comp(door: ReadDoor, id: CompId) -> Response:  # noqa: A002  the parameter's name
    """A comp with its whole life. Key: `pos`, `finance`."""
    call = door.enter()
    return answer(call.engine.comp(bounded(id), within=call.within))


def bounded(comp_id: str) -> str:
    """No id is longer, so none is found by what is left of it."""
    return comp_id[:LONGEST_ID]


@router.post(
    "/v1/comps/{id}/capture",
    summary="The guest was served",
    response_model=CompView,
    responses=problems(401, 403, 404, 409, *WITH_BODY, 503),
    openapi_extra=takes(Capture, {"amount": MONEY}, required=False),
)
def capture(door: PosDoor, id: CompId, body: JsonBody) -> Response:  # noqa: A002
    """Spend the hold, or `amount` of it; the rest is released. Once captured, the same again answers the same.

    A hold that has expired is spent all the same; where there was no longer room, the comp is `forced`. Key: `pos`.
    """
    call = door.enter()
    asked = validated(Capture, body.object_or_nothing())
    amount = minor_of(call, id, asked.amount)
    return answer(call.engine.capture(bounded(id), amount, by=call.by, within=call.within))


@router.post(
    "/v1/comps/{id}/void",
    summary="The remedy was not given",
    response_model=CompView,
    responses=problems(401, 403, 404, 409, *WITH_BODY, 503),
    openapi_extra=takes(Void, {"note": "the guest had left"}, required=False),
)
def void(door: PosDoor, id: CompId, body: JsonBody) -> Response:  # noqa: A002
    """Release the hold. Once voided, the same again answers the same. Key: `pos`."""
    call = door.enter()
    asked = validated(Void, body.object_or_nothing())
    return answer(call.engine.void(bounded(id), note=asked.note, by=call.by, within=call.within))


@router.post(
    "/v1/comps/{id}/reverse",
    summary="Take back what was captured",
    response_model=CompView,
    responses=problems(401, 403, 404, 409, *WITH_BODY, 503),
    openapi_extra=takes(Reverse, {"amount": MONEY, "note": "rung up twice"}, required=False),
)
def reverse(door: PosDoor, id: CompId, body: JsonBody) -> Response:  # noqa: A002
    """Give back all that was captured, or `amount` of it, to the very budgets it came from. Key: `pos`."""
    call = door.enter()
    asked = validated(Reverse, body.object_or_nothing())
    amount = minor_of(call, id, asked.amount)
    view = call.engine.reverse(bounded(id), amount, note=asked.note, by=call.by, within=call.within)
    return answer(view)


def minor_of(call: Call, comp_id: str, amount: Any) -> int | None:
    """An amount in minor units; raises `InputError` where it comes in another currency than the comp's."""
    if not isinstance(amount, Money):
        return amount  # type: ignore[no-any-return]
    currency = call.engine.comp(bounded(comp_id), within=call.within).amount.currency
    if amount.currency != currency:
        message = f"this comp is in `{currency}`, not `{amount.currency}`"
        raise InputError(message, errors=[FieldError("/amount/currency", message, currency)])
    return amount.amount

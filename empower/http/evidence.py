"""Evidence over HTTP: signed heads of the books, and proofs that anybody can check who has the key."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from empower.core.canonical import LARGEST_INTEGER
from empower.http.described import problems
from empower.http.keys import FinanceDoor
from empower.ledger.proofs import Proofs
from empower.ledger.signed_views import CheckpointView, ConsistencyView, ProofView

router = APIRouter(tags=["reading"])
Location = Annotated[str, Path(description="whose book")]
Seq = Annotated[int, Path(ge=0, le=LARGEST_INTEGER, description="the entry's number, from 0")]


class ConsistencyQuery(BaseModel):
    """Between which sizes of a book."""

    model_config = ConfigDict(extra="forbid")

    first: int = Field(alias="from", ge=0, le=LARGEST_INTEGER, description="entries then")
    second: int | None = Field(
        default=None, alias="to", ge=0, le=LARGEST_INTEGER, description="entries later; if left out, the checkpoint's"
    )


def _proofs(request: Request) -> Proofs:
    found: Proofs = request.app.state.proofs
    return found


def _answer(view: BaseModel) -> Response:
    return Response(view.model_dump_json(by_alias=True), media_type="application/json")


@router.get(
    "/v1/books/{location}/checkpoint",
    summary="A book's signed head",
    response_model=CheckpointView,
    responses=problems(401, 403, 404, 422, 503),
)
def checkpoint(door: FinanceDoor, request: Request, location: Location) -> Response:
    """The last checkpoint (c2sp.org/tlog-checkpoint), and how its signing key follows from those before.

    Key: `finance`.
    """
    door.enter().reach(location)
    return _answer(_proofs(request).checkpoint(location))


@router.get(
    "/v1/books/{location}/proof/{seq}",
    summary="An entry is in the book",
    response_model=ProofView,
    responses=problems(401, 403, 404, 422, 503),
)
def proof(door: FinanceDoor, request: Request, location: Location, seq: Seq) -> Response:
    """The inclusion proof (RFC 9162) of an entry under the last checkpoint, and all of it as one receipt.

    Key: `finance`.
    """
    door.enter().reach(location)
    return _answer(_proofs(request).entry(location, seq))


@router.get(
    "/v1/books/{location}/consistency",
    summary="A book goes on from what it was",
    response_model=ConsistencyView,
    responses=problems(401, 403, 404, 422, 503),
)
def consistency(
    door: FinanceDoor, request: Request, location: Location, query: Annotated[ConsistencyQuery, Query()]
) -> Response:
    """The consistency proof (RFC 9162) between two sizes of a book. Key: `finance`."""
    door.enter().reach(location)
    return _answer(_proofs(request).consistency(location, query.first, query.second))

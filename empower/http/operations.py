"""For those who run the service: is it alive, is it ready, what has it done? No key, and nothing of any location."""

from typing import Literal

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from empower.engine import Engine
from empower.engine.views import View
from empower.http.described import answer, problems
from empower.http.metrics import Metrics

router = APIRouter(tags=["operations"])


class Health(View):
    """The process answers."""

    status: Literal["alive"] = "alive"


class Readiness(View):
    """`degraded` still answers: by the last good policies, for the `reasons` given."""

    status: Literal["ready", "degraded"]
    reasons: list[str]


@router.get("/healthz", summary="Is it alive?", response_model=Health)
@router.head("/healthz", include_in_schema=False)
async def healthz() -> Response:
    """200 as long as the process answers. It asks nothing of the store."""
    return answer(Health())


@router.get("/readyz", summary="Is it ready?", response_model=Readiness, responses=problems(503))
@router.head("/readyz", include_in_schema=False)
def readyz(request: Request) -> Response:
    """200 `ready`; 200 `degraded` where changed policies have problems, so that the last good ones stay in force.

    503, with a problem, where the store cannot be used.
    """
    engine: Engine = request.app.state.engine
    reasons = engine.ready()
    return answer(Readiness(status="degraded" if reasons else "ready", reasons=reasons))


@router.get(
    "/metrics",
    summary="What has it done?",
    response_class=Response,
    responses={200: {"description": "Prometheus' text format", "content": {"text/plain": {}}}},
)
async def metrics(request: Request) -> Response:
    """Requests by route and status, their latency, decisions by outcome, and problems of the policies."""
    counted: Metrics = request.app.state.metrics
    return Response(counted.text(), media_type=CONTENT_TYPE_LATEST)

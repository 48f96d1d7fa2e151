"""The application: an engine over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.routing import APIRoute

from empower.engine import Engine
from empower.http import access, approvals, comps, deciding, docs, events, evidence, logs, operations, problems, reading
from empower.http.caretaker import care
from empower.http.edge import Edge
from empower.http.events_hub import Hub
from empower.http.holding import Holding
from empower.http.limits import BodyLimit
from empower.http.metrics import Metrics
from empower.http.openapi import describer
from empower.http.pages.pace import Pace
from empower.http.pages.routers import ROUTERS as PAGES
from empower.http.shadow import watching
from empower.http.short import ShortWay
from empower.http.webhooks import delivering
from empower.ledger.proofs import Proofs


def create_app(engine: Engine) -> FastAPI:
    """An ASGI application over `engine`, which stays the caller's to close.

    While it serves, it takes up policies that change on disk, expires comps whose time is up, and tells the webhooks.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        with logs.to_stderr(), care(engine), watching(engine, metrics.registry), delivering(engine):
            yield

    app = FastAPI(
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        generate_unique_id_function=_operation,
    )
    app.state.engine = engine
    app.state.proofs = Proofs(engine.store)
    app.state.events = Hub(engine)
    app.state.holding = Holding(engine)
    app.state.sign_in_pace = Pace()
    app.state.metrics = metrics = Metrics(lambda: len(engine.publishing.known_problems()))
    app.openapi = describer(app)  # type: ignore[method-assign]
    problems.install(app)
    app.state.routes = list(app.routes)
    parts = (deciding, comps, approvals, events, reading, evidence, access, operations, docs)
    for router in (*(part.router for part in parts), *PAGES):
        app.include_router(router)
        app.state.routes += router.routes
    app.add_middleware(BodyLimit)
    app.add_middleware(Edge, metrics=metrics)
    app.middleware_stack = ShortWay(
        app.build_middleware_stack(),
        lambda inner: Edge(BodyLimit(inner), metrics),
        app.state.routes,
        hot=[comps.request_comp],
    )
    return app


def _operation(route: APIRoute) -> str:
    """An operation goes by its function's name."""
    return route.name

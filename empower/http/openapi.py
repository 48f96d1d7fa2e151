"""The OpenAPI document: what the routes say, and the shapes that they read and answer with."""

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from empower.core.request import Request
from empower.engine import OptionsRequest
from empower.http.approvals import Approve, Decline
from empower.http.authzen import Evaluation, Evaluations
from empower.http.comps import Capture, Reverse, Void
from empower.http.deciding import Batch
from empower.http.problems import Problem

INPUTS: tuple[type[BaseModel], ...] = (
    Request, Batch, OptionsRequest, Capture, Void, Reverse, Approve, Decline, Evaluation, Evaluations, Problem,
)  # fmt: skip
DESCRIPTION = """\
An employee stands in front of an unhappy guest. The till asks, "may I comp this?" Here it is answered, with reasons;
the money is held against every budget it touches, and what was decided is written into a book.

Money is an integer of minor units beside its ISO 4217 code: `{"amount": 1250, "currency": "USD"}` is $12.50.
A list is `{"items": […], "next": cursor or null}`. Every error is a problem (RFC 9457) with a stable `code` and the
`request_id` that stands in `X-Request-ID` and in the log. A body has at most 64 KiB, a batch 1 MiB.
"""
TAGS = [
    {"name": "deciding", "description": "Questions that change nothing."},
    {"name": "comps", "description": "Requests with their life: held, captured, voided, reversed."},
    {"name": "approvals", "description": "What waits for somebody else, and their yes or no."},
    {"name": "events", "description": "What happens, as it happens."},
    {"name": "reading", "description": "Locations, budgets and books."},
    {"name": "AuthZEN", "description": "The same question in OpenID AuthZEN Authorization API 1.0."},
    {"name": "operations", "description": "For those who run the service."},
]
FRAMEWORKS_OWN = ("HTTPValidationError", "ValidationError")
UNDESCRIBED = "Successful Response"


def describer(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """What gives the document of `app`, made when it is first asked for."""

    def describe() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    return describe


def _document(app: FastAPI) -> dict[str, Any]:
    said = get_openapi(
        title="Empower", version=version("empower"), description=DESCRIPTION, routes=app.routes, tags=TAGS
    )
    _map, definitions = models_json_schema(
        [(model, "validation") for model in INPUTS], ref_template="#/components/schemas/{model}"
    )
    schemas = said["components"]["schemas"]
    schemas |= definitions["$defs"]
    for name in FRAMEWORKS_OWN:
        schemas.pop(name, None)
    for path in said["paths"].values():
        for operation in path.values():
            _drop_frameworks_own(operation["responses"])
            _describe(operation["responses"], schemas)
    return said


def _drop_frameworks_own(responses: dict[str, Any]) -> None:
    """The framework describes a 422 of its own for every parameter; none is ever answered."""
    content = responses.get("422", {}).get("content", {})
    reference = content.get("application/json", {}).get("schema", {}).get("$ref", "")
    if reference.endswith(FRAMEWORKS_OWN):
        del responses["422"]


def _describe(responses: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Let an answer say what its shape says of itself, instead of the framework's words for all."""
    for said in responses.values():
        if said["description"] == UNDESCRIBED:
            shape = said["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
            said["description"] = schemas[shape]["description"].split("\n")[0]

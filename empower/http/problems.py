"""Every error in one shape: a problem (RFC 9457), with a stable `code` and JSON pointers (RFC 6901) for input."""

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.routing import Match

from empower.core.errors import BusyError, EmpowerError, FieldError, InputError
from empower.core.validation import field_errors
from empower.engine.views import View
from empower.http.refusals import UnauthorizedError

MEDIA_TYPE = "application/problem+json"
UNANSWERED = "the service cannot answer this now; its log says why, under this request id"
HINTS = {
    404: "there is no such path here: `/docs` lists what there is",
    405: "this path does not take that method",
}


class FieldProblem(View):
    """One thing that is wrong with the input."""

    pointer: str = Field(description="JSON pointer (RFC 6901) into the body, or `/` and the name of a query parameter")
    message: str
    near: str | None = Field(default=None, description="the nearest name that exists, where there is one")


class Problem(View):
    """What went wrong (RFC 9457): `code` is for programs and never changes, `detail` is for people."""

    type: str = Field(description="`urn:empower:problem:` and the code")
    title: str
    status: int
    detail: str
    code: str
    request_id: str = Field(description="as in `X-Request-ID` and in the log")
    errors: list[FieldProblem] = Field(default=[], description="what is wrong with the input; absent where nothing is")


def problem(
    status: int, code: str, title: str, detail: str, request_id: str, errors: Iterable[FieldError] = ()
) -> dict[str, Any]:
    """A problem as JSON."""
    said: dict[str, Any] = {
        "type": f"urn:empower:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": request_id,
    }
    if found := [_field(error) for error in errors]:
        said["errors"] = found
    return said


def _field(error: FieldError) -> dict[str, Any]:
    said = {"pointer": error.pointer, "message": error.message}
    return said | ({"near": error.near} if error.near else {})


def problem_of(error: EmpowerError, request_id: str) -> dict[str, Any]:
    """The problem that an error is; of what broke inside, it says no more than that."""
    is_ours = error.status >= HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(error, BusyError)
    detail = UNANSWERED if is_ours else error.detail
    said = problem(error.status, error.code, error.title, detail, request_id, error.errors)
    return said if is_ours else {**error.more, **said}


def answer(said: dict[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """A problem as a response."""
    return Response(json.dumps(said), said["status"], dict(headers or {}), MEDIA_TYPE)


def answer_to(error: EmpowerError, request_id: str) -> Response:
    """An error as a response, with the headers that go with it."""
    headers = {}
    if isinstance(error, UnauthorizedError):
        headers["WWW-Authenticate"] = 'Bearer realm="empower"'
    if isinstance(error, BusyError):
        headers["Retry-After"] = "1"
    if "retry_after" in error.more:
        headers["Retry-After"] = str(error.more["retry_after"])
    return answer(problem_of(error, request_id), headers)


def install(app: FastAPI) -> None:
    """Answer every error with a problem, the framework's own included."""

    @app.exception_handler(EmpowerError)
    async def ours(request: Request, error: EmpowerError) -> Response:
        request.state.error = error
        return answer_to(error, request.state.request_id)

    @app.exception_handler(RequestValidationError)
    async def parameters(request: Request, error: RequestValidationError) -> Response:
        found = field_errors(error.errors(), _parameters(request), skip=1)
        wrong = InputError(f"{found[0].pointer}: {found[0].message}", errors=found)
        return answer_to(wrong, request.state.request_id)

    @app.exception_handler(HTTPException)
    async def framework(request: Request, error: HTTPException) -> Response:
        status = HTTPStatus(error.status_code)
        code, title = status.name.lower(), status.phrase.lower()
        detail = HINTS.get(status, title)
        said = problem(status, code, title, detail, request.state.request_id)
        headers = {"Allow": ", ".join(_methods(request))} if status == HTTPStatus.METHOD_NOT_ALLOWED else None
        return answer(said, headers)


def _parameters(request: Request) -> list[str]:
    """The parameters that the path of a request takes."""
    operations = request.app.openapi()["paths"].get(request.scope["route"].path, {})
    described = operations.get(request.method.lower(), {}).get("parameters", [])
    return [parameter["name"] for parameter in described]


def _methods(request: Request) -> list[str]:
    """All methods that the path of a request takes."""
    found: set[str] = set()
    for route in request.app.state.routes:
        match, _scope = route.matches({**request.scope, "method": "OPTIONS"})
        if match is not Match.NONE:
            found |= getattr(route, "methods", None) or set()
    return sorted(found)

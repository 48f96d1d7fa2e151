"""Questions that change nothing: may I comp this, and what may I offer."""

import json
from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from empower.core.errors import EmpowerError
from empower.core.request import Request
from empower.core.validation import validated
from empower.engine import OptionsRequest
from empower.engine.views import DecisionView, OptionsView, View
from empower.http.bodies import JsonBody
from empower.http.described import OPTIONS, REQUEST, WITH_BODY, answer, problems, takes
from empower.http.keys import Call, PosDoor
from empower.http.problems import Problem, problem_of

MOST_AT_ONCE = 1000

router = APIRouter(tags=["deciding"])


class Batch(BaseModel):
    """Requests to be evaluated at once, each by itself."""

    model_config = ConfigDict(extra="forbid")

    requests: list[Request] = Field(min_length=1, max_length=MOST_AT_ONCE)


class _Parcel(BaseModel):
    """The same, as long as it is not known what each of them says."""

    model_config = ConfigDict(extra="forbid")

    requests: list[Any] = Field(min_length=1, max_length=MOST_AT_ONCE)


class BatchView(View):
    """The answers in the order of the requests: a decision, or the problem that stands in its place."""

    items: list[DecisionView | Problem]


@router.post(
    "/v1/evaluate",
    summary="May I comp this?",
    response_model=DecisionView,
    responses=problems(401, 403, *WITH_BODY, 503),
    openapi_extra=takes(Request, REQUEST),
)
def evaluate(door: PosDoor, body: JsonBody) -> Response:
    """The decision on a request. Nothing is held, nothing is written. Key: `pos`."""
    call = door.enter()
    request = validated(Request, body.object())
    call.reach(request.location)
    view = call.engine.evaluate(request)
    call.metrics.decided("evaluate", view.outcome)
    return answer(view)


@router.post(
    "/v1/evaluate/batch",
    summary="Many questions at once",
    response_model=BatchView,
    responses=problems(401, 403, *WITH_BODY, 503),
    openapi_extra=takes(Batch, {"requests": [REQUEST]}),
)
def evaluate_batch(door: PosDoor, body: JsonBody) -> Response:
    """The decisions on up to 1000 requests, each as if it were alone, in their order. Key: `pos`.

    What is wrong with one stands in its place, as a problem: an item has either an `outcome` or a `code`. JSON
    pointers in it are relative to that request.
    """
    call = door.enter()
    parcel = validated(_Parcel, body.object())
    answers = _decisions(call, parcel.requests)
    items = [_item(found, call.request_id) for found in answers]
    return Response(b'{"items":[' + b",".join(items) + b"]}", media_type="application/json")


def _item(found: DecisionView | EmpowerError, request_id: str) -> bytes:
    if isinstance(found, EmpowerError):
        return json.dumps(problem_of(found, request_id)).encode()
    return found.model_dump_json().encode()


def _decisions(call: Call, values: list[Any]) -> list[DecisionView | EmpowerError]:
    answers: list[Any] = [_checked(call, value) for value in values]
    good = [index for index, found in enumerate(answers) if isinstance(found, Request)]
    for index, view in zip(good, call.engine.evaluate_batch([answers[index] for index in good]), strict=True):
        answers[index] = view
        if isinstance(view, DecisionView):
            call.metrics.decided("batch", view.outcome)
    return answers


def _checked(call: Call, value: Any) -> Request | EmpowerError:
    try:
        request = validated(Request, value)
        call.reach(request.location)
    except EmpowerError as error:
        return error
    return request


@router.post(
    "/v1/options",
    summary="What may I offer?",
    response_model=OptionsView,
    responses=problems(401, 403, *WITH_BODY, 503),
    openapi_extra=takes(OptionsRequest, OPTIONS),
)
def options(door: PosDoor, body: JsonBody) -> Response:
    """For an employee, a reason and a check: each remedy with its largest amount, and the words to say. Key: `pos`."""
    call = door.enter()
    request = validated(OptionsRequest, body.object())
    call.reach(request.location)
    return answer(call.engine.options(request))

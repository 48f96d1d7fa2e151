"""The routes of OpenID AuthZEN: the same question for those who ask it in the standard's words."""

from typing import Any

from fastapi import APIRouter, Response
from fastapi import Request as HttpRequest

from empower.core.errors import EmpowerError, InputError
from empower.core.request import Request
from empower.core.validation import validated
from empower.engine.views import DecisionView
from empower.http.authzen import (
    AccessDecision,
    AccessDecisions,
    Configuration,
    Evaluation,
    Evaluations,
    request_of,
    translated,
    with_defaults,
)
from empower.http.bodies import JsonBody
from empower.http.described import answer, problems, takes
from empower.http.keys import Call, PosDoor
from empower.http.refusals import QuestionError

router = APIRouter(tags=["AuthZEN"])

QUESTION: dict[str, Any] = {
    "subject": {"type": "employee", "id": "E1042"},
    "action": {"name": "dessert"},
    "resource": {"type": "location", "id": "bistro-soho"},
    "context": {"reason": "wrong_order", "amount": {"amount": 1200, "currency": "USD"}, "guest": "loyalty:778812"},
}
QUESTIONS: dict[str, Any] = {
    **{name: QUESTION[name] for name in ("subject", "resource", "context")},
    "options": {"evaluations_semantic": "permit_on_first_permit"},
    "evaluations": [{"action": {"name": "dessert"}}, {"action": {"name": "remake"}}],
}
LAST = {"execute_all": None, "deny_on_first_deny": False, "permit_on_first_permit": True}


@router.post(
    "/access/v1/evaluation",
    summary="One question",
    response_model=AccessDecision,
    responses=problems(400, 401, 403, 413, 415, 503),
    openapi_extra=takes(Evaluation, QUESTION),
)
def evaluation(door: PosDoor, body: JsonBody) -> Response:
    """`decision` is true for `approve` alone; `context` is the decision whole. Key: `pos`.

    The subject is an `employee`, the action's name a remedy, the resource a `location`, or a `check` with the
    location among its properties. `context` has `reason`, `amount`, `guest`, `incident`, `shift`, `note`, `photo`,
    `accept_less`, `occurred_at`, and `check` where the resource is a location. Whatever is wrong with the question
    is a 400, as the standard has it.
    """
    call = door.enter()
    return _one(call, body.object())


@router.post(
    "/access/v1/evaluations",
    summary="Several questions",
    response_model=AccessDecisions,
    responses=problems(400, 401, 403, 413, 415, 503),
    openapi_extra=takes(Evaluations, QUESTIONS),
)
def evaluations(door: PosDoor, body: JsonBody) -> Response:
    """Up to 1000 questions; what stands at the top is the default of each. Key: `pos`.

    `options.evaluations_semantic` is `execute_all`, `deny_on_first_deny` or `permit_on_first_permit`. What is wrong
    with one question is a `decision` of false, with `context.error`. Without `evaluations` it is one question.
    """
    call = door.enter()
    said = body.object()
    if not said.get("evaluations"):
        return _one(call, said)
    try:
        asked = validated(Evaluations, said)
    except InputError as error:
        raise QuestionError(error.detail, errors=error.errors) from None
    return answer(AccessDecisions(evaluations=_as_far_as_asked(call, asked)))


def _as_far_as_asked(call: Call, asked: Evaluations) -> list[AccessDecision]:
    """The decisions, up to and with the one that ends it (section 7.1.2.1)."""
    last = LAST[asked.options.evaluations_semantic]
    found = []
    for one in asked.evaluations or []:
        found.append(_decision(call, with_defaults(asked, one)))
        if found[-1].decision is last:
            break
    return found


def _one(call: Call, said: dict[str, Any]) -> Response:
    try:
        return answer(_access(_decided(call, said)))
    except InputError as error:
        raise QuestionError(error.detail, code=error.code, errors=error.errors) from None


def _decision(call: Call, said: dict[str, Any]) -> AccessDecision:
    try:
        return _access(_decided(call, said))
    except EmpowerError as error:
        told = {"status": error.status, "code": error.code, "message": error.detail}
        return AccessDecision(decision=False, context={"error": told})


def _access(view: DecisionView) -> AccessDecision:
    return AccessDecision(decision=view.outcome == "approve", context=view)


def _decided(call: Call, said: dict[str, Any]) -> DecisionView:
    asked = validated(Evaluation, said)
    value = request_of(asked)
    try:
        request = validated(Request, value)
        call.reach(request.location)
        view = call.engine.evaluate(request)
    except InputError as error:
        errors = [translated(found, asked.resource.type) for found in error.errors]
        raise InputError(f"{errors[0].pointer}: {errors[0].message}", code=error.code, errors=errors) from None
    call.metrics.decided("access", view.outcome)
    return view


@router.get("/.well-known/authzen-configuration", summary="Where this decision point answers")
def configuration(request: HttpRequest) -> Configuration:
    """The metadata of the standard's section 9. No key."""
    base = str(request.base_url).rstrip("/")
    return Configuration(
        policy_decision_point=base,
        access_evaluation_endpoint=f"{base}/access/v1/evaluation",
        access_evaluations_endpoint=f"{base}/access/v1/evaluations",
    )

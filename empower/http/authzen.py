"""The same question in OpenID AuthZEN's words (Authorization API 1.0), and how they become ours.

| AuthZEN | ours |
| --- | --- |
| `subject` of type `employee` | `employee` is its id |
| `action` | `remedy` is its name |
| `resource` of type `location` | `location` is its id; a check, if there is one, is `context.check` |
| `resource` of type `check` | `check.id` is its id; `location`, `total`, `state` and `items` are its properties |
| `context` | `reason`, `amount`, `guest`, `incident`, `shift`, `note`, `photo`, `accept_less`, `occurred_at` |
|  | `context.time` stands for `occurred_at` |

`decision` is true for `approve` alone; `context` of the answer is our decision whole. Members that the standard lets
a caller add are ignored, but not in `context`: a fact with a slip in its name would be a fact that no rule sees.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from empower.core.errors import FieldError, InputError, unknown_name
from empower.core.validation import LONGEST_ECHO, escaped
from empower.engine.views import DecisionView, View

MOST_AT_ONCE = 1000
CONTEXT = (
    "reason", "amount", "check", "guest", "incident", "shift", "note", "photo", "accept_less", "occurred_at",
)  # fmt: skip
PLACES = {"/employee": "/subject/id", "/remedy": "/action/name"}


class Spoken(BaseModel):
    """What the standard's objects share: members that it does not know are ignored."""

    model_config = ConfigDict(extra="ignore", strict=True)


class Subject(Spoken):
    """Who would give the remedy."""

    type: str = Field(description="`employee`")
    id: str
    properties: dict[str, Any] | None = None


class Action(Spoken):
    """The remedy."""

    name: str
    properties: dict[str, Any] | None = None


class Resource(Spoken):
    """Where, or on which check."""

    type: str = Field(description="`location` or `check`")
    id: str
    properties: dict[str, Any] | None = None


class Evaluation(Spoken):
    """One question (section 6.1)."""

    subject: Subject
    action: Action
    resource: Resource
    context: dict[str, Any] | None = None


class Options(Spoken):
    """How several questions are answered (section 7.1.2)."""

    evaluations_semantic: Literal["execute_all", "deny_on_first_deny", "permit_on_first_permit"] = "execute_all"


class Evaluations(Spoken):
    """Several questions; what stands at the top is the default of each (section 7.1)."""

    subject: Subject | None = None
    action: Action | None = None
    resource: Resource | None = None
    context: dict[str, Any] | None = None
    evaluations: list[dict[str, Any]] | None = Field(default=None, max_length=MOST_AT_ONCE)
    options: Options = Options()


class AccessDecision(View):
    """The answer to one question (section 6.2)."""

    decision: bool
    context: DecisionView | dict[str, Any]


class AccessDecisions(View):
    """The answers to several questions, in their order, as far as the semantic goes (section 7.2)."""

    evaluations: list[AccessDecision]


class Configuration(View):
    """What this decision point is, and where it answers (section 9)."""

    policy_decision_point: str
    access_evaluation_endpoint: str
    access_evaluations_endpoint: str


def request_of(asked: Evaluation) -> dict[str, Any]:
    """Our request, not yet validated; raises `InputError` for types and names that mean nothing here."""
    context = dict(asked.context or {})
    if "time" in context:
        context.setdefault("occurred_at", context.pop("time"))
    errors = [*_wrong_types(asked), *_wrong_context(asked, context)]
    if errors:
        raise InputError(errors[0].message, errors=errors)
    return {"employee": asked.subject.id, "remedy": asked.action.name} | _where(asked.resource) | context


def _wrong_types(asked: Evaluation) -> list[FieldError]:
    errors = []
    if asked.subject.type != "employee":
        errors.append(unknown_name("/subject/type", "subject type", asked.subject.type, ["employee"]))
    if asked.resource.type not in ("location", "check"):
        errors.append(unknown_name("/resource/type", "resource type", asked.resource.type, ["location", "check"]))
    return errors


def _wrong_context(asked: Evaluation, context: dict[str, Any]) -> list[FieldError]:
    known = [name for name in CONTEXT if name != "check" or asked.resource.type == "location"]
    unknown = [name[:LONGEST_ECHO] for name in context if name not in known]
    return [unknown_name(f"/context/{escaped(name)}", "name", name, known) for name in unknown]


def _where(resource: Resource) -> dict[str, Any]:
    if resource.type == "location":
        return {"location": resource.id}
    check = dict(resource.properties or {})
    place = {"location": check.pop("location")} if "location" in check else {}
    return place | {"check": check | {"id": resource.id}}


def translated(error: FieldError, resource: str) -> FieldError:
    """An error in our request, at the place it has in the question."""
    pointer = error.pointer
    if pointer in PLACES:
        return FieldError(PLACES[pointer], error.message, error.near)
    if resource == "check" and pointer == "/location":
        pointer = "/resource/properties/location"
    elif resource == "check" and pointer.startswith("/check"):
        pointer = "/resource/id" if pointer == "/check/id" else f"/resource/properties{pointer.removeprefix('/check')}"
    elif pointer == "/location":
        pointer = "/resource/id"
    elif pointer.removeprefix("/").split("/")[0] in CONTEXT:
        pointer = f"/context{pointer}"
    return FieldError(pointer, error.message, error.near)


def with_defaults(asked: Evaluations, one: dict[str, Any]) -> dict[str, Any]:
    """One of several questions, with what it leaves to the top (section 7.1.1): whole members, never parts of them."""
    names = ("subject", "action", "resource", "context")
    top = {
        name: value.model_dump() if isinstance(value, BaseModel) else value for name, value in asked if name in names
    }
    return {name: value for name, value in (top | one).items() if value is not None}

"""What a route says of itself in the OpenAPI document: bodies, answers, problems and examples."""

from typing import Any

from fastapi import Response
from pydantic import BaseModel

from empower.http.problems import MEDIA_TYPE

WHY = {
    400: "The body or a header cannot be read",
    401: "No key, or none that is in force",
    403: "The key's scopes or locations do not reach that far",
    404: "There is no such thing, or not for this key",
    409: "The state does not allow it",
    413: "The body is too large",
    415: "The body is not said to be JSON",
    422: "The input cannot be understood, or cannot be meant",
    503: "The store cannot take it now; nothing was written, and the same request may be sent again",
}
WITH_BODY = (400, 413, 415, 422)

MONEY = {"amount": 1200, "currency": "USD"}
REQUEST: dict[str, Any] = {
    "location": "bistro-soho",
    "employee": "E1042",
    "remedy": "dessert",
    "reason": "wrong_order",
    "amount": MONEY,
    "check": {
        "id": "C-88123",
        "total": {"amount": 8450, "currency": "USD"},
        "state": "open",
        "items": [{"id": "i1", "name": "Tiramisu", "category": "dessert", "amount": MONEY}],
    },
    "guest": "loyalty:778812",
}
OPTIONS = {"location": "bistro-soho", "employee": "E1042", "reason": "wrong_order", "guest": "loyalty:778812"}


def answer(view: BaseModel, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A view as a response."""
    return Response(view.model_dump_json(), status, headers, "application/json")


def reference(model: type[BaseModel]) -> dict[str, str]:
    """A reference to a model's schema."""
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems that a route may answer with."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {status: {"description": WHY[status], "content": {MEDIA_TYPE: {"schema": schema}}} for status in statuses}


def takes(model: type[BaseModel], example: object, *, required: bool = True) -> dict[str, Any]:
    """The body that a route takes."""
    content = {"application/json": {"schema": reference(model), "example": example}}
    return {"requestBody": {"required": required, "content": content}}

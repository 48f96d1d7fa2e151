"""The one shape of every error, asserted in one place."""

from typing import Any

MEMBERS = {"type", "title", "status", "detail", "code", "request_id"}


def assert_problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """The problem that a response is."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    said = response.json()
    assert_problem_body(said, status, code)
    assert said["request_id"] == response.headers["x-request-id"] != ""
    return said


def assert_problem_body(said: dict[str, Any], status: int, code: str) -> None:
    """The same for one that stands in the place of an answer."""
    assert set(said) - {"errors"} == MEMBERS
    assert said["code"] == code, said
    assert said["status"] == status
    assert said["type"] == f"urn:empower:problem:{code}"
    assert said["title"]
    assert said["detail"]
    assert "errors" not in said or said["errors"]
    for error in said.get("errors", []):
        assert set(error) - {"near"} == {"pointer", "message"}
        assert error["pointer"] == "" or error["pointer"].startswith("/")
        assert error["message"]


def pointers(said: dict[str, Any]) -> list[str]:
    """Where the input is wrong."""
    return [error["pointer"] for error in said.get("errors", [])]

"""Books read over HTTP from where the configuration says, and from nowhere else: no redirect is followed."""

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from empower.core.errors import BusyError, EmpowerError, ForbiddenError, InputError, LedgerError, NotFoundError
from empower.core.note import MOST_BYTES, decode
from empower.evidence.witness import Source

TIMEOUT_SECONDS = 30


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows nothing."""

    def redirect_request(self, *_given: Any, **_named: Any) -> None:
        """Nowhere."""


def remote(url: str, api_key: str) -> Source:
    """The books of an `empower serve` at `url`, as `api_key` (scope `finance`) reaches them."""
    base = url.rstrip("/")
    if urllib.parse.urlsplit(base).scheme not in ("http", "https"):
        raise InputError(f"`{url}` is no http or https address")

    def get(path: str) -> dict[str, Any]:
        return _get(f"{base}/v1/{path}", api_key)

    def checkpoint(location: str) -> tuple[str, list[str]]:
        said = get(f"books/{location}/checkpoint")
        return str(said.get("note")), [str(item) for item in said.get("statements", [])]

    def consistency(location: str, first: int, second: int) -> list[bytes]:
        said = get(f"books/{location}/consistency?from={first}&to={second}").get("proof")
        steps = [decode(step) if isinstance(step, str) else None for step in said] if isinstance(said, list) else [None]
        if None in steps:
            raise LedgerError("the consistency proof is no list of hashes", code="malformed_proof")
        return [step for step in steps if step is not None]

    def locations() -> list[str]:
        return [urllib.parse.quote(str(item["id"]), safe="") for item in get("locations")["items"]]

    return Source(base, locations, checkpoint, consistency)


def _get(url: str, api_key: str) -> dict[str, Any]:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {api_key}"})  # noqa: S310  checked above
    try:
        with urllib.request.build_opener(_Stay).open(request, timeout=TIMEOUT_SECONDS) as answer:
            data = answer.read(MOST_BYTES + 1)
    except urllib.error.HTTPError as error:
        with error:
            raise _refusal(url, error.code, error.read(MOST_BYTES)) from None
    except (OSError, ValueError) as error:
        raise BusyError(f"`{url}` does not answer: {error}", code="unreachable") from None
    try:
        said = json.loads(data)
    except ValueError:
        said = None
    if not isinstance(said, dict) or len(data) > MOST_BYTES:
        raise BusyError(f"`{url}` does not answer as a book does", code="unreachable")
    return said


def _refusal(url: str, status: int, data: bytes) -> EmpowerError:
    """What an answer that is no success means: nobody there, not allowed, not now, or a book that cannot answer."""
    try:
        said = json.loads(data)
        why, code = str(said["detail"]), str(said["code"])
    except (ValueError, KeyError, TypeError):
        return BusyError(f"`{url}` does not answer as a book does: status {status}", code="unreachable")
    kinds = {401: ForbiddenError, 403: ForbiddenError, 404: NotFoundError, 503: BusyError}
    return kinds.get(status, LedgerError)(f"`{url}` refuses: {why}", code=code)

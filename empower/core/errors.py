"""What can go wrong for a caller, in one shape.

    EmpowerError
    ├── InputError          what was sent cannot be understood or meant; `errors` says where
    ├── NotFoundError       no such comp, location, key, …
    ├── ConflictError       the state does not allow it
    ├── KeyReusedError      the same Idempotency-Key with another body
    ├── ForbiddenError      the key's scope or locations do not reach that far
    ├── RefusedError        an approver may not grant it; `more` says why, and how much they may
    ├── ProofError          somebody could not be shown to be who they say
    ├── BusyError           the store is locked, full or unreachable: try again with the same key
    ├── StoreError          the store cannot be used as it is: not set up, of a newer schema
    ├── PolicyError         the policies have problems
    └── LedgerError         a book does not hold

Every error carries a stable `code`, a `title` of its kind, and a `detail` that tells the caller what to do.
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with the input: an RFC 6901 JSON pointer to it, and a sentence."""

    pointer: str
    message: str
    near: str | None = None
    """The nearest name that exists."""


class EmpowerError(Exception):
    """The root of what this package raises on purpose."""

    code = "error"
    title = "something went wrong"
    status = 500
    """The HTTP status that says the same."""

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        errors: Iterable[FieldError] = (),
        more: Mapping[str, Any] | None = None,
    ) -> None:
        """`detail` is for the caller: lower case, their input in backticks, what to do about it.

        `more` is JSON that a program can act on, under names of its own.
        """
        super().__init__(detail)
        self.detail = detail
        self.more = dict(more or {})
        self.code = code or type(self).code
        self.errors = tuple(errors)


class InputError(EmpowerError):
    """What was sent cannot be understood, or cannot be meant."""

    code = "invalid_input"
    title = "the input is not valid"
    status = 422


class NotFoundError(EmpowerError):
    """There is no such thing, or not for this caller."""

    code = "not_found"
    title = "not found"
    status = 404


class ConflictError(EmpowerError):
    """The state that things are in does not allow it."""

    code = "conflict"
    title = "the state does not allow it"
    status = 409


class KeyReusedError(EmpowerError):
    """The same Idempotency-Key came with another body."""

    code = "idempotency_key_reused"
    title = "the idempotency key was used for another request"
    status = 422


class ForbiddenError(EmpowerError):
    """The caller is known, and may not do this."""

    code = "forbidden"
    title = "the key does not reach that far"
    status = 403


class RefusedError(EmpowerError):
    """An approver may not grant what is asked."""

    code = "approval_refused"
    title = "this approver may not grant it"
    status = 409


class ProofError(EmpowerError):
    """Somebody could not be shown to be who they say: unknown, a wrong PIN, or one that is locked."""

    code = "proof_wrong"
    title = "the approver could not be confirmed"
    status = 403


class BusyError(EmpowerError):
    """The store cannot take it now; nothing was written, and the same key may be used again."""

    code = "store_busy"
    title = "the store cannot take it now"
    status = 503


class StoreError(EmpowerError):
    """The store cannot be used as it is."""

    code = "store_unusable"
    title = "the store cannot be used"
    status = 503


class PolicyError(EmpowerError):
    """The policies have problems, or none governs a location."""

    code = "policy_problems"
    title = "the policies have problems"
    status = 503


class LedgerError(EmpowerError):
    """A book does not hold."""

    code = "ledger_broken"
    title = "the ledger does not hold"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name nearest to `name`, if one is near enough to be meant."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def unknown_name(pointer: str, what: str, name: str, known: Iterable[str]) -> FieldError:
    """The error for a name that does not exist, with the nearest that does."""
    near = nearest(name, known)
    hint = f"; did you mean `{near}`?" if near else ""
    return FieldError(pointer, f"unknown {what} `{name}`{hint}", near)

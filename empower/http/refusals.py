"""What HTTP itself refuses, before the engine is asked; the engine's own errors are in `core.errors`."""

from empower.core.errors import EmpowerError


class UnreadableError(EmpowerError):
    """The body is not JSON as RFC 8259 has it, or not such that it can be read safely."""

    code = "malformed_json"
    title = "the body cannot be read"
    status = 400


class HeaderError(EmpowerError):
    """A header is missing, or says what it cannot."""

    code = "bad_header"
    title = "a header is missing or wrong"
    status = 400


class UnauthorizedError(EmpowerError):
    """No key, one that is unknown, or one that was revoked: one and the same answer for all."""

    code = "unauthorized"
    title = "a key is needed"
    status = 401

    def __init__(self) -> None:
        """There is nothing to tell apart."""
        super().__init__("send `Authorization: Bearer emp_…` with a key that is in force")


class TooLargeError(EmpowerError):
    """The body is over the limit."""

    code = "body_too_large"
    title = "the body is too large"
    status = 413

    def __init__(self, most: int) -> None:
        """`most` is the limit, in bytes."""
        super().__init__(f"a body here has at most {most} bytes: send less at once")


class MediaTypeError(EmpowerError):
    """The body is not said to be JSON."""

    code = "unsupported_media_type"
    title = "the body must be JSON"
    status = 415


class QuestionError(EmpowerError):
    """An AuthZEN question that cannot be answered: there it is a 400, whatever was wrong with it."""

    code = "invalid_input"
    title = "the input is not valid"
    status = 400

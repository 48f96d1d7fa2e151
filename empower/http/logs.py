"""The log: one JSON object a line, through the standard library's logging.

`empower.http.access` has a line for each request, with no secret, no note and no guest in it: the path's pattern
instead of the path. `empower.http` has what needs somebody to look.
"""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import orjson

access = logging.getLogger("empower.http.access")
service = logging.getLogger("empower.http")
FIELDS = "fields"
"""The attribute of a record that holds what else there is to say."""


class JsonLines(logging.Formatter):
    """A record as a line of JSON. Of an exception it tells the kind and the places, not what it says."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        said: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        said |= getattr(record, FIELDS, {})
        return orjson.dumps(said, default=str).decode()


def answered(fields: dict[str, object]) -> None:
    """Write a request's line; its place in this program, which a logger would look for, is always this."""
    if access.isEnabledFor(logging.INFO):
        record = access.makeRecord(access.name, logging.INFO, __file__, 0, "answered", (), None, extra={FIELDS: fields})
        access.handle(record)


def about(**fields: object) -> dict[str, dict[str, object]]:
    """`extra` for a logging call: more to say in the same line."""
    return {FIELDS: fields}


def where(error: BaseException) -> dict[str, object]:
    """An exception's kind and the places it came through: its message may quote a guest."""
    places = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return {"error": type(error).__name__, "trace": places}


@contextmanager
def to_stderr() -> Iterator[None]:
    """Write the log to standard error, unless somebody has already said where it goes."""
    logger = logging.getLogger("empower")
    if logger.hasHandlers():
        yield
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)

"""The one place that reads the clock; everywhere else the time is an argument."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)

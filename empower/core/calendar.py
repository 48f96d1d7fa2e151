"""Business days and the windows of budgets.

A business day begins at `day_starts` on the wall clock of the location's zone. A wall time that daylight saving
skips is read with the offset before the change (RFC 5545, 3.3.5), one that it repeats is its first occurrence; so
each moment belongs to exactly one business day, and no day is lost or repeated.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FOR_EVER = ""
"""The start of a window that never resets."""

UNITS = ("day", "week", "month", "quarter", "year")


@dataclass(frozen=True, slots=True)
class Calendar:
    """When a location's days, weeks and longer windows begin."""

    zone: ZoneInfo
    day_starts: time
    week_starts: int
    """0 is Monday."""

    def day_start(self, day: date) -> datetime:
        """The moment, in UTC, at which business day `day` begins."""
        return datetime.combine(day, self.day_starts, self.zone).astimezone(UTC)

    def business_day(self, moment: datetime) -> date:
        """The business day that the aware `moment` falls in."""
        local = moment.astimezone(self.zone).date()
        for day in (local + timedelta(days=1), local):
            if self.day_start(day) <= moment:
                return day
        return local - timedelta(days=1)

    def start(self, every: str | None, day: date) -> str:
        """First business day, ISO 8601, of the window `every` that `day` falls in; `FOR_EVER` for none.

        `every` is `day`, `week`, `month`, `quarter`, `year`, or a rolling `N days`, today included.
        """
        if every is None:
            return FOR_EVER
        if every in UNITS:
            return first_day(every, day, self.week_starts).isoformat()
        return (day - timedelta(days=rolling_days(every) - 1)).isoformat()

    def resets(self, every: str | None, day: date) -> datetime | None:
        """When the window that `day` falls in ends, in UTC; None for a window without end.

        A rolling window gives up its oldest day at the next day's start.
        """
        if every is None:
            return None
        if every not in UNITS or every == "day":
            return self.day_start(day + timedelta(days=1))
        first = first_day(every, day, self.week_starts)
        if every == "week":
            return self.day_start(first + timedelta(days=7))
        months = {"month": 1, "quarter": 3, "year": 12}[every]
        index = first.year * 12 + first.month - 1 + months
        return self.day_start(date(index // 12, index % 12 + 1, 1))


def rolling_days(every: str) -> int:
    """`"30 days"` as 30."""
    return int(every.split(" ", 1)[0])


def bucket(every: str | None, week_starts: str) -> str:
    """What a window's counter is kept in: a rolling window is summed from its days.

    A week is named with its first day, so that a calendar's edit begins another counter and bends none.
    """
    if every is None:
        return "ever"
    if every == "week":
        return f"week-{week_starts}"
    return every if every in UNITS else "day"


def is_bucket(kept: str) -> bool:
    """Whether `bucket` could have given this."""
    unit, _, week_starts = kept.partition("-")
    return kept == bucket(unit if unit in UNITS else None, week_starts) and (unit != "week" or week_starts in WEEKDAYS)


def bucket_start(kept: str, day: date) -> str:
    """The first business day of the bucket that `day` falls in."""
    if kept == "ever":
        return FOR_EVER
    unit, _, week_starts = kept.partition("-")
    return first_day(unit, day, WEEKDAYS.index(week_starts) if week_starts else 0).isoformat()


def first_day(unit: str, day: date, week_starts: int) -> date:
    """The first business day of the day, week, month, quarter or year that `day` falls in."""
    if unit == "day":
        return day
    if unit == "week":
        return day - timedelta(days=(day.weekday() - week_starts) % 7)
    month = {"month": day.month, "quarter": (day.month - 1) // 3 * 3 + 1, "year": 1}[unit]
    return date(day.year, month, 1)


@lru_cache(maxsize=1024)
def calendar(timezone: str, day_starts: time, week_starts: str) -> Calendar:
    """The calendar of an IANA `timezone`; raises `ZoneInfoNotFoundError` for one that does not exist."""
    return Calendar(ZoneInfo(timezone), day_starts, WEEKDAYS.index(week_starts))

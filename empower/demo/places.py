"""The demo's properties, and when their evening was."""

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from empower.core.calendar import Calendar

SHORTEST = timedelta(hours=3)
"""Less than this of a day is not worth playing."""


class Place(NamedTuple):
    """A property: what people call it, and its hours by its own clocks."""

    id: str
    title: str
    opens: time
    closes: time
    length: timedelta
    """How long the evening is, if the day was long enough."""


PLACES = (
    Place("bakery-chiado", "Padaria do Chiado", time(6, 30), time(19, 30), timedelta(hours=4, minutes=30)),
    Place("bistro-soho", "Bistro Soho", time(4, 0), time(23, 30), timedelta(hours=6)),
    Place("hotel-lakeshore", "Hotel Lakeshore", time(6, 0), time(23, 30), timedelta(hours=8, minutes=30)),
)


class Evening(NamedTuple):
    """From when to when a property's evening goes."""

    start: datetime
    end: datetime

    def at(self, share: float) -> datetime:
        """The moment at `share`, 0 to 1, of the evening."""
        return self.start + share * (self.end - self.start)


def evening(place: Place, days: Calendar, now: datetime) -> Evening:
    """The evening of the business day that `now` is in, until now at most; of the day before if that is too short.

    So what the demo spends stands in today's budgets wherever it can.
    """
    today = days.business_day(now)
    found = _until(place, days, today, now)
    if found.end - found.start >= SHORTEST:
        return found
    return _until(place, days, today - timedelta(days=1), now)


def _until(place: Place, days: Calendar, day: date, now: datetime) -> Evening:
    opens, closes = (datetime.combine(day, hour, days.zone).astimezone(UTC) for hour in (place.opens, place.closes))
    end = min(now, closes)
    return Evening(max(opens, end - place.length), end)

"""When the demo's evening was, by each property's own clocks."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from empower.core.calendar import calendar
from empower.demo.places import PLACES, SHORTEST, evening

BISTRO = PLACES[1]
NEW_YORK = ZoneInfo("America/New_York")
DAYS = calendar("America/New_York", datetime.min.time().replace(hour=4), "monday")


@pytest.mark.parametrize(
    ("now", "start", "end"),
    [
        ("2026-11-20T23:45", "2026-11-20T17:30", "2026-11-20T23:30"),
        ("2026-11-20T23:00", "2026-11-20T17:00", "2026-11-20T23:00"),
        ("2026-11-20T08:00", "2026-11-20T04:00", "2026-11-20T08:00"),
        ("2026-11-20T07:00", "2026-11-20T04:00", "2026-11-20T07:00"),
        ("2026-11-20T06:59", "2026-11-19T17:30", "2026-11-19T23:30"),
        ("2026-11-20T03:59", "2026-11-19T17:30", "2026-11-19T23:30"),
        ("2026-11-01T06:30", "2026-10-31T17:30", "2026-10-31T23:30"),
    ],
)
def test_the_evening_is_todays_until_now_or_else_yesterdays(now: str, start: str, end: str) -> None:
    found = evening(BISTRO, DAYS, datetime.fromisoformat(now).replace(tzinfo=NEW_YORK))
    local = [moment.astimezone(NEW_YORK).strftime("%Y-%m-%dT%H:%M") for moment in found]
    assert local == [start, end]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.id)
@pytest.mark.parametrize("zone", ["Europe/Lisbon", "America/New_York", "Australia/Sydney"])
def test_at_any_hour_the_evening_is_past_long_enough_and_within_one_business_day(place: object, zone: str) -> None:
    days = calendar(zone, datetime.min.time().replace(hour=4), "monday")
    for hour in range(24 * 7):
        now = datetime(2026, 10, 29, tzinfo=UTC) + timedelta(hours=hour)
        found = evening(place, days, now)
        assert found.end <= now
        assert found.end - found.start >= SHORTEST
        assert days.business_day(found.start) == days.business_day(found.end)

"""Business days and windows, on the nights of the year on which the clock is not to be trusted too."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st

from empower import clock
from empower.core.calendar import UNITS, WEEKDAYS, Calendar, bucket, bucket_start, calendar

NEW_YORK, LISBON, SYDNEY = "America/New_York", "Europe/Lisbon", "Australia/Sydney"
STARTS = {"00:00": time(0), "01:30": time(1, 30), "02:30": time(2, 30), "04:00": time(4)}

NIGHTS = """
America/New_York  2026-03-08  00:00  2026-03-08T05:00  24 23
America/New_York  2026-03-08  01:30  2026-03-08T06:30  24 23
America/New_York  2026-03-08  02:30  2026-03-08T07:30  24 23
America/New_York  2026-03-08  04:00  2026-03-08T08:00  23 24
America/New_York  2026-11-01  00:00  2026-11-01T04:00  24 25
America/New_York  2026-11-01  01:30  2026-11-01T05:30  24 25
America/New_York  2026-11-01  02:30  2026-11-01T07:30  25 24
America/New_York  2026-11-01  04:00  2026-11-01T09:00  25 24
Europe/Lisbon     2026-03-29  00:00  2026-03-29T00:00  24 23
Europe/Lisbon     2026-03-29  01:30  2026-03-29T01:30  24 23
Europe/Lisbon     2026-03-29  02:30  2026-03-29T01:30  23 24
Europe/Lisbon     2026-03-29  04:00  2026-03-29T03:00  23 24
Europe/Lisbon     2026-10-25  00:00  2026-10-24T23:00  24 25
Europe/Lisbon     2026-10-25  01:30  2026-10-25T00:30  24 25
Europe/Lisbon     2026-10-25  02:30  2026-10-25T02:30  25 24
Europe/Lisbon     2026-10-25  04:00  2026-10-25T04:00  25 24
Australia/Sydney  2026-04-05  00:00  2026-04-04T13:00  24 25
Australia/Sydney  2026-04-05  01:30  2026-04-04T14:30  24 25
Australia/Sydney  2026-04-05  02:30  2026-04-04T15:30  24 25
Australia/Sydney  2026-04-05  04:00  2026-04-04T18:00  25 24
Australia/Sydney  2026-10-04  00:00  2026-10-03T14:00  24 23
Australia/Sydney  2026-10-04  01:30  2026-10-03T15:30  24 23
Australia/Sydney  2026-10-04  02:30  2026-10-03T16:30  24 23
Australia/Sydney  2026-10-04  04:00  2026-10-03T17:00  23 24
"""
"""Zone, day, the wall clock at which it begins, that moment in UTC, and the hours of the day before and of the day.

A wall time that is skipped is read with the offset before the change, one that comes twice is its first: 02:30 on
8 March in New York is 03:30 by the new time, 01:30 on 1 November there is the earlier one.
"""
ROWS = [line.split() for line in NIGHTS.split("\n") if line]


def made(zone: str, starts: str = "04:00", week: str = "monday") -> Calendar:
    return calendar(zone, STARTS[starts], week)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(("zone", "day", "starts", "begins", "before", "after"), ROWS)
def test_days_begin_once_on_the_nights_of_the_change(
    zone: str, day: str, starts: str, begins: str, before: str, after: str
):
    days, today = made(zone, starts), date.fromisoformat(day)
    yesterday, tomorrow = today - timedelta(days=1), today + timedelta(days=1)
    first = days.day_start(today)
    assert first == utc(begins)
    assert first - days.day_start(yesterday) == timedelta(hours=int(before))
    assert days.day_start(tomorrow) - first == timedelta(hours=int(after))
    assert days.business_day(first) == today
    assert days.business_day(first - timedelta(microseconds=1)) == yesterday


@pytest.mark.parametrize(("zone", "day", "starts"), [row[:3] for row in ROWS])
def test_each_minute_of_those_nights_is_in_one_day_and_days_come_in_order(zone: str, day: str, starts: str):
    days, today = made(zone, starts), date.fromisoformat(day)
    edges = [days.day_start(today + timedelta(days=shift)) for shift in (-1, 0, 1, 2)]
    moment, seen = edges[0], []
    while moment < edges[-1]:
        found = days.business_day(moment)
        if not seen or seen[-1][0] != found:
            seen.append((found, moment))
        moment += timedelta(minutes=1)
    assert seen == [(today + timedelta(days=shift), edge) for shift, edge in zip((-1, 0, 1), edges[:3], strict=True)]


@pytest.mark.parametrize(
    ("zone", "starts", "moment", "day"),
    [
        (NEW_YORK, "04:00", "2026-11-24T08:59", "2026-11-23"),
        (NEW_YORK, "04:00", "2026-11-24T09:00", "2026-11-24"),
        (NEW_YORK, "00:00", "2026-11-24T05:00", "2026-11-24"),
        (NEW_YORK, "04:00", "2027-01-01T08:59", "2026-12-31"),
        (NEW_YORK, "04:00", "2028-03-01T08:59", "2028-02-29"),
        (LISBON, "04:00", "2026-11-24T03:59", "2026-11-23"),
        (LISBON, "00:00", "2026-11-24T00:00", "2026-11-24"),
        (SYDNEY, "04:00", "2026-11-23T16:59", "2026-11-23"),
        (SYDNEY, "04:00", "2026-11-23T17:00", "2026-11-24"),
        (SYDNEY, "00:00", "2026-11-23T13:00", "2026-11-24"),
        # The second 01:15 of the night comes after the first 01:30, at which the day began.
        (NEW_YORK, "01:30", "2026-11-01T06:15", "2026-11-01"),
        (NEW_YORK, "01:30", "2026-11-01T05:15", "2026-10-31"),
        (LISBON, "01:30", "2026-10-25T01:15", "2026-10-25"),
        (SYDNEY, "02:30", "2026-04-04T16:15", "2026-04-05"),
    ],
)
def test_a_moment_is_of_a_business_day(zone: str, starts: str, moment: str, day: str):
    assert made(zone, starts).business_day(utc(moment)).isoformat() == day


def test_a_moment_is_the_same_in_every_zone_it_is_written_in():
    days, moment = made(NEW_YORK), utc("2026-11-24T08:59")
    for zone in (NEW_YORK, LISBON, SYDNEY):
        assert days.business_day(moment.astimezone(ZoneInfo(zone))) == date(2026, 11, 23)


WINDOWS = """
day        monday  2026-11-23  2026-11-23  2026-11-24
week       monday  2026-11-23  2026-11-23  2026-11-30
week       monday  2026-11-22  2026-11-16  2026-11-23
week       sunday  2026-11-23  2026-11-22  2026-11-29
week       sunday  2026-11-22  2026-11-22  2026-11-29
week       sunday  2026-11-21  2026-11-15  2026-11-22
week       monday  2027-01-01  2026-12-28  2027-01-04
week       sunday  2028-02-29  2028-02-27  2028-03-05
month      monday  2026-11-30  2026-11-01  2026-12-01
month      monday  2026-12-31  2026-12-01  2027-01-01
month      monday  2027-02-28  2027-02-01  2027-03-01
month      monday  2028-02-29  2028-02-01  2028-03-01
quarter    monday  2026-01-01  2026-01-01  2026-04-01
quarter    monday  2026-03-31  2026-01-01  2026-04-01
quarter    monday  2026-06-30  2026-04-01  2026-07-01
quarter    monday  2026-09-30  2026-07-01  2026-10-01
quarter    monday  2026-12-31  2026-10-01  2027-01-01
year       monday  2026-12-31  2026-01-01  2027-01-01
year       monday  2028-02-29  2028-01-01  2029-01-01
1_days     monday  2026-11-23  2026-11-23  2026-11-24
2_days     monday  2026-03-01  2026-02-28  2026-03-02
2_days     monday  2028-03-01  2028-02-29  2028-03-02
7_days     monday  2026-11-23  2026-11-17  2026-11-24
30_days    monday  2026-01-15  2025-12-17  2026-01-16
30_days    monday  2028-03-15  2028-02-15  2028-03-16
366_days   monday  2028-12-31  2028-01-01  2029-01-01
"""
"""Window, first day of the week, today, the first day that counts, and the day at whose start something resets."""


@pytest.mark.parametrize(
    ("every", "week", "today", "first", "reset"), [row.split() for row in WINDOWS.split("\n") if row]
)
@pytest.mark.parametrize(("zone", "starts"), [(NEW_YORK, "04:00"), (SYDNEY, "02:30")])
def test_windows(every: str, week: str, today: str, first: str, reset: str, zone: str, starts: str):
    days, window, day = made(zone, starts, week), every.replace("_", " "), date.fromisoformat(today)
    assert days.start(window, day) == first
    assert days.resets(window, day) == days.day_start(date.fromisoformat(reset))


def test_for_ever_has_no_start_and_no_end():
    assert made(NEW_YORK).start(None, date(2026, 11, 23)) == ""
    assert made(NEW_YORK).resets(None, date(2026, 11, 23)) is None


@pytest.mark.parametrize(
    ("every", "kept", "start"),
    [
        (None, "ever", ""),
        ("day", "day", "2026-11-29"),
        ("30 days", "day", "2026-11-29"),
        ("week", "week-sunday", "2026-11-29"),
        ("month", "month", "2026-11-01"),
        ("quarter", "quarter", "2026-10-01"),
        ("year", "year", "2026-01-01"),
    ],
)
def test_a_window_is_kept_in_a_bucket(every: str | None, kept: str, start: str):
    """A Sunday: where weeks begin with it, it is the first of its own."""
    assert bucket(every, "sunday") == kept
    assert bucket_start(kept, date(2026, 11, 29)) == start
    assert bucket_start("week-monday", date(2026, 11, 29)) == "2026-11-23"


MIDNIGHTS = ("America/Sao_Paulo", "America/Havana", "Africa/Cairo")
"""Zones whose clocks changed at midnight."""
zones = st.sampled_from((NEW_YORK, LISBON, SYDNEY, *MIDNIGHTS, "UTC", "Asia/Kolkata", "Australia/Lord_Howe"))
calendars = st.builds(calendar, zones, st.times(timezones=st.none()), st.sampled_from(WEEKDAYS))
dates = st.dates(date(2000, 1, 1), date(2060, 12, 31))
moments = st.datetimes(datetime(2000, 1, 2), datetime(2060, 12, 30), timezones=st.just(UTC))
windows = st.sampled_from(UNITS) | st.integers(1, 366).map("{} days".format)


@given(calendars, moments)
def test_each_moment_is_in_exactly_one_business_day(days: Calendar, moment: datetime):
    day = days.business_day(moment)
    assert days.day_start(day) <= moment < days.day_start(day + timedelta(days=1))


@given(calendars, dates)
def test_days_follow_each_other_without_a_gap(days: Calendar, day: date):
    first, last = days.day_start(day), days.day_start(day + timedelta(days=1)) - timedelta(microseconds=1)
    assert timedelta(hours=22) < last - first < timedelta(hours=26)
    assert days.business_day(first) == days.business_day(last) == day
    assert days.business_day(first - timedelta(microseconds=1)) == day - timedelta(days=1)


@given(calendars, dates, windows)
def test_a_window_holds_its_day_and_ends_where_it_resets(days: Calendar, day: date, every: str):
    first, resets = days.start(every, day), days.resets(every, day)
    assert resets is not None
    assert first <= day.isoformat()
    following = days.business_day(resets)
    assert days.day_start(following) == resets
    assert days.start(every, following) != first
    before = days.business_day(resets - timedelta(microseconds=1))
    assert (before + timedelta(days=1), days.start(every, before)) == (following, first)


@given(dates, windows, st.sampled_from(WEEKDAYS))
def test_a_window_is_made_of_whole_buckets(day: date, every: str, week: str):
    """What a comp is charged to on its day is what the window of that day reads."""
    days, kept = calendar("UTC", time(0), week), bucket(every, week)
    own = bucket_start(kept, day)
    assert days.start(every, day) <= own <= day.isoformat()
    if every in UNITS:
        assert days.start(every, day) == own


@pytest.mark.parametrize(
    ("frozen", "day"),
    [("2026-03-08 07:59:59.999999", "2026-03-07"), ("2026-03-08 08:00:00", "2026-03-08")],
)
def test_the_clock_at_the_edge_of_a_day(frozen: str, day: str):
    """Four in the morning of the night on which New York's clocks go forward: an hour early by UTC."""
    with freeze_time(frozen):
        assert made(NEW_YORK).business_day(clock.now()).isoformat() == day

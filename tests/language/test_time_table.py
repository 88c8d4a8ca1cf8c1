"""The time arithmetic by a table: what is expected was written by hand, in UTC, from the zones' published rules.

Clocks change on 2026-03-08 and 2026-11-01 in New York, 2026-03-29 and 2026-10-25 in Berlin and London, on the same
days at midnight in Beirut, 2026-03-08 and 2026-11-01 at midnight and at one in Havana, by half an hour on 2026-04-05
and 2026-10-04 on Lord Howe. Samoa left out 2011-12-30. Japan keeps 2026-09-21 to 23 and 2026-05-03 to 06.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from engage.language.appointments import DayRule, mail_moment, parse_until
from engage.language.calendar import after
from engage.language.hours import Hours, parse_hours
from engage.language.moment import Duration

ZONES = {
    "tokyo": "Asia/Tokyo", "ny": "America/New_York", "berlin": "Europe/Berlin", "london": "Europe/London",
    "howe": "Australia/Lord_Howe", "beirut": "Asia/Beirut", "havana": "America/Havana", "apia": "Pacific/Apia",
    "johns": "America/St_Johns", "kolkata": "Asia/Kolkata", "kathmandu": "Asia/Kathmandu",
    "auckland": "Pacific/Auckland", "honolulu": "Pacific/Honolulu", "dubai": "Asia/Dubai", "utc": "UTC",
}  # fmt: skip


def zone(name: str) -> ZoneInfo:
    return ZoneInfo(ZONES[name] if name != "utc" else "UTC")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("until", "where", "begun", "expected"),
    [
        # a time of day
        ("09:00", "tokyo", "2026-11-30T23:59:59.999999", "2026-12-01T00:00"),
        ("09:00", "tokyo", "2026-12-01T00:00", "2026-12-02T00:00"),
        ("09:00", "kolkata", "2026-06-01T03:30", "2026-06-02T03:30"),
        ("09:00", "kathmandu", "2026-06-01T00:00", "2026-06-01T03:15"),
        ("09:00", "johns", "2026-01-01T12:00", "2026-01-01T12:30"),
        ("09:00", "auckland", "2026-11-30T19:00", "2026-11-30T20:00"),
        ("09:00", "honolulu", "2026-11-30T19:00", "2026-12-01T19:00"),
        ("00:00", "utc", "2026-12-31T23:59", "2027-01-01T00:00"),
        # a time that the change of clocks leaves out
        ("02:30", "ny", "2026-03-08T05:00", "2026-03-08T07:00"),
        ("02:30", "ny", "2026-03-08T07:00", "2026-03-09T06:30"),
        ("02:30", "berlin", "2026-03-28T23:00", "2026-03-29T01:00"),
        ("02:15", "howe", "2026-10-03T14:00", "2026-10-03T15:30"),
        ("00:30", "beirut", "2026-03-28T21:00", "2026-03-28T22:00"),
        ("00:00", "havana", "2026-03-07T12:00", "2026-03-08T05:00"),
        # a time that comes twice: the first, and only the first
        ("01:30", "ny", "2026-11-01T04:00", "2026-11-01T05:30"),
        ("01:30", "ny", "2026-11-01T05:30", "2026-11-02T06:30"),
        ("01:30", "ny", "2026-11-01T06:00", "2026-11-02T06:30"),
        ("02:30", "berlin", "2026-10-24T22:00", "2026-10-25T00:30"),
        ("02:30", "berlin", "2026-10-25T00:30", "2026-10-26T01:30"),
        ("01:45", "howe", "2026-04-04T13:00", "2026-04-04T14:45"),
        ("01:45", "howe", "2026-04-04T14:45", "2026-04-05T15:15"),
        ("23:30", "beirut", "2026-10-24T20:00", "2026-10-24T20:30"),
        ("23:30", "beirut", "2026-10-24T20:30", "2026-10-25T21:30"),
        ("00:30", "havana", "2026-11-01T03:00", "2026-11-01T04:30"),
        # a weekday
        ("next monday 09:00", "tokyo", "2026-12-02T03:00", "2026-12-07T00:00"),
        ("next monday 09:00", "tokyo", "2026-12-06T23:59:59", "2026-12-07T00:00"),
        ("next monday 09:00", "tokyo", "2026-12-07T00:00", "2026-12-14T00:00"),
        ("next monday 09:00", "tokyo", "2026-12-06T15:30", "2026-12-07T00:00"),
        ("next mon 09:00", "ny", "2026-12-07T04:30", "2026-12-07T14:00"),
        ("next sunday 02:30", "ny", "2026-03-06T12:00", "2026-03-08T07:00"),
        ("next sunday 01:30", "ny", "2026-10-30T12:00", "2026-11-01T05:30"),
        ("next friday 18:00", "berlin", "2026-10-23T16:00", "2026-10-30T17:00"),
        ("next sunday 00:00", "tokyo", "2026-12-05T14:59", "2026-12-05T15:00"),
        ("next wednesday 12:00", "utc", "2028-02-28T00:00", "2028-03-01T12:00"),
        ("next sunday 02:15", "howe", "2026-10-01T00:00", "2026-10-03T15:30"),
        # one moment
        ("2026-12-24T09:00", "tokyo", "2026-12-01T00:00", "2026-12-24T00:00"),
        ("2026-12-24T09:00+01:00", "tokyo", "2026-12-01T00:00", "2026-12-24T08:00"),
        ("2026-12-24T09:00Z", "tokyo", "2026-12-01T00:00", "2026-12-24T09:00"),
        ("2026-03-08T02:30", "ny", "2026-01-01T00:00", "2026-03-08T07:00"),
        ("2026-11-01T01:30", "ny", "2026-01-01T00:00", "2026-11-01T05:30"),
        ("2026-03-29T02:00", "berlin", "2026-01-01T00:00", "2026-03-29T01:00"),
        ("2026-03-29T01:30", "london", "2026-01-01T00:00", "2026-03-29T01:00"),
        ("2026-10-25T01:30", "london", "2026-01-01T00:00", "2026-10-25T00:30"),
        ("2011-12-30T12:00", "apia", "2011-01-01T00:00", "2011-12-30T10:00"),
    ],
)
def test_a_wait_until(until: str, where: str, begun: str, expected: str) -> None:
    assert parse_until(until).first(at(begun), zone(where)) == at(expected)


@pytest.mark.parametrize(
    ("day", "offset", "clock", "yearly", "where", "begun", "expected"),
    [
        ("2027-03-01", -30, "09:00", False, "tokyo", "2026-12-01T00:00", "2027-01-30T00:00"),
        ("2028-03-01", -1, "09:00", False, "utc", "2026-12-01T00:00", "2028-02-29T09:00"),
        ("2027-03-01", -1, "09:00", False, "utc", "2026-12-01T00:00", "2027-02-28T09:00"),
        ("2028-02-29", 365, "09:00", False, "utc", "2026-12-01T00:00", "2029-02-28T09:00"),
        ("2026-12-31", 1, "09:00", False, "utc", "2026-12-01T00:00", "2027-01-01T09:00"),
        ("2026-03-09", -1, "02:30", False, "ny", "2026-01-01T00:00", "2026-03-08T07:00"),
        ("2026-10-26", -1, "02:30", False, "berlin", "2026-01-01T00:00", "2026-10-25T00:30"),
        ("2026-11-30", 0, "09:00", False, "utc", "2026-12-01T00:00", "2026-11-30T09:00"),
        ("2000-02-29", 0, "10:00", True, "utc", "2026-03-01T00:00", "2027-02-28T10:00"),
        ("2000-02-29", 0, "10:00", True, "utc", "2027-12-01T00:00", "2028-02-29T10:00"),
        ("2000-02-29", 0, "10:00", True, "utc", "2028-02-28T12:00", "2028-02-29T10:00"),
        ("2000-02-29", -1, "10:00", True, "utc", "2027-02-01T00:00", "2027-02-27T10:00"),
        ("2000-02-29", 1, "10:00", True, "utc", "2027-02-01T00:00", "2027-03-01T10:00"),
        ("1990-12-31", 1, "10:00", True, "utc", "2026-12-31T12:00", "2027-01-01T10:00"),
        ("1990-01-01", -7, "10:00", True, "utc", "2026-12-20T00:00", "2026-12-25T10:00"),
        ("1990-01-01", -7, "10:00", True, "utc", "2026-12-25T10:00", "2027-12-25T10:00"),
        ("2030-05-05", 0, "10:00", True, "utc", "2026-12-01T00:00", "2030-05-05T10:00"),
        ("1990-12-01", 0, "10:00", True, "utc", "2026-12-01T09:59", "2026-12-01T10:00"),
        ("1990-12-01", 0, "10:00", True, "utc", "2026-12-01T10:00", "2027-12-01T10:00"),
        ("1990-01-01", 0, "08:00", True, "tokyo", "2026-12-31T22:59", "2026-12-31T23:00"),
        ("2000-06-15", 400, "10:00", True, "utc", "2026-01-01T00:00", "2026-07-20T10:00"),
        ("1990-06-15", 0, "09:00", True, "utc", "9999-06-15T08:59", "9999-06-15T09:00"),
        ("9999-06-15", -1, "09:00", True, "utc", "2026-12-01T00:00", "9999-06-14T09:00"),
    ],
)
def test_a_fields_day(day: str, offset: int, clock: str, yearly: bool, where: str, begun: str, expected: str) -> None:
    rule = DayRule(offset, time.fromisoformat(clock), yearly)
    assert rule.first(date.fromisoformat(day), at(begun), zone(where)) == at(expected)


def test_a_yearly_day_has_no_year_after_9999() -> None:
    with pytest.raises(OverflowError):
        DayRule(0, time(9), yearly=True).first(date(1990, 6, 15), at("9999-06-15T09:00"), zone("utc"))


OFFICE = (("mon", "tue", "wed", "thu", "fri"), "09:00-18:00", ("JP", "2026-12-29..2027-01-04"))
DAILY = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def hours(days: tuple[str, ...], between: str, holidays: tuple[str, ...], where: str) -> Hours:
    return parse_hours(days, between, holidays, zone(where))


@pytest.mark.parametrize(
    ("opening", "where", "now", "expected"),
    [
        (OFFICE, "tokyo", "2026-12-01T23:59:59.999999", "2026-12-02T00:00"),
        (OFFICE, "tokyo", "2026-12-02T00:00", "2026-12-02T00:00"),
        (OFFICE, "tokyo", "2026-12-02T08:59:59.999999", "2026-12-02T08:59:59.999999"),
        (OFFICE, "tokyo", "2026-12-02T09:00", "2026-12-03T00:00"),
        (OFFICE, "tokyo", "2026-09-18T10:00", "2026-09-24T00:00"),
        (OFFICE, "tokyo", "2026-05-01T09:00", "2026-05-07T00:00"),
        (OFFICE, "tokyo", "2026-12-28T09:00", "2027-01-05T00:00"),
        ((("sun", "mon", "tue", "wed", "thu"), "09:00-17:00", ()), "dubai", "2026-12-03T13:00", "2026-12-06T05:00"),
        ((("fri",), "22:00-02:00", ()), "ny", "2026-03-06T23:00", "2026-03-07T03:00"),
        ((("fri",), "22:00-02:00", ()), "ny", "2026-03-07T06:59", "2026-03-07T06:59"),
        ((("fri",), "22:00-02:00", ()), "ny", "2026-03-07T07:00", "2026-03-14T02:00"),
        ((("sat",), "22:00-02:30", ()), "ny", "2026-03-08T06:59", "2026-03-08T06:59"),
        ((("sat",), "22:00-02:30", ()), "ny", "2026-03-08T07:00", "2026-03-15T02:00"),
        ((DAILY, "02:00-02:45", ()), "ny", "2026-03-08T05:00", "2026-03-09T06:00"),
        ((DAILY, "01:00-02:00", ()), "ny", "2026-11-01T04:30", "2026-11-01T05:00"),
        ((DAILY, "01:00-02:00", ()), "ny", "2026-11-01T06:30", "2026-11-01T06:30"),
        ((DAILY, "02:00-03:00", ()), "howe", "2026-10-03T15:00", "2026-10-03T15:30"),
        ((DAILY, "00:00-24:00", ()), "beirut", "2026-03-28T22:00", "2026-03-28T22:00"),
    ],
)
def test_an_opening(opening: tuple[tuple[str, ...], str, tuple[str, ...]], where: str, now: str, expected: str) -> None:
    assert mail_moment(at(now), None, hours(*opening, where), zone(where)) == at(expected)


@pytest.mark.parametrize(
    ("on_date", "now", "expected"),
    [
        ("2026-12-02T01:00", "2026-12-01T00:00", "2026-12-02T01:00"),
        ("2026-12-02T01:00", "2026-12-02T01:00", "2026-12-02T01:00"),
        ("2026-12-01T22:00", "2026-12-01T22:00", "2026-12-02T00:00"),
        ("2026-12-02T09:00", "2026-12-02T09:00", None),
        ("2026-12-05T01:00", "2026-12-05T01:00", None),
        ("2026-09-22T01:00", "2026-09-22T01:00", None),
        ("2026-12-02T01:00", "2026-12-02T08:59", "2026-12-02T08:59"),
        ("2026-12-02T01:00", "2026-12-02T09:00", None),
        ("2026-12-02T01:00", "2026-12-03T01:00", None),
    ],
)
def test_a_mail_with_a_date_in_tokyos_office_hours(on_date: str, now: str, expected: str | None) -> None:
    told = mail_moment(at(now), at(on_date), hours(*OFFICE, "tokyo"), zone("tokyo"))
    assert told == (None if expected is None else at(expected))


@pytest.mark.parametrize(
    ("length", "where", "begun", "expected"),
    [
        ("1 business day", "tokyo", "2026-09-18T01:00", "2026-09-24T01:00"),
        ("1 business day", "tokyo", "2026-05-01T01:00", "2026-05-07T01:00"),
        ("2 business days", "tokyo", "2026-04-28T01:00", "2026-05-01T01:00"),
        ("1 business day", "tokyo", "2026-12-28T01:00", "2027-01-05T01:00"),
        ("1 business day", "tokyo", "2026-12-05T01:00", "2026-12-07T01:00"),
        ("5 business days", "tokyo", "2026-11-20T01:00", "2026-11-30T01:00"),
        ("1 business day", "ny", "2026-03-06T14:00", "2026-03-09T13:00"),
        ("1 business day", "ny", "2026-10-30T13:00", "2026-11-02T14:00"),
        ("7 days", "ny", "2026-03-06T14:00", "2026-03-13T14:00"),
    ],
)
def test_a_length(length: str, where: str, begun: str, expected: str) -> None:
    office = (OFFICE[0], OFFICE[1], OFFICE[2] if where == "tokyo" else ())
    assert after(Duration.parse(length), at(begun), hours(*office, where)) == at(expected)


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "next week 09:00", "25:00", "09:60", "2026-02-30T09:00", "2026-12-24", "next mondy 09:00"]
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_until(text)

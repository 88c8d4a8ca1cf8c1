"""Durations, moments, hours, business days and windows (SPEC 5, 7; FAULTS B16, B17, R39, R42, R46, R47)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel, ConfigDict, ValidationError

from engage.language.calendar import (
    Hours,
    Window,
    add_business_days,
    after,
    day_start,
    days_back,
    is_business_day,
    is_open,
    local_day,
    local_instant,
    next_days,
    next_local_midnight,
    next_opening,
    older_than,
    parse_hours,
    zone,
)
from engage.language.moment import Duration, DurationOrZero, parse_date, parse_moment, parse_time
from engage.wording import Sentence

TOKYO = ZoneInfo("Asia/Tokyo")
NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
BEIRUT = ZoneInfo("Asia/Beirut")
HAVANA = ZoneInfo("America/Havana")
CASABLANCA = ZoneInfo("Africa/Casablanca")
APIA = ZoneInfo("Pacific/Apia")
ST_JOHNS = ZoneInfo("America/St_Johns")

WEEK = ("mon", "tue", "wed", "thu", "fri")
ALL_DAYS = (*WEEK, "sat", "sun")


def at(text: str) -> datetime:
    """Return an instant written in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def refusal(call: Callable[..., object], *arguments: object, **options: object) -> str:
    """Return the sentence with which a call refuses."""
    with pytest.raises(ValueError, match=r"\w") as caught:
        call(*arguments, **options)
    assert isinstance(caught.value.args[0], Sentence)
    return str(caught.value)


# Durations


@pytest.mark.parametrize(
    ("text", "length", "canonical"),
    [
        ("1 minute", timedelta(minutes=1), "1 minute"),
        ("90 minutes", timedelta(minutes=90), "1 hour 30 minutes"),
        ("1 day 2 hours", timedelta(hours=26), "1 day 2 hours"),
        ("2 hours 1 day", timedelta(hours=26), "1 day 2 hours"),
        ("36 hours", timedelta(hours=36), "1 day 12 hours"),
        ("1 week", timedelta(days=7), "7 days"),
        ("2 weeks 1 day", timedelta(days=15), "15 days"),
        ("  3   Days ", timedelta(days=3), "3 days"),
        ("３ days", timedelta(days=3), "3 days"),
        ("3days", timedelta(days=3), "3 days"),
        ("3653 days", timedelta(days=3653), "3653 days"),
        ("5259000 minutes", timedelta(minutes=5259000), "3652 days 2 hours"),
    ],
)
def test_durations_of_elapsed_time(text: str, length: timedelta, canonical: str) -> None:
    duration = Duration.parse(text)
    assert (duration.length, duration.business_days) == (length, 0)
    assert str(duration) == canonical
    assert Duration.parse(canonical) == duration


@pytest.mark.parametrize(
    ("text", "days"), [("1 business day", 1), ("2 business days", 2), ("2610 business days", 2610)]
)
def test_durations_of_business_days(text: str, days: int) -> None:
    duration = Duration.parse(text)
    assert (duration.length, duration.business_days) == (timedelta(0), days)
    assert str(duration) == text
    assert duration.whole_days is None


def test_whole_days() -> None:
    whole = {
        text: Duration.parse(text).whole_days for text in ("3 days", "1 week", "48 hours", "25 hours", "30 minutes")
    }
    assert whole == {"3 days": 3, "1 week": 7, "48 hours": 2, "25 hours": None, "30 minutes": None}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("-1", "cannot be negative"),
        ("-1 day", "cannot be negative"),
        ("0 days", "a duration of nothing"),
        ("0 hours 0 minutes", "a duration of nothing"),
        ("0 business days", "a duration of nothing"),
        ("1 month", "months are not of one length; write 30 days"),
        ("2 months", "months are not of one length; write 30 days"),
        ("3ヶ月", "months are not of one length; write 30 days"),
        ("1 year", "write 365 days"),
        ("3654 days", "ten years at most"),
        ("522 weeks", "ten years at most"),
        ("1000000000000 days", "ten years at most"),
        ("9999999 weeks", "ten years at most"),
        ("9" * 5000 + " days", "ten years at most"),
        ("2611 business days", "ten years at most"),
        ("3", "write a unit, for example 3 days"),
        ("1 day 2", "2 has no unit"),
        ("30 seconds", "write at least 1 minute"),
        ("1.5 days", "whole numbers"),
        ("1 day 1 day", "days stands twice"),
        ("1 business day 2 hours", "cannot be mixed"),
        ("3 dys", "write days"),
        ("3 d", "write days"),
        ("3日", "write days"),
        ("2営業日", "write business days"),
        ("3 fortnights", "is not a unit of time"),
        ("", "a duration is missing"),
        ("soon", "'soon' is not a duration"),
        ("P3D", "is not a duration"),
        ("days 3", "is not a duration"),
        ("3 {days}", "is not a unit of time"),
        ("3 da\x00ys", "is not a duration"),
    ],
)
def test_durations_refused(text: str, sentence: str) -> None:
    """B16."""
    assert sentence in refusal(Duration.parse, text)


def test_zero_where_it_is_allowed() -> None:
    assert Duration.parse("0 days", zero=True) == Duration()
    assert str(Duration()) == "0 days"
    assert Duration().whole_days == 0


def test_durations_are_frozen_values() -> None:
    duration = Duration.parse("7 days")
    assert duration == Duration.parse("1 week")
    assert len({duration, Duration.parse("168 hours")}) == 1
    with pytest.raises(FrozenInstanceError):
        duration.length = timedelta(0)  # type: ignore[misc]


class Wait(BaseModel):
    """A model as the language uses them."""

    model_config = ConfigDict(strict=True, frozen=True)

    wait: Duration
    at: DurationOrZero = Duration()


def test_duration_as_a_field() -> None:
    model = Wait.model_validate({"wait": "3 days", "at": "0 days"})
    assert model.wait == Duration(timedelta(days=3))
    assert Wait.model_validate({"wait": model.wait}) == model
    assert model.model_dump_json() == '{"wait":"3 days","at":"0 days"}'
    assert Wait.model_validate_json(model.model_dump_json()) == model


@pytest.mark.parametrize("value", [3, 3.5, True, None, ["3 days"], timedelta(days=3)])
def test_only_text_is_a_duration(value: object) -> None:
    with pytest.raises(ValidationError) as caught:
        Wait.model_validate({"wait": value})
    (error,) = caught.value.errors()
    assert error["loc"] == ("wait",)
    assert str(error["ctx"]["error"]) == "durations are text, for example `3 days`"


def test_field_errors_are_the_sentences() -> None:
    with pytest.raises(ValidationError) as caught:
        Wait.model_validate({"wait": "0 days", "at": "1 month"})
    said = [str(error["ctx"]["error"]) for error in caught.value.errors()]
    assert said[0].startswith("a duration of nothing")
    assert said[1] == "months are not of one length; write 30 days"


def test_schema_of_a_duration() -> None:
    schema = Wait.model_json_schema()["properties"]
    assert schema["wait"]["type"] == "string"
    assert schema["at"]["type"] == "string"
    assert "3 days" in schema["wait"]["examples"]


# Zones


@pytest.mark.parametrize("name", ["Asia/Tokyo", "America/Argentina/Buenos_Aires", "UTC"])
def test_zones(name: str) -> None:
    assert zone(name) is ZoneInfo(name)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("JST", "write Asia/Tokyo"),
        ("jst", "write Asia/Tokyo"),
        ("Japan", "write Asia/Tokyo"),
        ("東京", "write Asia/Tokyo"),
        ("EST", "write America/New_York"),
        ("EST5EDT", "write America/New_York"),
        ("UTC+9", "write Asia/Tokyo"),
        ("UTC+09:00", "write Asia/Tokyo"),
        ("+0900", "write Asia/Tokyo"),
        ("ＵＴＣ＋９", "write Asia/Tokyo"),
        ("GMT-5", "write America/New_York"),
        ("UTC+10", "write Australia/Brisbane"),
        ("GMT", "write UTC"),
        ("Tokyo", "write Asia/Tokyo"),
        ("new york", "write America/New_York"),
        ("asia/tokyo", "write Asia/Tokyo"),
        ("Asia/Tokio", "write Asia/Tokyo"),
        ("", "a time zone is missing"),
        (" ", "a time zone is missing"),
        ("Mars/Phobos", "'Mars/Phobos'"),
        ("UTC+99", "there is no time zone"),
        ("localtime", "there is no time zone"),
        ("posix/Asia/Tokyo", "posix/Asia/Tokyo"),
        ("../../etc/passwd", "passwd"),
        ("/etc/localtime", "localtime"),
        ("Asia/Tokyo\0", "time zone"),
        ("Asia", "there is no time zone"),
    ],
)
def test_zones_refused(name: str, hint: str) -> None:
    """B17."""
    assert hint in refusal(zone, name)


# Moments


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-12-01T09:00", "2026-12-01 00:00"),
        ("2026-12-01 09:00", "2026-12-01 00:00"),
        ("2026-12-01T09:00:30.25", "2026-12-01 00:00:30.250000"),
        ("2026-12-01T09:00Z", "2026-12-01 09:00"),
        ("2026-12-01T09:00:00+00:00", "2026-12-01 09:00"),
        ("2026-12-01T09:00-05:00", "2026-12-01 14:00"),
        ("2026-12-01T09:00+0530", "2026-12-01 03:30"),
        ("2026-12-01T09:00+14:00", "2026-11-30 19:00"),
        ("2026-12-01T09:00-12:59", "2026-12-01 21:59"),
        ("2028-02-29T00:00", "2028-02-28 15:00"),
        ("2000-02-29T12:00", "2000-02-29 03:00"),
        ("1970-01-01T09:00", "1970-01-01 00:00"),
        ("2038-01-19T12:14:08", "2038-01-19 03:14:08"),
        ("9998-12-31T23:59:59", "9998-12-31 14:59:59"),
        ("2026-12-31T23:59", "2026-12-31 14:59"),
    ],
)
def test_moments(text: str, instant: str) -> None:
    found = parse_moment(text, TOKYO)
    assert found == at(instant)
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("2027-02-29T09:00", "there is no day 2027-02-29; that month has the days 01 to 28"),
        ("1900-02-29T09:00", "01 to 28"),
        ("2026-04-31T09:00", "01 to 30"),
        ("2026-12-00T09:00", "there is no day"),
        ("2026-13-01T09:00", "there is no month 13"),
        ("2026-12-01T24:00", "there is no hour 24"),
        ("2026-12-01T23:60", "there is no minute 60"),
        ("2016-12-31T23:59:60Z", "there is no second 60"),
        ("1899-12-31T09:00", "from 1900 to 9998"),
        ("0000-01-01T09:00", "from 1900 to 9998"),
        ("9999-12-31T23:59", "from 1900 to 9998"),
        ("2026-12-01T09:00+25:00", "there is no offset"),
        ("2026-12-01T09:00+15:00", "there is no offset"),
        ("2026-12-01T09:00+09:60", "there is no offset"),
        ("2026-12-01", "is not a moment; write it as 2026-12-01T09:00"),
        ("2026/12/01 09:00", "is not a moment"),
        ("01.12.2026", "is not a moment"),
        ("20261201T0900", "is not a moment"),
        ("2026-W53-1", "is not a moment"),
        ("２０２６-12-01T09:00", "is not a moment"),
        ("2026-12-01T09", "is not a moment"),
        ("tomorrow", "is not a moment"),
        ("", "is not a moment"),
        ("2026-12-01T09:00\n", "is not a moment"),
    ],
)
def test_moments_refused(text: str, sentence: str) -> None:
    """R42, R46, B07."""
    assert sentence in refusal(parse_moment, text, TOKYO)


def test_a_day_alone_is_its_first_instant() -> None:
    assert parse_moment("2026-12-01", TOKYO, parse_day=True) == at("2026-11-30 15:00")
    assert parse_moment("2026-12-01T09:00", TOKYO, parse_day=True) == at("2026-12-01 00:00")
    assert "01 to 28" in refusal(parse_moment, "2027-02-29", TOKYO, parse_day=True)


def test_dates_and_times() -> None:
    assert parse_date("2028-02-29") == date(2028, 2, 29)
    assert parse_time("9:05") == time(9, 5)
    assert parse_time("23:59:59") == time(23, 59, 59)
    assert "write it as 2026-12-01" in refusal(parse_date, "2026-12-1")
    assert "write it as 09:00" in refusal(parse_time, "9")
    assert "there is no hour 24" in refusal(parse_time, "24:00")


# Local times


@pytest.mark.parametrize(
    ("where", "local", "instant"),
    [
        # New York goes from 02:00 to 03:00 on 8 March 2026, that is at 07:00 UTC, and back on 1 November at 06:00.
        (NEW_YORK, "2026-03-08 01:59:59", "2026-03-08 06:59:59"),
        (NEW_YORK, "2026-03-08 02:00", "2026-03-08 07:00"),
        (NEW_YORK, "2026-03-08 02:30:15.5", "2026-03-08 07:00"),
        (NEW_YORK, "2026-03-08 03:00", "2026-03-08 07:00"),
        (NEW_YORK, "2026-11-01 01:30", "2026-11-01 05:30"),
        (NEW_YORK, "2026-11-01 02:00", "2026-11-01 07:00"),
        # Lord Howe moves by half an hour: 02:00 +10:30 becomes 02:30 +11, on 4 October 2026.
        (LORD_HOWE, "2026-10-04 01:59", "2026-10-03 15:29"),
        (LORD_HOWE, "2026-10-04 02:15", "2026-10-03 15:30"),
        (LORD_HOWE, "2026-10-04 02:30", "2026-10-03 15:30"),
        # and back on 5 April: 02:00 +11 becomes 01:30 +10:30.
        (LORD_HOWE, "2026-04-05 01:45", "2026-04-04 14:45"),
        (LORD_HOWE, "2026-04-05 02:00", "2026-04-04 15:30"),
        # Beirut skips the first hour of 27 March 2022 (+2 to +3).
        (BEIRUT, "2022-03-27 00:00", "2022-03-26 22:00"),
        (BEIRUT, "2022-03-27 00:59", "2022-03-26 22:00"),
        (BEIRUT, "2022-03-27 01:00", "2022-03-26 22:00"),
        # Havana skips it on 12 March 2023 (-5 to -4) and has it twice on 5 November.
        (HAVANA, "2023-03-12 00:30", "2023-03-12 05:00"),
        (HAVANA, "2023-11-05 00:30", "2023-11-05 04:30"),
        # Casablanca leaves +1 for Ramadan (2023-03-19, 03:00 to 02:00) and comes back on 23 April.
        (CASABLANCA, "2023-03-19 02:30", "2023-03-19 01:30"),
        (CASABLANCA, "2023-03-19 03:00", "2023-03-19 03:00"),
        (CASABLANCA, "2023-04-23 02:30", "2023-04-23 02:00"),
        # Samoa left out 30 December 2011, a whole day.
        (APIA, "2011-12-30 12:00", "2011-12-30 10:00"),
    ],
)
def test_local_instant(where: ZoneInfo, local: str, instant: str) -> None:
    """R39: a gap means its end, a doubled time the first."""
    wall = datetime.fromisoformat(local)
    assert local_instant(wall.date(), wall.time(), where) == at(instant)
    assert parse_moment(wall.isoformat(), where) == at(instant)


def test_day_start_where_midnight_is_skipped() -> None:
    assert day_start(date(2022, 3, 27), BEIRUT) == at("2022-03-26 22:00")
    assert local_day(at("2022-03-26 21:59:59.999999"), BEIRUT) == date(2022, 3, 26)
    assert local_day(at("2022-03-26 22:00"), BEIRUT) == date(2022, 3, 27)
    assert day_start(date(2023, 3, 12), HAVANA) == at("2023-03-12 05:00")
    assert day_start(date(2023, 11, 5), HAVANA) == at("2023-11-05 04:00")
    assert day_start(date(2022, 10, 30), BEIRUT) == at("2022-10-29 22:00")


ZONES = [
    "Asia/Tokyo", "America/New_York", "Australia/Lord_Howe", "Asia/Beirut", "America/Havana", "Africa/Casablanca",
    "Europe/London", "America/Asuncion", "America/Santiago", "Africa/Cairo", "Asia/Kathmandu", "Pacific/Chatham",
    "America/Sao_Paulo", "Asia/Tehran", "UTC",
]  # fmt: skip


@pytest.mark.parametrize("name", ZONES)
def test_midnights_come_once_for_each_local_date(name: str) -> None:
    """R39: fifteen zones, three years."""
    where = ZoneInfo(name)
    instant = day_start(date(2021, 12, 31), where)
    days: list[date] = []
    while len(days) < 3 * 365:
        following = next_local_midnight(instant, where)
        assert instant < following
        assert local_day(following - timedelta(microseconds=1), where) < local_day(following, where)
        assert next_local_midnight(following - timedelta(microseconds=1), where) == following
        days.append(local_day(following, where))
        instant = following
    assert days == [date(2022, 1, 1) + timedelta(days=n) for n in range(3 * 365)]


def test_midnight_when_the_clock_crosses_it_backwards() -> None:
    """St. John's went from 00:01 back to 23:01 of the day before on 7 November 2010 (-2:30 to -3:30)."""
    first = day_start(date(2010, 11, 7), ST_JOHNS)
    assert first == at("2010-11-07 02:30")
    again = at("2010-11-07 03:00")
    assert local_day(again, ST_JOHNS) == date(2010, 11, 6)
    assert next_local_midnight(first - timedelta(seconds=1), ST_JOHNS) == first
    assert next_local_midnight(again, ST_JOHNS) == at("2010-11-08 03:30")


# Hours


def office(between: str = "09:00-18:00", days: tuple[str, ...] = WEEK, where: ZoneInfo = TOKYO, *closed: str) -> Hours:
    return parse_hours(days, between, closed, where)


def tokyo(text: str) -> datetime:
    """Return an instant written in Tokyo's time."""
    return datetime.fromisoformat(text).replace(tzinfo=TOKYO).astimezone(UTC)


def test_default_hours() -> None:
    assert Hours(TOKYO) == office()


@pytest.mark.parametrize(
    ("text", "window", "canonical"),
    [
        ("09:00-18:00", Window(540, 1080), "09:00-18:00"),
        ("9:00 - 18:30", Window(540, 1110), "09:00-18:30"),
        ("22:00-02:00", Window(1320, 1560), "22:00-02:00"),
        ("00:00-24:00", Window(0, 1440), "00:00-24:00"),
        ("22:00-00:00", Window(1320, 1440), "22:00-24:00"),
        ("23:59-23:58", Window(1439, 2878), "23:59-23:58"),
    ],
)
def test_windows(text: str, window: Window, canonical: str) -> None:
    assert Window.parse(text) == window
    assert str(window) == canonical
    assert Window.parse(canonical) == window


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("09:00-09:00", "is empty; write 00:00-24:00"),
        ("00:00-00:00", "is empty; write 00:00-24:00"),
        ("24:00-24:00", "no clock shows"),
        ("22:00-26:00", "write 00:00 to 23:59, or 22:00-02:00"),
        ("09:60-18:00", "no clock shows"),
        ("9-18", "write it as 09:00-18:00"),
        ("09:00～18:00", "write it as 09:00-18:00"),
        ("09:00", "write it as 09:00-18:00"),
        ("-1:00-18:00", "write it as 09:00-18:00"),
        ("", "write it as 09:00-18:00"),
    ],
)
def test_windows_refused(text: str, sentence: str) -> None:
    assert sentence in refusal(Window.parse, text)


def test_hours_that_are_never_open_are_refused() -> None:
    """FAULTS B18."""
    assert "never open" in refusal(parse_hours, (), "09:00-18:00", (), TOKYO)
    assert "never open" in refusal(parse_hours, WEEK, (), (), TOKYO)
    assert "five years" in refusal(parse_hours, WEEK, "09:00-18:00", ("2026-01-01..2099-12-31",), TOKYO)
    halves = ("2026-01-01..2028-12-31", "2029-01-01..2031-12-31")
    assert "five years" in refusal(parse_hours, WEEK, "09:00-18:00", halves, TOKYO)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("XX", "no holidays are known for 'XX'"),
        ("Japan", "no holidays are known"),
        ("", "no holidays are known"),
        ("2027-02-29", "01 to 28"),
        ("2027-01-04..2026-12-29", "ends before it begins"),
        ("2026-12-29..", "is not a day"),
        ("2026-12-29 - 2027-01-04", "is not a day"),
    ],
)
def test_holidays_refused(text: str, sentence: str) -> None:
    assert sentence in refusal(parse_hours, WEEK, "09:00-18:00", (text,), TOKYO)


def test_weekdays_refused() -> None:
    assert "there are: mon, tue" in refusal(parse_hours, ("monday",), "09:00-18:00", (), TOKYO)


def test_open_includes_the_start_and_excludes_the_end() -> None:
    hours = office()
    answers = {
        text: is_open(hours, tokyo(f"2026-12-01 {text}"))
        for text in ("08:59:59.999999", "09:00", "17:59:59.999999", "18:00")
    }
    assert list(answers.values()) == [False, True, True, False]
    assert not is_open(hours, tokyo("2026-12-05 10:00")), "a Saturday"


def test_next_opening() -> None:
    hours = office()
    assert next_opening(hours, tokyo("2026-12-01 10:30:01")) == tokyo("2026-12-01 10:30:01")
    assert next_opening(hours, tokyo("2026-12-01 07:00")) == tokyo("2026-12-01 09:00")
    assert next_opening(hours, tokyo("2026-12-04 18:00")) == tokyo("2026-12-07 09:00"), "Friday evening to Monday"
    assert next_opening(hours, tokyo("2026-12-05 12:00")) == tokyo("2026-12-07 09:00")
    assert next_opening(hours, tokyo("2026-12-01 10:30")).tzinfo is UTC


def test_window_over_midnight_belongs_to_the_day_it_starts_on() -> None:
    """R47: Friday's window reaches into Saturday, Sunday's none into Monday."""
    hours = office("22:00-02:00")
    assert is_open(hours, tokyo("2026-12-05 01:59")), "Saturday, but Friday's window"
    assert not is_open(hours, tokyo("2026-12-05 02:00"))
    assert not is_open(hours, tokyo("2026-12-07 01:00")), "Monday, but Sunday's window"
    assert next_opening(hours, tokyo("2026-12-07 01:00")) == tokyo("2026-12-07 22:00")
    assert next_opening(hours, tokyo("2026-12-06 23:00")) == tokyo("2026-12-07 22:00")


def test_window_over_midnight_from_a_holiday_is_closed() -> None:
    hours = office("22:00-02:00", WEEK, TOKYO, "2026-12-02")
    assert is_open(hours, tokyo("2026-12-02 01:00")), "Tuesday's window reaches into the holiday"
    assert not is_open(hours, tokyo("2026-12-03 01:00")), "the holiday's own window is closed"


def test_open_all_day() -> None:
    hours = office("00:00-24:00", ALL_DAYS)
    for text in ("2026-12-05 23:59:59.999999", "2026-12-06 00:00", "2026-12-06 12:00"):
        assert next_opening(hours, tokyo(text)) == tokyo(text)


def test_several_windows() -> None:
    hours = parse_hours(WEEK, ("13:00-18:00", "09:00-12:00"), (), TOKYO)
    assert is_open(hours, tokyo("2026-12-01 11:59"))
    assert next_opening(hours, tokyo("2026-12-01 12:00")) == tokyo("2026-12-01 13:00")
    assert next_opening(hours, tokyo("2026-12-01 18:00")) == tokyo("2026-12-02 09:00")


def test_hours_on_the_day_clocks_change() -> None:
    gap = office("02:00-03:00", ALL_DAYS, NEW_YORK)
    assert next_opening(gap, at("2026-03-08 06:30")) == at("2026-03-09 06:00"), "the window falls into the gap"
    part = office("02:30-10:00", ALL_DAYS, NEW_YORK)
    assert next_opening(part, at("2026-03-08 06:30")) == at("2026-03-08 07:00"), "03:00, the first instant after it"
    twice = office("01:30-09:00", ALL_DAYS, NEW_YORK)
    assert next_opening(twice, at("2026-11-01 05:00")) == at("2026-11-01 05:30"), "the first 01:30"


@pytest.mark.parametrize("name", ["America/New_York", "Asia/Beirut", "Australia/Lord_Howe", "America/Havana"])
def test_next_opening_is_open_and_the_first(name: str) -> None:
    """R47: each quarter of an hour of the weeks around a change of clocks."""
    where = ZoneInfo(name)
    hours = office("22:00-07:00", ("sun", "mon", "tue", "wed", "thu"), where)
    for begin in (
        at("2022-03-10 00:00"),
        at("2022-03-24 00:00"),
        at("2022-10-27 00:00"),
        at("2022-11-03 00:00"),
    ):
        moments = [begin + n * timedelta(minutes=15) for n in range(96 * 5)]
        openings = [moment for moment in moments if is_open(hours, moment)]
        for moment in moments:
            found = next_opening(hours, moment)
            assert moment <= found
            assert is_open(hours, found)
            assert not any(moment <= opening < found for opening in openings)
            wall = found.astimezone(where).time()
            assert wall >= time(22) or wall < time(7)


def test_japanese_holidays() -> None:
    hours = office("09:00-18:00", WEEK, TOKYO, "JP", "2026-12-29..2027-01-04")
    closed = {
        "2026-01-01": "New Year", "2026-05-06": "a substitute for Sunday 3 May", "2026-09-22": "between two holidays",
        "2026-11-23": "labour thanksgiving", "2026-12-29": "the company's own", "2027-01-04": "its last day",
        "2026-12-05": "a Saturday",
    }  # fmt: skip
    for day, reason in closed.items():
        assert not is_business_day(hours, date.fromisoformat(day)), reason
    for day in ("2026-05-07", "2026-12-28", "2027-01-05", "2026-12-25"):
        assert is_business_day(hours, date.fromisoformat(day)), day
    assert next_opening(hours, tokyo("2026-12-28 18:00")) == tokyo("2027-01-05 09:00")
    assert is_business_day(office(), date(2026, 1, 1)), "without holidays there are none"


def test_norway_is_a_country_too() -> None:
    """B05: NO stays text, and so a country."""
    hours = parse_hours(WEEK, "09:00-18:00", ("NO", "no"), ZoneInfo("Europe/Oslo"))
    assert hours.countries == ("NO",)
    assert not is_business_day(hours, date(2027, 5, 17)), "Constitution Day, a Monday"


def test_add_business_days() -> None:
    hours = office("09:00-18:00", WEEK, TOKYO, "JP", "2026-12-29..2027-01-04")
    friday = tokyo("2026-12-04 20:15:30.5")
    assert add_business_days(hours, friday, 1) == tokyo("2026-12-07 20:15:30.5"), "the time of day is kept"
    assert add_business_days(hours, friday, 6) == tokyo("2026-12-14 20:15:30.5")
    assert add_business_days(hours, tokyo("2026-12-05 10:00"), 1) == tokyo("2026-12-07 10:00"), "Saturday: Monday is 1"
    assert add_business_days(hours, tokyo("2026-12-06 10:00"), 2) == tokyo("2026-12-08 10:00")
    assert add_business_days(hours, tokyo("2026-12-28 10:00"), 1) == tokyo("2027-01-05 10:00")
    assert add_business_days(hours, tokyo("2026-05-01 10:00"), 1) == tokyo("2026-05-07 10:00"), "Golden Week"
    assert add_business_days(hours, tokyo("2026-12-05 10:00"), 0) == tokyo("2026-12-05 10:00")


def test_business_days_keep_the_time_of_day_over_a_change_of_clocks() -> None:
    hours = office("09:00-18:00", WEEK, NEW_YORK)
    assert add_business_days(hours, at("2026-03-06 14:00"), 1) == at("2026-03-09 13:00"), "09:00 before and after"
    everyday = office("09:00-18:00", ALL_DAYS, NEW_YORK)
    assert add_business_days(everyday, at("2026-03-07 07:30"), 1) == at("2026-03-08 07:00"), "02:30 is skipped"


def test_the_day_is_that_of_the_hours_zone() -> None:
    hours = office("09:00-18:00", WEEK, TOKYO)
    assert add_business_days(hours, at("2026-12-04 16:00"), 1) == at("2026-12-06 16:00"), (
        "Saturday 01:00 to Monday 01:00"
    )


def test_after() -> None:
    hours = office("09:00-18:00", WEEK, NEW_YORK)
    before = at("2026-03-07 14:00")
    assert after(Duration.parse("1 day"), before, hours) == at("2026-03-08 14:00"), "24 hours: 10:00 on the clock"
    assert after(Duration.parse("2 business days"), before, hours) == at("2026-03-10 13:00")
    assert after(Duration.parse("1 day 30 minutes"), before, hours) == at("2026-03-08 14:30")
    assert after(Duration(), before, hours) == before
    assert "year 9999" in refusal(after, Duration.parse("3650 days"), at("9998-12-31 00:00"), hours)
    assert "year 9999" in refusal(after, Duration.parse("2610 business days"), at("9998-12-31 00:00"), hours)


def test_searches_are_bounded() -> None:
    """Closed Mondays for five years, and only Mondays are worked: not a range too long, but no open day."""
    first = date(2026, 1, 5)
    mondays = tuple((first + timedelta(weeks=n)).isoformat() for n in range(5 * 53 + 2))
    hours = office("09:00-18:00", ("mon",), TOKYO, *mondays)
    assert "five years" in refusal(next_opening, hours, tokyo("2026-01-01 00:00"))
    assert "five years" in refusal(add_business_days, hours, tokyo("2026-01-01 00:00"), 1)


# Look-back windows


def test_days_back_counts_today() -> None:
    now = tokyo("2026-12-07 15:00")
    assert days_back(now, 7, TOKYO) == tokyo("2026-12-01 00:00"), "today and the 6 before"
    assert days_back(now, 1, TOKYO) == tokyo("2026-12-07 00:00")
    assert days_back(at("2026-12-07 16:00"), 1, TOKYO) == tokyo("2026-12-08 00:00"), "it is the 8th in Tokyo"


def test_older_than() -> None:
    assert older_than(tokyo("2026-01-31 23:59"), 30, TOKYO) == tokyo("2026-01-01 00:00")
    assert older_than(tokyo("2028-03-01 00:00"), 1, TOKYO) == tokyo("2028-02-29 00:00")


def test_next_days() -> None:
    start, end = next_days(tokyo("2026-12-01 15:00"), 30, TOKYO)
    assert (start, end) == (tokyo("2026-12-01 00:00"), tokyo("2027-01-01 00:00")), "through 31 December"


def test_windows_of_days_over_a_change_of_clocks() -> None:
    assert days_back(at("2026-03-09 12:00"), 2, NEW_YORK) == at("2026-03-08 05:00")
    assert days_back(at("2026-03-09 12:00"), 1, NEW_YORK) == at("2026-03-09 04:00")
    assert days_back(at("2022-03-27 12:00"), 1, BEIRUT) == at("2022-03-26 22:00"), "midnight was skipped"
    assert next_days(at("2023-03-11 12:00"), 0, HAVANA) == (at("2023-03-11 05:00"), at("2023-03-12 05:00"))

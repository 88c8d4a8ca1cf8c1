"""Checks of waits, hours and dates: the scenario stands in the docstring, the mistakes below it."""

from __future__ import annotations

import pytest

from engage.graph.build import build
from engage.graph.picture import picture
from engage.graph.times import past_dates
from tests.support.moments import at
from tests.support.starter import scenario, told, with_example


@pytest.fixture
def said(request: pytest.FixtureRequest) -> list[str]:
    """What is said of the scenario in the test's docstring."""
    return told(with_example(request.function.__doc__))


def test_waits_and_hours_without_mistakes(said: list[str]) -> None:
    """
    hours: {days: [mon, fri], between: "22:00-02:00", timezone: prospect, holidays: [JP]}
    steps:
      - wait: {until: 2026-12-24T09:00, on_past: leave}
      - wait: {until: next monday 09:00}
      - wait: {until: "09:00"}
      - wait: {field: renewal, offset: -30 days, at: 09:00, yearly: true, on_past: leave, on_missing: go_on}
      - wait: {field: created_at, offset: 1 week}
      - send_email: {template: invite, on_date: 2026-12-25T23:00}
    """
    assert said == []


def test_waits_that_say_nothing(said: list[str]) -> None:
    """
    steps:
      - wait: {until: soon}
      - wait: {until: next mondy 09:00}
      - wait: {until: 2026-02-30T09:00}
      - wait: {until: 2026-12-24}
      - wait: {field: renwal}
      - wait: {field: seats}
      - wait: {field: renewal, offset: 3 hours}
      - wait: {field: renewal, at: 25:00}
      - wait: {until: "09:00", offzet: 1 day}
      - wait: {on_past: leave}
      - wait: [1 day]
      - wait: {field: renewal, on_missing: skip}
      - wait: -1 days
    # FAULTS B18
    """
    assert said == [
        "s.yaml:2:19: 'soon' is not a moment; write 2026-12-24T09:00, next monday 09:00, or 09:00",
        "s.yaml:3:19: mondy is no day of the week; write for example next monday 09:00",
        "s.yaml:4:19: there is no day 2026-02-30; that month has the days 01 to 28",
        "s.yaml:5:19: '2026-12-24' is not a moment; write it as 2026-12-01T09:00",
        "s.yaml:6:19: field 'renwal' is not known; did you mean renewal?",
        "s.yaml:7:19: seats is a field of type integer; name one of type date",
        "s.yaml:8:36: a day is moved by whole days; write for example -30 days",
        "s.yaml:9:32: there is no hour 25; write 00:00 to 23:59 of the day meant",
        "s.yaml:10:28: key 'offzet' is not known; did you mean offset?",
        "s.yaml:11:11: until is missing",
        "s.yaml:12:11: this must be one value, or a mapping: key: value",
        "s.yaml:13:40: this must be one of: leave, go_on",
        "s.yaml:14:11: a duration cannot be negative; write for example 3 days",
    ]


def test_a_zone_that_is_none(said: list[str]) -> None:
    """
    hours: {timezone: JST}
    """
    assert said == ["s.yaml:1:19: 'JST' is not the name of a time zone; write Asia/Tokyo"]


def test_an_empty_window(said: list[str]) -> None:
    """
    hours: {between: "09:00-09:00"}
    """
    assert said == ["s.yaml:1:18: '09:00-09:00' is empty; write 00:00-24:00 to be open all day"]


def test_holidays_that_mean_nothing(said: list[str]) -> None:
    """
    hours: {holidays: [Nowhere]}
    """
    assert said == [
        "s.yaml:1:20: no holidays are known for 'Nowhere'; write a country's code (JP), a day or 2026-12-29..2027-01-04"
    ]


def test_a_word_that_is_no_hours(said: list[str]) -> None:
    """
    hours: busyness
    """
    assert said == ["s.yaml:1:8: 'busyness' is not known here; did you mean business?"]


def test_a_date_outside_the_hours_is_doubtful(said: list[str]) -> None:
    """
    hours: business
    steps:
      - send_email: {template: invite, on_date: 2026-12-05T10:00}
      - send_email: {template: guide, on_date: 2026-12-04T07:00}
      - send_email: {template: guide, on_date: 2026-12-04T18:00, once: true}
    """
    assert said == [
        "s.yaml:3:45: warning: this date lies outside the hours: the e-mail goes to nobody",
        "s.yaml:5:44: warning: this date lies outside the hours: the e-mail goes to nobody",
    ]


def test_a_date_that_has_passed_is_doubtful() -> None:
    file, workspace = scenario("steps: [{send_email: {template: invite, on_date: 2026-12-05T10:00}}]")
    journey = build(file)
    assert list(past_dates(journey, workspace, at("2026-12-05T00:59"))) == []
    found = [str(problem) for problem in past_dates(journey, workspace, at("2026-12-05T01:01"))]
    assert found == [
        "scenarios/s.yaml:1:50: warning: this date has passed: the e-mail goes to nobody any more",
    ]


def test_waits_are_drawn_with_what_they_wait_for() -> None:
    file, _ = scenario("steps: [{wait: {until: next monday 09:00}}, {wait: {field: renewal, offset: -30 days}}]")
    assert [node.title for node in picture(build(file)).nodes] == [
        "until next monday 09:00", "field renewal, offset -30 days",
    ]  # fmt: skip

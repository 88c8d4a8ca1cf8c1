"""Waits that nobody gets past or that never wait, times that outlast the run; near misses of which nothing is said."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engage.graph.build import build
from engage.graph.intervals import certain
from tests.support.effort import is_linear
from tests.support.starter import scenario

AGED = "exit: {created_at: {older_than: 30 days}}"
SOON = "audience: {where: {renewal: {within: next 30 days}}, unmatched: exit}"
OPENS = "schedule: {from: 2026-12-24}"


def found(*lines: str) -> list[str]:
    """Return the warnings of this check for an example, with line and column."""
    file, workspace = scenario("\n".join(lines))
    problems = sorted(certain(build(file), workspace), key=lambda problem: problem.place)
    assert {problem.severity for problem in problems} <= {"warning"}
    return [str(problem).removeprefix("scenarios/s.yaml:").replace("warning: ", "") for problem in problems]


# times that outlast the run


def test_a_time_that_ends_when_nobody_can_be_inside_any_more() -> None:
    over = "and by exit nobody is inside 32 days after it"
    trigger = (
        "  - {id: demo, trigger: {form_submitted: demo}, within: 20 days, yes: [{add_tag: y}], no: [{add_tag: n}]}"
    )
    assert found(AGED, "steps:", "  - wait: 20 days", trigger) == [
        f"4:57: demo outlasts the run: this time ends 40 days after the entry at the earliest, {over}"
    ]
    assert found(AGED, "steps:", "  - {add_tag: a, after: 5 weeks}", "  - {wait: 10 days}") == [
        f"3:25: add_tag-a outlasts the run: this time ends 35 days after the entry at the earliest, {over}"
    ]
    assert found(AGED, "steps:", "  - {id: l, repeat: {times: 6, every: 1 week, steps: [{add_tag: a}]}}") == [
        f"3:39: l#6 outlasts the run: this time ends 35 days after the entry at the earliest, {over}"
    ]


@pytest.mark.parametrize(
    "lines",
    [
        (AGED, "steps: [{wait: 12 days}, {trigger: {form_submitted: demo}, within: 20 days, yes: [{add_tag: y}]}]"),
        # the event may come on the first day, and the second time ends on the 20th
        (AGED, "steps:", *(f"  - {{trigger: {{page_viewed: /{n}}}, within: 20 days, yes: []}}" for n in "ab")),
        # one path is short enough
        (AGED, "steps: [{rule: {tag: x}, yes: [{wait: 30 days}]}, {wait: 20 days}]"),
        (AGED, "steps: [{repeat: {times: 5, every: 1 week, steps: [{add_tag: a}]}}]"),
        # a field that can change ends nothing for certain
        ("exit: {renewal: {older_than: 30 days}}", "steps: [{wait: 90 days}]"),
        ("exit: {last_activity_at: {older_than: 30 days}}", "steps: [{wait: 90 days}]"),
        ("audience: {where: {created_at: {within: 30 days}}}", "steps: [{wait: 90 days}]"),
        (AGED, "steps: [{wait: 24 business days}]"),
    ],
)  # fmt: skip
def test_a_time_that_may_end_before_the_run(lines: tuple[str, ...]) -> None:
    assert found(*lines) == []


# waits for a field's day


@pytest.mark.parametrize(
    ("head", "wait", "says"),
    [
        (SOON, "offset: 10 days", "nobody gets past w: audience ends or holds the run before the day of renewal"),
        (SOON, "offset: 1 day", "nobody gets past w: audience ends or holds the run before the day of renewal"),
        (SOON, "offset: 1 day, on_missing: go_on", "nobody gets past w: audience ends or holds the run before the day"),
        (SOON, "offset: 0 days", ""),
        (SOON, "offset: 10 days, yearly: true", ""),
        (SOON.replace(", unmatched: exit", ""), "offset: 10 days", ""),
        ("exit: {renewal: {older_than: 30 days}}", "offset: 31 days", "nobody gets past w: exit ends or holds the run"),
        ("exit: {renewal: {older_than: 30 days}}", "offset: 30 days", ""),
        ("exit: {renewal: {older_than: 30 days}}", "offset: 31 days, on_missing: go_on", ""),
        # the day of the hours' own zone may be another
        (
            "exit: {renewal: {older_than: 30 days}}\nhours: {timezone: prospect, between: '09:00-18:00', days: [mon]}",
            "offset: 32 days", "",
        ),
    ],
)  # fmt: skip
def test_a_day_at_which_nobody_is_inside_any_more(head: str, wait: str, says: str) -> None:
    messages = found(*head.split("\n"), f"steps: [{{id: w, wait: {{field: renewal, {wait}}}}}, {{add_tag: x}}]")
    assert len(messages) == bool(says)
    assert all(says in message for message in messages)


def test_a_field_that_another_scenario_sets_is_known_of_nobody() -> None:
    setting = "  - {set_field: {renewal: 2026-12-01}, after: 1 day}"
    assert found(SOON, "steps:", "  - {wait: {field: renewal, offset: 10 days}}", setting) == []


@pytest.mark.parametrize(
    ("asked", "way", "wait", "says"),
    [
        ("exists: true", "no", "", "nobody gets past w: renewal is empty here, as asked says"),
        ("exists: true", "no", "on_missing: go_on", "w never waits: renewal is empty here, as asked says"),
        ("exists: true", "yes", "", ""),
        (
            "older_than: 30 days",
            "yes",
            "offset: 7 days",
            "w never waits: the day of renewal is past here, as asked says",
        ),
        (
            "older_than: 30 days",
            "yes",
            "offset: 7 days, on_past: leave",
            "nobody gets past w: the day of renewal is past",
        ),
        ("older_than: 30 days", "yes", "offset: 7 days, yearly: true", ""),
        ("older_than: 30 days", "yes", "offset: 31 days", ""),
        ("older_than: 30 days", "no", "offset: -60 days", ""),
        ("within: 7 days", "yes", "offset: -1 day", "w never waits: the day of renewal is past here, as asked says"),
        ("within: 7 days", "yes", "", ""),
        (
            "before: 2026-12-01",
            "yes",
            "offset: 3 weeks",
            "w never waits: the day of renewal is past here, as asked says",
        ),
        ("before: 2026-12-01", "yes", "offset: 4 weeks", ""),
        ("eq: 2026-11-01", "yes", "", "w never waits: the day of renewal is past here, as asked says"),
    ],
)
def test_a_day_that_is_empty_or_past_on_arrival(asked: str, way: str, wait: str, says: str) -> None:
    inner = f"{way}: [{{id: w, wait: {{field: renewal, {wait}}}}}, {{add_tag: x}}]".replace(", }", "}")
    messages = found(OPENS, f"steps: [{{id: asked, rule: {{renewal: {{{asked}}}}}, {inner}}}]")
    assert len(messages) == bool(says)
    assert all(says in message for message in messages)
    later = inner.replace("[{id", "[{wait: 1 day}, {id")
    assert found(OPENS, f"steps: [{{id: asked, rule: {{renewal: {{{asked}}}}}, {later}}}]") == []


# moments and dates


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        (
            "{wait: {until: 2026-12-24T00:00}}, {add_tag: x}",
            "wait never waits: no run comes here before 2026-12-24T00:00, when its date is past",
        ),
        ("{wait: {until: 2026-12-23T09:00, on_past: leave}}, {add_tag: x}", "nobody gets past wait: no run comes here"),
        ("{wait: {until: 2026-12-24T09:00, on_past: leave}}, {add_tag: x}", ""),
        (
            "{wait: 2 days}, {wait: {until: 2026-12-25T09:00}}",
            "wait-2 never waits: no run comes here before 2026-12-26",
        ),
        ("{wait: {until: 2026-12-28T00:00}}, {wait: {until: 2026-12-25T09:00}}", "wait-2 never waits"),
        ("{wait: 2 business days}, {wait: {until: 2026-12-25T09:00}}", ""),
        ("{rule: {tag: x}, yes: [{wait: 2 days}]}, {wait: {until: 2026-12-25T09:00}}", ""),
        (
            "{wait: 2 days}, {id: m, send_email: {template: invite, on_date: 2026-12-25T09:00}}",
            "the e-mail m goes to nobody: its date has passed at 2026-12-26T00:00, before which no run comes here",
        ),
        ("{wait: 1 day}, {id: m, send_email: {template: invite, on_date: 2026-12-25T09:00}}", ""),
    ],
)
def test_moments_that_are_past_before_anybody_comes(steps: str, says: str) -> None:
    messages = found(OPENS, f"steps: [{steps}]")
    assert len(messages) == bool(says)
    assert all(says in message for message in messages)


def test_without_a_first_day_of_entry_no_moment_is_past() -> None:
    steps = "steps: [{wait: {until: 2026-12-01T00:00}}, {send_email: {template: invite, on_date: 2026-12-02T09:00}}]"
    assert found("schedule: {until: 2026-12-31}", steps) == found(steps) == []


# triggers and entries that other words forestall


@pytest.mark.parametrize(
    ("head", "event", "never"),
    [
        ("goal: {activity: {type: form_submitted, target: demo}}", "form_submitted: demo", True),
        ("goal: {activity: {type: form_submitted}}", "form_submitted: any", True),
        ("exit: {any: [{score: {gte: 100}}, {activity: {type: page_viewed, target: /a*}}]}", "page_viewed: /a/b", True),
        ("goal: {activity: {type: form_submitted, target: demo}}", "form_submitted: any", False),
        ("goal: {activity: {type: form_submitted, count: {gte: 2}}}", "form_submitted: demo", False),
        ("goal: {activity: {type: form_submitted, within: 7 days}}", "form_submitted: demo", False),
        ("goal: {all: [{score: {gte: 9}}, {activity: {type: form_submitted}}]}", "form_submitted: demo", False),
        ("goal: {not: {activity: {type: form_submitted}}}", "form_submitted: demo", False),
        ("goal: {activity: {type: page_viewed}}", "form_submitted: demo", False),
        ("exit: {activity: {type: page_viewed, target: /a/b}}", "page_viewed: /a*", False),
    ],
)
def test_a_trigger_for_what_ends_the_run(head: str, event: str, never: bool) -> None:
    trigger = f"trigger: {{{event}}}, within: 2 days"
    messages = found(head, f"steps: [{{id: t, {trigger}, yes: [{{add_tag: y}}], no: [{{add_tag: n}}]}}]")
    what = head[:4]
    assert messages == [f"2:26: t is never yes: what it waits for meets {what}, which is asked before it"] * never
    # as a mere wait it is what it looks like
    assert found(head, f"steps: [{{id: t, {trigger}, no: [{{add_tag: n}}]}}]") == []


def test_audiences_that_let_nobody_in() -> None:
    assert found("goal: {score: {gte: 3}}", "audience: {where: {score: {gt: 5}}}") == [
        "2:1: nobody can enter: what is known of score from audience decides it"
    ]
    assert found("exit: {activity: {type: form_submitted}}", "audience: {on: {form_submitted: demo}}") == [
        "2:1: nobody can enter: the event that lets one enter meets exit"
    ]
    assert found("goal: {score: {gte: 9}}", "audience: {where: {score: {gt: 5}}}") == []
    assert found("exit: {activity: {type: form_failed}}", "audience: {on: {form_submitted: demo}}") == []
    assert found("exit: {seats: {gt: 5, lt: 3}}") == ["1:7: exit can never hold: its own parts decide seats"]


def test_a_long_path_takes_no_more_work_for_each_step() -> None:
    def reasoning(count: int) -> Callable[[], None]:
        lines = (
            f"  - {{trigger: {{page_viewed: /{n}}}, within: 2 minutes, yes: [{{add_tag: t}}]}}" for n in range(count)
        )
        file, workspace = scenario("\n".join((AGED, OPENS, "steps:", *lines)))
        journey = build(file)

        def work() -> None:
            assert list(certain(journey, workspace)) == []

        return work

    assert is_linear(reasoning, 100)

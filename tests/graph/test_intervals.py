"""Rules that can never hold, or always do: each finding names the steps from which that is known."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engage.graph.build import build
from engage.graph.checks import check_workspace
from engage.graph.intervals import certain
from engage.language.load import load
from tests.support.effort import is_linear
from tests.support.starter import scenario, starter, told, with_example

ASK = "steps: [{id: hot, rule: {score: {gte: 100}}, yes: [INSIDE], no: [OUTSIDE]}]"


def found(text: str) -> list[str]:
    """Return the warnings of this check for an example."""
    file, workspace = scenario(text)
    return [str(problem.message) for problem in certain(build(file), workspace)]


@pytest.mark.parametrize(
    ("first", "way", "second", "begins"),
    [
        ("{score: {gte: 100}}", "yes", "{score: {lt: 50}}", "second can never hold"),
        ("{score: {gte: 100}}", "yes", "{score: {gt: 99}}", "second always holds"),
        ("{score: {gte: 100}}", "no", "{score: {gt: 98, lt: 100}}", ""),
        ("{score: {gte: 100}}", "no", "{score: {gt: 99}}", "second can never hold"),
        ("{score: {category: pricing, gte: 5}}", "yes", "{score: {lt: 5}}", ""),
        ("{grade: {gte: B}}", "yes", "{grade: {lt: C}}", "second can never hold"),
        ("{grade: {gte: B}}", "no", "{grade: {lt: B}}", ""),
        ("{grade: {gte: B}}", "no", "{grade: {gte: A}}", "second can never hold"),
        ("{seats: {gt: 3}}", "yes", "{seats: {lt: 4}}", "second can never hold"),
        ("{seats: {gt: 3}}", "yes", "{seats: {exists: true}}", "second always holds"),
        ("{seats: {gt: 3}}", "no", "{seats: {exists: true}}", ""),
        ("{seats: {exists: true}}", "no", "{seats: {ne: 3}}", "second always holds"),
        ("{renewal: {after: 2026-12-01}}", "yes", "{renewal: {before: 2026-06-01}}", "second can never hold"),
        ("{renewal: {within: 7 days}}", "yes", "{renewal: {exists: false}}", "second can never hold"),
        ("{interest: crm}", "yes", "{interest: [ma]}", "second can never hold"),
        ("{interest: [crm]}", "no", "{interest: ma}", ""),
        ("{all: [{interest: {ne: crm}}, {interest: {exists: true}}]}", "yes", "{interest: ma}", "second always holds"),
        ("{country: JP}", "yes", "{country: ＪＰ}", "second always holds"),
        ("{country: JP}", "yes", "{not: {country: {contains: J}}}", ""),
        ("{any: [{score: {gte: 100}}, {country: JP}]}", "no", "{score: {gte: 200}}", "second can never hold"),
        ("{any: [{score: {gte: 100}}, {country: JP}]}", "yes", "{score: {gte: 200}}", ""),
        ("{any: [{score: {gt: 9}}, {score: {lt: 1}}]}", "no", "{score: {gt: 20}}", "second can never hold"),
        ("{tag: vip}", "yes", "{tag: vip}", ""),
    ],
)
def test_a_rule_below_a_rule(first: str, way: str, second: str, begins: str) -> None:
    steps = f"steps: [{{id: first, rule: {first}, {way}: [{{id: second, rule: {second}, yes: [{{add_tag: x}}]}}]}}]"
    messages = found(steps)
    if not begins:
        assert messages == []
    else:
        assert len(messages) == 1
        assert messages[0].startswith(begins)
        assert "from first" in messages[0]


def test_the_parts_of_one_rule_can_contradict_each_other() -> None:
    messages = found("steps: [{id: odd, rule: {score: {gte: 100, lt: 50}}, yes: [{add_tag: x}]}]")
    assert messages == ["odd can never hold: its own parts decide score"]


def test_cases_below_wider_cases_are_never_reached() -> None:
    text = """
    steps:
      - id: level
        switch:
          - {name: warm, case: {score: {gte: 50}}, steps: [{add_tag: warm}]}
          - {name: hot, case: {score: {gte: 100}}, steps: [{add_tag: hot}]}
        else: [{add_tag: cold}]
    """
    assert [message.partition(":")[0] for message in found(text)] == ["level.hot can never hold"]


@pytest.mark.parametrize(
    "between",
    [
        "{wait: 1 day}", "{send_email: invite}", "{adjust_score: +10}", "{add_tag: x, after: 1 day}",
        "{trigger: {page_viewed: /a}, within: 1 day}",
    ],
)  # fmt: skip
def test_what_may_have_changed_meanwhile_is_not_known(between: str) -> None:
    rest = f"yes: [{between}, {{id: second, rule: {{score: {{lt: 50}}}}, yes: [{{add_tag: y}}]}}]"
    assert found(f"steps: [{{id: first, rule: {{score: {{gte: 100}}}}, {rest}}}]") == []


def test_a_field_that_a_step_sets_is_not_known_any_more() -> None:
    rest = "yes: [{set_field: {country: US}}, {id: second, rule: {country: JP}, yes: [{add_tag: y}]}]"
    assert found(f"steps: [{{id: first, rule: {{country: JP}}, {rest}}}]") == []


def test_what_holds_on_every_path_is_known_where_they_meet() -> None:
    text = """
    steps:
      - id: big
        rule: {seats: {gt: 100}}
        yes: [{id: huge, rule: {seats: {gt: 1000}}, yes: [{add_tag: huge}]}]
        no: [{end: true}]
      - {id: small, rule: {seats: {lt: 50}}, yes: [{add_tag: small}]}
    """
    assert found(text) == ["small can never hold: what is known of seats from big, huge decides it"]


def test_the_audience_is_known_at_entry_and_where_it_keeps_one_inside() -> None:
    asked = "{id: asked, rule: {country: US}, yes: [{add_tag: x}]}"
    assert len(found(f"audience: {{where: {{country: JP}}}}\nsteps: [{asked}]")) == 1
    assert found(f"audience: {{where: {{country: JP}}}}\nsteps: [{{wait: 1 day}}, {asked}]") == []
    assert len(found(f"audience: {{where: {{country: JP}}, unmatched: exit}}\nsteps: [{{wait: 1 day}}, {asked}]")) == 1


def test_a_dynamic_list_goals_exits_and_suppression_are_known() -> None:
    cold = "steps: [{wait: 1 day}, {id: cold, rule: {score: {lt: 50}}, yes: [{add_tag: x}]}]"
    assert len(found(f"audience: {{lists: [hot]}}\n{cold}")) == 1
    won = "{wait: 1 day}, {id: jp, rule: {country: JP}, yes: [{add_tag: x}]}"
    for word in ("goal: {country: JP}", "exit: {country: JP}"):
        assert found(f"{word}\nsteps: [{won}]") == [
            f"jp can never hold: what is known of country from {word[:4]} decides it"
        ]
    assert len(found(f"audience: {{lists: [news], suppress: {{where: {{country: JP}}}}}}\nsteps: [{won}]")) == 1


def test_whom_another_scenario_enrols_need_not_match() -> None:
    text = "audience: {where: {country: JP}}\nsteps: [{id: asked, rule: {country: US}, yes: [{add_tag: x}]}]"
    other = "name: O\naudience: {lists: [news]}\nsteps: [{enrol: s}]\n"
    assert [m for m in told(with_example(text)) if "asked" in m] != []
    assert [m for m in told({**with_example(text), "scenarios/o.yaml": other}) if "asked" in m] == []


def test_an_event_that_ends_a_loop_lets_everybody_out_of_it() -> None:
    text = """
    steps:
      - id: loop
        repeat:
          times: 2
          every: 2 days
          until: {trigger: {page_viewed: /a}}
          steps: [{id: hot, rule: {score: {gte: 100}}, yes: [{wait: 1 day}], no: [{wait: 1 day}]}]
      - {id: cold, rule: {score: {lt: 100}}, yes: [{add_tag: x}]}
    """
    assert found(text) == []


@pytest.mark.parametrize(
    ("first", "way", "second", "begins"),
    [
        ("within: next 30 days", "yes", "older_than: 3 days", "second can never hold"),
        ("within: next 30 days", "yes", "within: next 60 days", "second always holds"),
        ("within: next 30 days", "yes", "within: next 7 days", ""),
        ("within: next 30 days", "no", "within: next 7 days", ""),
        ("older_than: 30 days", "yes", "older_than: 7 days", "second always holds"),
        ("older_than: 30 days", "no", "older_than: 60 days", "second can never hold"),
        ("older_than: 30 days", "no", "within: 30 days", ""),
        # the thirtieth day back is neither within 30 days nor older
        ("older_than: 30 days", "yes", "within: 31 days", "second can never hold"),
        ("within: 7 days", "yes", "within: next 1 day", ""),
        ("within: 7 days", "yes", "exists: true", "second always holds"),
        ("exists: true", "no", "within: 7 days", "second can never hold"),
        ("older_than: 30 days", "yes", "before: 2026-12-01", ""),
    ],
)  # fmt: skip
def test_windows_are_compared_while_no_time_passes(first: str, way: str, second: str, begins: str) -> None:
    inner = f"{{id: second, rule: {{renewal: {{{second}}}}}, yes: [{{add_tag: x}}]}}"
    rule = f"id: first, rule: {{renewal: {{{first}}}}}"
    messages = found(f"steps: [{{{rule}, {way}: [{inner}]}}]")
    assert len(messages) == bool(begins)
    assert all(message.startswith(begins) and "from first" in message for message in messages)
    assert found(f"steps: [{{{rule}, {way}: [{{wait: 1 day}}, {inner}]}}]") == []
    assert found(f"steps: [{{{rule}, {way}: [{{set_field: {{renewal: 2026-12-01}}}}, {inner}]}}]") == []


def test_windows_of_moments_leave_out_what_is_still_to_come_today() -> None:
    inner = "{id: later, rule: {consent_at: {within: next 1 day}}, yes: [{add_tag: x}]}"
    assert found(f"steps: [{{rule: {{consent_at: {{within: 1 day}}}}, no: [{inner}]}}]") == []
    hours = "{id: recent, rule: {consent_at: {within: 2 hours}}, yes: [{add_tag: x}]}"
    assert len(found(f"steps: [{{id: old, rule: {{consent_at: {{older_than: 3 hours}}}}, yes: [{hours}]}}]")) == 1
    assert found(f"steps: [{{id: old, rule: {{consent_at: {{older_than: 3 hours}}}}, no: [{hours}]}}]") == []


@pytest.mark.parametrize(
    "between",
    ["{send_email: invite}", "{wait: {until: 2020-01-01T00:00}}", "{trigger: {page_viewed: /a}, within: 1 day}"],
)
def test_what_a_step_changed_in_this_tick_the_goal_has_not_seen_yet(between: str) -> None:
    rest = f"{between}, {{id: now, rule: {{score: {{gte: 100}}}}, yes: [{{add_tag: x}}]}}"
    assert found(f"goal: {{score: {{gte: 100}}}}\nsteps: [{{adjust_score: +100}}, {rest}]") == []
    assert len(found(f"goal: {{score: {{gte: 100}}}}\nsteps: [{rest}]")) == 1


def test_what_another_scenario_sets_may_have_changed_since_the_entry() -> None:
    text = "audience: {where: {country: JP}}\nsteps: [{id: asked, rule: {country: US}, yes: [{add_tag: x}]}]"
    other = "name: O\naudience: {lists: [news]}\nsteps: [{rule: {tag: a}, yes: [{set_field: {country: US}}]}]\n"
    assert [m for m in told(with_example(text)) if "asked" in m] != []
    assert [m for m in told({**with_example(text), "scenarios/o.yaml": other}) if "asked" in m] == []


def test_a_name_made_of_others_changes_with_them() -> None:
    rest = "yes: [{set_field: {last_name: B}}, {id: second, rule: {full_name: a b}, yes: [{add_tag: y}]}]"
    assert found(f"steps: [{{id: first, rule: {{full_name: a a}}, {rest}}}]") == []


def test_in_a_loop_only_what_is_true_of_every_round_is_told() -> None:
    def loop(until: str, *steps: str) -> list[str]:
        body = ", ".join(steps)
        rest = f"repeat: {{times: 3, {until}steps: [{body}]}}"
        return found(f"audience: {{where: {{seats: {{lt: 5}}}}}}\nsteps: [{{id: loop, {rest}}}]")

    many = "{id: many, rule: {seats: {gte: 5}}, yes: [{add_tag: x}]}"
    assert loop("", many) == ["many can never hold: what is known of seats from audience decides it"]
    assert loop("", many, "{wait: 1 day}") == []
    assert loop("until: {seats: {gte: 5}}, ", "{add_tag: x}") == [
        "loop.until can never hold: what is known of seats from audience decides it"
    ]
    assert loop("until: {seats: {gte: 5}}, ", "{wait: 1 day}") == []
    assert loop("every: 1 day, until: {seats: {gte: 5}}, ", "{add_tag: x}") == []
    assert [m.partition(":")[0] for m in loop("until: {seats: {lt: 9}}, ", "{wait: 1 day}")] == [
        "loop.until always holds"
    ]


def test_no_false_alarm_on_the_standard_scenarios() -> None:
    workspace, problems = load(starter())
    assert problems == ()
    assert [str(problem) for problem in check_workspace(workspace) if "hold" in str(problem)] == []


def test_many_rules_take_no_more_work_for_each() -> None:
    def reasoning(count: int) -> Callable[[], None]:
        lines = [f"  - {{id: r{n}, rule: {{seats: {{gt: {n}}}}}, yes: [{{add_tag: t{n}}}]}}" for n in range(count)]
        file, workspace = scenario("steps:\n" + "\n".join(lines))
        journey = build(file)

        def work() -> None:
            assert list(certain(journey, workspace)) == []

        return work

    assert is_linear(reasoning, 200)

"""Every kind of mistake in a mapping: its place, its sentence, the nearest word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engage.language.load import load
from engage.wording import Sentence, said
from tests.support.starter import told, with_example

STEPS = {
    "a misspelt step key": ("- wiat: 3 days", "2:3: no step is called 'wiat'; did you mean wait?"),
    "a step key like no other": ("- {id: a, xyzzy: 1}", "2:3: this is no step: it needs one of send_email, "),
    "a misspelt parameter": ("- {add_tag: x, naem: y}", "2:16: key 'naem' is not known; did you mean name?"),
    "a misspelt parameter inside": (
        "- create_todo: {subject: x, pirority: high}",
        "2:29: key 'pirority' is not known; did you mean priority?",
    ),
    "a misspelt parameter of a long form": (
        "- send_email: {template: invite, onec: true}",
        "2:34: key 'onec' is not known; did you mean once?",
    ),
    "a parameter of another step": ("- {add_tag: x, within: 3 days}", "2:16: key 'within' is not known"),
    "two step keys": ("- {add_tag: x, wait: 3 days}", "2:3: a step has exactly one step key; this has add_tag, wait"),
    "no mapping": ("- wait", "2:3: this must be a step: a mapping with one step key, for example wait: 3 days"),
    "a missing parameter": ("- create_todo: {to: owner}", "2:16: subject is missing"),
    "text where a truth value belongs": ('- opt_out: "yes"', "2:12: this must be one of: true"),
    "a word that is none of the choices": (
        "- create_todo: {subject: x, priority: hihg}",
        "2:39: 'hihg' is not known here; did you mean high?",
    ),
    "a number where text belongs": ("- add_tag: 1.5", "2:12: this is read as a number; put it in quotes"),
    "a truth value where text belongs": (
        "- notify: {to: owner, subject: true, text: x}",
        "2:32: this is read as true or false; put it in quotes",
    ),
    "nothing where text belongs": ("- send_email:", "2:14: this is read as nothing; put it in quotes"),
    "a list where a mapping belongs": ("- set_field: [a, b]", "2:14: this must be a mapping: key: value"),
    "a text where a list belongs": (
        "- {rule: {tag: x}, yes: end}",
        "2:25: this must be a list: each entry begins with -",
    ),
    "an empty list": ("- add_tag: []", "2:12: this must not be empty"),
    "a duration without unit": ("- wait: 3", "2:9: durations are text, for example `3 days`"),
    "a duration of months": ("- wait: 1 month", "2:9: months are not of one length; write 30 days"),
    "a negative duration": ("- wait: -1 days", "2:9: a duration cannot be negative; write for example 3 days"),
    "an endless duration": ("- wait: 1000000000000 days", "2:9: a duration may be ten years at most"),
    "a bad id": (
        "- {id: a b, wait: 1 day}",
        "2:8: an id is made of letters, digits, - and _, at most 100 of them; 'a b' is not",
    ),
    "a trigger without time": ("- trigger: {page_viewed: any}", "2:3: a trigger needs either within or after"),
    "a trigger with two times": (
        "- {trigger: {page_viewed: any}, within: 1 day, after: 1 day}",
        "2:3: a trigger needs either within or after",
    ),
    "two events in one mapping": (
        "- {trigger: {page_viewed: any, site_visit: any}, within: 1 day}",
        "2:13: this is too long: one entry only",
    ),
    "both ways of a score": ("- adjust_score: {by: 1, to: 2}", "2:17: write either by or to"),
    "more points than there are": ("- adjust_score: {by: 1000001}", "2:22: this must be at most 1000000"),
    "fewer points than there are": ("- adjust_score: {by: -1000001}", "2:22: this must be at least -1000000"),
    "a score that is no number": ("- adjust_score: lots", "2:17: this must be a whole number"),
    "an empty text": ('- notify: {to: owner, subject: " ", text: x}', "2:32: this text is empty"),
}

CONDITIONS = {
    "a comparison with nothing": (
        "{industry: {eq: null}}",
        "nothing can be compared with an empty value; write exists: false",
    ),
    "a field that is nothing": ("{industry: null}", "this must be a text, a number, or true or false"),
    "an unknown operator": ("{industry: {contain: x}}", "key 'contain' is not known; did you mean contains?"),
    "a comparison without operator": ("{industry: {}}", "a comparison needs an operator, for example gte: 10"),
    "a score without operator": ("{score: {category: x}}", "a comparison needs an operator, for example gte: 10"),
    "a score that is text": ("{score: {gte: many}}", "this must be a number"),
    "a grade that is none": ("{grade: {gte: E}}", "this must be one of: F, D-, D, D+, C-, C, C+, B-, B, B+, A-, A, A+"),
    "a status that is none": ("{opportunity: {status: opne}}", "'opne' is not known here; did you mean open?"),
    "an activity without type": ("{activity: {target: x}}", "type is missing"),
    "an empty condition": ("{}", "a condition needs at least one criterion, for example country: JP"),
    "no mapping": ("vip", "this must be a mapping: key: value; or a list of them"),
    "an empty choice": ("{any: []}", "this must not be empty"),
    "one of none": ("{industry: []}", "this must not be empty"),
    "a truth value that is text": ('{mailable: "no"}', "this must be true or false"),
}


@pytest.mark.parametrize("case", STEPS)
def test_a_mistake_in_a_step(case: str) -> None:
    """FAULTS B14, B16."""
    step, expected = STEPS[case]
    said_of_it = told(with_example(f"steps:\n{step}"))
    assert said_of_it[0].startswith(f"s.yaml:{expected}"), said_of_it
    assert len(said_of_it) == 1, said_of_it


@pytest.mark.parametrize("case", CONDITIONS)
def test_a_mistake_in_a_condition(case: str) -> None:
    """FAULTS B19, B20."""
    condition, expected = CONDITIONS[case]
    for text in (f"steps: [{{rule: {condition}}}]", f"goal: {condition}", f"audience: {{where: {condition}}}"):
        found = told(with_example(text))
        assert len(found) == 1, found
        assert found[0].startswith("s.yaml:1:")
        assert found[0].endswith(f" {expected}"), found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nmae: x", "s.yaml:1:1: key 'nmae' is not known; did you mean name?"),
        ("priority: high", "s.yaml:1:11: this must be a whole number"),
        ("priority: 1001", "s.yaml:1:11: this must be at most 1000"),
        ("backfill: 1", "s.yaml:1:11: this must be true or false"),
        ("schedule: {from: 2027-02-29}", "s.yaml:1:18: there is no day 2027-02-29; that month has the days 01 to 28"),
        (
            "schedule: {from: 2027-03-01, until: 2027-02-01}",
            "s.yaml:1:11: this window never opens: until is before from",
        ),
        ("schedule: {from: tomorrow}", "s.yaml:1:18: 'tomorrow' is not a day; write it as 2026-12-01"),
        ("audience: {suppress: {lists: [customers]}}", "s.yaml:1:11: an audience needs lists, where or on"),
        ("audience: {lists: [news], suppress: {}}", "s.yaml:1:37: suppress needs lists or where"),
        ("audience: {lists: [news], unmatched: holt}", "s.yaml:1:38: 'holt' is not known here; did you mean hold?"),
        ("steps: []", "s.yaml:1:8: this must not be empty"),
        ("steps: {wait: 1 day}", "s.yaml:1:8: this must be a list: each entry begins with -"),
    ],
)
def test_a_mistake_at_the_top(text: str, expected: str) -> None:
    """FAULTS B18 among others."""
    assert told(with_example(text)) == [expected]


@pytest.mark.parametrize("name", ["😀", "a/b", "../a", "a b", "x" * 101, '""', "a.b"])
def test_an_id_that_no_file_or_terminal_shows_as_it_is(name: str) -> None:
    """FAULTS B23."""
    said_of_it = told(with_example(f"steps:\n- {{id: {name}, wait: 1 day}}"))
    assert said_of_it[0].startswith("s.yaml:2:8: an id is made of letters, digits, - and _, at most 100 of them; ")


def test_a_mistake_deep_inside_is_told_at_its_own_line() -> None:
    text = """
    steps:
      - trigger: {page_viewed: any}
        within: 1 day
        no:
          - rule: {tag: x}
            yes:
              - wait: 1 day
                after: 2 days
              - trigger: {page_viewed: any}
                within: soon
    """
    assert told(with_example(text)) == [
        "s.yaml:8:13: key 'after' is not known; there are: id, name, wait",
        "s.yaml:10:21: 'soon' is not a duration; write for example 3 days",
    ]


def test_a_file_that_is_no_mapping() -> None:
    assert told(with_example("- a\n- b\n") | {"scenarios/s.yaml": "- a\n"}) == [
        "s.yaml:1:1: this file must be a mapping: key: value"
    ]


def test_all_mistakes_of_all_files_are_told_in_one_run() -> None:
    files = with_example("steps:\n  - wiat: 1 day\n  - send_email: invte\n", lists_yaml="news: {nam: News}\n")
    assert told(files) == [
        "lists.yaml:1:7: name is missing",
        "lists.yaml:1:8: key 'nam' is not known; did you mean name?",
        "s.yaml:2:5: no step is called 'wiat'; did you mean wait?",
        "s.yaml:3:17: template 'invte' is not known; did you mean invite?",
    ]


def test_an_errors_sentence_is_kept_so_that_it_can_be_translated() -> None:
    _, problems = load(with_example("steps: [{wait: 1 month}]"))
    assert [problem.message.template for problem in problems] == ["months are not of one length; write 30 days"]
    assert said(ValueError("plain")) == Sentence("{why}", (("why", "plain"),))
    assert replace(problems[0], severity="warning").read().startswith("scenarios/s.yaml:1:16: warning: months")


@pytest.mark.parametrize(
    "until",
    [
        "{form_submitted: demo}",
        "[{form_submitted: demo}]",
        "[{form_submitted: demo}, {page_viewed: /pricing}]",
        "{trigger: {form_submitted: demo}}",
        "{tag: enough}",
        "[{tag: enough}]",
        "[{tag: enough}, {score: {gte: 3}}]",
    ],
)
def test_what_ends_a_loop_is_one_thing_or_a_list(until: str) -> None:
    loop = f"{{repeat: {{times: 2, every: 1 day, until: {until}, steps: [{{add_tag: x}}]}}}}"
    assert told(with_example(f"steps: [{loop}]")) == []


@pytest.mark.parametrize("points", ["+1000000", "-1000000", "{to: 1000000000}", "{to: -1000000000}"])
def test_the_largest_changes_of_a_score(points: str) -> None:
    assert told(with_example(f"steps: [{{adjust_score: {points}}}]")) == []


def test_a_scenario_that_says_nothing_of_it_has_the_middle_priority() -> None:
    workspace, problems = load(with_example("steps: [{wait: 1 day}]"))
    assert problems == ()
    model = workspace.scenarios["s"].model
    assert (model.priority, model.backfill, model.reentry) == (50, True, "never")

"""What is said of events that let one enter, and of running again."""

from __future__ import annotations

import pytest

from tests.support.starter import told, with_example


@pytest.fixture
def said(request: pytest.FixtureRequest) -> list[str]:
    """What is said of the scenario in the test's docstring."""
    return told(with_example(request.function.__doc__))


def test_events_and_re_entry_without_mistakes(said: list[str]) -> None:
    """
    audience: {on: [{form_submitted: demo}, {email_clicked: {email: invite, link: "*/demo*"}}, {x_our_own: any}]}
    reentry: {after: 14 days, max: 2}
    steps: [{wait: 1 day}]
    """
    assert said == []


def test_an_e_mail_that_lets_one_enter_is_a_template_and_no_step(said: list[str]) -> None:
    """
    audience: {on: [{email_opened: hello}, {email_clicked: {email: [invite, invte], link: x}}]}
    steps: [{id: hello, send_email: invite}]
    """
    assert said == [
        "s.yaml:1:32: template 'hello' is not known; there are: guide, invite",
        "s.yaml:1:73: template 'invte' is not known; did you mean invite?",
    ]


def test_an_event_that_is_none(said: list[str]) -> None:
    """
    audience: {on: {form_submited: demo}}
    steps: [{wait: 1 day}]
    """
    assert said == ["s.yaml:1:17: event 'form_submited' is not known; did you mean form_submitted?"]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("sometimes", "this must be one of: never, always"),
        ("{}", "write after, max or both, for example {after: 14 days}"),
        ("{after: 2 business days}", "re-entry counts elapsed time; write for example 14 days"),
        ("{max: 0}", "must be at least 1"),
    ],
)
def test_mistakes_in_re_entry(value: str, problem: str) -> None:
    found = told(with_example(f"reentry: {value}\nsteps: [{{wait: 1 day}}]\n"))
    assert len(found) == 1
    assert problem in found[0]


def test_another_scenario_that_is_there_and_is_another(said: list[str]) -> None:
    """
    steps:
      - enrol: s
      - leave: nobody
    """
    assert said == [
        "s.yaml:2:12: name another scenario; a run ends by end: true, and begins again by reentry",
        "s.yaml:3:12: scenario 'nobody' is not known; there are: s",
    ]

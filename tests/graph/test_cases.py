"""Tests in YAML are checked like everything else: each mistake at its place, with the nearest right word."""

from __future__ import annotations

import pytest

from tests.support.starter import told, with_example


@pytest.fixture
def said(request: pytest.FixtureRequest) -> list[str]:
    """What is said of the scenario in the test's docstring."""
    return [line.partition(": ")[2] for line in told(with_example(request.function.__doc__))]


def test_a_test_that_uses_the_whole_grammar(said: list[str]) -> None:
    """
    steps:
      - {id: invite, send_email: invite}
      - {id: opened, trigger: {email_opened: invite}, within: 3 days, yes: [{add_tag: warm}]}
      - wait: 1 day
    tests:
      - name: everything
        start: 2026-12-01T09:00
        prospect:
          email: a@example.com
          score: 90
          owner: user:sato
          tags: [vip]
          lists: [news]
          opted_out: false
          do_not_email: false
          opportunities: [{id: a, status: open, stage: visit, amount: 100}]
          campaigns: {seminar: invited}
          seats: 3
          interest: crm
          renewal: 2026-12-31
          last_activity_at: 2026-11-01T09:00
        events:
          - {at: 0 days, page_viewed: /pricing}
          - {at: 2026-11-30T09:00, learnt_at: 1 day, site_visit: true}
          - {at: 1 day, email_opened: invite}
          - {at: 1 day, email_clicked: {email: invite, link: "https://example.com/demo"}}
          - {at: 2 days, add_to_list: customers}
          - {at: 2 days, remove_from_list: [customers, news]}
          - {at: 2 days, add_tag: a}
          - {at: 2 days, remove_tag: [a, b]}
          - {at: 2 days, set: {interest: null, seats: 4}}
          - {at: 2 days, opt_out: true}
          - {at: 2 days, bounce: soft}
          - {at: 2 days, opportunity: {id: a, status: won}}
          - {at: 2 days, campaign: {id: seminar, status: attended}}
          - {at: 2 days, pause: true}
          - {at: 3 days, resume: true}
        outage: {from: 1 day, to: 2026-12-03T09:00}
        until: 10 days
        expect:
          entered: true
          path: [invite.skipped, opened.yes, add_tag-warm]
          at: {3 days: opened, 2026-12-08: null}
          emails: [{step: invite, at: 0 days}, {}]
          todos: [{to: user:sato, subject: {contains: demo}, priority: high, due: null}, {status: waiting}]
          score: {gte: 1}
          grade: null
          owner: queue:inside-sales
          fields: {seats: 3, interest: null, last_name: {starts_with: a}}
          tags: []
          lists: news
          state: goal
          ends_at: 2 days
          runs: 2
    """
    assert said == []


def test_names_that_mean_nothing(said: list[str]) -> None:
    """
    steps:
      - {id: invite, send_email: invite}
      - {id: opened, trigger: {email_opened: invite}, within: 3 days}
      - wait: 1 day
    tests:
      - name: names
        prospect: {colour: red, grade: A, owner: group:east, lists: [nws], campaigns: {seminr: invited}}
        events:
          - {at: 1 day, page_viewd: /pricing}
          - {at: 1 day, add_to_lst: news}
          - {at: 1 day, add_to_list: hot}
          - {at: 1 day, email_opened: invte}
          - {at: 1 day, form_submitted: demoo}
          - {at: 1 day, set: {seat: 3}}
          - {at: 1 day, campaign: {id: seminar, status: attendet}}
        expect:
          path: [invte, opened, opened.maybe, wait]
          at: {1 day: opend}
          emails: [{step: opened}]
          todos: [{to: user:sat}]
          fields: {seats: {contains: x}, interest: erp, score: 3, full_name: Mori}
          lists: [hot]
    """
    assert said == [
        "field 'colour' is not known; did you mean country?",
        "grade follows from other things: no test can set it",
        "'group:east' cannot stand here; write user:sato, queue:inside-sales",
        "list 'nws' is not known; did you mean news?",
        "campaign 'seminr' is not known; did you mean seminar?",
        "event 'page_viewd' is not known; did you mean page_viewed?",
        "event 'add_to_lst' is not known; did you mean add_to_list?",
        "the list hot is dynamic: its where says who is on it, no step can",
        "e-mail 'invte' is not known; did you mean invite?",
        "form 'demoo' is not known; did you mean demo?",
        "field 'seat' is not known; did you mean seats?",
        "status 'attendet' is not known; did you mean attended?",
        "step 'invte' is not known; did you mean invite?",
        "opened has outcomes; write one of opened.yes, opened.no",
        "outcome 'maybe' is not known; there are: failed, no, skipped, yes",
        "wait is a wait: flow steps are left out of a path",
        "step 'opend' is not known; did you mean opened?",
        "opened sends no e-mail, it is a trigger",
        "user 'sat' is not known; did you mean sato?",
        "seats is a field of type integer; write the value itself",
        "choice 'erp' is not known; there are: crm, ma",
        "write score beside fields, not below it",
        "full_name follows from other things; expect those",
        "the list hot is dynamic; only static lists are compared",
    ]


def test_keys_and_values_that_are_not_of_the_grammar(said: list[str]) -> None:
    """
    tests:
      - {name: a, expect: {scor: 3}}
      - {name: b, expect: {state: finished, grade: E}}
      - {name: c, expect: {score: high}}
      - {name: d, prospects: {score: 3}, expect: {}}
      - {name: e}
      - {name: f, events: [{at: 2 dys, page_viewed: /}], expect: {}}
      - {name: g, events: [{at: 3, page_viewed: /}], expect: {}}
      - {name: h, events: [{page_viewed: /}], expect: {}}
      - {name: i, events: [{at: 1 day, add_tag: a, add_to_list: news}], expect: {}}
      - {name: j, events: [{at: 1 day}], expect: {}}
      - {name: k, until: 2026-02-30, expect: {todos: [{subject: {}}]}}
    """
    assert said == [
        "key 'scor' is not known; did you mean score?",
        "this must be one of: active, held, completed, goal, left",
        "this is no grade; there are: F, D-, D, D+, C-, C, C+, B-, B, B+, A-, A, A+",
        "this must be a whole number",
        "key 'prospects' is not known; did you mean prospect?",
        "expect is missing",
        "'dys' is not a unit of time; write days",
        "a moment of a test is a duration since its start, for example `2 days`, or 2026-12-01T09:00",
        "at is missing",
        "an event needs exactly one thing that happens, for example form_submitted: demo",
        "an event needs exactly one thing that happens, for example form_submitted: demo",
        "there is no day 2026-02-30; that month has the days 01 to 28",
        "a comparison needs an operator, for example contains: demo",
    ]


def test_moments_that_cannot_be(said: list[str]) -> None:
    """
    tests:
      - {name: a, start: tomorrow, expect: {}}
      - {name: b, events: [{at: 2025-12-01T09:00, add_tag: x}], expect: {}}
      - {name: c, events: [{at: 2 days, learnt_at: 1 day, page_viewed: /}], expect: {}}
      - {name: d, events: [{at: 2 days, learnt_at: 3 days, add_tag: x}], expect: {}}
      - {name: e, outage: {from: 2 days, to: 2 days}, expect: {}}
      - {name: f, until: 2026-01-01T09:00, expect: {}}
      - {name: f, expect: {}}
    """
    assert said == [
        "'tomorrow' is not a moment; write it as 2026-12-01T09:00",
        "only activities can lie before the start",
        "this lies before the activity itself",
        "only an activity can be learnt of later, not add_tag",
        "the outage ends before it begins",
        "this lies before the start",
        "two tests are called 'f'; give each a name of its own",
    ]


def test_splits_and_arms_that_are_not_there(said: list[str]) -> None:
    """
    steps: [{id: part, split: {a: {share: 50}, b: {share: 50}}}, {id: w, wait: 1 day}]
    tests:
      - {name: a, arms: {part: b}, expect: {path: [part.b]}}
      - {name: b, arms: {prt: b}, expect: {path: [part]}}
      - {name: c, arms: {part: c, w: a}, expect: {path: [part.c]}}
    """
    assert said == [
        "split 'prt' is not known; did you mean part?",
        "part has outcomes; write one of part.a, part.b",
        "arm 'c' is not known; there are: a, b",
        "split 'w' is not known; there are: part",
        "outcome 'c' is not known; there are: a, b, failed, skipped",
    ]

"""What can happen in a test: each docstring is a scenario whose tests all pass, or fail as is said."""

from __future__ import annotations

import pytest

from tests.rehearse.stagehand import failures

Failures = dict[str, list[str]]


@pytest.fixture
def failed(request: pytest.FixtureRequest) -> Failures:
    """The tests of the docstring that failed."""
    return failures(request.function.__doc__)


def test_the_prospect_stands_as_given(failed: Failures) -> None:
    """
    audience:
      where:
        score: 40
        tag: vip
        list: members
        owner: queue:inside-sales
        zip: "0312345"
        trial: true
        renewal_date: {before: 2026-06-01}
        opportunity: {status: open, stage: visit, amount: {gte: 10}}
        campaign: {id: launch, status: invited}
        last_activity_at: {older_than: 30 days}
        created_at: {older_than: 100 days}
    steps:
      - {id: invite, send_email: invite}
    tests:
      - name: stands
        start: 2026-03-02T10:00
        prospect: &them
          email: a@example.com
          score: 40
          tags: [vip]
          lists: [members]
          owner: queue:inside-sales
          zip: 0312345
          trial: true
          renewal_date: 2026-05-01
          opportunities: [{id: a, stage: visit, amount: 10}]
          campaigns: {launch: invited}
          last_activity_at: 2026-01-01T10:00
          created_at: 2025-01-01
        expect:
          path: [invite]
          score: 40
          fields: {zip: "0312345", renewal_date: 2026-05-01, trial: true}
      - name: opted out
        start: 2026-03-02T10:00
        prospect: {<<: *them, opted_out: true}
        expect: {path: [invite.skipped], emails: []}
      - name: not to be mailed
        start: 2026-03-02T10:00
        prospect: {<<: *them, do_not_email: true}
        expect: {path: [invite.skipped], emails: []}
    """
    assert failed == {}


def test_what_happens_besides_activities(failed: Failures) -> None:
    """
    audience: {where: {score: 0}}
    steps:
      - {id: wait-for-it, wait: 10 days}
      - {id: listed, rule: {list: members}}
      - {id: unlisted, rule: {not: {list: vip}}}
      - {id: tagged, rule: {tag: new}}
      - {id: untagged, rule: {not: {tag: old}}}
      - {id: set, rule: {seats: 4, last_name: {exists: false}}}
      - {id: deal, rule: {opportunity: {status: won, stage: signed, amount: {eq: 5}}}}
      - {id: member, rule: {campaign: {id: launch, status: attended}}}
      - {id: invite, send_email: invite}
    tests:
      - name: everything
        prospect:
          lists: [vip]
          tags: [old]
          seats: 3
          last_name: Mori
          opportunities: [{id: a, stage: visit, amount: 5}]
        events:
          - {at: 1 day, add_to_list: members}
          - {at: 1 day, remove_from_list: vip}
          - {at: 2 days, add_tag: new}
          - {at: 2 days, remove_tag: old}
          - {at: 3 days, set: {seats: 4, last_name: null}}
          - {at: 4 days, opportunity: {id: a, status: won, stage: signed}}
          - {at: 5 days, campaign: {id: launch}}
          - {at: 6 days, campaign: {id: launch, status: attended}}
          - {at: 7 days, opt_out: true}
        expect:
          path: [listed.yes, unlisted.yes, tagged.yes, untagged.yes, set.yes, deal.yes, member.yes, invite.skipped]
          tags: new
          lists: members
      - name: nothing
        events: []
        expect:
          path: [listed.no, unlisted.yes, tagged.no, untagged.yes, set.no, deal.no, member.no, invite]
    """
    assert failed == {}


def test_messages_that_are_opened_clicked_and_come_back(failed: Failures) -> None:
    """
    steps:
      - {id: invite, send_email: invite}
      - {id: opened, trigger: {email_opened: invite}, within: 1 day}
      - {id: demo, trigger: {email_clicked: {email: invite, link: "*/demo*"}}, within: 1 day}
      - {id: again, send_email: reminder}
    tests:
      - name: opened at the moment it was sent
        prospect: {lists: [members]}
        events: [{at: 0 days, email_opened: invite}]
        expect: {path: [invite, opened.yes, demo.no, again]}
      - name: by the template's name
        prospect: {lists: [members]}
        events: [{at: 1 hour, email_clicked: {email: invite, link: "https://example.com/demo"}}]
        expect: {path: [invite, opened.yes, demo.yes, again], ends_at: 1 hour}
      - name: another link
        prospect: {lists: [members]}
        events: [{at: 1 hour, email_clicked: {email: invite, link: "https://example.com/"}}]
        expect: {path: [invite, opened.yes, demo.no, again]}
      - name: came back for good
        prospect: {lists: [members]}
        events: [{at: 1 hour, bounce: hard}]
        expect: {path: [invite, opened.no, demo.no, again.skipped]}
      - name: came back once
        prospect: {lists: [members]}
        events: [{at: 1 hour, bounce: soft}]
        expect: {path: [invite, opened.no, demo.no, again], emails: [{step: invite}, {step: again}]}
      - name: a message that nobody sent
        prospect: {lists: [members], opted_out: true}
        events: [{at: 1 hour, email_opened: invite}, {at: 2 hours, bounce: soft}]
        expect: {path: [invite.skipped, opened.no, demo.no, again.skipped]}
    """
    assert failed == {
        "a message that nobody sent": [
            "no message of invite was sent to this person at or before that moment",
            "no message was sent to this person at or before that moment",
        ]
    }


def test_what_lies_before_the_start_is_known_at_the_start(failed: Failures) -> None:
    """
    audience: {where: {activity: {type: page_viewed, target: "/pricing*", count: {gte: 2}, within: 7 days}}}
    steps: [{id: seen, trigger: {page_viewed: any}, within: 1 day}]
    tests:
      - name: twice
        start: 2026-03-02T10:00
        events:
          - {at: 2026-03-01T10:00, page_viewed: /pricing}
          - {at: 2026-03-02T09:00, page_viewed: "https://example.com/pricing/x?a=b"}
        expect: {path: [seen.no]}
      - name: too long ago
        start: 2026-03-02T10:00
        events:
          - {at: 2026-02-01T10:00, page_viewed: /pricing}
          - {at: 2026-03-02T09:00, page_viewed: /pricing}
        expect: {entered: false}
    """
    assert failed == {}


def test_an_activity_that_is_learnt_late_counts_by_when_it_happened(failed: Failures) -> None:
    """
    steps: [{id: asked, trigger: {form_submitted: demo}, within: 3 days}, {add_tag: done}]
    tests:
      - name: late, and the time was not over
        prospect: {lists: [members]}
        events: [{at: 1 day, learnt_at: 2 days, form_submitted: demo}]
        expect: {path: [asked.yes, add_tag-done], ends_at: 2 days}
      - name: too late
        prospect: {lists: [members]}
        events: [{at: 1 day, learnt_at: 5 days, form_submitted: demo}]
        expect: {path: [asked.no, add_tag-done], ends_at: 3 days}
      - name: learnt after an outage
        prospect: {lists: [members]}
        events: [{at: 1 day, learnt_at: 4 days, form_submitted: demo}]
        outage: {from: 1 hour, to: 5 days}
        expect: {path: [asked.yes, add_tag-done], ends_at: 5 days, at: {4 days: asked, 5 days: null}}
    """
    assert failed == {}


def test_no_tick_comes_in_an_outage(failed: Failures) -> None:
    """
    steps:
      - {id: w, wait: 2 days}
      - {id: invite, send_email: invite}
      - {id: opened, trigger: {email_opened: invite}, within: 1 day}
    tests:
      - name: from the start
        prospect: {lists: [members]}
        outage: {from: 0 days, to: 1 day}
        expect: {emails: [{at: 3 days}], at: {12 hours: null, 1 day: w}}
      - name: over the wait
        prospect: {lists: [members]}
        outage: {from: 1 day, to: 4 days}
        expect: {emails: [{at: 4 days}], path: [invite, opened.no], ends_at: 5 days}
      - name: its first moment is out, its last is not
        prospect: {lists: [members]}
        outage: {from: 2 days, to: 3 days}
        expect: {emails: [{at: 3 days}]}
    """
    assert failed == {}


def test_pause_and_resume(failed: Failures) -> None:
    """
    steps: [{id: w, wait: 4 days}]
    tests:
      - name: three days are left
        prospect: {lists: [members]}
        events: [{at: 1 day, pause: true}, {at: 6 days, resume: true}]
        expect: {ends_at: 9 days, at: {3 days: w, 5 days: w}}
      - name: never resumed
        prospect: {lists: [members]}
        events: [{at: 1 day, pause: true}]
        expect: {state: active, ends_at: null, at: {300 days: w}}
      - name: twice
        prospect: {lists: [members]}
        events: [{at: 1 day, pause: true}, {at: 2 days, pause: true}]
        expect: {state: active}
    """
    assert failed == {"twice": ["journey does not run; its state is paused"]}


def test_another_version_is_applied_in_mid_run() -> None:
    """
    steps: [{id: first, wait: 3 days}, {id: then, add_tag: old}]
    tests:
      - name: longer
        prospect: {lists: [members]}
        events: [{at: 1 day, apply: longer.yaml}]
        expect: {path: [new-step, then], ends_at: 5 days, tags: [new, newest]}
      - name: as it was
        prospect: {lists: [members]}
        expect: {path: [then], ends_at: 3 days, tags: [old]}
    """
    head = "name: Journey\naudience: {lists: [members]}\n"
    longer = "[{id: first, wait: 5 days}, {id: new-step, add_tag: new}, {id: then, add_tag: newest}]"
    versions = {"longer.yaml": f"{head}steps: {longer}\n"}
    assert failures(test_another_version_is_applied_in_mid_run.__doc__ or "", versions=versions) == {}


def test_a_version_that_would_strand_somebody_is_refused_and_told() -> None:
    """
    steps: [{id: asks, trigger: {page_viewed: any}, within: 9 days}]
    tests:
      - name: refused
        prospect: {lists: [members]}
        events: [{at: 1 day, apply: other.yaml}]
        expect: {path: [asks.no], ends_at: 9 days}
    """
    text = "name: Journey\naudience: {lists: [members]}\nsteps: [{wait: 1 day}]\n"
    found = failures(
        test_a_version_that_would_strand_somebody_is_refused_and_told.__doc__ or "", versions={"other.yaml": text}
    )
    assert list(found) == ["refused"]
    (told,) = found["refused"]
    assert "asks" in told


def test_nights_are_ticked_where_they_matter(failed: Failures) -> None:
    """
    audience: {lists: [members], where: {last_activity_at: {older_than: 5 days}}, unmatched: continue}
    exit: {renewal_date: {before: 2026-01-20}}
    steps: [{id: w, wait: 30 days}]
    tests:
      - name: becomes dormant while the clock runs
        prospect: {lists: [members], last_activity_at: 2026-01-03T12:00}
        until: 10 days
        expect: {entered: true, at: {2026-01-08T23:00: null, 2026-01-09T00:00: w}}
    """
    assert failed == {}


def test_until_ends_a_test_and_without_it_the_last_run_and_event_do(failed: Failures) -> None:
    """
    steps: [{id: w, wait: 1 day}]
    tests:
      - name: until
        prospect: {lists: [members]}
        until: 12 hours
        expect: {state: active, runs: 1, at: {12 hours: w}}
      - name: what happens after the last run
        prospect: {lists: [members]}
        events: [{at: 5 days, add_tag: late}]
        expect: {state: completed, ends_at: 1 day, tags: late}
    """
    assert failed == {}


def test_a_run_that_never_ends_stops_after_400_days(failed: Failures) -> None:
    """
    steps: [{id: w, wait: 500 days}]
    tests:
      - name: long
        prospect: {lists: [members]}
        expect: {state: active, at: {399 days: w, 600 days: w}}
      - name: longer
        prospect: {lists: [members]}
        until: 501 days
        expect: {state: completed, ends_at: 500 days}
    """
    assert failed == {}


def test_tests_do_not_see_each_other(failed: Failures) -> None:
    """
    audience: {where: {score: {gte: 0}}}
    steps: [{assign: group:east}, {id: call, create_todo: {subject: Call, to: owner}}]
    tests:
      - {name: first, prospect: {email: a@example.com}, expect: {owner: user:sato, todos: [{}]}}
      - {name: second, prospect: {email: a@example.com}, expect: {owner: user:sato, todos: [{}]}}
      - {name: third, prospect: {email: b@example.com}, expect: {owner: user:sato, todos: [{}]}}
    """
    assert failed == {}


def test_splits_go_where_they_are_forced_and_cases_are_named(failed: Failures) -> None:
    """
    steps:
      - id: part
        split: {a: {share: 45, steps: [{add_tag: a}]}, b: {share: 45, steps: [{add_tag: b}]}, holdout: {share: 10}}
      - id: again
        split: {few: {share: 1, steps: [{add_tag: few}]}, most: {share: 99}}
      - id: kind
        switch:
          - {name: big, case: {score: {gte: 100}}, steps: [{add_tag: big}]}
          - {case: {score: {gte: 50}}, steps: [{add_tag: middle}]}
        else: [{add_tag: small}]
    tests:
      - name: a and few
        prospect: {lists: [members], score: 100}
        arms: {part: a, again: few}
        expect: {path: [part.a, add_tag-a, again.few, add_tag-few, kind.big, add_tag-big]}
      - name: b and most
        prospect: {lists: [members], score: 50}
        arms: {again: most, part: b}
        expect: {path: [part.b, add_tag-b, again.most, kind.2, add_tag-middle]}
      - name: holdout
        prospect: {lists: [members]}
        arms: {part: holdout, again: most}
        expect: {tags: [small], state: completed}
    """
    assert failed == {}


def test_entry_by_event_and_again(failed: Failures) -> None:
    """
    audience: {on: {form_submitted: demo}}
    reentry: always
    steps: [{id: w, wait: 1 day}]
    tests:
      - name: twice
        events: [{at: 1 day, form_submitted: demo}, {at: 5 days, form_submitted: demo}]
        expect: {runs: 2, ends_at: 6 days, at: {12 hours: null, 1 day: w, 3 days: null, 5 days: w}}
      - name: before the start
        events: [{at: 2025-01-01, form_submitted: demo}]
        expect: {entered: false}
    """
    assert failed == {}


def test_loops_are_told_by_their_rounds(failed: Failures) -> None:
    """
    steps:
      - id: loop
        repeat:
          times: 3
          every: 2 days
          until: {page_viewed: /demo}
          steps:
            - {id: mail, send_email: invite}
            - {id: opened, trigger: {email_opened: mail}, within: 1 day, yes: [{add_tag: read}]}
    tests:
      - name: opens the second, then looks
        prospect: {lists: [members]}
        events:
          - {at: 2 days 1 hour, email_opened: mail}
          - {at: 3 days, page_viewed: /demo}
        expect:
          path: [mail#1, opened#1.no, mail#2, opened#2.yes, add_tag-read#2]
          emails: [{step: mail#1, at: 0 days}, {step: mail#2, at: 2 days}]
          ends_at: 3 days
      - name: a step is named without its round
        prospect: {lists: [members]}
        expect:
          emails: [{step: mail}, {step: mail, at: 2 days}, {step: mail#3}]
          at: {1 hour: opened, 2 days 1 hour: opened#2, 6 days: null}
      - name: looks while a step inside waits
        prospect: {lists: [members]}
        events: [{at: 1 hour, page_viewed: /demo}]
        expect: {path: [mail#1], ends_at: 1 hour}
    """
    assert failed == {}

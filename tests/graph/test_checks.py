"""Every check by an example: the scenario stands in the docstring, the mistakes below it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engage.graph.build import build
from engage.graph.checks import CHECKS, MOST_STEPS, check, check_workspace
from engage.language.load import load
from tests.support.effort import is_linear
from tests.support.starter import SMALL, starter, told, with_example


@pytest.fixture
def said(request: pytest.FixtureRequest) -> list[str]:
    """What is said of the scenario in the test's docstring."""
    return told(with_example(request.function.__doc__))


def test_a_scenario_without_mistakes(said: list[str]) -> None:
    """
    campaign: seminar
    goal: {opportunity: {status: won}}
    steps:
      - send_email: invite
      - trigger: {email_clicked: {email: send_email-invite, link: "*/demo*"}}
        within: 4 days
        yes:
          - create_todo: {subject: "Call {{ prospect.last_name | default('them') }}", due: 1 business day}
      - assign: {to: queue:inside-sales, reassign: true}
      - notify: {to: someone@example.co.jp, subject: Hi, text: "{{ owner.name }} {{ prospect.renewal | date }}"}
      - set_field: {seats: 3, interest: ＣＲＭ, renewal: null, notes: "{{ prospect.seats }} seats"}
      - trigger: [{x_our_own: any}, {form_submitted: ["dem*", demo]}]
        after: 3 days
      - end: true
    """
    assert said == []


def test_two_steps_with_one_id(said: list[str]) -> None:
    """
    steps:
      - id: call
        wait: 1 day
      - id: other
        wait: 1 day
      - {wait: 1 day, id: call}
    # FAULTS B15
    """
    assert said == ["s.yaml:6:23: the id call is taken by the step on line 2; give each step its own"]


def test_ids_that_look_alike_are_one() -> None:
    """FAULTS B15: one id in two normal forms."""
    steps = "steps:\n  - {id: caf\u00e9, wait: 1 day}\n  - {id: cafe\u0301, wait: 1 day}\n"
    assert told(with_example(steps)) == [
        "s.yaml:3:10: the id caf\u00e9 is taken by the step on line 2; give each step its own"
    ]


def test_steps_after_the_end(said: list[str]) -> None:
    """
    steps:
      - wait: 1 day
      - end: true
      - add_tag: never
      - add_tag: nor-this
    # FAULTS B15: no path comes there
    """
    assert said == [
        (
            "s.yaml:4:5: no path comes to the step add_tag-never: the run has ended on line 3;"
            " put it above that, or take it out"
        )
    ]


def test_steps_after_a_rule_whose_both_ways_end(said: list[str]) -> None:
    """
    steps:
      - id: hot
        rule: {score: {gte: 100}}
        yes:
          - end: true
        no:
          - rule: {tag: vip}
            yes: [{end: true}]
            no: [{add_tag: x}, {end: true}]
      - add_tag: never
    """
    assert said == [
        (
            "s.yaml:10:5: no path comes to the step add_tag-never: all ways of hot on line 2 end the run"
            " or go on elsewhere; let one of them go on here"
        )
    ]


def test_unknown_names(said: list[str]) -> None:
    """
    campaign: semnar
    moved: {old: nowhere}
    steps:
      - send_email: invte
      - add_to_list: [news, nwes]
      - remove_from_list: newz
      - assign: user:sto
      - assign: group:west
      - notify: {to: queue:inside-sale, subject: x, text: x}
      - add_to_campaign: {campaign: seminar, status: atended}
      - add_to_campaign: {campaign: webinar, status: attended}
    """
    assert said == [
        "s.yaml:1:11: campaign 'semnar' is not known; did you mean seminar?",
        (
            "s.yaml:2:14: step 'nowhere' is not known; there are: add_to_campaign-seminar, add_to_campaign-webinar,"
            " add_to_list-news, assign-sto, assign-west, notify-inside-sale, remove_from_list-newz, send_email-invte"
        ),
        "s.yaml:4:17: template 'invte' is not known; did you mean invite?",
        "s.yaml:5:25: list 'nwes' is not known; did you mean news?",
        "s.yaml:6:23: list 'newz' is not known; did you mean news?",
        "s.yaml:7:13: user 'sto' is not known; did you mean sato?",
        "s.yaml:8:13: group 'west' is not known; did you mean east?",
        "s.yaml:9:18: queue 'inside-sale' is not known; did you mean inside-sales?",
        "s.yaml:10:50: status 'atended' is not known; did you mean attended?",
        "s.yaml:11:33: campaign 'webinar' is not known; did you mean seminar?",
    ]


def test_a_dynamic_list_takes_no_members(said: list[str]) -> None:
    """
    steps:
      - add_to_list: hot
    """
    assert said == ["s.yaml:2:18: the list hot is dynamic: its where says who is on it, no step can"]


def test_addressees(said: list[str]) -> None:
    """
    steps:
      - create_todo: {subject: x, to: group:east}
      - create_todo: {subject: x, to: a@example.com}
      - assign: sato
      - assign: owner
      - notify: {to: nobody, subject: x, text: x}
      - notify: {to: a@@example.com, subject: x, text: x}
      - assign: usr:sato
    """
    assert said == [
        "s.yaml:2:35: a ToDo cannot go to a group; assign the prospect to group:east first, then write to: owner",
        "s.yaml:3:35: 'a@example.com' cannot stand here; write owner, user:sato, queue:inside-sales",
        "s.yaml:4:13: write user:sato instead of sato",
        "s.yaml:5:13: 'owner' cannot stand here; write user:sato, group:east, queue:inside-sales",
        (
            "s.yaml:6:18: 'nobody' cannot stand here; write owner, user:sato, group:east, queue:inside-sales,"
            " an e-mail address"
        ),
        "s.yaml:7:18: 'a@@example.com' is not an e-mail address",
        "s.yaml:8:13: kind of addressee 'usr' is not known; did you mean user?",
    ]


def test_fields_that_are_set(said: list[str]) -> None:
    """
    steps:
      - set_field: {intrest: crm}
      - set_field: {score: 3, email: null}
      - set_field: {seats: many}
      - set_field: {seats: 1.5}
      - set_field: {interest: erp}
      - set_field: {renewal: 2026-02-30}
      - set_field: {seats: "{{ prospect.company }}"}
      - set_field: {seats: "{{ prospect.employees }}"}
      - set_field: {renewal: "on {{ prospect.renewal }}"}
      - set_field: {do_not_call: "yes"}
    """
    assert said == [
        "s.yaml:2:17: field 'intrest' is not known; did you mean interest?",
        "s.yaml:3:17: score is read-only: no step can set it",
        "s.yaml:3:34: a prospect is known by the e-mail address: it cannot be cleared",
        "s.yaml:4:24: seats is a field of type integer; write a number",
        "s.yaml:5:24: seats is a field of type integer; write a whole number",
        "s.yaml:6:27: choice 'erp' is not known; there are: crm, ma",
        "s.yaml:7:26: there is no day 2026-02-30; that month has the days 01 to 28",
        "s.yaml:8:24: company is of type text and cannot be copied into seats, which is of type integer",
        (
            "s.yaml:10:26: renewal is a field of type date; only one whole expression without filters can be"
            " copied into it"
        ),
        "s.yaml:11:30: do_not_call is a field of type boolean; write true or false",
    ]


def test_events_and_forms(said: list[str]) -> None:
    """
    steps:
      - trigger: {form_submited: demo}
        within: 3 days
      - trigger: [{form_submitted: [demo, dmo]}, {form_viewed: "d*"}, {page_viewed: dmo}]
        within: 3 days
      - trigger: {page_viewed: {email: invite}}
        within: 3 days
      - rule: {activity: {type: form_failed, target: dmo}}
      - rule: {activity: {type: page_view, within: 3 hours}}
    """
    assert said == [
        "s.yaml:2:15: event 'form_submited' is not known; did you mean form_submitted?",
        "s.yaml:4:39: form 'dmo' is not known; did you mean demo?",
        "s.yaml:6:28: page_viewed has no e-mail; write its target alone, for example page_viewed: any",
        "s.yaml:8:50: form 'dmo' is not known; did you mean demo?",
        "s.yaml:9:29: event 'page_view' is not known; did you mean page_viewed?",
    ]


def test_forms_are_looked_up_only_where_some_are_declared() -> None:
    steps = "steps:\n  - {trigger: {form_submitted: anything}, within: 1 day}\n"
    assert told(with_example(steps, forms_yaml="{}")) == []


def test_an_email_trigger_names_an_email(said: list[str]) -> None:
    """
    steps:
      - id: invite-them
        send_email: invite
      - id: rest
        wait: 1 day
      - trigger: {email_clicked: [invite-them, invite]}
        within: 1 day
      - trigger: {email_clicked: invite-then}
        within: 1 day
      - trigger: {email_opened: rest}
        within: 1 day
      - trigger: {email_opened: {email: [guide], link: "*"}}
        within: 1 day
    """
    assert said == [
        "s.yaml:8:30: e-mail 'invite-then' is not known; did you mean invite-them?",
        "s.yaml:10:29: the step rest is no e-mail but wait; name a send_email step",
        "s.yaml:12:38: e-mail 'guide' is not known; there are: invite, invite-them",
        "s.yaml:12:46: only email_clicked has a link, not email_opened",
    ]


def test_an_email_trigger_that_no_path_reaches_through_its_email(said: list[str]) -> None:
    """
    steps:
      - trigger: {email_opened: any}
        within: 1 day
      - rule: {tag: vip}
        yes:
          - id: one
            send_email: invite
        no:
          - trigger: {email_clicked: one}
            within: 1 day
          - trigger: {email_clicked: [one, two]}
            within: 1 day
          - id: two
            send_email: guide
      - trigger: {email_clicked: [one, two]}
        within: 1 day
    """
    assert said == [
        "s.yaml:2:29: no path comes to this trigger through an e-mail; send one before it",
        "s.yaml:9:34: no path comes to this trigger through the e-mail one; send it before, or name another",
        "s.yaml:11:34: no path comes to this trigger through the e-mail one, two; send it before, or name another",
    ]


def test_a_scenario_without_emails(said: list[str]) -> None:
    """
    steps:
      - trigger: {email_opened: invite}
        within: 1 day
    """
    assert said == ["s.yaml:2:29: this scenario sends no e-mail; put a send_email step before the trigger"]


def test_one_template_twice_on_a_path(said: list[str]) -> None:
    """
    steps:
      - id: one
        send_email: invite
      - rule: {tag: vip}
        yes:
          - id: two
            send_email: {template: invite}
          - send_email: {template: invite, once: true}
          - end: true
        no:
          - send_email: guide
    """
    assert said == [
        "s.yaml:7:32: warning: one path mails the template invite twice, first on line 2 (one); add once: true"
    ]


def test_one_template_on_two_paths_is_fine(said: list[str]) -> None:
    """
    steps:
      - rule: {tag: vip}
        yes: [{send_email: invite}]
        no: [{send_email: invite}]
    """
    assert said == []


def test_a_list_that_lets_in_and_keeps_out(said: list[str]) -> None:
    """
    audience:
      lists: [news, hot]
      suppress: {lists: [customers, news]}
    """
    assert said == ["s.yaml:3:33: warning: the list news stands in the audience and in suppress: nobody on it enters"]


def test_conditions_everywhere(said: list[str]) -> None:
    """
    audience:
      lists: [nwes]
      where: {industri: x, last_activity_at: {within: 3 hours}}
      suppress: {lists: [cusomers], where: {interest: erp}}
    goal: {campaign: {id: seminar, status: [invited, atended]}}
    exit: {seats: {contains: x}}
    steps:
      - rule: {last_activity_at: {within: 3 hours}, todo: {scenario: this}}
      - rule: {any: [{list: hott}, {not: {owner: sato}}]}
      - rule: {score: {category: prices, gte: 3}, scenario: {id: other}}
      - rule: {renewal: {gte: 2026-13-01}, company: 3.5}
    # FAULTS B19
    """
    assert said == [
        "s.yaml:2:11: list 'nwes' is not known; did you mean news?",
        "s.yaml:3:11: field 'industri' is not known; did you mean industry?",
        "s.yaml:3:51: hours and minutes can be counted only in rules; here write days or weeks",
        "s.yaml:4:22: list 'cusomers' is not known; did you mean customers?",
        "s.yaml:4:51: choice 'erp' is not known; there are: crm, ma",
        "s.yaml:5:50: status 'atended' is not known; did you mean attended?",
        (
            "s.yaml:6:16: contains does not fit seats, a field of type integer; there are: eq, ne, gt, gte, lt, lte,"
            " in, not_in, exists"
        ),
        "s.yaml:9:25: list 'hott' is not known; did you mean hot?",
        "s.yaml:9:46: an owner is written as user:sato or queue:inside-sales, not 'sato'",
        "s.yaml:10:30: warning: category 'prices' is not known; did you mean pricing?",
        "s.yaml:10:62: scenario 'other' is not known; there are: s",
        "s.yaml:11:27: there is no month 13; write one from 01 to 12",
        "s.yaml:11:49: company is a field of type text; write text in quotes",
    ]


def test_expressions(said: list[str]) -> None:
    """
    steps:
      - create_todo: {subject: "Call {{ prospect.lst_name }}"}
      - notify:
          to: owner
          subject: "{{ prospect.company | upper }}"
          text: |
            Dear {{ prospect.company }},

            {{ prospect.compny }} has {{ prospect.company | date }}.
      - notify:
          to: owner
          subject: "{{ owner.phone }} {{ 1 + 1 }}"
          text: |
            Hello
              {% if prospect.company %}
            x
            {% endif %}
    """
    assert said == [
        "s.yaml:2:28: field 'lst_name' is not known; did you mean last_name?",
        "s.yaml:5:16: the filter upper cannot stand here; there are default('text') and date",
        "s.yaml:9:12: field 'compny' is not known; did you mean company?",
        "s.yaml:9:38: prospect.company is no date, so the filter date does not fit",
        "s.yaml:12:16: owner has only name",
        "s.yaml:15:11: only {{ prospect.FIELD }} and the like can stand here, no {% … %} blocks",
    ]


def test_one_mistake_hides_no_other(said: list[str]) -> None:
    """
    audience: {where: {score: {gte: much}}}
    goal: {opportunity: {status: opn}}
    steps:
      - id: one
        send_emial: invite
      - id: mail
        send_email: {template: invite, onse: true}
      - trigger: {email_clicked: one}
        withn: 3 days
        yes:
          - add_tag: x
          - send_email: invte
        no:
          - wait: 3
      - trigger: {email_clicked: [one, mail]}
        within: 3 days
      - just text
      - id: one
        wait: 1 day
      - end: true
      - wait: 1 day
    # FAULTS B14
    """
    assert said == [
        "s.yaml:1:33: this must be a number",
        "s.yaml:2:30: 'opn' is not known here; did you mean open?",
        "s.yaml:4:5: no step is called 'send_emial'; did you mean send_email?",
        "s.yaml:7:36: key 'onse' is not known; did you mean once?",
        "s.yaml:9:5: key 'withn' is not known; did you mean within?",
        "s.yaml:12:21: template 'invte' is not known; did you mean invite?",
        "s.yaml:14:15: durations are text, for example `3 days`",
        "s.yaml:17:5: this must be a step: a mapping with one step key, for example wait: 3 days",
        "s.yaml:18:9: the id one is taken by the step on line 4; give each step its own",
        (
            "s.yaml:21:5: no path comes to the step wait-2: the run has ended on line 20;"
            " put it above that, or take it out"
        ),
    ]


def test_two_mistakes_in_one_step_hide_none_in_the_others(said: list[str]) -> None:
    """
    steps:
      - create_todo: {subject: Call, due: 2, priority: urgent}
      - send_email: invte
    """
    assert said == [
        "s.yaml:2:39: durations are text, for example `3 days`",
        "s.yaml:2:52: this must be one of: high, normal, low",
        "s.yaml:3:17: template 'invte' is not known; did you mean invite?",
    ]


def test_a_mistake_in_one_test_hides_none_in_the_others(said: list[str]) -> None:
    """
    audience: {where: [{score: {gte: much}}, {industri: Software}]}
    steps: [{id: a, add_tag: a}]
    tests:
      - name: one
        expect: {path: [b], state: gone}
      - events: [{at: soon, page_viewed: /a}, {at: 1 day, page_viewd: /a}]
        expect: {path: [b]}
      - name: three
        expect: {path: [b]}
    """
    assert said == [
        "s.yaml:1:34: this must be a number",
        "s.yaml:1:43: field 'industri' is not known; did you mean industry?",
        "s.yaml:5:21: step 'b' is not known; there are: a",
        "s.yaml:5:32: this must be one of: active, held, completed, goal, left",
        "s.yaml:6:5: name is missing",
        "s.yaml:6:19: 'soon' is not a duration; write for example 3 days",
        "s.yaml:6:55: event 'page_viewd' is not known; did you mean page_viewed?",
        "s.yaml:7:21: step 'b' is not known; there are: a",
        "s.yaml:9:21: step 'b' is not known; there are: a",
    ]


def test_a_missing_name_hides_nothing() -> None:
    files = {**SMALL, "scenarios/s.yaml": "audience: {}\nsteps:\n  - send_email: invte\n"}
    assert told(files) == [
        "s.yaml:1:1: name is missing",
        "s.yaml:1:11: an audience needs lists, where or on",
        "s.yaml:3:17: template 'invte' is not known; did you mean invite?",
    ]


def test_a_broken_file_makes_no_mistakes_elsewhere() -> None:
    steps = "steps: [{add_to_list: x}, {assign: 'user:y'}, {set_field: {renewal: 2026-01-01, seats: x}}]"
    files = with_example(steps, lists_yaml="news: {name: [\n", team_yaml="users: {y: {role: sales}}")
    files["engage.yaml"] = "name: X\nfields: {renewal: {type: dat}, seats: {type: integer, choises: [a]}}\n"
    assert told(files) == [
        "engage.yaml:2:26: 'dat' is not known here; did you mean date?",
        "engage.yaml:2:55: key 'choises' is not known; did you mean choices?",
        "lists.yaml:2:1: a value is missing here; write one, or put the text in quotes if it begins with a bracket",
        "s.yaml:1:88: seats is a field of type integer; write a number",
        "team.yaml:1:12: name is missing",
    ]


OTHER_FILES = {
    "several mistakes in one list of rules": (
        {"scoring.yaml": "rules:\n- {activity: page_viewed, points: 1.5}\n- {activity: page_viewd, limit: 2}\n"},
        [
            "scoring.yaml:2:35: this must be a whole number",
            "scoring.yaml:3:3: points is missing",
            "scoring.yaml:3:14: event 'page_viewd' is not known; did you mean page_viewed?",
        ],
    ),
    "several mistakes in one profile": (
        {
            "grading.yaml": "profiles:\n  default:\n  - {name: A, match: {tagg: x}, worth: 2/5}\n"
            "  - {name: B, match: {lisst: x}, worth: 1, weight: 2}\n"
        },
        [
            "grading.yaml:3:23: field 'tagg' is not known; did you mean tag?",
            "grading.yaml:3:40: worth is counted in letters and thirds of a letter, from 0 to 12: 1, 2/3, 1/3 …",
            "grading.yaml:4:23: field 'lisst' is not known; did you mean list?",
            "grading.yaml:4:44: key 'weight' is not known; there are: match, mismatch, name, worth",
        ],
    ),
    "a custom field with a name that is taken": (
        {"engage.yaml": "name: X\nfields:\n  tag: {type: text}\n  page_viewed: {type: text}\n  email: {type: text}\n"},
        [
            "engage.yaml:3:3: tag is a word of the language; choose another name",
            "engage.yaml:4:3: page_viewed is a word of the language; choose another name",
            "engage.yaml:5:3: every prospect has the field email already; choose another name",
        ],
    ),
    "choices of a number, a sender without address, a cap in hours": (
        {
            "engage.yaml": "name: X\nfields:\n  n: {type: number, choices: [1]}\n"
            "sender: {name: A, email: nobody}\nlimits: {emails_per_prospect: {count: 1, within: 3 hours}}\n"
        },
        [
            "engage.yaml:3:21: only a field of type text has choices, not one of type number",
            "engage.yaml:4:26: 'nobody' is not an e-mail address",
            "engage.yaml:5:50: the cap counts whole days; write for example 7 days",
        ],
    ),
    "one mistake of a cap hides no other": (
        {"engage.yaml": "name: X\nlimits: {emails_per_prospect: {count: 0, within: 3 hours}}\n"},
        [
            "engage.yaml:2:39: this must be at least 1",
            "engage.yaml:2:50: the cap counts whole days; write for example 7 days",
        ],
    ),
    "groups and queues name users": (
        {"team.yaml": "users: {ann: {name: A, email: x}}\ngroups: {g: [ann, bob]}\nqueues: {q: [ann, ann]}\n"},
        [
            "team.yaml:1:31: 'x' is not an e-mail address",
            "team.yaml:2:19: user 'bob' is not known; there are: ann",
            "team.yaml:3:19: ann stands twice in q",
        ],
    ),
    "lists": (
        {
            "lists.yaml": "a: {name: A, where: {list: b}}\nb: {name: B, where: {any: [{tag: x}, {not: {list: a}}]}}\n"
            "c: {name: C, where: {list: c}}\nd: {name: D, where: {scor: 3, created_at: {within: 3 hours}}}\n"
        },
        [
            "lists.yaml:1:14: lists name each other in a circle: a → b → a",
            "lists.yaml:3:28: lists name each other in a circle: c → c",
            "lists.yaml:4:22: field 'scor' is not known; did you mean score?",
            "lists.yaml:4:52: hours and minutes can be counted only in rules; here write days or weeks",
        ],
    ),
    "campaigns": (
        {
            "campaigns.yaml": "a: {name: A, parent: b}\nb: {name: B, parent: a}\nc: {name: C, parent: x}\n"
            "d: {name: D, statuses: [in], responded: [inn]}\n"
        },
        [
            "campaigns.yaml:1:22: campaigns are each other's parents: a → b → a",
            "campaigns.yaml:3:22: campaign 'x' is not known; there are: a, b, c, d",
            "campaigns.yaml:4:42: status 'inn' is not known; did you mean in?",
        ],
    ),
    "forms": (
        {"forms.yaml": "f: {name: F, fields: [email, compny, score]}\n"},
        [
            "forms.yaml:1:30: field 'compny' is not known; did you mean company?",
            "forms.yaml:1:38: score is read-only: no form can set it",
        ],
    ),
    "scoring": (
        {
            "scoring.yaml": "rules:\n  - {activity: page_viewd, points: 1}\n"
            "  - {activity: form_submitted, target: dmo, points: 1, expires_after: 3 business days}\n"
            "  - {activity: email_clicked, target: invte, points: 1, limit: often}\n"
        },
        [
            "scoring.yaml:2:16: event 'page_viewd' is not known; did you mean page_viewed?",
            "scoring.yaml:3:40: form 'dmo' is not known; did you mean demo?",
            "scoring.yaml:3:71: points are counted by calendar days; write for example 30 days",
            "scoring.yaml:4:39: template 'invte' is not known; did you mean invite?",
            "scoring.yaml:4:64: a limit is written as 3, 1 per day or 1 per target",
        ],
    ),
    "grading": (
        {
            "grading.yaml": "profiles:\n  other:\n    - {name: a, match: {industri: x}, worth: 1}\n"
            "assign: [{profile: othr, when: {tag: x}}]\n"
        },
        [
            "grading.yaml:1:1: there must be a profile called default",
            "grading.yaml:3:25: field 'industri' is not known; did you mean industry?",
            "grading.yaml:4:20: profile 'othr' is not known; did you mean other?",
        ],
    ),
    "names of files": (
        {"scenarios/my plan.yaml": "name: X\naudience: {lists: [news]}\nsteps: [{wait: 1 day}]\n"},
        ["my plan.yaml:1:1: the file's name is the id 'my plan': use letters, digits, - and _ only"],
    ),
}


@pytest.mark.parametrize("case", OTHER_FILES)
def test_the_other_files(case: str) -> None:
    files, expected = OTHER_FILES[case]
    known = {**SMALL, "engage.yaml": "name: X\n", **files}
    assert told(known) == expected


def test_the_starter_workspace_has_no_mistakes_and_no_warnings() -> None:
    assert told(starter()) == []


def test_each_check_stands_on_its_own() -> None:
    workspace, _ = load(with_example("steps: [{send_email: invte}, {end: true}, {wait: 1 day}]"))
    journey = build(workspace.scenarios["s"])
    each = {problem for run in CHECKS for problem in run(journey, workspace)}
    assert each == set(check(journey, workspace))
    assert len(each) == 2


def test_many_steps_take_no_more_work_for_each() -> None:
    """Each e-mail has its trigger, so a search from each would be quadratic."""

    def checking(count: int) -> Callable[[], None]:
        steps = "".join(
            f"  - {{id: m{n}, send_email: {{template: invite, once: true}}}}\n"
            f"  - {{trigger: {{email_clicked: m{n}}}, within: 1 day, yes: [{{add_tag: x}}, {{wait: 1 day}}]}}\n"
            for n in range(count)
        )
        files = with_example(f"steps:\n{steps}")

        def work() -> None:
            assert told(files) == []

        return work

    assert is_linear(checking, 100)


@pytest.mark.parametrize("steps", [MOST_STEPS, MOST_STEPS + 1])
def test_too_many_steps(steps: int) -> None:
    """FAULTS B21."""
    said = told(with_example("steps:\n" + "- wait: 1 day\n" * steps))
    refused = ["s.yaml:1:1: a scenario may have 10000 steps at most; divide it in two"]
    assert said == ([] if steps <= MOST_STEPS else refused)


def test_many_scenarios_take_no_more_work_for_each() -> None:
    starters = [content for name, content in starter().items() if name.startswith("scenarios/")]
    others = {name: content for name, content in starter().items() if not name.startswith("scenarios/")}

    def checking(count: int) -> Callable[[], None]:
        files = {**others, **{f"scenarios/s{n}.yaml": starters[n % len(starters)] for n in range(count)}}

        def work() -> None:
            workspace, problems = load(files)
            assert (*problems, *check_workspace(workspace)) == ()
            assert len(workspace.scenarios) == count

        return work

    assert is_linear(checking, len(starters))

"""Every key of ``expect``, once as it is and once otherwise: what is right passes, what is wrong is told."""

from __future__ import annotations

from textwrap import indent

import pytest

from tests.rehearse.stagehand import failures, verdicts

#: Opened on day 1: warm and handed over. The run ends on day 3.
SCENARIO = """
goal: {tag: bought}
steps:
  - {id: invite, send_email: invite}
  - {id: opened, trigger: {email_opened: invite}, within: 3 days, yes: [{add_tag: warm}], no: [{add_tag: cold}]}
  - {id: own, assign: user:sato}
  - wait: 2 days
  - {id: big, rule: {score: {gte: 100}}, yes: [{id: hot, add_tag: hot}]}
  - id: call
    create_todo: {subject: "Demo for {{ prospect.last_name }}", due: 1 day, to: owner, priority: high}
  - {id: known, set_field: {product_interest: CRM, seats: 5}}
  - {id: points, adjust_score: +5}
tests:
  - name: it
    prospect: {lists: [members], score: 90, last_name: Mori, seats: 3, tags: [vip]}
    events:
      - {at: 1 day, email_opened: invite}
    expect:
"""
GRADING = "profiles: {default: [{name: big, match: {seats: {gte: 5}}, worth: 1}]}\n"
PATH = "[invite, opened.yes, add_tag-warm, own, big.no, call, known, points]"

TODO = "subject: Demo for Mori, to: user:sato, priority: high, due: 2026-01-09 09:00 (4 days), status: not_started"

#: What is expected, and what is told of it; nothing: it passes.
CASES = [
    ("entered: true", []),
    ("entered: false", ["entered is not as expected", "  - false", "  + true"]),
    (f"path: {PATH}", []),
    (
        "path: [invite, opened.no, add_tag-cold, own, big.no, call, known]",
        [
            "path is not as expected", "    invite", "  - opened.no", "  - add_tag-cold", "  + opened.yes",
            "  + add_tag-warm", "    own", "    big.no", "    call", "    known", "  + points",
        ],
    ),
    ("path: []", ["path is not as expected", *(f"  + {step}" for step in PATH[1:-1].split(", "))]),
    ("at: {0 days: opened, 23 hours: opened, 1 day: wait, 2026-01-07T09:00: wait, 3 days: null, 90 days: null}", []),
    ("at: {23 hours: wait}", ["at 23 hours is not as expected", "  - wait", "  + opened"]),
    ("at: {2 days: null}", ["at 2 days is not as expected", "  - null", "  + wait"]),
    ("at: {3 days: wait}", ["at 3 days is not as expected", "  - wait", "  + null"]),
    ("emails: [{step: invite, at: 0 days}]", []),
    ("emails: [{at: 2026-01-05T09:00}]", []),
    ("emails: [{}]", []),
    ("emails: []", ["emails is not as expected", "  + invite, 2026-01-05 09:00 (0 days)"]),
    (
        "emails: [{step: invite, at: 1 day}, {step: invite}]",
        [
            "emails is not as expected", "  - invite, 2026-01-06 09:00 (1 day)",
            "  + invite, 2026-01-05 09:00 (0 days)", "  - invite",
        ],
    ),
    ("todos: [{subject: demo for mori, to: user:sato, priority: high, due: 4 days, status: not_started}]", []),
    ("todos: [{subject: {contains: MORI}}]", []),
    ("todos: [{subject: {starts_with: Demo, ends_with: Mori, matches: 'demo*mori', eq: Demo for Mori}}]", []),
    (
        "todos: [{subject: {contains: Sato}, due: null}]",
        [
            "todos is not as expected", "  - subject: {contains: Sato}, due: null",
            f"  + {TODO}",
        ],
    ),
    ("todos: [{}, {to: user:sato}]", [
        "todos is not as expected",
        f"    {TODO}",
        "  - to: user:sato",
    ]),
    ("score: 95", []),
    ("score: {gte: 95, lt: 96}", []),
    ("score: 90", ["score is not as expected", "  - 90", "  + 95"]),
    ("score: {gt: 95}", ["score is not as expected", "  - {gt: 95}", "  + 95"]),
    ("grade: C", []),
    ("grade: null", ["grade is not as expected", "  - null", "  + C"]),
    ("owner: user:sato", []),
    ("owner: user:suzuki", ["owner is not as expected", "  - user:suzuki", "  + user:sato"]),
    ("owner: null", ["owner is not as expected", "  - null", "  + user:sato"]),
    ("fields: {seats: 5, product_interest: crm, last_name: {contains: mo}, first_name: null}", []),
    ("fields: {seats: 3}", ["seats is not as expected", "  - 3", "  + 5"]),
    ("fields: {last_name: null}", ["last_name is not as expected", "  - null", "  + Mori"]),
    ("fields: {trial: true}", ["trial is not as expected", "  - true", "  + null"]),
    ("tags: [warm, vip]", []),
    ("tags: warm", ["tags is not as expected", "  + vip", "    warm"]),
    ("tags: [vip, hot, warm]", ["tags is not as expected", "  - hot", "    vip", "    warm"]),
    ("lists: members", []),
    ("lists: []", ["lists is not as expected", "  + members"]),
    ("state: completed", []),
    ("state: goal", ["state is not as expected", "  - goal", "  + completed"]),
    ("ends_at: 3 days", []),
    ("ends_at: 2026-01-08T09:00", []),
    ("ends_at: 4 days", [
        "ends_at is not as expected", "  - 2026-01-09 09:00 (4 days)", "  + 2026-01-08 09:00 (3 days)",
    ]),
    ("ends_at: null", ["ends_at is not as expected", "  - null", "  + 2026-01-08 09:00 (3 days)"]),
    ("runs: 1", []),
    ("runs: 2", ["runs is not as expected", "  - 2", "  + 1"]),
]  # fmt: skip


def scenario() -> str:
    """Return one scenario with a test for each case."""
    head, _, test = SCENARIO.partition("tests:\n")
    tests = [
        test.replace("name: it", f'name: "{number}"') + indent(expect, "      ")
        for number, (expect, _) in enumerate(CASES)
    ]
    return f"{head}tests:\n" + "\n".join(tests)


@pytest.fixture(scope="module")
def found() -> dict[str, list[str]]:
    """What is told of each case, by its number."""
    return failures(scenario(), grading=GRADING)


@pytest.mark.parametrize("number", range(len(CASES)), ids=[expect for expect, _ in CASES])
def test_expect(found: dict[str, list[str]], number: int) -> None:
    assert found.get(str(number), []) == CASES[number][1]


def test_a_difference_stands_at_the_line_of_its_key() -> None:
    (verdict,) = verdicts(SCENARIO + "      runs: 1\n      fields:\n        seats: 3\n      state: goal\n")
    text = (verdict.script.source.file, *(difference.place.line for difference in verdict.differences))
    lines = verdict.script.source.file, 22, 23
    assert text == lines, [str(difference.place) for difference in verdict.differences]


def test_nobody_who_did_not_enter_has_a_run() -> None:
    """
    tests:
      - name: not on the list
        expect: {entered: false, path: [], runs: 0, emails: [], todos: [], at: {1 day: null}, ends_at: null}
      - name: wrong
        expect: {state: active}
    """
    text = "steps: [{wait: 1 day}]\n" + (test_nobody_who_did_not_enter_has_a_run.__doc__ or "").replace("\n    ", "\n")
    assert failures(text) == {"wrong": ["state is not as expected", "  - active", "  + null"]}

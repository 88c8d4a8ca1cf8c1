"""The ids that steps get when none is given (SPEC section 5)."""

from __future__ import annotations

import pytest

from engage.language.naming import name_steps
from engage.language.source import read


def ids(text: str) -> list[str]:
    source, problems = read("s.yaml", text)
    assert source is not None
    assert problems == ()
    return [step.id for step in name_steps(source.value)]


@pytest.mark.parametrize(
    ("step", "named"),
    [
        ("send_email: invite", "send_email-invite"),
        ("send_email: {template: invite, once: true}", "send_email-invite"),
        ("send_email: {once: true, template: invite}", "send_email"),
        ("add_tag: vip", "add_tag-vip"),
        ("add_tag: [vip, new]", "add_tag-vip"),
        ("add_tag: two words", "add_tag"),
        ("add_to_list: ニュース", "add_to_list-ニュース"),
        ("trigger: {form_submitted: demo}", "trigger-demo"),
        ("trigger: {form_submitted: [demo, contact]}", "trigger-demo"),
        ("trigger: [{email_clicked: {email: invite, link: x}}, {page_viewed: y}]", "trigger-invite"),
        ("trigger: {page_viewed: any}", "trigger"),
        ('trigger: {page_viewed: "/pricing*"}', "trigger"),
        ("trigger: {x_own: thing}", "trigger-thing"),
        ("assign: group:east", "assign-east"),
        ("assign: {to: user:sato, reassign: true}", "assign-sato"),
        ("set_field: {lead_stage: mql}", "set_field-lead_stage"),
        ("add_to_campaign: {campaign: seminar, status: invited}", "add_to_campaign-seminar"),
        ("notify: {to: user:sato, subject: x, text: x}", "notify-sato"),
        ("notify: {to: owner, subject: x, text: x}", "notify"),
        ("notify: {subject: x, to: user:sato, text: x}", "notify"),
        ("create_todo: {subject: Call}", "create_todo"),
        ("adjust_score: 5", "adjust_score"),
        ("adjust_score: {by: 5, category: pricing}", "adjust_score"),
        ("wait: 3 days", "wait"),
        ("rule: {tag: vip}", "rule"),
        ("opt_out: true", "opt_out"),
        ("end: true", "end"),
        ("send_emial: invite", "send_email-invite"),
        ("nothing_like_a_step: 1", "step"),
    ],
)
def test_a_derived_id(step: str, named: str) -> None:
    assert ids(f"- {step}") == [named]


def test_repeats_are_numbered_in_file_order_blocks_included() -> None:
    text = """
- wait: 1 day
- rule: {tag: vip}
  yes: [{wait: 1 day}, {add_tag: x}]
  no: [{wait: 1 day}]
- wait: 1 day
"""
    assert ids(text) == ["wait", "rule", "wait-2", "add_tag-x", "wait-3", "wait-4"]


def test_a_derived_id_avoids_every_given_one() -> None:
    text = "- wait: 1 day\n- {id: wait, add_tag: x}\n- wait: 1 day\n- {id: wait-3, add_tag: y}\n"
    assert ids(text) == ["wait-2", "wait", "wait-4", "wait-3"]


def test_a_given_id_is_kept_in_nfc() -> None:
    assert ids("- {id: cafe\u0301, wait: 1 day}") == ["caf\u00e9"]


def test_what_is_no_step_is_left_out() -> None:
    assert ids("- text\n- [list]\n- wait: 1 day\n") == ["wait"]
    assert name_steps({"steps": 1}) == ()


def test_many_equal_steps_are_named_quickly() -> None:
    named = ids("- wait: 1 day\n" * 9000)
    assert named[-1] == "wait-9000"

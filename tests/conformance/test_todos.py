"""ToDos: to whom, when due, once for each visit (SPEC sections 5 and 10)."""

from __future__ import annotations

import pytest

from tests.support.world import World, at


def test_a_todo_goes_to_the_owner_or_else_to_the_first_queue(world: World) -> None:
    """
    steps: [{id: call, create_todo: {subject: Call, priority: high, due: 2 days}}]
    """
    world.add("owned", owner="user:suzuki")
    world.add("free")
    world.add("outside", lists=[])
    world.ticks("0 days", "0 days", "1 day")
    assert world.todos() == [
        ("owned", "Call", "user:suzuki", "high", at("2 days"), "not_started"),
        ("free", "Call", "queue:inside-sales", "high", at("2 days"), "not_started"),
    ]


def test_without_owner_and_queue_the_step_fails_and_the_journey_goes_on(world: World) -> None:
    """
    steps: [{id: call, create_todo: {subject: Call}}, {add_tag: done}]
    --- team.yaml
    users: {sato: {name: 佐藤 花子, email: sato@example.co.jp, role: sales}}
    """
    world.add("free")
    world.add("owned", owner="user:sato")
    world.tick("0 days")
    assert world.path("free") == ["call.failed", "add_tag-done"]
    assert world.path("owned") == ["call", "add_tag-done"]
    assert world.reason("free", "call")
    assert [todo.who for todo in world.todos()] == ["owned"]


@pytest.mark.parametrize(
    ("tick", "due"),
    [
        ("2026-12-03T10:30", "2026-12-04T10:30"),  # Thursday to Friday
        ("2026-12-04T10:30", "2026-12-07T10:30"),  # Friday to Monday
        ("2026-12-05T10:30", "2026-12-07T10:30"),  # from a Saturday the next open day is the first
        ("2026-12-28T10:30", "2027-01-05T10:30"),  # over the holidays
        ("2026-12-04T16:00", "2026-12-06T16:00"),  # already Saturday in Tokyo, so until Monday, 01:00 there
    ],
)
def test_a_business_day_keeps_the_time_and_leaves_out_closed_days(world: World, tick: str, due: str) -> None:
    """
    steps: [{create_todo: {subject: Call, due: 1 business day}}]
    --- engage.yaml
    name: Example
    timezone: Asia/Tokyo
    sender: {name: Example, email: m@example.co.jp, address: Tokyo}
    hours: {holidays: [2026-12-29..2027-01-04]}
    """
    world.add("a", at=tick)
    world.tick(tick)
    assert [todo.due for todo in world.todos()] == [at(due)]


def test_the_countrys_holidays_are_no_business_days(world: World) -> None:
    """
    steps: [{create_todo: {subject: Call, due: 1 business day}}]
    --- engage.yaml
    name: Example
    timezone: Asia/Tokyo
    sender: {name: Example, email: m@example.co.jp, address: Tokyo}
    hours: {holidays: [JP]}
    """
    world.add("a", at="2027-01-08T01:00")  # a Friday; Monday the 11th is Coming of Age Day
    world.tick("2027-01-08T01:00")
    assert [todo.due for todo in world.todos()] == [at("2027-01-12T01:00")]


def test_a_due_date_counts_from_the_tick_also_when_the_step_is_late_and_none_is_none(world: World) -> None:
    """
    steps:
      - wait: 1 day
      - {create_todo: {subject: With, due: 3 days}}
      - {create_todo: {subject: Without, to: "user:sato"}}
    """
    world.add("a")
    world.ticks("0 days", "5 days")
    assert [(todo.subject, todo.due) for todo in world.todos()] == [("With", at("8 days")), ("Without", None)]


def test_the_drill_which_state_to_whom_and_how_told(world: World) -> None:
    """
    steps:
      - rule: {score: {gte: 100}}
        yes:
          - assign: group:east
          - create_todo: {subject: "Call {{ prospect.last_name }}", to: owner}
          - notify: {to: owner, subject: Hot, text: "{{ owner.name }}: {{ prospect.email }}"}
    """
    world.add("hot", score=100, last_name="Tanaka")
    world.add("owned", score=100, owner="user:tanaka")
    world.add("cold", score=99)
    world.tick("0 days")
    assert [(todo.who, todo.to) for todo in world.todos()] == [("hot", "user:sato"), ("owned", "user:tanaka")]
    assert world.notices() == [
        ("hot", "user:sato", "Hot", "佐藤 花子: hot@example.com"),
        ("owned", "user:tanaka", "Hot", "田中 健: owned@example.com"),
    ]

"""A person's data in full (FAULTS S58): from every place, and nobody else's."""

from __future__ import annotations

import io
import json
import tracemalloc
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, insert

from engage.reports.personal import prospect_of, write_person
from engage.reports.personal_parts import EXEMPT, LEFT_OUT, PARTS, PERSON, is_told
from engage.sql import tables as t
from tests.support.everywhere import Everywhere
from tests.support.files import ENGAGE
from tests.support.world import START, World

TOKYO = ZoneInfo("Asia/Tokyo")
#: Columns by whose numbers a row can be about a person.
WAYS = {
    "prospect_id", "enrolment_id", "message_id", "activity_id", "entry_id", "todo_id", "deed_id", "opportunity_id",
    "content_id", "invitation",
}  # fmt: skip


def test_every_table_is_told_or_exempt_with_a_reason() -> None:
    told = [*PERSON, *(part.table for part in PARTS)]
    assert len(set(told)) == len(told)
    assert {table.name for table in t.metadata.tables.values()} == {table.name for table in (*told, *EXEMPT)}
    assert not set(told) & set(EXEMPT)


def test_no_table_with_a_way_to_a_person_is_exempt_but_by_name() -> None:
    ways = {table.name for table in EXEMPT if WAYS & {column.name for column in table.c}}
    assert ways == {"unlearnt"}  # the activities tell it: they have no learnt_at


def test_what_is_left_out_of_the_parts_is_there() -> None:
    for column in LEFT_OUT:
        assert column.table in {*PERSON, *(part.table for part in PARTS)}
        assert not is_told(column)


@pytest.fixture
def two(engine: Engine) -> tuple[World, Everywhere, Everywhere]:
    world = World(engine, "steps: [{wait: 1 day}]", engage=ENGAGE.replace("UTC", "Asia/Tokyo"))
    taro, neighbour = Everywhere("canary", 0), Everywhere("neighbour", 500_000)
    with engine.begin() as connection:
        taro.put(connection)
        neighbour.put(connection)
    return world, taro, neighbour


def document(world: World, prospect_id: int) -> tuple[str, dict[str, Any]]:
    out = io.StringIO()
    vocabulary = world.applied.workspace.vocabulary
    write_person(world.engine, prospect_id, out, vocabulary, "Shop", datetime(2026, 12, 1, tzinfo=UTC))
    return out.getvalue(), json.loads(out.getvalue())


def leaves(value: Any) -> set[Any]:
    """Return all values in a document, however deep."""
    if isinstance(value, dict):
        return set().union(*(leaves(each) for each in value.values())) if value else set()
    if isinstance(value, list):
        return set().union(*(leaves(each) for each in value)) if value else set()
    return {value}


def shown(value: Any) -> Any:
    """Return what was written as it stands in the document."""
    if isinstance(value, datetime):
        return value.astimezone(TOKYO).isoformat()
    return json.loads(value)["own"] if str(value).startswith("{") else value


def test_s58_everything_of_the_person_is_told_and_nothing_of_the_neighbour(
    two: tuple[World, Everywhere, Everywhere],
) -> None:
    world, taro, neighbour = two
    text, data = document(world, taro.prospect_id)
    found = leaves(data)
    missing = [place for place, value in taro.told() if shown(value) not in found]
    # A value of a custom field, or of what was changed, stands in one of several columns: these are the others.
    assert missing == ["field_values.number", "changes.number", "changes.detail"]
    assert len(data) == 3 + len(PARTS)
    assert all(len(data[part.key]) == 1 for part in PARTS)
    assert "neighbour" not in text
    assert "canary" not in document(world, neighbour.prospect_id)[0]


def test_a_document_is_the_same_each_time_and_in_words(two: tuple[World, Everywhere, Everywhere]) -> None:
    world, taro, _ = two
    text, data = document(world, taro.prospect_id)
    assert text == document(world, taro.prospect_id)[0]
    assert list(data)[:4] == ["workspace", "exported_at", "prospect", "custom_fields"]
    assert (data["workspace"], data["exported_at"]) == ("Shop", "2026-12-01T09:00:00+09:00")
    assert data["prospect"]["grade"] == "B-"
    assert data["runs"][0]["state"] == "active"
    assert data["messages"][0]["status"] == "sent"
    assert data["messages"][0]["bounce"] == "hard"
    assert data["changes"][0]["kind"] == "field"
    assert "who" not in data["audit_log"][0]


def test_a_whole_journey_is_told(engine: Engine) -> None:
    """A person who took part.

    steps:
      - {id: invite, send_email: invite}
      - {id: vip, add_tag: vip}
      - split:
          a: {share: 100, steps: [{id: call, create_todo: {subject: "Call {{ prospect.last_name }}", to: owner}}]}
      - {id: rest, wait: 9 days}
    """
    world = World(engine, str(test_a_whole_journey_is_told.__doc__).split("\n", 2)[2])
    world.add("taro", owner="user:suzuki", last_name="Taro", trial=True)
    world.add("jiro", owner="user:suzuki", last_name="Jiro")
    world.ticks("0 days")
    world.set("taro", at="1 hour", trial=False, company="New")
    world.deliver("1 hour")
    world.activity("taro", "email_opened", "invite", at="2 hours")
    world.tick("2 hours")
    text, data = document(world, world.ids["taro"])
    assert "Jiro" not in text
    assert "jiro" not in text
    assert [(each["step"], each["outcome"]) for each in data["visits"]] == [
        ("invite", "completed"), ("vip", "completed"), ("split", "a"), ("call", "completed"),
    ]  # fmt: skip
    due = (START + timedelta(days=9)).isoformat()
    assert [(run["scenario"], run["step"], run["state"], run["due_at"]) for run in data["runs"]] == [
        ("journey", "rest", "active", due)
    ]
    assert data["custom_fields"] == [{"field": "trial", "value": False}]
    assert {(each["of"], str(each["before"])) for each in data["changes"]} >= {
        ("trial", "True"), ("company", "None"), ("vip", "False"),
    }  # fmt: skip
    assert data["todos"][0]["subject"] == "Call Taro"
    assert data["activities"][0]["type"] == "email_opened"


class Weighed(io.StringIO):
    """A file that forgets what is written and knows how much it was."""

    size = 0

    def write(self, text: str) -> int:
        self.size += len(text)
        return len(text)


def test_memory_stays_flat_however_much_there_is(engine: Engine) -> None:
    world = World(engine, "steps: [{wait: 1 day}]")
    taro = world.add("taro")
    own = {"prospect_id": taro, "type_id": 1, "source": "web"}
    rows = [
        {**own, "occurred_at": START, "key": n.to_bytes(16, "big"), "source_id": f"{n:02000}"} for n in range(5_000)
    ]  # fmt: skip
    with engine.begin() as connection:
        connection.execute(insert(t.activities), rows)
    out, vocabulary = Weighed(), world.applied.workspace.vocabulary
    tracemalloc.start()
    try:
        write_person(engine, taro, out, vocabulary, "Shop", START)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert out.size > 10_000_000
    assert peak < 8_000_000


def test_one_is_found_however_the_address_is_written(engine: Engine) -> None:
    world = World(engine, "steps: [{wait: 1 day}]")
    world.add("Taro@Example.com")
    with engine.connect() as connection:
        assert prospect_of(connection, " taro@EXAMPLE.com ") == world.ids["Taro@Example.com"]
        assert prospect_of(connection, "jiro@example.com") is None

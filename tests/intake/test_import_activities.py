"""Activities from CSV: an event is stored once, and waits to be learnt."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from engage.clock import micros
from engage.intake.activity_rows import SOURCE
from engage.sql import tables as t
from engage.sql.codes import MessageKind, MessageStatus
from engage.sql.happened import activity_key
from engage.sql.interning import word_id
from tests.support.csv_files import NOW, announced, bring, counts, put, reasons, rows

PEOPLE = "email\na@x.jp\nb@x.jp\n"
HEAD = "email,type,target,occurred_at,source_id,properties\n"


def stored(engine: Engine) -> list[tuple[Any, ...]]:
    """Return type, target, link and moment of each activity."""
    a = t.activities
    kind, target, link = (t.words.alias(name) for name in ("k", "g", "l"))
    joined = (
        a.join(kind, kind.c.id == a.c.type_id)
        .outerjoin(target, target.c.id == a.c.target_id)
        .outerjoin(link, link.c.id == a.c.link_id)
    )
    chosen = select(kind.c.text, target.c.text, link.c.text, a.c.occurred_at).select_from(joined)
    with engine.begin() as connection:
        return [tuple(row) for row in connection.execute(chosen.order_by(a.c.occurred_at, a.c.id))]


def test_events_are_stored_with_their_words_and_wait_to_be_learnt(engine: Engine, tmp_path: Path) -> None:
    bring(engine, tmp_path, PEOPLE)
    text = HEAD + (
        "A@x.jp,page_viewed,https://www.x.jp/pricing?a=1,2026-11-01 09:00,1,\n"
        'b@x.jp,link_clicked,news,2026-11-02T00:00Z,2,"{""url"": ""https://x.jp/a"", ""n"": 1}"\n'
        "b@x.jp,x_seminar,,2026-11-03,3,\n"
    )
    assert counts(bring(engine, tmp_path, text, "activities")) == (3, 0, 0, 0)
    first = datetime.fromisoformat("2026-11-01T00:00+00:00")
    assert stored(engine) == [
        ("page_viewed", "/pricing", None, first),
        ("link_clicked", "news", "https://x.jp/a", first + timedelta(days=1)),
        ("x_seminar", None, None, first + timedelta(days=1, hours=15)),
    ]
    assert len(rows(engine, t.unlearnt, "activity_id", "occurred_at")) == 3
    assert ("2", '{"url":"https://x.jp/a","n":1}') in rows(engine, t.activities, "source_id", "properties")
    with engine.begin() as connection:
        key = connection.scalar(select(t.activities.c.key).where(t.activities.c.source_id == "1"))
    assert key == activity_key(SOURCE, "1")


def test_the_same_event_twice_is_one(engine: Engine, tmp_path: Path) -> None:
    """Rows without an id are told apart by their cells and their ordinal: the two page views both stand."""
    bring(engine, tmp_path, PEOPLE)
    view = "a@x.jp,page_viewed,/a,2026-11-01,,\n"
    text = (
        f"{HEAD}{view}{view}b@x.jp,page_viewed,/a,2026-11-01,,\na@x.jp,x_y,,2026-11-01,7,\na@x.jp,x_y,,2026-11-01,7,\n"
    )
    assert counts(bring(engine, tmp_path, text, "activities")) == (4, 0, 1, 0)
    assert counts(bring(engine, tmp_path, text, "activities")) == (0, 0, 5, 0)
    assert counts(bring(engine, tmp_path, text + view, "activities")) == (1, 0, 5, 0)
    assert len(rows(engine, t.unlearnt, "activity_id")) == 5


def test_bad_rows_are_rejected_with_the_reason(engine: Engine, tmp_path: Path) -> None:
    bring(engine, tmp_path, PEOPLE)
    text = HEAD + (
        "z@x.jp,page_viewed,/a,2026-11-01,,\n"
        "a@x.jp,page_view,/a,2026-11-01,,\n"
        "a@x.jp,page_viewed,/a,,,\n"
        "a@x.jp,page_viewed,/a,1826-11-01,,\n"
        'a@x.jp,page_viewed,/a,2026-11-01,,"[1]"\n'
        "a@x.jp,email_clicked,,2026-11-01,,\n"
        "a@x.jp,email_clicked,invite,2026-11-01,,\n"
    )
    summary = bring(engine, tmp_path, text, "activities")
    assert counts(summary) == (0, 0, 0, 7)
    why = reasons(summary)
    for line, part in {
        2: "z@x.jp",
        3: "page_viewed",
        4: "moment",
        5: "1826",
        6: "JSON",
        7: "names no",
        8: "invite",
    }.items():
        assert part in why[line]
    assert stored(engine) == []


def test_unknown_addresses_become_people_only_when_told(engine: Engine, tmp_path: Path) -> None:
    text = HEAD + "z@x.jp,page_viewed,/a,2026-11-01,,\nZ@x.jp,page_viewed,/b,2026-11-01,,\n"
    assert counts(bring(engine, tmp_path, text, "activities")) == (0, 0, 0, 2)
    assert counts(bring(engine, tmp_path, text, "activities", create_prospects=True)) == (2, 0, 0, 0)
    assert len(rows(engine, t.standings, "prospect_id")) == len(announced(engine)) == 1


def test_an_event_of_a_message_belongs_to_the_latest_of_its_step_or_template(engine: Engine, tmp_path: Path) -> None:
    """SPEC section 6; one in doubt counts as handed over; those queued, later or somebody else's do not."""
    bring(engine, tmp_path, PEOPLE)
    sent = datetime.fromisoformat("2026-11-01T09:00+09:00")
    day = timedelta(days=1)
    with engine.begin() as connection:
        ann, bob = connection.scalars(select(t.prospects.c.id).order_by(t.prospects.c.email)).all()
        invite, other = word_id(connection, "template", "invite"), word_id(connection, "template", "other")
    put(
        engine,
        t.steps,
        {"id": 5, "scenario_id": 1, "key": "first-mail"},
        {"id": 6, "scenario_id": 1, "key": "send_email-other"},
    )
    base = {"queued_at": sent, "kind": int(MessageKind.MARKETING), "from_owner": False}
    done, queued, doubtful = int(MessageStatus.SENT), int(MessageStatus.QUEUED), int(MessageStatus.IN_DOUBT)
    plan = [
        (1, ann, 5, invite, done, sent), (2, ann, 5, invite, doubtful, sent + day),
        (3, ann, 5, invite, done, sent + 3 * day), (4, ann, 5, invite, queued, None),
        (5, ann, 6, other, done, sent + day), (6, bob, 5, invite, done, sent + day),
    ]  # fmt: skip
    put(engine, t.messages, *(
        {**base, "id": key, "prospect_id": who, "step_id": step, "template_id": template, "status": status,
         "sent_at": at, "enrolment_id": key}
        for key, who, step, template, status, at in plan
    ))  # fmt: skip
    text = HEAD + (
        "a@x.jp,email_opened,invite,2026-11-03T08:00,1,\n"
        "a@x.jp,email_clicked,first-mail,2026-11-04T09:00,2,\n"
        "a@x.jp,email_clicked,invite,2026-11-01T09:00,3,\n"
        "a@x.jp,email_clicked,invite,2026-11-01T08:59,4,\n"
        "b@x.jp,email_clicked,other,2026-11-05T08:59,5,\n"
    )
    summary = bring(engine, tmp_path, text, "activities")
    assert set(reasons(summary)) == {5, 6}
    assert counts(summary) == (3, 0, 0, 2)
    assert rows(engine, t.activities, "source_id", "message_id") == [("1", 2), ("2", 3), ("3", 1)]
    assert {target for _, target, _, _ in stored(engine)} == {"invite"}
    assert counts(bring(engine, tmp_path, text, "activities"))[2] == 3


def test_an_event_that_another_source_brought_is_not_stored_again(engine: Engine, tmp_path: Path) -> None:
    bring(engine, tmp_path, PEOPLE)
    with engine.begin() as connection:
        who = connection.scalar(select(t.prospects.c.id).where(t.prospects.c.email == "a@x.jp"))
        event = {"prospect_id": who, "type_id": word_id(connection, "event", "x_y"), "occurred_at": NOW}
        connection.execute(t.activities.insert(), {**event, "key": b"k" * 16, "source": "web", "source_id": "9"})
    text = HEAD + f"a@x.jp,x_y,,{NOW.isoformat()},9,\n"
    assert counts(bring(engine, tmp_path, text, "activities")) == (0, 0, 1, 0)


def test_a_bots_event_stays_one(engine: Engine, tmp_path: Path) -> None:
    bring(engine, tmp_path, PEOPLE)
    bring(engine, tmp_path, HEAD + 'a@x.jp,x_y,,2026-11-01,,"{""bot"": true}"\n', "activities")
    assert rows(engine, t.activities, "bot", "occurred_at") != []
    assert [bot for (bot,) in rows(engine, t.activities, "bot")] == [True]


@pytest.mark.parametrize("text", ["2026-11-01T09:00", "2026/11/01 9:00", "20261101 09:00:00"])
def test_a_moment_without_offset_is_local(sqlite_engine: Engine, tmp_path: Path, text: str) -> None:
    bring(sqlite_engine, tmp_path, PEOPLE)
    bring(sqlite_engine, tmp_path, HEAD + f"a@x.jp,x_y,,{text},,\n", "activities")
    assert micros(stored(sqlite_engine)[0][3]) == micros(datetime.fromisoformat("2026-11-01T00:00+00:00"))

"""List members, opt-outs and users from CSV."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, select

from engage.sql import tables as t
from tests.support.csv_files import NOW, announced, bring, counts, one, put, reasons, rows

PEOPLE = "email\na@x.jp\nb@x.jp\n"
LISTS = ({"id": 1, "key": "news", "name": "N", "dynamic": False}, {"id": 2, "key": "hot", "name": "H", "dynamic": True})


def test_members_are_put_on_static_lists(engine: Engine, tmp_path: Path) -> None:
    put(engine, t.lists, *LISTS)
    bring(engine, tmp_path, PEOPLE)
    announced(engine)
    text = "list,email\nnews,A@x.jp\nnews,a@x.jp\nhot,a@x.jp\nnwes,a@x.jp\nnews,z@x.jp\nnews,nobody\n"
    summary = bring(engine, tmp_path, text, "list-members")
    assert counts(summary) == (1, 0, 1, 4)
    assert set(reasons(summary)) == {4, 5, 6, 7}
    assert announced(engine) == [one(engine, "a@x.jp")["id"]]
    assert counts(bring(engine, tmp_path, "list,email\nnews,a@x.jp\n", "list-members")) == (0, 0, 1, 0)
    assert announced(engine) == []
    gone = bring(engine, tmp_path, "list,email\nnews,a@x.jp\nnews,b@x.jp\n", "list-members", mode="delete")
    assert (gone.deleted, counts(gone)) == (1, (0, 0, 1, 0))
    assert rows(engine, t.list_members, "list_id") == []


def test_an_opt_out_is_stored_once(engine: Engine, tmp_path: Path) -> None:
    put(engine, t.lists, *LISTS)
    bring(engine, tmp_path, PEOPLE)
    announced(engine)
    text = "email,list,at\na@x.jp,,2026-11-01\nA@x.jp,,2026-11-02\nb@x.jp,news,\nz@x.jp,,\n"
    summary = bring(engine, tmp_path, text, "unsubscribes")
    assert counts(summary) == (2, 0, 1, 1)
    assert (one(engine, "a@x.jp")["opted_out"], one(engine, "b@x.jp")["opted_out"]) == (True, False)
    second = datetime.fromisoformat("2026-11-02T00:00+09:00")
    kept = rows(engine, t.consents, "kind", "list_id", "at", "source")
    assert kept == sorted([("opt_out", None, second, "import"), ("opt_out", 1, NOW, "import")], key=repr)
    assert len(announced(engine)) == 2
    assert counts(bring(engine, tmp_path, text, "unsubscribes")) == (0, 0, 3, 1)
    assert len(rows(engine, t.consents, "kind")) == 2
    assert announced(engine) == []


def test_a_later_consent_of_the_person_stands(engine: Engine, tmp_path: Path) -> None:
    bring(engine, tmp_path, PEOPLE)
    who = {"prospect_id": one(engine, "a@x.jp")["id"], "source": "form"}
    put(engine, t.consents, {**who, "at": NOW - timedelta(days=3), "kind": "opt_in"})
    assert counts(bring(engine, tmp_path, "email,at\na@x.jp,2026-11-01\n", "unsubscribes")) == (0, 0, 1, 0)
    assert not one(engine, "a@x.jp")["opted_out"]
    assert counts(bring(engine, tmp_path, "email,at\na@x.jp,2026-11-30\n", "unsubscribes")) == (1, 0, 0, 0)
    assert one(engine, "a@x.jp")["opted_out"]


def test_unknown_people_can_be_kept_as_opted_out(engine: Engine, tmp_path: Path) -> None:
    """Else those of an old system would be mailed when their prospects come."""
    summary = bring(engine, tmp_path, "email\nz@x.jp\n", "unsubscribes", create_prospects=True)
    assert counts(summary) == (1, 0, 0, 0)
    bring(engine, tmp_path, "email,company,opted_out\nz@x.jp,Z,false\n")
    assert one(engine, "z@x.jp")["opted_out"]


def test_users_come_with_their_groups_and_queues(engine: Engine, tmp_path: Path) -> None:
    text = (
        "id,name,email,role,department,job_title,groups,queues\n"
        "sato,佐藤 花子,sato@x.jp,Sales,東日本,主任,east;west,inside\n"
        "suzuki,鈴木,,,,,east,\n"
        "two words,X,,,,,,\n"
        "x,X,,boss,,,,\n"
    )
    summary = bring(engine, tmp_path, text, "users")
    assert counts(summary) == (2, 0, 0, 2)
    assert set(reasons(summary)) == {4, 5}
    members = rows(engine, t.group_members, "group_key", "position", "user_id")
    assert members == [("east", 0, "sato"), ("east", 1, "suzuki"), ("west", 0, "sato")]
    assert rows(engine, t.queue_members, "queue_key", "user_id") == [("inside", "sato")]
    assert counts(bring(engine, tmp_path, text, "users")) == (0, 0, 2, 2)
    assert counts(bring(engine, tmp_path, "id,department,queues\nsato,,\nsuzuki,西日本,inside\n", "users")) == (
        0,
        1,
        1,
        0,
    )
    with engine.begin() as connection:
        kept = select(t.users.c.department, t.users.c.role, t.users.c.enabled).order_by(t.users.c.id)
        assert [tuple(row) for row in connection.execute(kept)] == [
            ("東日本", "sales", True),
            ("西日本", "sales", True),
        ]

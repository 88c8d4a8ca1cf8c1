"""Prospects from CSV: upsert by address, only what differs is written and announced."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from engage.errors import Refused
from engage.sql import tables as t
from engage.sql.codes import EntryKind
from tests.support.csv_files import NOW, announced, bring, counts, one, put, reasons, rows, words


def test_new_people_get_fields_folded_twins_and_a_standing(engine: Engine, tmp_path: Path) -> None:
    summary = bring(engine, tmp_path, 'email,company,employees,do_not_call\nAnn@X.jp,ＡＣＭＥ,"1,200",はい\n')
    assert counts(summary) == (1, 0, 0, 0)
    ann = one(engine, "ann@x.jp")
    assert (ann["email"], ann["company"], ann["company_folded"]) == ("Ann@X.jp", "ＡＣＭＥ", "acme")
    assert (ann["employees"], ann["do_not_call"], ann["score"], ann["created_at"]) == (1200, True, 0, NOW)
    assert announced(engine) == [ann["id"]]


def test_the_same_file_again_changes_nothing_and_announces_nobody(engine: Engine, tmp_path: Path) -> None:
    """FAULTS B53."""
    text = (
        "email,company,annual_revenue,consent_at,seats,rating,partner,met_at,renewal_date,remark,score,tags\n"
        "a@x.jp,A,12.25,2026-11-01,3,2.5,true,2026-11-01 09:30,2027-01-31,hm,40,vip;展示会\n"
        "b@x.jp,B,1.5,,,,,,,,,\n"
    )
    assert counts(bring(engine, tmp_path, text)) == (2, 0, 0, 0)
    assert len(announced(engine)) == 2
    assert counts(bring(engine, tmp_path, text)) == (0, 0, 2, 0)
    assert announced(engine) == []


def test_only_who_differs_is_updated(engine: Engine, tmp_path: Path) -> None:
    bring(engine, tmp_path, "email,company,city\na@x.jp,A,Tokyo\nb@x.jp,B,Osaka\nc@x.jp,C,\n")
    announced(engine)
    summary = bring(engine, tmp_path, "email,company,city\na@x.jp,A,\nb@x.jp,,Kobe\nC@X.jp,C,Nara\nd@x.jp,D,\n")
    assert counts(summary) == (1, 2, 1, 0)
    assert [one(engine, f"{name}@x.jp")["city"] for name in "abcd"] == ["Tokyo", "Kobe", "Nara", None]
    assert len(announced(engine)) == 3


def test_an_empty_cell_clears_only_when_told(engine: Engine, tmp_path: Path) -> None:
    bring(engine, tmp_path, "email,company,seats\na@x.jp,A,3\nb@x.jp,B,4\n")
    assert counts(bring(engine, tmp_path, "email,company,seats\na@x.jp,,\nb@x.jp,B,\n")) == (0, 0, 2, 0)
    cleared = "email,company,seats\na@x.jp,Select,\nb@x.jp,B,4\n"
    assert counts(bring(engine, tmp_path, cleared, clear_empty=True, blanks=("Select",))) == (0, 1, 1, 0)
    assert one(engine, "a@x.jp")["company_folded"] is None
    assert rows(engine, t.field_values, "whole") == [(4,)]


def test_custom_fields_are_typed(engine: Engine, tmp_path: Path) -> None:
    text = (
        "email,product_interest,renewal_date,met_at,seats,rating,partner,remark\n"
        "a@x.jp,ＣＲＭ,2027/1/5,2026-12-01 09:00,１２,−0.5,no,ﾊﾛｰ\n"
        "b@x.jp,erp,,,,,,\n"
    )
    summary = bring(engine, tmp_path, text)
    assert counts(summary) == (1, 0, 0, 1)
    assert "erp" in reasons(summary)[3]
    with engine.begin() as connection:
        f, w = t.field_values, t.words
        kept = select(w.c.text, f.c.text, f.c.folded, f.c.number, f.c.whole).join_from(f, w, w.c.id == f.c.field_id)
        found = {row[0]: tuple(row[1:]) for row in connection.execute(kept)}
    midnight = int(datetime(2026, 12, 1, tzinfo=UTC).timestamp()) * 1_000_000
    assert found == {
        "product_interest": ("crm", "crm", None, None),
        "renewal_date": ("2027-01-05", None, None, None),
        "met_at": (None, None, None, midnight),
        "seats": (None, None, None, 12),
        "rating": (None, None, -0.5, None),
        "partner": (None, None, None, 0),
        "remark": ("ﾊﾛｰ", "ハロー", None, None),
    }


def test_a_score_is_set_by_one_entry_and_only_if_it_differs(engine: Engine, tmp_path: Path) -> None:
    bring(engine, tmp_path, "email,score\na@x.jp,40\nb@x.jp,0\nc@x.jp,\n")
    summary = bring(engine, tmp_path, "email,score\na@x.jp,25\nb@x.jp,0\nc@x.jp,-5\nd@x.jp,lots\n")
    assert counts(summary) == (0, 2, 1, 1)
    assert [one(engine, f"{name}@x.jp")["score"] for name in "abc"] == [25, 0, -5]
    assert rows(engine, t.score_entries, "points", "kind") == [
        (-15, EntryKind.IMPORT),
        (-5, EntryKind.IMPORT),
        (40, EntryKind.IMPORT),
    ]


def test_owner_tags_and_lists_work_as_in_the_export(engine: Engine, tmp_path: Path) -> None:
    put(
        engine,
        t.lists,
        {"id": 1, "key": "news", "name": "News", "dynamic": False},
        {"id": 2, "key": "hot", "name": "Hot", "dynamic": True},
    )
    vocabulary = words(users=frozenset({"sato"}), queues=frozenset({"inside"}))
    text = (
        "email,owner,tags,lists\na@x.jp,user:sato,VIP; 展示会,news\nb@x.jp,inside,vip,\nc@x.jp,user:sata,,\n"
        "d@x.jp,,,hot\ne@x.jp,,,nwes\n"
    )
    summary = bring(engine, tmp_path, text, vocabulary=vocabulary)
    assert counts(summary) == (2, 0, 0, 3)
    assert "sato" in reasons(summary)[4]
    assert "dynamic" in reasons(summary)[5]
    assert "news" in reasons(summary)[6]
    assert (one(engine, "a@x.jp")["owner"], one(engine, "b@x.jp")["owner"]) == ("user:sato", "queue:inside")
    assert rows(engine, t.words, "kind").count(("tag",)) == 2
    assert len(rows(engine, t.prospect_tags, "tag_id")) == 3
    assert len(rows(engine, t.list_members, "list_id")) == 1
    # A file adds tags and lists; it takes none away.
    assert counts(bring(engine, tmp_path, "email,tags,lists\na@x.jp,new,\n")) == (0, 1, 0, 0)
    assert len(rows(engine, t.prospect_tags, "tag_id")) == 4


def test_read_only_and_unknown_columns_are_named_and_ignored(engine: Engine, tmp_path: Path) -> None:
    """B48, B49: no column brings back who opted out."""
    bring(engine, tmp_path, "email\na@x.jp\n")
    with engine.begin() as connection:
        connection.execute(t.standings.update().values(opted_out=True))
    text = "email,opted_out,do_not_email,status,password,grade,companny\na@x.jp,false,false,subscribed,x,A,A\n"
    summary = bring(engine, tmp_path, text)
    assert counts(summary) == (0, 0, 1, 0)
    why = {ignored.column: str(ignored.why) for ignored in summary.ignored}
    assert set(why) == {"opted_out", "do_not_email", "status", "password", "grade", "companny"}
    assert "read-only" in why["opted_out"]
    assert "company" in why["companny"]
    assert one(engine, "a@x.jp")["opted_out"]


def test_later_rows_of_an_address_win_and_the_file_again_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    text = "email,company,city\na@x.jp,Old,Tokyo\nb@x.jp,B,\nA@x.jp,New,\na@x.jp,,\n"
    assert counts(bring(engine, tmp_path, text)) == (2, 1, 1, 0)
    ann = one(engine, "a@x.jp")
    assert (ann["company"], ann["city"]) == ("New", "Tokyo")
    announced(engine)
    assert counts(bring(engine, tmp_path, text)) == (0, 0, 4, 0)
    assert announced(engine) == []


def test_rows_of_an_address_far_apart_are_brought_together(engine: Engine, tmp_path: Path) -> None:
    """The two rows lie in different batches; written one after the other, each run would change the person twice."""
    between = "".join(f"p{number}@x.jp,P\n" for number in range(10_050))
    text = f"email,company\na@x.jp,Old\n{between}a@x.jp,New\n"
    assert counts(bring(engine, tmp_path, text)) == (10_051, 1, 0, 0)
    assert one(engine, "a@x.jp")["company"] == "New"
    assert counts(bring(engine, tmp_path, text)) == (0, 0, 10_052, 0)


def test_a_waiting_row_is_kept_when_the_last_one_is_bad(engine: Engine, tmp_path: Path) -> None:
    text = "email,company,employees\na@x.jp,Old,1\nb@x.jp,B,2\na@x.jp,New,many\n"
    assert counts(bring(engine, tmp_path, text)) == (2, 0, 0, 1)
    assert one(engine, "a@x.jp")["company"] == "Old"


@pytest.mark.parametrize(("mode", "expected"), [("insert", (1, 0, 0, 1)), ("update", (0, 1, 0, 1))])
def test_a_mode_rejects_what_it_does_not_do(
    engine: Engine, tmp_path: Path, mode: str, expected: tuple[int, int, int, int]
) -> None:
    bring(engine, tmp_path, "email,company\na@x.jp,A\n")
    assert counts(bring(engine, tmp_path, "email,company\na@x.jp,Z\nb@x.jp,B\n", mode=mode)) == expected


def test_a_dry_run_counts_and_keeps_nothing(engine: Engine, tmp_path: Path) -> None:
    bring(engine, tmp_path, "email,company\na@x.jp,A\n")
    announced(engine)
    text = "email,company,tags\na@x.jp,Z,vip\nb@x.jp,B,\nnobody,,\n"
    assert counts(bring(engine, tmp_path, text, dry_run=True)) == (1, 1, 0, 1)
    assert rows(engine, t.prospects, "email", "company") == [("a@x.jp", "A")]
    assert rows(engine, t.words, "text") == []
    assert announced(engine) == []


def test_delete_removes_people_but_not_who_was_enrolled_or_opted_out(engine: Engine, tmp_path: Path) -> None:
    bring(engine, tmp_path, "email,score,tags,remark\na@x.jp,5,vip,x\nb@x.jp,,,\nc@x.jp,,,\nd@x.jp,,,\n")
    bring(engine, tmp_path, "email,type,occurred_at\na@x.jp,x_seen,2026-11-01\n", "activities")
    enrolled, barred = one(engine, "b@x.jp")["id"], one(engine, "c@x.jp")["id"]
    run = {"scenario_id": 1, "step_id": 1, "run": 1, "state": 2, "moves": 0, "phase": 0}
    put(engine, t.enrolments, {**run, "prospect_id": enrolled, "entered_at": NOW, "arrived_at": NOW, "due_at": NOW})
    with engine.begin() as connection:
        connection.execute(t.standings.update().where(t.standings.c.prospect_id == barred).values(opted_out=True))
    summary = bring(engine, tmp_path, "email\na@x.jp\nb@x.jp\nc@x.jp\nz@x.jp\n", mode="delete")
    assert (summary.deleted, counts(summary)) == (1, (0, 0, 1, 2))
    assert set(reasons(summary)) == {3, 4}
    assert [email for (email,) in rows(engine, t.prospects, "email")] == ["b@x.jp", "c@x.jp", "d@x.jp"]
    empty = (t.score_entries, t.prospect_tags, t.field_values, t.activities)
    assert [rows(engine, each, "prospect_id") for each in empty] == [[]] * len(empty)
    assert rows(engine, t.unlearnt, "activity_id") == []


def test_an_unknown_kind_or_mode_is_refused(sqlite_engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="did you mean prospects"):
        bring(sqlite_engine, tmp_path, "email\na@x.jp\n", "prospect")
    with pytest.raises(Refused, match="delete"):
        bring(sqlite_engine, tmp_path, "email\na@x.jp\n", "unsubscribes", mode="delete")

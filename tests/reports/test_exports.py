"""Exports: the columns of the contract, and an import that takes everything back."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from engage.errors import Refused
from engage.language.conditions import FieldIs
from engage.sql import tables as t
from engage.sql.codes import EntryKind, MessageKind, MessageStatus, Outcome
from engage.sql.interning import word_id
from tests.support.csv_files import NOW, bring, counts, one, put, reasons, rows, table, take, words

NASTY = (
    "=1+1", "+81 3", "-x", "@cmd", "\ttab", "'=kept", "''", "-5", "a,b", 'say "x"', "two\r\nlines", "one\nline",
    "e\u0301", "\U0001f600", "\u3053\u3093", "x;y", "#tag", "0123", "1e5x", "\\", "'", "a\u2028b",
)  # fmt: skip
FIELDS = (
    "email,first_name,last_name,first_name_kana,last_name_kana,company,department,job_title,industry,employees,"
    "annual_revenue,website,phone,mobile,fax,country,prefecture,city,address,zip,source,language,timezone,notes,"
    "do_not_call,consent_at,consent_source"
)
CUSTOM = "product_interest,renewal_date,met_at,seats,rating,partner,remark"
KNOWN = "score,grade,owner,tags,lists,mailable,opted_out,do_not_email,created_at,last_activity_at"


def copy(old: Engine, new: Engine, kind: str, folder: Path) -> tuple[int, int, int, int]:
    summary = bring(new, folder, take(old, kind), kind, vocabulary=words(users=frozenset({"sato"})))
    assert reasons(summary) == {}
    return counts(summary)


@pytest.fixture
def other(sqlite_template: Path, tmp_path: Path) -> Engine:
    """Give a second database, to copy into."""
    from engage.sql.connect import connect

    path = tmp_path / "other.db"
    path.write_bytes(sqlite_template.read_bytes())
    return connect(f"sqlite:///{path}")


def test_prospects_have_the_columns_of_the_contract(engine: Engine, tmp_path: Path) -> None:
    put(engine, t.lists, {"id": 1, "key": "news", "name": "News", "dynamic": False})
    text = (
        "email,last_name,first_name,employees,annual_revenue,do_not_call,consent_at,renewal_date,partner,rating,score,"
        "owner,tags,lists\n"
        "a@x.jp,佐藤,花子,12,1234567890123.5,no,2026-11-01 09:30,2027-01-31,yes,0.1,7,user:sato,vip;a,news\n"
    )
    bring(engine, tmp_path, text, vocabulary=words(users=frozenset({"sato"})))
    with engine.begin() as connection:
        connection.execute(t.standings.update().values(grade=12, last_activity_at=NOW))
    data = take(engine, "prospects", vocabulary=words(locale="ja"))
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.count(b"\r\n") == data.count(b"\n") == 2
    assert data.decode("utf-8-sig").partition("\r\n")[0] == f"{FIELDS},full_name,{CUSTOM},{KNOWN}"
    (row,) = table(data)
    assert {name: value for name, value in row.items() if value} == {
        "email": "a@x.jp", "last_name": "佐藤", "first_name": "花子", "full_name": "佐藤 花子", "employees": "12",
        "annual_revenue": "1234567890123.5", "do_not_call": "false", "consent_at": "2026-11-01T09:30:00+09:00",
        "renewal_date": "2027-01-31", "partner": "true", "rating": "0.1", "score": "7", "grade": "A+",
        "owner": "user:sato",
        "tags": "a;vip", "lists": "news", "mailable": "true", "opted_out": "false", "do_not_email": "false",
        "created_at": "2026-12-01T09:00:00+09:00", "last_activity_at": "2026-12-01T09:00:00+09:00",
    }  # fmt: skip


def test_what_was_exported_is_imported_equal(engine: Engine, other: Engine, tmp_path: Path) -> None:
    """B54: formulas, quotes, line ends, NFD, emoji."""
    put(engine, t.prospects, *(
        {"id": n, "email": f"p{n}@x.jp", "email_folded": f"p{n}@x.jp", "company": text, "company_folded": text,
         "notes": text, "annual_revenue": 1e22 / (n + 1), "consent_at": NOW + timedelta(microseconds=n)}
        for n, text in enumerate(NASTY, start=1)
    ))  # fmt: skip
    put(engine, t.standings, *({"prospect_id": n, "created_at": NOW} for n in range(1, len(NASTY) + 1)))
    assert copy(engine, other, "prospects", tmp_path) == (len(NASTY), 0, 0, 0)
    names = ("email", "company", "notes", "annual_revenue", "consent_at")
    assert rows(engine, t.prospects, *names) == rows(other, t.prospects, *names)
    assert table(take(engine, "prospects")) == table(take(other, "prospects"))
    assert copy(engine, engine, "prospects", tmp_path) == (0, 0, len(NASTY), 0)
    # A spreadsheet runs none of the cells.
    cells = [cell for row in csv.reader(io.StringIO(take(engine, "prospects").decode("utf-8-sig"))) for cell in row]
    assert not [cell for cell in cells if cell[:1] in tuple("=+-@\t") and cell != "-5"]


def test_criteria_choose_who_is_exported(engine: Engine, tmp_path: Path) -> None:
    bring(engine, tmp_path, "email,city\na@x.jp,Tokyo\nb@x.jp,Osaka\nc@x.jp,\n")
    bring(engine, tmp_path, "email,type,occurred_at\na@x.jp,x_y,2026-11-01\nb@x.jp,x_y,2026-11-01\n", "activities")
    where = FieldIs("city", "text", False, "eq", ("tokyo",))
    assert [row["email"] for row in table(take(engine, "prospects", where))] == ["a@x.jp"]
    assert [row["email"] for row in table(take(engine, "activities", where))] == ["a@x.jp"]
    with pytest.raises(Refused, match="no prospects"):
        take(engine, "users", where)


def test_many_prospects_are_read_in_spans(engine: Engine, tmp_path: Path) -> None:
    bring(engine, tmp_path, "email,tags\n" + "".join(f"p{n}@x.jp,t{n % 3}\n" for n in range(20_001)))
    with engine.begin() as connection:
        connection.execute(t.prospects.delete().where(t.prospects.c.id.between(5_000, 5_010)))
    found = table(take(engine, "prospects"))
    assert len(found) == len({row["email"] for row in found}) == 20_001 - 11
    assert {row["tags"] for row in found} == {"t0", "t1", "t2"}


def test_activities_come_back_as_the_same_events(engine: Engine, other: Engine, tmp_path: Path) -> None:
    people = "email\na@x.jp\n"
    text = (
        "email,type,target,occurred_at,source_id,properties\n"
        'a@x.jp,page_viewed,/a,2026-11-01T09:00:00.123456+09:00,,"{""n"": ""=1""}"\n'
        "a@x.jp,page_viewed,/a,2026-11-01T09:00:00.123456+09:00,,\n"
        'a@x.jp,link_clicked,,2026-11-02,id-1,"{""bot"": true, ""link"": ""https://x.jp""}"\n'
    )
    for each in (engine, other):
        bring(each, tmp_path, people)
    bring(engine, tmp_path, text, "activities")
    assert copy(engine, other, "activities", tmp_path) == (3, 0, 0, 0)
    assert copy(engine, engine, "activities", tmp_path) == (0, 0, 3, 0)
    names = ("occurred_at", "key", "source_id", "properties", "bot")
    assert rows(engine, t.activities, *names) == rows(other, t.activities, *names)
    assert take(engine, "activities") == take(other, "activities")
    row = table(take(engine, "activities"))[0]
    assert list(row) == ["email", "type", "target", "occurred_at", "source_id", "properties"]
    assert row["occurred_at"] == "2026-11-01T09:00:00.123456+09:00"


def test_a_link_without_properties_is_exported_as_one(engine: Engine, tmp_path: Path) -> None:
    bring(engine, tmp_path, "email\na@x.jp\n")
    with engine.begin() as connection:
        kind, link = word_id(connection, "event", "link_clicked"), word_id(connection, "link", "https://x.jp/b")
        who = connection.scalar(select(t.prospects.c.id))
    event = {"prospect_id": who, "type_id": kind, "link_id": link, "occurred_at": NOW, "bot": False}
    put(engine, t.activities, {**event, "key": b"k" * 16, "source": "web", "source_id": "9"})
    text = take(engine, "activities")
    assert table(text)[0]["properties"] == '{"link":"https://x.jp/b"}'
    assert counts(bring(engine, tmp_path, text, "activities")) == (0, 0, 1, 0)


def test_members_users_and_opt_outs_come_back(engine: Engine, other: Engine, tmp_path: Path) -> None:
    for each in (engine, other):
        put(each, t.lists, {"id": 1, "key": "news", "name": "News", "dynamic": False})
        bring(each, tmp_path, "email\na@x.jp\nb@x.jp\n")
    bring(engine, tmp_path, "list,email\nnews,b@x.jp\n", "list-members")
    bring(engine, tmp_path, "email,list,at\na@x.jp,,2026-11-01\nb@x.jp,news,\n", "unsubscribes")
    bring(engine, tmp_path, "id,name,groups,queues\nsato,佐藤,east;west,inside\n", "users")
    for kind in ("list-members", "unsubscribes", "users"):
        taken = take(engine, kind)
        assert copy(engine, other, kind, tmp_path)[0] == len(table(taken))
        assert take(other, kind) == taken
    assert one(other, "a@x.jp")["opted_out"]
    assert table(take(engine, "list-members")) == [{"list": "news", "email": "b@x.jp"}]
    assert take(engine, "users").decode("utf-8-sig").splitlines() == [
        "id,email,name,role,department,job_title,groups,queues",
        "sato,,佐藤,sales,,,east;west,inside",
    ]


def test_an_opt_out_that_was_taken_back_is_not_exported(engine: Engine, tmp_path: Path) -> None:
    put(engine, t.lists, {"id": 1, "key": "news", "name": "News", "dynamic": False})
    bring(engine, tmp_path, "email\na@x.jp\n")
    bring(engine, tmp_path, "email,list,at\na@x.jp,news,2026-11-01\n", "unsubscribes")
    assert len(table(take(engine, "unsubscribes"))) == 1
    who = {"prospect_id": one(engine, "a@x.jp")["id"], "source": "form"}
    put(engine, t.consents, {**who, "at": NOW, "kind": "opt_in", "list_id": 1})
    assert table(take(engine, "unsubscribes")) == []


def test_what_scenarios_did_is_exported(engine: Engine, tmp_path: Path) -> None:
    bring(engine, tmp_path, "email\na@x.jp\n")
    with engine.begin() as connection:
        who = connection.scalar(select(t.prospects.c.id))
        template, rule = word_id(connection, "template", "invite"), word_id(connection, "rule", "page_viewed /a")
        category = word_id(connection, "category", "crm")
    put(engine, t.scenarios, {"id": 1, "key": "welcome", "name": "W", "state": "running", "version": 1})
    put(engine, t.steps, {"id": 1, "scenario_id": 1, "key": "send"}, {"id": 2, "scenario_id": 1, "key": "ask"})
    later = NOW + timedelta(hours=1)
    run = {"scenario_id": 1, "step_id": 2, "run": 1, "state": 0, "moves": 2, "phase": 0, "entered_at": NOW}
    put(engine, t.enrolments, {**run, "id": 1, "prospect_id": who, "arrived_at": NOW, "due_at": NOW})
    visit = {"enrolment_id": 1, "arrived_at": NOW, "left_at": later}
    put(
        engine, t.visits,
        {**visit, "step_id": 2, "move": 1, "outcome": int(Outcome.YES)},
        {**visit, "step_id": 1, "move": 0, "outcome": int(Outcome.COMPLETED)},
    )  # fmt: skip
    mine = {"prospect_id": who, "enrolment_id": 1, "step_id": 1}
    put(engine, t.messages, {
        **mine, "queued_at": NOW, "sent_at": later, "template_id": template, "status": int(MessageStatus.IN_DOUBT),
        "kind": int(MessageKind.MARKETING), "from_owner": False, "subject": "=Hi",
    })  # fmt: skip
    put(engine, t.todos, {
        **mine, "subject": "Call", "priority": "high", "status": "not_started", "assignee": "user:sato",
        "created_at": NOW,
    })  # fmt: skip
    entry = {"prospect_id": who, "at": NOW, "note": None, "rule_id": None, "category_id": None, "step_id": None}
    put(
        engine, t.score_entries,
        {**entry, "points": 5, "kind": int(EntryKind.RULE), "rule_id": rule, "category_id": category},
        {**entry, "points": -2, "kind": int(EntryKind.STEP), "step_id": 1},
        {**entry, "points": 1, "kind": int(EntryKind.MANUAL), "note": "met at the fair"},
    )  # fmt: skip
    at, then = "2026-12-01T09:00:00+09:00", "2026-12-01T10:00:00+09:00"
    assert take(engine, "visits").decode("utf-8-sig").splitlines() == [
        "scenario,run,email,step,outcome,arrived_at,left_at,version",
        f"welcome,1,a@x.jp,send,completed,{at},{then},1",
        f"welcome,1,a@x.jp,ask,yes,{at},{then},1",
    ]
    assert take(engine, "messages").decode("utf-8-sig").splitlines() == [
        "email,scenario,run,step,template,subject,status,reason,queued_at,sent_at",
        f"a@x.jp,welcome,1,send,invite,'=Hi,in_doubt,the process ended while handing it over,{at},{then}",
    ]
    assert take(engine, "todos").decode("utf-8-sig").splitlines() == [
        "id,subject,due_at,priority,status,to,email,scenario,step,created_at,completed_at,outcome",
        f"1,Call,,high,not_started,user:sato,a@x.jp,welcome,send,{at},,",
    ]
    assert take(engine, "scores").decode("utf-8-sig").splitlines() == [
        "email,at,points,category,reason,scenario,step",
        f"a@x.jp,{at},5,crm,page_viewed /a,,",
        f"a@x.jp,{at},-2,,step,welcome,send",
        f"a@x.jp,{at},1,,met at the fair,,",
    ]


def test_an_empty_database_gives_headers(engine: Engine) -> None:
    from engage.reports.exports import KINDS

    for kind in KINDS:
        assert take(engine, kind).count(b"\r\n") == 1


def test_an_unknown_kind_is_refused(sqlite_engine: Engine) -> None:
    with pytest.raises(Refused, match="did you mean visits"):
        take(sqlite_engine, "visit")

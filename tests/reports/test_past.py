"""The past of a prospect, told from what was kept, is what it was."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from engage.reports.past import Cut, State, past
from engage.reports.record import Record, read_record
from engage.sql import tables as t
from tests.support.csv_files import bring
from tests.support.world import World, at

ACTIONS = """
audience: {lists: [members], unmatched: hold, suppress: {where: {tag: stop}}}
campaign: launch
steps:
  - add_tag: [one, Two]
  - set_field: {city: Osaka, product_interest: crm, seats: 3, employees: 70, do_not_call: true}
  - wait: 1 day
  - remove_tag: [ONE, never]
  - {id: more, set_field: {city: "{{ prospect.company }}", product_interest: null, renewal_date: 2027-01-01}}
  - {id: group, assign: "group:east"}
  - adjust_score: +20
  - wait: 1 day
  - {add_to_list: [vip, members]}
  - {id: other, assign: {to: "user:tanaka", reassign: true}}
  - {id: seen, add_to_campaign: {campaign: launch, status: attended}}
  - wait: 1 day
  - {remove_from_list: [vip, blocked]}
  - opt_out: true
  - wait: 5 days
"""
GRADING = """
profiles:
  default:
    - {name: Osaka, match: {city: Osaka}, worth: 1}
    - {name: CRM, match: {product_interest: crm}, worth: 2}
"""
SCORING = """
rules: [{activity: page_viewed, points: 5, category: web, expires_after: 1 days}]
inactivity: {every: 2 days, points: -3, floor: 0}
"""


def shown(state: State) -> dict[str, Any]:
    """Return what of a state a condition could ask; how rows are numbered is none of it."""
    found: dict[str, Any] = {}
    for table, ignored in (
        (t.prospects, ()), (t.standings, ("inactive_periods", "inactivity_timed")),
        (t.field_values, ("folded",)),
        (t.list_members, ("since",)), (t.prospect_tags, ()), (t.campaign_members, ("since",)),
        (t.opportunities, ("key", "name", "account", "campaign", "created_at", "closed_at")), (t.category_scores, ()),
        (t.enrolments, ("step_id", "phase", "moves", "arrived_at", "due_at")),
    ):  # fmt: skip
        names = [column.name for column in table.c if column.name not in ignored]
        rows = [{name: row.get(name) for name in names} for row in state[table.name]]
        found[table.name] = sorted(map(repr, rows))
    return found


def present(world: World, who: str) -> State:
    """Return the rows as they are, with nothing told backwards."""
    with world.engine.connect() as connection:
        record = read_record(connection, world.ids[who])
        own = t.category_scores.c.prospect_id == world.ids[who]
        categories = [dict(row) for row in connection.execute(select(t.category_scores).where(own)).mappings()]
    return {**{name: [dict(row) for row in rows] for name, rows in record.rows.items()}, "category_scores": categories}


def record_of(world: World, who: str) -> Record:
    """Return what is kept of somebody."""
    with world.engine.connect() as connection:
        return read_record(connection, world.ids[who])


class Diary:
    """What people were like after each tick, written down as it was."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.pages: list[tuple[datetime, str, dict[str, Any]]] = []

    def tick(self, when: str) -> None:
        """Tick, and write down what everybody is like."""
        self.world.tick(when)
        self.pages += [(at(when), who, shown(present(self.world, who))) for who in self.world.ids]

    def read(self) -> None:
        """Compare each page with what is told today."""
        assert self.pages
        for when, who, was in self.pages:
            told = shown(past(record_of(self.world, who), Cut(when)))
            for name, rows in was.items():
                assert told[name] == rows, f"{name} of {who} at {when}"


def test_every_action_keeps_what_was(engine: Engine) -> None:
    world = World(engine, ACTIONS, grading=GRADING, scoring=SCORING)
    diary = Diary(world)
    world.add("a", company="Ａ社", city="Nara", seats=1, annual_revenue=1.5)
    world.add("b", owner="user:sato", tags=["one", "stop"], product_interest="ma", lists=("members", "vip"))
    world.activity("a", "page_viewed", "/pricing", at="12 hours")
    for when in ("0 days", "1 day", "1 day 6 hours", "2 days", "3 days"):
        diary.tick(when)
        if when == "1 day":
            world.remove_tag("b", "stop", "1 day 3 hours")
            world.activity("b", "page_viewed", "/pricing", at="6 hours")
        if when == "1 day 6 hours":
            world.remove_from_list("a", "members", "1 day 7 hours")
            world.opportunity("a", "deal", at="1 day 7 hours", stage="Proposal", amount=5.5)
        if when == "2 days":
            world.add_to_list("a", "members", "2 days 1 hour")
            world.opportunity("a", "deal", at="2 days 1 hour", status="won", stage="Signed", amount=7)
            world.set("b", at="2 days 1 hour", city="Kyoto", consent_at=at("2 days"), trial=True)
    for when in ("9 days", "11 days", "18 days"):
        diary.tick(when)
    assert world.state("a") == world.state("b") == "completed"
    diary.read()


@pytest.mark.parametrize("clear", [False, True])
def test_every_import_keeps_what_was(engine: Engine, tmp_path: Path, clear: bool) -> None:
    world = World(engine, "steps: [{wait: 30 days}]", grading=GRADING, scoring=SCORING)
    diary, words = Diary(world), world.applied.workspace.vocabulary

    def brought(kind: str, text: str, when: str, **options: Any) -> None:
        bring(engine, tmp_path, text, kind, at(when), words, **options)

    first = "email,city,employees,annual_revenue,do_not_call,consent_at,product_interest,seats,trial,renewal_date,owner"
    first += ",tags,lists,score\n"
    deals = "id,email,status,stage,amount\n"
    kobe = "a@x.jp,Kobe,6,2.5,false,2026-02-01,ma,4,false,2027-02-01,suzuki,z,vip,9\n"
    brought(
        "prospects", first + "a@x.jp,Osaka,5,1.5,true,2026-01-01,crm,3,true,2027-01-01,sato,x;y,members,7\n", "0 days"
    )
    with engine.connect() as connection:
        p = t.prospects.c
        world.ids = {row.email: row.id for row in connection.execute(select(p.id, p.email))}
        assert connection.scalar(select(func.count()).select_from(t.changes)) == 0, "nobody new has a past"
    diary.tick("0 days")
    brought("prospects", first + kobe, "1 day")
    diary.tick("1 day")
    brought("prospects", first + "a@x.jp,,,,,,,,,,,,,\n", "2 days", clear_empty=clear)
    diary.tick("2 days")
    brought("list-members", "list,email\nmembers,a@x.jp\n", "3 days", mode="delete")
    brought("list-members", "list,email\nothers,a@x.jp\nvip,a@x.jp\n", "3 days")
    diary.tick("3 days")
    brought(
        "opportunities", "id,email,status,stage,amount\nd1,a@x.jp,open,Proposal,5\nd2,a@x.jp,won,,9\n", "3 days 1 hour"
    )
    brought("campaign-members", "campaign,email,status\nlaunch,a@x.jp,invited\n", "3 days 1 hour")
    diary.tick("3 days 2 hours")
    brought("opportunities", deals + "d1,a@x.jp,lost,Signed,6\n", "3 days 3 hours")
    brought("opportunities", "id,email\nd2,a@x.jp\n", "3 days 3 hours", mode="delete")
    brought("campaign-members", "campaign,email,status\nlaunch,a@x.jp,attended\n", "3 days 3 hours")
    diary.tick("3 days 4 hours")
    brought("campaign-members", "campaign,email\nlaunch,a@x.jp\n", "3 days 5 hours", mode="delete")
    brought("unsubscribes", "email\na@x.jp\n", "4 days")
    diary.tick("4 days")
    brought("activities", "email,type,target,occurred_at\na@x.jp,page_viewed,/,2026-01-06\n", "5 days")
    diary.tick("5 days")
    diary.read()
    brought("prospects", first + kobe, "6 days")
    with engine.connect() as connection:
        kept = connection.scalar(select(func.count()).select_from(t.changes))
    brought("prospects", first + kobe, "7 days")
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(t.changes)) == kept, "the same again changes nothing"


def test_a_bounce_and_an_opt_out_keep_what_was(engine: Engine) -> None:
    world = World(engine, "steps: [{id: invite, send_email: invite}, {wait: 9 days}]")
    diary = Diary(world)
    world.people("a", "b")
    diary.tick("0 days")
    world.deliver("1 hour")
    world.activity("a", "email_bounced", "invite", at="2 hours", properties='{"kind": "hard"}')
    world.activity("b", "email_unsubscribed", "invite", at="3 hours")
    diary.tick("1 day")
    diary.read()
    assert world.standing("a").do_not_email
    assert world.standing("b").opted_out


def test_deleting_a_prospect_takes_the_past_too(engine: Engine, tmp_path: Path) -> None:
    bring(engine, tmp_path, "email,city\na@x.jp,Osaka\n")
    bring(engine, tmp_path, "email,city\na@x.jp,Kobe\n")
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(t.changes)) == 1
    bring(engine, tmp_path, "email\na@x.jp\n", mode="delete")
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(t.changes)) == 0

"""What happened, told by names alone and without the database's own numbers, so that two databases compare."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

from sqlalchemy import Engine, Row

from engage.sql import tables as t
from engage.sql.connect import reading
from engage.sql.mail_days import NO_STEP
from tests.proof.audit import rows

#: Rows by what they tell of, sorted.
History = dict[str, list[tuple[object, ...]]]
Rows = list[Row[Any]]


class Names(NamedTuple):
    """What the database's numbers stand for; none stands for nothing."""

    person: dict[int | None, object]
    word: dict[int | None, object]
    step: dict[int | None, object]
    run: dict[int | None, object]
    list: dict[int | None, object]


def history(engine: Engine) -> History:
    """Return all that happened."""
    with reading(engine).connect() as connection:
        tables = {table.name: rows(connection, table) for table in t.metadata.sorted_tables}
    names = _names(tables)
    told = {**_journeys(tables, names), **_effects(tables, names), **_people(tables, names)}
    return {name: sorted(found, key=repr) for name, found in told.items()}


def _names(tables: dict[str, Rows]) -> Names:
    people: dict[int | None, object] = {row.id: row.email for row in tables["prospects"]}
    scenarios = {row.id: row.key for row in tables["scenarios"]}
    steps: dict[int | None, object] = {row.id: f"{scenarios[row.scenario_id]}.{row.key}" for row in tables["steps"]}
    return Names(
        person=people,
        word={None: None, **{row.id: row.text for row in tables["words"]}},
        step={None: None, NO_STEP: None, **steps},
        run={
            None: None,
            **{row.id: (people[row.prospect_id], scenarios[row.scenario_id], row.run) for row in tables["enrolments"]},
        },
        list={row.id: row.key for row in tables["lists"]},
    )


def _journeys(tables: dict[str, Rows], names: Names) -> History:
    totals = Counter[tuple[object, ...]]()
    for row in tables["totals"]:
        totals[names.step[row.step_id], row.day, row.figure, row.bucket] += row._mapping["count"]
    return {
        "visits": [
            (names.run[r.enrolment_id], r.move, names.step[r.step_id], r.outcome, r.arrived_at, r.left_at)
            for r in tables["visits"]
        ],
        "runs": [
            (names.run[r.id], names.step[r.step_id], r.state, r.phase, r.moves, r.arrived_at, r.due_at, r.ended_at)
            for r in tables["enrolments"]
        ],
        "reasons": [(names.run[r.enrolment_id], r.move, r.reason) for r in tables["reasons"]],
        "totals": [(*key, count) for key, count in totals.items() if count],
    }


def _effects(tables: dict[str, Rows], names: Names) -> History:
    def of(row: Row[Any]) -> tuple[object, ...]:
        return names.person[row.prospect_id], names.run[row.enrolment_id], names.step[row.step_id]

    contents = {row.id: (row.kind, row.content) for row in tables["call_contents"]}
    return {
        "todos": [(*of(r), r.subject, r.due_at, r.priority, r.assignee, r.created_at) for r in tables["todos"]],
        "sends": [
            (r.id, r.state, r.due_at, r.after_id, r.winner, r.chosen_by, r.queued_at, r.held_until, r.fault)
            for r in tables["sends"]
        ],
        "send_variants": [tuple(r) for r in tables["send_variants"]],
        "messages": [(*of(r), names.word[r.template_id], r.status, r.queued_at, r.sent_at) for r in tables["messages"]],
        "notifications": [(*of(r), r.addressee, r.subject, r.text, r.queued_at) for r in tables["notifications"]],
        "calls": [(*of(r), r.move, *contents[r.content_id], r.status, r.queued_at) for r in tables["calls"]],
        "scores": [
            (*of(r), r.at, r.points, r.kind, names.word[r.category_id], names.word[r.rule_id])
            for r in tables["score_entries"]
        ],
    }


def _people(tables: dict[str, Rows], names: Names) -> History:
    return {
        "standings": [
            (names.person[r.prospect_id], r.score, r.grade, r.owner, bool(r.opted_out), r.last_activity_at)
            for r in tables["standings"]
        ],
        "tags": [(names.person[r.prospect_id], names.word[r.tag_id]) for r in tables["prospect_tags"]],
        "lists": [(names.person[r.prospect_id], names.list[r.list_id]) for r in tables["list_members"]],
        "members": [(names.person[r.prospect_id], r.status, r.since) for r in tables["campaign_members"]],
        "fields": [(r.email, r.industry, r.country) for r in tables["prospects"]],
        "served": [(r.group_key, r.user_id, r.served) for r in tables["group_members"]],
    }

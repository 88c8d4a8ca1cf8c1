"""Where one prospect stands: lists, tags, categories, campaigns, and runs through scenarios."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Connection, literal, select, type_coerce

from engage.clock import FOREVER, moment
from engage.language.vocabulary import Vocabulary
from engage.language.where import read_where
from engage.sql import tables as t
from engage.sql.codes import RunState
from engage.sql.predicates import Now, holds


@dataclass(frozen=True, slots=True)
class Membership:
    """A campaign and the status in it."""

    campaign: str
    name: str
    status: str | None
    since: datetime


@dataclass(frozen=True, slots=True)
class Run:
    """One run through a scenario."""

    scenario: str
    name: str
    run: int
    #: active, held, completed, goal, left
    state: str
    #: where it stands, or ended, and the step's label
    step: str
    step_name: str
    entered_at: datetime
    #: since when it stands there
    since: datetime
    #: when the step is due; None for a run that ended, is held, or waits for its message to be handed over
    due_at: datetime | None
    ended_at: datetime | None
    #: the scenario is paused: its durations stand still
    paused: bool


def runs(connection: Connection, prospect_id: int) -> tuple[Run, ...]:
    """Return the runs, open ones first, else the latest first."""
    e, s, k = t.enrolments, t.steps, t.scenarios
    due = type_coerce(e.c.due_at, BigInteger).label("due")
    chosen = (
        select(
            k.c.key.label("scenario"), k.c.name, k.c.paused_total, k.c.state.label("life"), e.c.run, e.c.state,
            s.c.key.label("step"), s.c.name.label("step_name"), e.c.entered_at, e.c.arrived_at, due, e.c.ended_at,
        )
        .select_from(e.join(s, s.c.id == e.c.step_id).join(k, k.c.id == e.c.scenario_id))
        .where(e.c.prospect_id == prospect_id)
        .order_by(e.c.state >= int(RunState.COMPLETED), e.c.entered_at.desc(), e.c.id.desc())
    )  # fmt: skip
    return tuple(
        Run(
            row.scenario, row.name, row.run, RunState(row.state).name.lower(), row.step, row.step_name or row.step,
            row.entered_at, row.arrived_at, _due(row.state, row.due + row.paused_total), row.ended_at,
            row.life == "paused",
        )
        for row in connection.execute(chosen)
    )  # fmt: skip


def _due(state: int, at: int) -> datetime | None:
    return moment(at) if state == RunState.ACTIVE and at < FOREVER else None


def categories(connection: Connection, prospect_id: int) -> tuple[tuple[str, int], ...]:
    """Return the points of each category."""
    c, w = t.category_scores, t.words
    chosen = (
        select(w.c.text, c.c.points).join_from(c, w, w.c.id == c.c.category_id).where(c.c.prospect_id == prospect_id)
    )
    return tuple((row.text, row.points) for row in connection.execute(chosen.order_by(w.c.text)))


def tags_of(connection: Connection, prospect_id: int) -> tuple[str, ...]:
    """Return the tags."""
    own, w = t.prospect_tags, t.words
    chosen = select(w.c.text).join_from(own, w, w.c.id == own.c.tag_id).where(own.c.prospect_id == prospect_id)
    return tuple(connection.scalars(chosen.order_by(w.c.text)))


def lists_of(connection: Connection, vocabulary: Vocabulary, prospect_id: int, now: Now) -> tuple[str, ...]:
    """Return the static lists, then the dynamic ones whose criteria hold now."""
    own, k = t.list_members, t.lists
    chosen = select(k.c.key).join_from(own, k, k.c.id == own.c.list_id).where(own.c.prospect_id == prospect_id)
    static = tuple(connection.scalars(chosen.order_by(k.c.key)))
    asked = {
        name: condition
        for name, criteria in vocabulary.lists.items()
        if criteria is not None and (condition := read_where(json.dumps({"list": name}), vocabulary)[0]) is not None
    }
    if not asked:
        return static
    truths = [holds(condition, literal(prospect_id), now) for condition in asked.values()]
    row = connection.execute(select(*truths)).one()
    return (*static, *(name for name, held in zip(asked, row, strict=True) if held))


def memberships(connection: Connection, prospect_id: int) -> tuple[Membership, ...]:
    """Return the campaigns, the latest first."""
    m, c = t.campaign_members, t.campaigns
    chosen = (
        select(c.c.key, c.c.name, m.c.status, m.c.since)
        .join_from(m, c, c.c.id == m.c.campaign_id)
        .where(m.c.prospect_id == prospect_id)
        .order_by(m.c.since.desc(), c.c.key)
    )
    return tuple(Membership(row.key, row.name, row.status, row.since) for row in connection.execute(chosen))

"""A scenario walked forward: the present audience or a file's, the real engine, assumed readers, the report card."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import Engine, func, select

from engage.effects.unwritten import hand_over_unwritten
from engage.language.whole import Workspace
from engage.plan.moves import Plans
from engage.rehearse.clockwork import next_due, next_night, nights_matter
from engage.rehearse.diligence import Diligence
from engage.rehearse.hurry import hurried
from engage.rehearse.reactions import Readers, links_of
from engage.reports.card import Card, report_card
from engage.sql import tables as t
from engage.sql.connect import reading
from engage.stepping import states
from engage.stepping.tick import tick

#: The engine ticks at full hours after the start where anything is due.
_STEP = timedelta(hours=1)
#: Ticks in a row at one moment; more are a fault of ours.
_MOST_TICKS = 1_000


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is forecast, and from what."""

    scenario: str
    #: the first moment and the last
    start: datetime
    end: datetime
    assumed: Mapping[str, float]
    seed: int
    #: whether those who match at the start enter, too, whatever the scenario says
    backfill: bool = False


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a forecast came to."""

    outlook: Outlook
    #: how many prospects there are, and how many entered
    prospects: int
    entered: int
    card: Card


def forecast(
    engine: Engine,
    workspace: Workspace,
    plans: Plans,
    outlook: Outlook,
    progress: Callable[[int], None] = lambda days: None,  # noqa: ARG005
) -> Forecast:
    """Walk a scenario forward on a database of our own, in which nothing runs; ``progress`` is told the days."""
    readers = Readers(Random(outlook.seed), outlook.assumed, links_of(workspace.templates))  # noqa: S311 - no secret
    users = Diligence(Random(f"{outlook.seed}/todos"), outlook.assumed.get("todo", 0.0))  # noqa: S311 - no secret
    custom = {name: word.type for name, word in workspace.company.fields.items()}
    plans = _filled(plans, outlook)
    with hurried(engine):
        with engine.begin() as connection:
            users.begin(connection)
            states.start(connection, plans, outlook.scenario, outlook.start)
        now: datetime | None = outlook.start
        while now is not None:
            _advance(engine, plans, custom, readers, users, now)
            progress((now - outlook.start).days)
            now = _following(engine, plans, outlook, users, now)
        return _told(engine, plans, outlook)


def _filled(plans: Plans, outlook: Outlook) -> Plans:
    """Return the plans, with the scenario's ``backfill`` as the forecast wishes."""
    plan = plans.scenarios[outlook.scenario]
    if not outlook.backfill or plan.backfill:
        return plans
    return replace(plans, scenarios={**plans.scenarios, plan.key: replace(plan, backfill=True)})


def _advance(
    engine: Engine, plans: Plans, custom: Mapping[str, str], readers: Readers, users: Diligence, now: datetime
) -> None:
    """Tick until nothing is due any more; what is queued goes out at once, and is read later."""
    with engine.begin() as connection:
        users.work(connection, now)
    suppress = {key: plan.suppress for key, plan in plans.scenarios.items() if plan.suppress is not None}
    for _ in range(_MOST_TICKS):
        with engine.connect() as connection:
            tick(connection, plans, now, custom=custom)
        with engine.begin() as connection:
            if hand_over_unwritten(connection, plans.house, suppress, now):
                readers.react(connection, now)
            users.look(connection, now)
            due = next_due(connection)
        if due is None or due > now:
            return
    raise AssertionError(f"the engine finds no rest at {now}")


def _following(engine: Engine, plans: Plans, outlook: Outlook, users: Diligence, now: datetime) -> datetime | None:
    """Return the next moment to tick at; None: the forecast is over."""
    with reading(engine).begin() as connection:
        due = next_due(connection)
    due = min(filter(None, (due, users.due)), default=None)
    found = []
    if due is not None:
        hours = -((outlook.start - due) // _STEP)
        found.append(outlook.start + hours * _STEP)
    if nights_matter(plans, (outlook.scenario,)):
        found.append(next_night(plans, now))
    following = min(found, default=None)
    return following if following is not None and following <= outlook.end else None


def _told(engine: Engine, plans: Plans, outlook: Outlook) -> Forecast:
    plan, e, s = plans.scenarios[outlook.scenario], t.enrolments, t.scenarios
    mine = e.c.scenario_id == select(s.c.id).where(s.c.key == plan.key).scalar_subquery()
    with reading(engine).begin() as connection:
        card = report_card(connection, plan, zone=plans.house.hours.zone)
        entered = connection.scalar(select(func.count()).select_from(e).where(mine)) or 0
        prospects = connection.scalar(select(func.count()).select_from(t.prospects)) or 0
    return Forecast(outlook, prospects, entered, card)

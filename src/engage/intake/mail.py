"""What activities tell of messages: opened, clicked, bounced, complained of, opted out of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Insert,
    Integer,
    Select,
    SmallInteger,
    Update,
    and_,
    case,
    exists,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    union_all,
)

from engage.intake.batch import batch
from engage.intake.refusing import is_hard, opt_out, stop_bounced
from engage.sql import tables as t
from engage.sql.codes import Bounce, Figure
from engage.sql.columns import Instant, Key
from engage.sql.days import day_of, fill_days
from engage.sql.mail_days import NO_STEP, began_at, counted_under
from engage.sql.scratch import analyse, clear, keyless, scratch, update_from
from engage.sql.standing import standing

_OPENS = ("email_opened", "email_clicked")
_BOUNCED = "email_bounced"
#: Event types with their numbers.
Types = tuple[tuple[str, int], ...]
_REFUSALS: Mapping[str, Figure] = {
    "email_complained": Figure.COMPLAINED,
    "email_unsubscribed": Figure.OPTED_OUT,
}

#: Messages that something new is known of, with what is new; ``before`` is the bounce known so far.
touched = keyless(
    scratch(
        "touched",
        Column("message_id", Key, primary_key=True, autoincrement=False),
        Column("step_id", Integer, nullable=False),
        Column("began_at", Instant, nullable=False),
        Column("opened_at", Instant),
        Column("clicked_at", Instant),
        Column("bounce", SmallInteger),
        Column("before", SmallInteger),
    )
)


#: How many messages each figure has gained or lost, by step and the moment at which their visits began.
figures = scratch(
    "figures",
    Column("step_id", Integer, nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("figure", SmallInteger, nullable=False),
    Column("count", Integer, nullable=False),
)


def note_mail(connection: Connection, now: datetime, zone: ZoneInfo, types: Mapping[str, int]) -> bool:
    """Note what the batch tells of messages and return whether somebody may have become unmailable."""
    news = {name: types[name] for name in (*_OPENS, _BOUNCED) if name in types}
    refused = {name: types[name] for name in _REFUSALS if name in types}
    if news:
        _touch(connection, news)
        _count(connection, zone, _fared())
        _update_messages(connection, news)
    if _BOUNCED in types:
        stop_bounced(connection, now, types[_BOUNCED])
    if refused:
        _count(connection, zone, _refusals(tuple(refused.items())))
        opt_out(connection, now, refused)
    return bool(refused) or _BOUNCED in types


def _touch(connection: Connection, types: Mapping[str, int]) -> None:
    """Fill ``touched`` with the messages that the batch's opens, clicks and bounces name."""
    clear(connection, touched)
    connection.execute(_touching(tuple(types.items())))
    analyse(connection, touched)


@standing
def _touching(types: Types) -> Insert:
    m, news = t.messages, _first_moments(dict(types)).subquery("news")
    columns = (
        m.c.id,
        counted_under(),
        began_at(),
        case((m.c.opened_at.is_(null()), news.c.opened_at)),
        case((m.c.clicked_at.is_(null()), news.c.clicked_at)),
        case((news.c.bounce > func.coalesce(m.c.bounce, 0), news.c.bounce)),
        m.c.bounce,
    )
    chosen = select(*columns).select_from(news.join(m, m.c.id == news.c.message_id))
    chosen = chosen.where(or_(*(column.is_not(null()) for column in columns[3:6])))
    return insert(touched).from_select([column.name for column in touched.c], chosen)


def _first_moments(types: Mapping[str, int]) -> Select[Any]:
    """Return each message's first open and first click in the batch, and its worst bounce."""
    clicked = batch.c.type_id == types.get("email_clicked", 0)
    opened = or_(clicked, batch.c.type_id == types.get("email_opened", 0))
    bounce: ColumnElement[Any] = literal(None, SmallInteger)
    if _BOUNCED in types:
        kind = case((is_hard(batch.c.activity_id), int(Bounce.HARD)), else_=int(Bounce.SOFT))
        bounce = func.max(case((batch.c.type_id == types[_BOUNCED], kind)))
    moments = (
        batch.c.message_id,
        func.min(case((opened, batch.c.occurred_at))).label("opened_at"),
        func.min(case((clicked, batch.c.occurred_at))).label("clicked_at"),
        bounce.label("bounce"),
    )
    named = and_(batch.c.message_id.is_not(null()), batch.c.type_id.in_(types.values()))
    return select(*moments).where(named).group_by(batch.c.message_id)


@standing
def _fared() -> Select[Any]:
    """Return how many touched messages each figure has gained or lost."""
    x = touched.c
    turned = and_(x.bounce == int(Bounce.HARD), x.before == int(Bounce.SOFT))
    by_figure = {
        Figure.OPENED: func.count(x.opened_at),
        Figure.CLICKED: func.count(x.clicked_at),
        Figure.HARD_BOUNCED: func.count(case((x.bounce == int(Bounce.HARD), 1))),
        Figure.SOFT_BOUNCED: func.count(case((x.bounce == int(Bounce.SOFT), 1))) - func.count(case((turned, 1))),
    }
    counts = (number.label(figure.name) for figure, number in by_figure.items())
    each = select(x.step_id, x.began_at, *counts).group_by(x.step_id, x.began_at)
    sums = each.cte("sums").prefix_with("MATERIALIZED")
    return _united(
        select(sums.c.step_id, sums.c.began_at, _number(figure), sums.c[figure.name].label("count"))
        for figure in by_figure
    )


@standing
def _refusals(types: Types) -> Select[Any]:
    """Return how many messages were complained of, or opted out of, for the first time."""
    m, a = t.messages, t.activities
    known = select(1).where(
        a.c.prospect_id == batch.c.prospect_id, a.c.type_id == batch.c.type_id, a.c.learnt_at.is_not(null()),
        a.c.message_id == batch.c.message_id, a.c.bot.is_(False), a.c.id.not_in(select(batch.c.activity_id)),
    )  # fmt: skip
    fresh = (
        (
            name,
            select(m.c.id, counted_under().label("step_id"), began_at().label("began_at"))
            .select_from(m.join(batch, m.c.id == batch.c.message_id))
            .where(batch.c.type_id == number, ~exists(known.correlate(batch)))
            .distinct()
            .subquery(),
        )
        for name, number in types
    )
    return _united(
        select(each.c.step_id, each.c.began_at, _number(_REFUSALS[name]), func.count().label("count")).group_by(
            each.c.step_id, each.c.began_at
        )
        for name, each in fresh
    )


def _number(figure: Figure) -> ColumnElement[int]:
    return literal(int(figure), SmallInteger).label("figure")


def _united(parts: Iterable[Select[Any]]) -> Select[Any]:
    return select(union_all(*parts).subquery("parts"))


def _count(connection: Connection, zone: ZoneInfo, gained: Select[Any]) -> None:
    """Add to the report's figures, on the local day on which each message's visit began."""
    clear(connection, figures)
    connection.execute(_gained(gained))
    fill_days(connection, figures.c.began_at, zone)
    connection.execute(_by_day())


@standing
def _gained(gained: Select[Any]) -> Insert:
    some = gained.where(gained.selected_columns.count != 0)
    return insert(figures).from_select([column.name for column in figures.c], some)


@standing
def _by_day() -> Insert:
    day = day_of(figures.c.began_at).label("day")
    by_day = select(figures.c.step_id, day, figures.c.figure, figures.c.count).subquery("by_day")
    scenario = func.coalesce(t.steps.c.scenario_id, NO_STEP).label("scenario_id")
    steps = by_day.outerjoin(t.steps, t.steps.c.id == by_day.c.step_id)
    each = select(scenario, by_day).select_from(steps).subquery("each_step")
    key = (each.c.scenario_id, each.c.step_id, each.c.day, each.c.figure)
    rows = select(*key, literal(0, SmallInteger), func.sum(each.c.count)).group_by(*key)
    names = ["scenario_id", "step_id", "day", "figure", "bucket", "count"]
    return insert(t.totals).from_select(names, rows)


def _update_messages(connection: Connection, types: Mapping[str, int]) -> None:
    told = {"opened_at": _OPENS, "clicked_at": _OPENS[1:], "bounce": (_BOUNCED,)}
    names = tuple(name for name, by in told.items() if any(event in types for event in by))
    connection.execute(_updated(connection.dialect.name, names))


@standing
def _updated(database: str, names: tuple[str, ...]) -> Update:
    values = {name: func.coalesce(touched.c[name], t.messages.c[name]) for name in names}
    return update_from(database, t.messages, touched, values)

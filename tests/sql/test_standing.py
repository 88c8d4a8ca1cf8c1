"""Standing statements: built and compiled once, run with other values each time, on every database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, Insert, Select, Update, bindparam, insert, literal, select, update
from sqlalchemy.exc import StatementError

from engage.clock import micros
from engage.sql import tables as t
from engage.sql.asked import Now
from engage.sql.columns import Instant
from engage.sql.standing import NOW, big, many, run, standing

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
ASKED = Now(NOON, ZoneInfo("Asia/Tokyo"))


@standing
def _beat() -> Insert:
    """The moment is stored as the column's type stores moments, ``detail`` is the statement's own value."""
    names = ["id", "at", "round", "phase", "last_timer", "finished"]
    at = bindparam("at", type_=Instant())
    return insert(t.ticks).from_select(
        names, select(literal(1), at, literal(0), literal("step"), big("last"), literal(0))
    )


@standing
def _moved() -> Update:
    return update(t.ticks).values(last_timer=NOW).where(t.ticks.c.last_timer.in_(many("timers")))


@standing
def _last() -> Select[tuple[int]]:
    return select(t.ticks.c.last_timer).where(t.ticks.c.id == 1)


@standing
def _at() -> Select[tuple[datetime]]:
    return select(t.ticks.c.at)


@pytest.mark.parametrize(("timers", "moves"), [((), False), ((7,), True), ((5, 6, 7), True), ((5, 6), False)])
def test_a_statement_runs_with_lists_of_every_length(engine: Engine, timers: tuple[int, ...], moves: bool) -> None:
    with engine.begin() as connection:
        assert run(connection, _beat(), None, at=NOON, last=7).rowcount == 1
        assert run(connection, _moved(), ASKED, timers=timers).rowcount == int(moves)
        assert run(connection, _last(), None).scalar_one() == (micros(NOON) if moves else 7)


def test_moments_come_back_as_moments(engine: Engine) -> None:
    """Rows whose values SQLAlchemy makes are left to it."""
    with engine.begin() as connection:
        run(connection, _beat(), None, at=NOON, last=7)
        assert run(connection, _at(), None).scalar_one() == NOON


def test_values_that_are_not_asked_for_are_left_out(engine: Engine) -> None:
    with engine.begin() as connection:
        run(connection, _beat(), ASKED, at=NOON, last=7, places=(1, 2))


@pytest.mark.parametrize("given", [{}, {"at": NOON}])
def test_a_value_that_is_missing_is_named(engine: Engine, given: dict[str, Any]) -> None:
    with engine.begin() as connection, pytest.raises(StatementError, match="last"):
        run(connection, _beat(), None, **given)

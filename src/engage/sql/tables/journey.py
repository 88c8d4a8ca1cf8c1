"""Scenarios, enrolments, timers and visits: the engine's own tables."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    event,
    false,
    text,
)

from engage.sql.codes import DAY_FIGURES, FAILED, RUN_FIGURES, UNFOLDED
from engage.sql.columns import Instant, Key, Packed, metadata

#: ``paused_total`` is the time paused so far, in microseconds: durations are kept in scenario time, that is
#: UTC less this, so that a resume writes one row and not a million. ``fault`` is why the engine paused it.
scenarios = Table(
    "scenarios",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("started_at", Instant),
    Column("paused_at", Instant),
    Column("paused_total", BigInteger, nullable=False, server_default=text("0")),
    Column("fault", Text),
)

#: The pauses of a scenario that are over; from them scenario time is told.
pauses = Table(
    "pauses",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("scenario_id", Integer, nullable=False, index=True),
    Column("paused_at", Instant, nullable=False),
    Column("resumed_at", Instant, nullable=False),
)

#: When a scenario ran that was stopped since, and since when it was paused then.
lifetimes = Table(
    "lifetimes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("scenario_id", Integer, nullable=False, index=True),
    Column("started_at", Instant, nullable=False),
    Column("stopped_at", Instant, nullable=False),
    Column("paused_at", Instant),
)

#: Every applied version of a scenario, as text; kept for ever.
versions = Table(
    "versions",
    metadata,
    Column("scenario_id", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("source", Text, nullable=False),
    Column("applied_at", Instant, nullable=False),
)

#: A step's name in a scenario and its number, for ever: the same id after an edit is the same number. ``kind`` and
#: ``name`` are those of the last version that has the step, so that reports can still show a removed one.
steps = Table(
    "steps",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("scenario_id", Integer, nullable=False),
    Column("key", Text, nullable=False),
    Column("kind", Text, nullable=False, server_default=text("''")),
    Column("name", Text, nullable=False, server_default=text("''")),
    UniqueConstraint("scenario_id", "key"),
)

#: The outcomes of switches and splits by name: each has a number among those of its step, for ever. An outcome in
#: ``visits`` and a figure in ``totals`` is FIRST_NAMED and this number.
outcome_names = Table(
    "outcome_names",
    metadata,
    Column("step_id", Integer, primary_key=True, autoincrement=False),
    Column("number", SmallInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    sqlite_with_rowid=False,
)

#: One narrow row a run, the truth about where it stands. No index on a column that a step changes, so a move
#: stays on its page. ``moves`` counts finished passages. ``due_at`` is in scenario time where the step counts a
#: duration. ``state`` is a RunState, ``phase`` a Phase. ``entered_by`` is the activity that let the run begin, if one
#: did. ``apart``: it was enrolled by another scenario and has not matched lists and where since.
enrolments = Table(
    "enrolments",
    metadata,
    Column("id", Key, primary_key=True),
    Column("prospect_id", Key, nullable=False),
    Column("scenario_id", Integer, nullable=False),
    Column("step_id", Integer, nullable=False),
    Column("run", SmallInteger, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("moves", SmallInteger, nullable=False),
    Column("phase", SmallInteger, nullable=False),
    Column("entered_at", Instant, nullable=False),
    Column("arrived_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("entered_by", Key),
    Column("apart", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("prospect_id", "scenario_id", "run"),
    Index(
        "uq_enrolments_open",
        "prospect_id",
        "scenario_id",
        unique=True,
        sqlite_where=text("state < 2"),
        postgresql_where=text("state < 2"),
    ),
    # Neither column ever changes, so no move pays for it; pages read a scenario's runs by it.
    Index("ix_enrolments_scenario", "scenario_id", "id"),
    postgresql_with={"fillfactor": 50},
)

#: A timing wheel (Varghese and Lauck, 1987): a due moment, a step and the packed keys of those who wait for
#: it. Only a hint: the enrolment's own row decides. Looks at changed prospects are timers too.
timers = Table(
    "timers",
    metadata,
    Column("id", Key, primary_key=True),
    Column("kind", SmallInteger, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("scenario_id", Integer),
    Column("step_id", Integer),
    Column("count", Integer, nullable=False),
    Column("facet", Text),
    Column("after_id", Key),
    Column("ids", Packed),
    Index(None, "kind", "due_at"),
    sqlite_autoincrement=True,
)


@event.listens_for(timers, "after_create")
def _as_they_are(_: Table, connection: Connection, **options: object) -> None:  # noqa: ARG001
    """Have PostgreSQL store lists of keys as they are: to compress one takes longer than all else about a timer."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("ALTER TABLE timers ALTER COLUMN ids SET STORAGE EXTERNAL"))


#: Who matched a scenario's audience when it was last looked at; kept only where a scenario asks for those who
#: begin to match.
audience_members = Table(
    "audience_members",
    metadata,
    Column("scenario_id", Integer, primary_key=True, autoincrement=False),
    Column("prospect_id", Key, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

#: One row for each finished passage, insert-only. ``move`` counts a run's passages from 0.
visits = Table(
    "visits",
    metadata,
    Column("enrolment_id", Key, primary_key=True, autoincrement=False),
    Column("arrived_at", Instant, nullable=False),
    Column("left_at", Instant, nullable=False),
    Column("step_id", Integer, nullable=False),
    Column("move", SmallInteger, primary_key=True, autoincrement=False),
    Column("outcome", SmallInteger, nullable=False),
    # Of the few that failed alone: whoever looks for trouble asks for the latest.
    Index("ix_visits_failed", "left_at", "step_id", sqlite_where=text(FAILED), postgresql_where=text(FAILED)),
    sqlite_with_rowid=False,
)

#: Why a passage failed or was skipped.
reasons = Table(
    "reasons",
    metadata,
    Column("enrolment_id", Key, primary_key=True, autoincrement=False),
    Column("move", SmallInteger, primary_key=True, autoincrement=False),
    Column("reason", Text, nullable=False),
    sqlite_with_rowid=False,
)

#: The report's figures, rolled up: one row or more for a step, local day of arrival (days since 1970-01-01),
#: figure and class of waiting time. Chunks insert differences; the tick's end folds them.
totals = Table(
    "totals",
    metadata,
    Column("id", Key, primary_key=True),
    Column("scenario_id", Integer, nullable=False),
    Column("step_id", Integer, nullable=False),
    Column("day", Integer, nullable=False),
    Column("figure", SmallInteger, nullable=False),
    Column("bucket", SmallInteger, nullable=False),
    Column("folded", SmallInteger, nullable=False, server_default=text("0")),
    Column("count", BigInteger, nullable=False),
    Column("first_at", Instant),
    Column("last_at", Instant),
    # A report card reads its scenario's rows from here alone, in the order in which it groups them.
    Index(
        "ix_totals_card",
        "scenario_id",
        "step_id",
        "figure",
        "bucket",
        "day",
        "count",
        "first_at",
        "last_at",
    ),
    # Differences that gathered since a scenario was folded.
    Index("ix_totals_unfolded", "scenario_id", sqlite_where=text(UNFOLDED), postgresql_where=text(UNFOLDED)),
    Index(
        "ix_totals_runs",
        "scenario_id",
        "figure",
        "day",
        "count",
        sqlite_where=text(RUN_FIGURES),
        postgresql_where=text(RUN_FIGURES),
    ),
    Index(
        "ix_totals_days",
        "figure",
        "day",
        "scenario_id",
        "step_id",
        "count",
        sqlite_where=text(DAY_FIGURES),
        postgresql_where=text(DAY_FIGURES),
    ),
)

#: The one row of the last tick. While it is open (``finished`` 0), whoever ticks next finishes it with its own
#: moment first; ``phase`` is where its round stands, so that after a crash it goes on there;
#: timers after ``last_timer`` were written in this phase and wait for the next round. ``zones`` is by which rules local
#: times were told, so that it is seen when another release of the time zones' rules has come.
ticks = Table(
    "ticks",
    metadata,
    Column("id", Key, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("round", Integer, nullable=False),
    Column("phase", Text, nullable=False),
    Column("last_timer", Key, nullable=False),
    Column("finished", SmallInteger, nullable=False),
    Column("zones", Text),
)

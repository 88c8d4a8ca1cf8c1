"""Open runs that were looked at: they end where they stand, are held there, or go on."""

from __future__ import annotations

from sqlalchemy import BigInteger, Connection, func, insert, literal, not_, select, update

from engage.sql import tables as t
from engage.sql.codes import Figure, Outcome, RunState, TimerKind
from engage.sql.cohort import cohort
from engage.sql.packing import pack
from engage.stepping.changes import touch
from engage.stepping.figures import Figures
from engage.stepping.finish import MINUTE
from engage.stepping.journeys import Course, Tick

#: Places of the cohort while goals and holds are asked.
ACTIVE, HELD, GOAL, LEFT, TO_HOLD, TO_RELEASE = range(6)


def leave_runs(
    connection: Connection,
    tick: Tick,
    figures: Figures,
    place: int,
    state: RunState,
    outcome: Outcome,
) -> None:
    """End the runs at a place of the cohort where they stand, with a visit that says how."""
    e, c = t.enrolments, cohort
    counted = _counts(connection, place)
    if not counted:
        return
    at = literal(tick.at, BigInteger())
    values = select(c.c.id, c.c.arrived_at, at, c.c.step_id, c.c.moves, literal(int(outcome))).where(c.c.place == place)
    names = ["enrolment_id", "arrived_at", "left_at", "step_id", "move", "outcome"]
    connection.execute(insert(t.visits).from_select(names, values.order_by(c.c.id)))
    held = e.c.state == int(RunState.HELD)
    for was_held in (False, True):
        rows = connection.execute(
            select(c.c.step_id, c.c.arrived_at, func.count())
            .join(e, e.c.id == c.c.id)
            .where(c.c.place == place, held if was_held else not_(held))
            .group_by(c.c.step_id, c.c.arrived_at)
        ).all()
        for step_id, arrived_at, count in rows:
            figures.left(step_id, arrived_at, tick.at, count, int(Figure(int(outcome))), held=was_held)
    ended = {"state": int(state), "ended_at": tick.at, "moves": c.c.moves + 1}
    connection.execute(update(e).values(ended).where(e.c.id == c.c.id, c.c.place == place))
    touch(connection, tick, "scenario", select(c.c.prospect_id).where(c.c.place == place))


def _counts(connection: Connection, place: int) -> list[tuple[int, int, int]]:
    c = cohort
    grouped = (
        select(c.c.step_id, c.c.arrived_at, func.count())
        .where(c.c.place == place)
        .group_by(c.c.step_id, c.c.arrived_at)
    )
    return [(step_id, arrived_at, count) for step_id, arrived_at, count in connection.execute(grouped)]


def set_state(connection: Connection, tick: Tick, figures: Figures, place: int, state: RunState, sign: int) -> None:
    """Hold the runs at a place of the cohort, or let them go on; ``sign`` is 1 for those held."""
    counted = _counts(connection, place)
    if not counted:
        return
    for step_id, arrived_at, count in counted:
        figures.held(step_id, arrived_at, sign * count)
    e = t.enrolments
    connection.execute(update(e).values(state=int(state)).where(e.c.id == cohort.c.id, cohort.c.place == place))
    touch(connection, tick, "scenario", select(cohort.c.prospect_id).where(cohort.c.place == place))


def wake_released(connection: Connection, tick: Tick, course: Course) -> None:
    """Look at those released now, and time them again at their original moment: holding freezes nothing."""
    c = cohort
    names = ["kind", "due_at", "scenario_id", "step_id", "count", "ids"]
    for kind, moment, test in (
        (TimerKind.WAKE, literal(tick.at, BigInteger()), None),
        (TimerKind.STEP, func.min(c.c.due_at), c.c.due_at > tick.at),
    ):
        values = select(
            literal(int(kind)),
            moment,
            literal(course.id),
            c.c.step_id,
            func.count(),
            pack(connection, c.c.id),
        ).where(c.c.place == TO_RELEASE)
        grouped = (
            values.group_by(c.c.step_id)
            if test is None
            else values.where(test).group_by(c.c.step_id, c.c.due_at.op("/")(MINUTE))
        )
        connection.execute(insert(t.timers).from_select(names, grouped))

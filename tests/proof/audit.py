"""What must hold of a database at every moment, recounted in plain Python from its rows, without the engine's help."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, Row, Table, select, text, type_coerce
from sqlalchemy.types import BigInteger

from engage.clock import HORIZON
from engage.sql import tables as t
from engage.sql.codes import FIRST_NAMED, EntryKind, Figure, Outcome, RunState, TimerKind
from engage.sql.columns import Instant
from engage.sql.connect import reading
from engage.sql.waits import bucket
from engage.stepping.figures import day_number

#: What a second tick may touch: the note that it ran.
NOTES = frozenset(("ticks",))
_OPEN = (int(RunState.ACTIVE), int(RunState.HELD))


def rows(connection: Connection, table: Table) -> list[Row[Any]]:
    """Return a table's rows, moments as whole microseconds."""
    columns = [type_coerce(c, BigInteger).label(c.name) if isinstance(c.type, Instant) else c for c in table.c]
    return list(connection.execute(select(*columns)))


def dump(engine: Engine, without: Iterable[str] = NOTES) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows of all tables, sorted, but for some tables."""
    with reading(engine).connect() as connection:
        return {
            table.name: sorted((tuple(map(_plain, row)) for row in rows(connection, table)), key=repr)
            for table in t.metadata.sorted_tables
            if table.name not in without
        }


def _plain(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def emptied(engine: Engine) -> Engine:
    """Empty a database. A new one each time would cost more: every engine compiles its statements itself."""
    with engine.begin() as connection:
        names = [table.name for table in t.metadata.sorted_tables]
        # The audit log refuses to be emptied by anybody; here it is told not to look.
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            connection.execute(text(f"TRUNCATE {', '.join(names)} RESTART IDENTITY"))
        else:
            guards = connection.execute(
                text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'")
            ).all()
            for name, _ in guards:
                connection.execute(text(f"DROP TRIGGER {name}"))
            for table in (*names, "sqlite_sequence"):
                connection.execute(text(f"DELETE FROM {table}"))
            for _, statement in guards:
                connection.exec_driver_sql(statement)
    return engine


class State(NamedTuple):
    """A database's rows that the checks below ask about."""

    zone: ZoneInfo
    scenarios: dict[int, Row[Any]]
    steps: dict[int, Row[Any]]
    runs: dict[int, Row[Any]]
    #: each run's visits in their order
    visits: dict[int, list[Row[Any]]]
    tables: dict[str, list[Row[Any]]]
    #: the moment of the last tick; None while one is open
    ticked: int | None


def problems(engine: Engine, zone: ZoneInfo | None = None) -> list[str]:
    """Return all that is wrong with a database between two ticks; nothing, if all is well."""
    with reading(engine).connect() as connection:
        tables = {table.name: rows(connection, table) for table in t.metadata.sorted_tables}
    visits = defaultdict[int, list[Row[Any]]](list)
    for visit in sorted(tables["visits"], key=lambda v: (v.enrolment_id, v.move)):
        visits[visit.enrolment_id].append(visit)
    last = tables["ticks"][0] if tables["ticks"] else None
    state = State(
        zone or ZoneInfo("UTC"),
        {row.id: row for row in tables["scenarios"]},
        {row.id: row for row in tables["steps"]},
        {row.id: row for row in tables["enrolments"]},
        visits,
        tables,
        last.at if last is not None and last.finished else None,
    )
    return [said for check in CHECKS for said in check(state)]


def _one_place(state: State) -> Iterator[str]:
    """Every enrolment is in exactly one place: its passages follow each other without a gap up to where it stands."""
    for run in state.runs.values():
        visits, who = state.visits[run.id], f"run {run.id}"
        if run.moves != len(visits) or [v.move for v in visits] != list(range(len(visits))):
            yield f"{who} counts {run.moves} moves and has the visits {[v.move for v in visits]}"
        moments = [run.entered_at, *(m for v in visits for m in (v.arrived_at, v.left_at))]
        if run.entered_by is not None:
            # An event that lets one enter happened before the tick that learnt it.
            moments[0] = visits[0].arrived_at if visits else run.arrived_at
        if any(moments[n] != moments[n + 1] for n in range(0, len(moments) - 1, 2)):
            yield f"{who} has a gap between two visits: {moments}"
        if state.steps[run.step_id].scenario_id != run.scenario_id:
            yield f"{who} stands at a step of another scenario"
        if run.state in _OPEN:
            if run.arrived_at != moments[-1] or run.ended_at is not None:
                yield f"{who} is open, but did not arrive where its last visit ended"
        elif not visits or run.ended_at != moments[-1]:
            yield f"{who} has ended, but not with its last visit"
        elif (run.state == RunState.GOAL) != (visits[-1].outcome == Outcome.GOAL):
            yield f"{who} ended as {run.state} with the outcome {visits[-1].outcome}"
        if any(v.outcome in (Outcome.LEFT, Outcome.GOAL) for v in visits[:-1]):
            yield f"{who} went on after it left"
    yield from (
        f"visits of the unknown run {key}" for key in state.visits if state.visits[key] and key not in state.runs
    )


def _one_open_run(state: State) -> Iterator[str]:
    open_runs = Counter((r.prospect_id, r.scenario_id) for r in state.runs.values() if r.state in _OPEN)
    yield from (f"{count} open runs of {who}" for who, count in open_runs.items() if count > 1)


def _totals(state: State) -> Iterator[str]:
    """The figures are what one counts: for each step, day of arrival, figure and class of waiting time."""
    kept, counted = Counter[tuple[int, ...]](), Counter[tuple[int, ...]]()
    for row in state.tables["totals"]:
        if row.figure <= Figure.ENTERED or row.figure >= FIRST_NAMED:
            kept[row.step_id, row.day, row.figure, row.bucket] += row._mapping["count"]
    for run in state.runs.values():
        for visit in state.visits[run.id]:
            day = day_number(visit.arrived_at, state.zone)
            counted[visit.step_id, day, visit.outcome, bucket(visit.left_at - visit.arrived_at)] += 1
        if run.state in _OPEN:
            figure = Figure.WAITING if run.state == RunState.ACTIVE else Figure.HELD
            counted[run.step_id, day_number(run.arrived_at, state.zone), int(figure), 0] += 1
        # Who an event lets in is counted on the day of the arrival, not of the event.
        first = state.visits[run.id][0] if state.visits[run.id] else run
        counted[first.step_id, day_number(first.arrived_at, state.zone), int(Figure.ENTERED), 0] += 1
    for key in kept.keys() | counted.keys():
        if kept[key] != counted[key]:
            yield f"totals of (step, day, figure, class) {key}: {kept[key]} kept, {counted[key]} counted"


def _entered(state: State) -> Iterator[str]:
    """The report's equation: who entered a step has left it by some outcome, or waits or is held there."""
    sums = defaultdict[int, Counter[int]](Counter)
    for row in state.tables["totals"]:
        sums[row.step_id][row.figure] += row._mapping["count"]
    entered = Counter[int](v.step_id for visits in state.visits.values() for v in visits)
    entered += Counter(run.step_id for run in state.runs.values() if run.state in _OPEN)
    for step, figures in sums.items():
        named = (f for f in figures if f >= FIRST_NAMED)
        total = sum(figures[f] for f in (*range(7), *named, Figure.WAITING, Figure.HELD))
        if total != entered[step]:
            yield f"{state.steps[step].key}: {entered[step]} entered, {total} reported"
        if figures[Figure.WAITING] < 0 or figures[Figure.HELD] < 0:
            yield f"{state.steps[step].key}: fewer than none wait"


def _ledger(state: State) -> Iterator[str]:
    sums, parts = Counter[int](), Counter[tuple[int, int]]()
    for entry in state.tables["score_entries"]:
        sums[entry.prospect_id] += entry.points
        if entry.category_id is not None:
            parts[entry.prospect_id, entry.category_id] += entry.points
    for row in state.tables["standings"]:
        if row.score != sums[row.prospect_id]:
            yield f"prospect {row.prospect_id} scores {row.score}, the ledger says {sums[row.prospect_id]}"
    kept = Counter({(row.prospect_id, row.category_id): row.points for row in state.tables["category_scores"]})
    yield from (
        f"category {key}: {kept[key]} kept, {parts[key]} in the ledger"
        for key in kept.keys() | parts.keys()
        if kept[key] != parts[key]
    )


def _timed(state: State) -> Iterator[str]:
    """Each active run has a timer at its step, not after its moment; and whose moment has come has gone on."""
    timed = defaultdict[tuple[int, int], list[int]](list)
    for timer in state.tables["timers"]:
        if timer.kind == TimerKind.STEP:
            for key in timer.ids or ():
                timed[key, timer.step_id].append(timer.due_at)
    for run in state.runs.values():
        scenario = state.scenarios[run.scenario_id]
        if run.state != RunState.ACTIVE or scenario.state not in ("running", "paused"):
            continue
        due, moments = run.due_at + scenario.paused_total, timed[run.id, run.step_id]
        if not moments:
            yield f"run {run.id} is active and has no timer at {state.steps[run.step_id].key}"
        elif min(moments) > max(due, state.ticked or 0) and due < HORIZON:
            yield f"run {run.id} is due at {due}, its timer at {min(moments)}"
        if scenario.state == "running" and state.ticked is not None and due <= state.ticked:
            yield f"run {run.id} was due at {due} and still stands at {state.steps[run.step_id].key}"


def _once(state: State) -> Iterator[str]:
    """Each step of each run has at most one effect, and no effect without its visit."""
    passed = {(v.enrolment_id, v.step_id) for visits in state.visits.values() for v in visits}
    for name in ("messages", "todos", "notifications", "score_entries"):
        made = Counter(
            (row.enrolment_id, row.step_id)
            for row in state.tables[name]
            if row.enrolment_id is not None and (name != "score_entries" or row.kind == EntryKind.STEP)
        )
        yield from (f"{count} {name} of (run, step) {key}" for key, count in made.items() if count > 1)
        yield from (f"{name}: no visit for (run, step) {key}" for key in made if key not in passed)


def _called(state: State) -> Iterator[str]:
    """Each visit of a step that calls out has at most one call, and no call without its visit."""
    passed = {(v.enrolment_id, v.move): v.step_id for visits in state.visits.values() for v in visits}
    made = Counter((row.enrolment_id, row.move, row.step_id) for row in state.tables["calls"])
    yield from (f"{count} calls of (run, move, step) {key}" for key, count in made.items() if count > 1)
    yield from (f"calls: no visit for (run, move, step) {key}" for key in made if passed.get(key[:2]) != key[2])


def _learnt(state: State) -> Iterator[str]:
    left = [row for row in state.tables["unlearnt"] if state.ticked is not None and row.occurred_at <= state.ticked]
    known = {row.id: row for row in state.tables["activities"]}
    yield from (f"activity {row.activity_id} was not learnt" for row in left)
    waiting = {row.activity_id for row in state.tables["unlearnt"]}
    yield from (f"activity {key} waits and was learnt" for key in waiting if known[key].learnt_at is not None)


CHECKS = (_one_place, _one_open_run, _totals, _entered, _ledger, _timed, _once, _called, _learnt)

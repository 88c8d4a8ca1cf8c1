"""Why: each score entry, each grade criterion, each step taken with the values that decided it, and what comes next.

Told of a past moment, all is as it stood then: see ``reports.asof``. What decided is asked again in a mirror (see
``mirror``), by the engine's own statements, over the prospect as it was.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from engage.language.fields import fold
from engage.plan import moves
from engage.rehearse.explained import Explanation, GradeCard, Journey, Points, Run
from engage.rehearse.grade_card import grade_card
from engage.rehearse.hearing import entered_by
from engage.rehearse.hindsight import Hindsight
from engage.rehearse.mirror import mirror
from engage.rehearse.passages import Older, Versions, taken
from engage.rehearse.whereabouts import bars_of, coming, enrolled_by, entry_grounds, run_began, standing_of
from engage.reports.asof import as_of
from engage.reports.past import Cut, entries
from engage.reports.record import Record, Row, read_record
from engage.sql import tables as t
from engage.sql.codes import EntryKind, RunState


def explain(
    connection: Connection,
    plans: moves.Plans,
    older: Older,
    email: str,
    now: datetime,
    *,
    only: Collection[str] | None = None,
    zone: ZoneInfo | None = None,
) -> Explanation | None:
    """Return why a prospect stands where it stands, or None where nobody has the address.

    ``older`` gives a scenario's plan in an earlier version; ``only`` limits what is told to some scenarios.
    Moments within what is told are written in ``zone``, else in the workspace's. Only reads.
    """
    p = t.prospects
    row = connection.execute(select(p.c.id, p.c.email).where(p.c.email_folded == fold(email.strip()))).one_or_none()
    if row is None:
        return None
    record, applied = as_of(read_record(connection, row.id), now), _versions(connection)
    ranked = sorted(record.of(t.scenarios), key=lambda each: _rank(plans, each))
    order = {each["id"]: place for place, each in enumerate(ranked)}
    with mirror(plans.house, zone) as private:
        sight = Hindsight(record, private, plans.house, order)
        ledger = tuple(_points(record, entry) for entry in sorted(entries(record, Cut(now)), key=_in_order))
        return Explanation(
            email=row.email,
            at=now,
            score=sum(entry.points for entry in ledger),
            ledger=ledger,
            grade=grade_card(sight, plans.grading, now),
            scenarios=tuple(
                _journey(sight, plans, each, Versions(each["key"], applied[each["id"]], older), now)
                for each in ranked
                if each["key"] in plans.scenarios
                and (only is None or each["key"] in only)
                and _was_there(record, each, applied[each["id"]], now)
            ),
        )


def graded(
    connection: Connection, plans: moves.Plans, email: str, now: datetime, zone: ZoneInfo | None = None
) -> GradeCard | None:
    """Return a prospect's grade and what each criterion came to, or None where nobody has the address. Only reads."""
    p = t.prospects
    key = connection.scalar(select(p.c.id).where(p.c.email_folded == fold(email.strip())))
    if key is None:
        return None
    record = read_record(connection, key)
    with mirror(plans.house, zone) as private:
        return grade_card(Hindsight(record, private, plans.house, {}), plans.grading, now)


def _was_there(record: Record, scenario: Row, applied: Sequence[tuple[int, datetime]], now: datetime) -> bool:
    """Tell whether a scenario had been applied, or had runs already: moments may be those of a rehearsal."""
    runs = record.of(t.enrolments)
    return any(at <= now for _, at in applied) or any(run["scenario_id"] == scenario["id"] for run in runs)


def _rank(plans: moves.Plans, scenario: Row) -> tuple[int, str]:
    """Return a scenario's place among those that step in one tick."""
    plan = plans.scenarios.get(scenario["key"])
    return (-plan.priority if plan is not None else 0), scenario["key"]


def _versions(connection: Connection) -> dict[int, Sequence[tuple[int, datetime]]]:
    """Return the applied versions of each scenario, latest first."""
    v = t.versions
    found: dict[int, list[tuple[int, datetime]]] = {}
    chosen = select(v.c.scenario_id, v.c.version, v.c.applied_at).order_by(v.c.version.desc())
    for number, version, at in connection.execute(chosen):
        found.setdefault(number, []).append((version, at))
    return dict(found)


def _in_order(entry: Row) -> tuple[datetime, int, int]:
    """Return a ledger row's place: rows that a rescoring took away stand where they stood."""
    return entry["at"], entry["kind"], entry["rule_id"] or 0


def _points(record: Record, entry: Row) -> Points:
    """Return a row of the ledger in words."""
    activity = next((row for row in record.of(t.activities) if row["id"] == entry["activity_id"]), None)
    step = next((row for row in record.of(t.steps) if row["id"] == entry["step_id"]), None)
    of = None if step is None else step["scenario_id"]
    return Points(
        at=entry["at"],
        points=entry["points"],
        category=record.word(entry["category_id"]),
        kind=EntryKind(entry["kind"]).name.lower(),
        reason=entry["note"] or record.word(entry["rule_id"]),
        activity=None if activity is None else record.word(activity["type_id"]),
        target=None if activity is None else record.word(activity["target_id"]),
        happened_at=None if activity is None else activity["occurred_at"],
        scenario=next((row["key"] for row in record.of(t.scenarios) if row["id"] == of), None),
        step=None if step is None else step["key"],
    )


def _journey(sight: Hindsight, plans: moves.Plans, row: Row, versions: Versions, now: datetime) -> Journey:
    """Return one scenario and the prospect: its runs, or why there is none."""
    number, then = versions.at(now)
    plan = then or plans.scenarios[row["key"]]
    mine = [run for run in sight.record.of(t.enrolments) if run["scenario_id"] == row["id"]]
    open_ = any(run["state"] < RunState.COMPLETED for run in mine)
    grounds = () if open_ else tuple(entry_grounds(sight, plan, now))
    stopped = ("paused",) if row["state"] == "paused" else ()
    bars = stopped if open_ else tuple(bars_of(plan, row, mine, now, sight.house.hours))
    return Journey(
        scenario=plan.key,
        name=plan.name,
        state=row["state"],
        version=number,
        standing=standing_of(mine, grounds, bars),
        entry=grounds,
        bars=bars,
        runs=tuple(_runs(sight, versions, mine, now)),
    )


def _runs(sight: Hindsight, versions: Versions, mine: Sequence[Row], now: datetime) -> Iterator[Run]:
    for run in sorted(mine, key=lambda run: int(run["run"])):
        state = RunState(run["state"])
        ended: Any = run["ended_at"]
        entry = tuple(run_began(sight, versions, run))
        yield Run(
            run=run["run"],
            state=state.name.lower(),
            entered_at=run["entered_at"],
            ended_at=ended,
            entered_by=entered_by(sight, run),
            enrolled_by=None if entry else enrolled_by(sight, run),
            entry=entry,
            steps=tuple(taken(sight, versions, run)),
            next=coming(sight, versions, run, now) if state < RunState.COMPLETED else None,
        )

"""Where a prospect stands in a scenario: why it came in, what comes next, or what keeps it out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from engage.language.calendar import after
from engage.language.conditions import AllOf, Condition
from engage.language.hours import Hours
from engage.plan import moves
from engage.rehearse.awaited import due_of, phase_of, waits_for
from engage.rehearse.explained import Ground, Next
from engage.rehearse.hindsight import Hindsight
from engage.rehearse.others import step_of_another
from engage.rehearse.passages import Versions
from engage.reports.past import began_at
from engage.reports.record import Row
from engage.sql import tables as t
from engage.sql.codes import Phase, RunState


def entry_grounds(sight: Hindsight, plan: moves.Plan, now: datetime) -> Iterator[Ground]:
    """Yield what is asked of who might enter, as it stands now: audience, then suppression, goal and exit."""
    for role, condition in _asked(plan):
        yield sight.now(role, condition, now)


def _asked(plan: moves.Plan) -> Iterator[tuple[str, Condition]]:
    if plan.audience != AllOf(()):
        yield "audience", plan.audience
    for role, condition in (("suppress", plan.suppress), ("goal", plan.goal), ("exit", plan.exit)):
        if condition is not None:
            yield role, condition


def bars_of(plan: moves.Plan, scenario: Row, runs: Sequence[Row], now: datetime, hours: Hours) -> Iterator[str]:
    """Yield what keeps out whoever it is, or this one for what was before: in words that are shown."""
    if scenario["state"] != "running":
        yield "not running"
    if not plan.window.holds(now):
        yield "outside its schedule"
    if plan.on:
        yield "waits for an event"
    if not runs:
        return
    if plan.reentry is None or (plan.reentry.most is not None and len(runs) >= plan.reentry.most):
        yield "was inside before"
    elif plan.reentry.after is not None:
        last = max(run["ended_at"] for run in runs)
        if after(plan.reentry.after, last, hours) > now:
            yield "too early to run again"
    elif not plan.on:
        yield "has to begin to match anew"


def standing_of(runs: Sequence[Row], grounds: Sequence[Ground], bars: Sequence[str]) -> str:
    """Return in one word how a prospect stands to a scenario."""
    if any(run["state"] < RunState.COMPLETED for run in runs):
        return "inside"
    if runs:
        return "was inside"
    bars = [bar for bar in bars if bar != "waits for an event"]
    fits = all(bool(ground.verdict.holds) == (ground.role == "audience") for ground in grounds)
    if fits and not bars:
        return "may enter"
    return "does not enter"


def run_began(sight: Hindsight, versions: Versions, run: Row) -> Iterator[Ground]:
    """Yield why a run began: the audience of the version that ran then."""
    steps = {row["id"]: row["key"] for row in sight.record.of(t.steps)}
    first = min(
        (visit for visit in sight.record.of(t.visits) if visit["enrolment_id"] == run["id"]),
        key=lambda visit: int(visit["move"]),
        default=None,
    )
    key = steps[run["step_id"] if first is None else first["step_id"]]
    plan = versions.plan_with(key, run["entered_at"])
    if plan is None or plan.audience == AllOf(()):
        return
    ground = sight.ground("audience", plan.audience, sight.look(run, 0, began_at(sight.record, run)), decided=True)
    # Who was enrolled by another scenario was not asked for the audience.
    if ground.agrees or not (run["apart"] or enrolled_by(sight, run)):
        yield ground


def enrolled_by(sight: Hindsight, run: Row) -> str | None:
    """Return the step of another scenario that may have begun a run: one that stepped in the same tick."""
    return step_of_another(sight, run, began_at(sight.record, run), "enrol")


def coming(sight: Hindsight, versions: Versions, run: Row, now: datetime) -> Next:
    """Return where an open run stands, since when, what it waits for and when that is due."""
    row = next(each for each in sight.record.of(t.steps) if each["id"] == run["step_id"])
    plan = versions.plan_with(row["key"], now)
    step = next((each for each in plan.steps if each.key == row["key"]), None) if plan is not None else None
    held = run["state"] == RunState.HELD and plan is not None
    return Next(
        step=row["key"],
        name=(step.name if step is not None else row["name"]) or row["key"],
        kind=step.kind if step is not None else row["kind"],
        phase=(Phase(run["phase"]) if step is None else phase_of(sight, step, run, now)).name.lower(),
        since=run["arrived_at"],
        due_at=due_of(sight, step, run, now) if step is not None else None,
        details=waits_for(sight, step, run, now) if step is not None else (),
        grounds=tuple(_holding(sight, plan, now)) if held and plan is not None else (),
    )


def _holding(sight: Hindsight, plan: moves.Plan, now: datetime) -> Iterator[Ground]:
    """Yield what holds a run: suppression, or an audience that no longer matches."""
    if plan.suppress is not None:
        ground = sight.now("suppress", plan.suppress, now)
        if ground.verdict.holds:
            yield ground
            return
    yield sight.now("audience", plan.audience, now)

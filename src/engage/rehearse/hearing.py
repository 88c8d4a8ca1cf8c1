"""Which activity decided a trigger, and when its time was over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, insert, select, union_all

from engage.clock import FOREVER, micros, moment
from engage.plan import moves
from engage.rehearse.facts import shown
from engage.rehearse.hindsight import Hindsight
from engage.reports.past import past
from engage.reports.record import Row
from engage.sql import tables as t
from engage.sql.codes import MessageStatus, Outcome
from engage.sql.cohort import cohort
from engage.sql.scratch import clear
from engage.stepping.pauses import Pauses, end_of
from engage.stepping.triggers import heard

Details = tuple[tuple[str, str], ...]


def trigger_details(sight: Hindsight, act: moves.Trigger, run: Row, visit: Row) -> Details:
    """Return what a trigger waited for, the activity that decided it if one did, and its deadline."""
    found: list[tuple[str, str]] = [("waits for", wanted(act.events))]
    deadline = deadline_of(sight, act, run, visit["arrived_at"])
    if visit["outcome"] == Outcome.YES:
        found += [("event", text) for text in _events(sight, act, run, visit, deadline)]
    if deadline < FOREVER:
        found.append(("deadline", shown(moment(deadline), sight.zone)))
    return tuple(found)


def ended_by(sight: Hindsight, endings: Sequence[moves.Trigger], run: Row, visit: Row) -> Details:
    """Return the event that ended a loop, and what it was that could."""
    for act in endings:
        if found := _events(sight, act, run, visit, micros(visit["left_at"])):
            return (("until", wanted(act.events)), *(("event", text) for text in found))
    return ()


def wanted(events: Sequence[moves.Event]) -> str:
    """Return the events that are waited for, as they are written."""
    return " | ".join(_event(event) for event in events)


def entered_by(sight: Hindsight, run: Row) -> str | None:
    """Return the event that let a run begin, if one did."""
    own = (row for row in sight.record.of(t.activities) if row["id"] == run["entered_by"])
    return next((_told(sight, row) for row in own), None)


def _event(event: moves.Event) -> str:
    targets = ", ".join((*event.mails, *event.targets)) or "any"
    links = f" ({', '.join(event.links)})" if event.links else ""
    return f"{event.types[0]}: {targets}{links}"


def deadline_of(sight: Hindsight, act: moves.Trigger, run: Row, arrived_at: datetime) -> int:
    """Return when a trigger's time is over, in microseconds: counted from the arrival, or the last hand-over."""
    numbers = _numbers(sight, act, run)
    begun = micros(arrived_at)
    for message in sight.record.of(t.messages):
        if message["enrolment_id"] == run["id"] and message["step_id"] in numbers.values():
            if message["status"] in (MessageStatus.QUEUED, MessageStatus.HELD):
                return FOREVER
            if message["sent_at"] is not None:
                begun = max(begun, micros(message["sent_at"]))
    return end_of(act.length, begun, pauses_of(sight, run), sight.house.hours)


def _numbers(sight: Hindsight, act: moves.Trigger, run: Row) -> Mapping[str, int]:
    steps = {row["key"]: row["id"] for row in sight.record.of(t.steps) if row["scenario_id"] == run["scenario_id"]}
    return {mail: steps[mail] for mail in act.mails if mail in steps}


def pauses_of(sight: Hindsight, run: Row) -> Pauses:
    """Return the pauses of a run's scenario that are over."""
    spans = [
        (micros(row["paused_at"]), micros(row["resumed_at"]))
        for row in sight.record.of(t.pauses)
        if row["scenario_id"] == run["scenario_id"]
    ]
    return Pauses(tuple(spans))


def _events(sight: Hindsight, act: moves.Trigger, run: Row, visit: Row, deadline: int) -> list[str]:
    """Return the first activity that the trigger heard, by the engine's own tests in the mirror."""
    cut = next(sight.step(run, int(visit["move"]), visit["left_at"]))
    sight.mirror.show(past(sight.record, cut))
    connection = sight.mirror.connection
    clear(connection, cohort)
    connection.execute(delete(cohort))
    connection.execute(insert(cohort).values(_row(run, visit, deadline)))
    numbers = _numbers(sight, act, run)
    low = cohort.c.entered_at if act.since_entry else cohort.c.arrived_at
    a, by_event = t.activities, run["entered_by"] is not None
    window = (low, cohort.c.due_at)
    each = [select(a.c.id, a.c.occurred_at).where(*heard(event, numbers, *window, by_event)) for event in act.events]
    every = union_all(*each).subquery("every")
    who = run["prospect_id"]
    first = select(every.c.id).order_by(every.c.occurred_at, every.c.id).limit(1)
    number = connection.execute(first, {"low_who": who, "high_who": who}).scalar()
    return [_told(sight, row) for row in sight.record.of(t.activities) if row["id"] == number]


def _row(run: Row, visit: Row, deadline: int) -> dict[str, int]:
    """Return the run as it stood at the trigger, as the engine's cohort has it."""
    moments = {"entered_at": micros(run["entered_at"]), "arrived_at": micros(visit["arrived_at"]), "due_at": deadline}
    place = {"step_id": visit["step_id"], "place": 1, "moves": visit["move"], "written": 0}
    return {"id": run["id"], "prospect_id": run["prospect_id"], **place, **moments}


def _told(sight: Hindsight, row: Row) -> str:
    """Return an activity in words: what, of what, when, and when it was learnt if that was later."""
    words = [sight.record.word(row[name]) for name in ("type_id", "target_id", "link_id")]
    text = " ".join((*(word for word in words if word), shown(row["occurred_at"], sight.zone)))
    learnt = shown(row["learnt_at"], sight.zone)
    return text if learnt == shown(row["occurred_at"], sight.zone) else f"{text} (→ {learnt})"

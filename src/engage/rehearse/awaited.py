"""What an open run waits for where it stands, and when that is due.

Of the present the run's own row says when; of the past the same is told from the step, as the tick reckoned it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from engage.clock import FOREVER, HORIZON, micros, moment, never_comes
from engage.language.appointments import mail_moment, own_zone
from engage.language.moment import Duration, instant_of
from engage.language.worded import worded
from engage.language.zones import local_day, next_local_midnight
from engage.plan import moves
from engage.rehearse.facts import shown
from engage.rehearse.hearing import deadline_of, pauses_of, wanted
from engage.rehearse.hindsight import Hindsight
from engage.reports.record import Record, Row
from engage.sql import tables as t
from engage.sql.codes import MessageStatus, Phase
from engage.stepping.pauses import end_of

Details = tuple[tuple[str, str], ...]


def due_of(sight: Hindsight, step: moves.Step, run: Row, now: datetime) -> datetime | None:
    """Return when a run's step is due; None while its e-mail has not gone out."""
    moved_on = run.get("moved_on", False)
    if not moved_on and never_comes(run["due_at"]):
        return None
    due = _reckoned(sight, step, run, now) if moved_on else pauses_of(sight, run).real(micros(run["due_at"]))
    return moment(due) if due < HORIZON else None


def phase_of(sight: Hindsight, step: moves.Step, run: Row, now: datetime) -> Phase:
    """Return how far a run was in the step at which it stood."""
    if not run.get("moved_on", False):
        return Phase(run["phase"])
    if step.stay is not None and _after(sight, run, step.stay) > micros(now):
        return Phase.STAYS
    return Phase.WAITS


def _after(sight: Hindsight, run: Row, length: Duration) -> int:
    """Return when a time ends that began at the arrival."""
    return end_of(length, micros(run["arrived_at"]), pauses_of(sight, run), sight.house.hours)


def _reckoned(sight: Hindsight, step: moves.Step, run: Row, now: datetime) -> int:
    arrived = micros(run["arrived_at"])
    if step.stay is not None:
        stayed = _after(sight, run, step.stay)
        if stayed > micros(now) or not isinstance(step.act, moves.SendEmail):
            return stayed
    match step.act:
        case moves.Wait(length=length):
            return _after(sight, run, length)
        case moves.WaitUntil(until=until, zone=zone):
            return micros(until.first(moment(arrived), _zone(sight, zone)))
        case moves.WaitDay() as act:
            return _day(sight, act, run)
        case moves.Trigger() as act:
            return deadline_of(sight, act, run, run["arrived_at"])
        case moves.Repeat(every=every, before=before) if every is not None and before is not None:
            return end_of(every, _round_began(sight, run, before), pauses_of(sight, run), sight.house.hours)
        case moves.SendEmail() as act:
            return micros(_mail(sight, act, now))
        case _:
            return arrived


def _round_began(sight: Hindsight, run: Row, before: str) -> int:
    """Return when the round before began; one that was skipped counts from the arrival."""
    numbers = {row["key"]: row["id"] for row in sight.record.of(t.steps) if row["scenario_id"] == run["scenario_id"]}
    visits = (row for row in sight.record.of(t.visits) if row["enrolment_id"] == run["id"])
    began = [micros(row["left_at"]) for row in visits if row["step_id"] == numbers.get(before)]
    return max(began, default=micros(run["arrived_at"]))


def _zone(sight: Hindsight, zone: moves.Zone) -> ZoneInfo:
    rows = sight.record.of(t.prospects)
    return own_zone(rows[0]["timezone"] if zone.of_prospect and rows else None, zone.zone)


def _day(sight: Hindsight, act: moves.WaitDay, run: Row) -> int:
    """Return the moment that a field's day says: reckoned from the arrival, or from the last change of the field."""
    value = _value(sight.record, act)
    if value is None:
        return micros(run["arrived_at"])
    changed = [
        row["at"] for row in sight.record.of(t.changes)
        if sight.record.word(row["ref"]) == act.field and row["at"] > run["arrived_at"]
    ]  # fmt: skip
    begun = max(changed, default=run["arrived_at"])
    zone = _zone(sight, act.zone)
    day = value if not isinstance(value, datetime) else local_day(value, zone)
    try:
        return micros(act.rule.first(day, begun, zone))
    except OverflowError:
        return FOREVER


def _value(record: Record, act: moves.WaitDay) -> date | datetime | None:
    """Return the day or the moment that the field holds."""
    found: Any = None
    if act.custom:
        for row in record.of(t.field_values):
            if record.word(row["field_id"]) == act.field:
                found = row["text"] if act.type == "date" else row["whole"]
    else:
        rows = [*record.of(t.prospects), *record.of(t.standings)]
        found = next((row[act.field] for row in rows if act.field in row), None)
    if found is None or isinstance(found, datetime):
        return found
    return date.fromisoformat(found) if act.type == "date" else moment(int(found))


def _mail(sight: Hindsight, act: moves.SendEmail, now: datetime) -> datetime:
    """Return when an e-mail is looked at again: at its opening or on its date, else at midnight for room."""
    zone = _zone(sight, act.zone)
    on_date = None if act.on_date is None else instant_of(act.on_date, zone)
    at = mail_moment(now, on_date, act.hours, zone)
    return at if at is not None and at > now else next_local_midnight(now, sight.house.hours.zone)


def waits_for(sight: Hindsight, step: moves.Step, run: Row, now: datetime) -> Details:
    """Return what a run waits for where it stands, as the step says it."""
    if step.stay is not None and phase_of(sight, step, run, now) != Phase.WAITS:
        return (("stays", str(step.stay)),)
    return tuple(_waits(sight, step, run, now))


def _waits(sight: Hindsight, step: moves.Step, run: Row, now: datetime) -> Iterator[tuple[str, str]]:
    match step.act:
        case moves.Trigger() as act:
            yield "waits for", wanted(act.events)
            yield from _unsent(sight, act, run)
        case moves.Repeat(until=until):
            if until is not None:
                yield "until", wanted(until.events) if isinstance(until, moves.Trigger) else worded(until)
        case moves.SendEmail() as mail if phase_of(sight, step, run, now) == Phase.WAITS:
            if (why := held_back(sight, mail, now)) is not None:
                yield "waits for", why
        case _:
            yield from asked_of(sight.record, sight.zone, step)


def asked_of(record: Record, zone: ZoneInfo, step: moves.Step) -> Iterator[tuple[str, str]]:
    """Yield for how long, until when or for which day a step waits."""
    match step.act:
        case moves.Wait(length=length):
            yield "waits", str(length)
        case moves.WaitUntil(until=until):
            yield "waits for", str(until)
        case moves.WaitDay() as act:
            value = _value(record, act)
            yield act.field, "-" if value is None else shown(value, zone)
        case _:
            pass


def held_back(sight: Hindsight, mail: moves.SendEmail, now: datetime) -> str | None:
    """Return why an e-mail that stands at its step does not go, if it is by its date, its hours or the cap."""
    zone = _zone(sight, mail.zone)
    on_date = None if mail.on_date is None else instant_of(mail.on_date, zone)
    if on_date is not None and now < on_date:
        return "its date"
    at = mail_moment(now, on_date, mail.hours, zone)
    if at is not None and at > now:
        return "opening hours"
    return "room under the frequency cap" if mail.marketing and sight.house.cap is not None else None


def _unsent(sight: Hindsight, act: moves.Trigger, run: Row) -> Iterator[tuple[str, str]]:
    """Yield the e-mails whose hand-over a trigger's time waits for."""
    names = {row["id"]: row["key"] for row in sight.record.of(t.steps)}
    for row in sight.record.of(t.messages):
        open_ = row["status"] in (MessageStatus.QUEUED, MessageStatus.HELD)
        if open_ and row["enrolment_id"] == run["id"] and names.get(row["step_id"]) in act.mails:
            yield "message", f"{sight.record.word(row['template_id'])} {MessageStatus(row['status']).name.lower()}"

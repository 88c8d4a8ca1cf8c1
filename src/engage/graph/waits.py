"""Waits that nobody gets past or that never wait, e-mails whose date has passed, times that outlast the run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from engage.clock import moment as moment_of
from engage.graph.build import Journey, Placed
from engage.graph.domains import Domain
from engage.graph.findings import Finding
from engage.graph.forestalled import forestalls
from engage.graph.inside import Inside
from engage.graph.reach import Left, Reach, least
from engage.graph.times import hours, opening_of
from engage.graph.windows import days_key
from engage.language import steps as words
from engage.language.load import Workspace
from engage.language.moment import Duration, instant_of
from engage.language.source import Path
from engage.language.zones import day_start, local_day
from engage.wording import Sentence, sentence

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Clock:
    """The zones of a scenario and the moment from which runs can begin."""

    #: of its moments
    zone: ZoneInfo
    #: of its days in conditions
    days: ZoneInfo
    #: days by which a moment of a prospect's own zone may lie elsewhere
    slack: int
    #: the first instant of the schedule, in UTC; None: any
    opens: datetime | None


def clock_of(journey: Journey, workspace: Workspace) -> Clock | None:
    """Return the clock of a scenario; None where its hours have mistakes."""
    if any(True for _ in hours(journey, workspace)):
        return None
    opening, _, own = opening_of(journey, workspace)
    schedule, home = journey.file.model.schedule, workspace.hours.zone
    first = schedule.from_ if schedule is not None else None
    return Clock(opening.zone, home, 2 if own else 0, day_start(first, home) if isinstance(first, date) else None)


def outlasting(placed: Placed, below: Path, reach: Reach, known: Inside) -> Finding | None:
    """Return what is wrong with a time at whose end nobody can still be inside."""
    if known.longest is None or reach.spent <= known.longest:
        return None
    message = sentence(
        "{step} outlasts the run: this time ends {time} after the entry at the earliest, and by {steps} nobody is "
        "inside {longest} after it",
        step=placed.key,
        time=Duration(reach.spent),
        steps=", ".join(sorted(known.longest_why)),
        longest=Duration(known.longest),
    )
    return Finding((*placed.path, *below), "outlasts", message)


def wait_left(placed: Placed, word: words.Wait, reach: Reach, known: Inside, clock: Clock) -> Left:
    """Return how a wait is left."""
    match word.wait:
        case words.UntilMoment() as until:
            return _until_moment(placed, until, reach, known, clock)
        case words.UntilDay() as day:
            return _until_day(placed, day, reach, known, clock)
        case length:
            return _over(placed, ("wait",), reach.after(least(length), known.later), known)


def trigger_left(placed: Placed, word: words.Trigger, reach: Reach, known: Inside) -> Left:
    """Return how a trigger is left: at its event or at its time's end, or at that only."""
    over = reach.after(least(word.within or word.after), known.later)
    end = _over(placed, ("after",) if word.within is None else ("within",), over, known)
    event = end.rest if word.within is None else reach.knowing(known.later)
    path: Path = (*placed.path, "trigger")
    heard, first = Finding(path), [forestalls(known, occurrence) for occurrence in word.occurrences]
    if all(first):
        event, what = None, ", ".join(sorted({*map(str, first)}))
        message = "{step} is never yes: what it waits for meets {what}, which is asked before it"
        heard = Finding(path, "no", sentence(message, step=placed.base, what=what) if word.yes else None)
    return Left({"yes": event, "no": end.rest}, None, (*end.findings, heard))


def _over(placed: Placed, below: Path, reach: Reach, known: Inside) -> Left:
    """Return how a step is left once a time is over."""
    found = outlasting(placed, below, reach, known)
    return Left({}, reach) if found is None else Left({}, None, (found,))


def mail_left(placed: Placed, word: words.SendEmail, reach: Reach, known: Inside, clock: Clock) -> Left:
    """Return how an e-mail is left; with a date that has passed before anybody comes it goes to nobody."""
    on_date = word.mailing.on_date
    if on_date is None:
        return Left({}, reach.knowing(known.later))
    path: Path = (*placed.path, "send_email", "on_date")
    finding = Finding(path)
    if reach.moment is not None and instant_of(on_date, clock.zone) + clock.slack * _DAY < reach.moment:
        message = sentence(
            "the e-mail {step} goes to nobody: its date has passed at {moment}, before which no run comes here",
            step=placed.base,
            moment=_shown(reach.moment, clock),
        )
        finding = Finding(path, "late", message)
    return Left({}, reach.knowing(known.later), (finding,))


def _until_moment(placed: Placed, until: words.UntilMoment, reach: Reach, known: Inside, clock: Clock) -> Left:
    onward, path = reach.knowing(known.later), (*placed.path, "wait", "until")
    if until.until.moment is None:
        return Left({}, onward)
    moment = instant_of(until.until.moment, clock.zone)
    if reach.moment is None or moment + clock.slack * _DAY > reach.moment:
        return Left({}, onward.not_before(moment - clock.slack * _DAY), (Finding(path),))
    why = sentence("no run comes here before {moment}, when its date is past", moment=_shown(reach.moment, clock))
    return _certainly(placed, path, onward, why, leaving=until.on_past == "leave")


def _until_day(placed: Placed, day: words.UntilDay, reach: Reach, known: Inside, clock: Clock) -> Left:
    """Return how a wait for a field's day is left, given what is known of the field."""
    onward, path = reach.knowing(known.later), (*placed.path, "wait", "field")
    value = reach.known.get(day.field)
    if value is not None and not value.filled:
        why = sentence("{field} is empty here, as {steps} says", field=day.field, steps=_steps(value))
        return _certainly(placed, path, onward, why, leaving=day.on_missing == "leave")
    if not day.yearly:
        if (past := _past(day, reach, clock)) is not None:
            why = sentence("the day of {field} is past here, as {steps} says", field=day.field, steps=_steps(past))
            return _certainly(placed, path, onward, why, leaving=day.on_past == "leave")
        if (bound := _never(day, reach, known, clock)) is not None:
            message = "{steps} ends or holds the run before the day of {field}"
            why = sentence(message, field=day.field, steps=_steps(bound))
            return _certainly(placed, path, onward, why, leaving=True)
    return Left({}, onward, (Finding(path),))


def _past(day: words.UntilDay, reach: Reach, clock: Clock) -> Domain | None:
    """Return from what is known that a field's day is past on arrival, or empty with the same result; else None."""
    value, away = reach.known.get(day.field), reach.known.get(days_key(day.field))
    if day.on_missing != day.on_past and all(each is None or each.empty for each in (value, away)):
        return None
    if away is not None and away.high is not None and away.high + day.offset + _slack(clock) < 0:
        return away
    last = None if value is None else _latest(value, clock)
    if last is None or reach.moment is None:
        return None
    gone = local_day(reach.moment, clock.zone) - last
    return value if gone.days > day.offset + clock.slack else None


def _latest(value: Domain, clock: Clock) -> date | None:
    """Return the last day that a field can still say."""
    bounds: list[Any] = [] if value.high is None else [value.high]
    bounds += [max(value.values)] if value.values else []
    if not bounds:
        return None
    last = min(bounds)
    return date.fromisoformat(last) if isinstance(last, str) else local_day(moment_of(last), clock.zone)


def _never(day: words.UntilDay, reach: Reach, known: Inside, clock: Clock) -> Domain | None:
    """Return from what is known that nobody is inside any more on a field's day, while that moves; else None."""
    both = [state.get(days_key(day.field)) for state in (reach.known, known.later)]
    for each in both:
        if each is None or each.low is None or each.low + day.offset <= _slack(clock):
            return None
        if each.empty and day.on_missing != "leave":
            return None
    return both[-1]


def _slack(clock: Clock) -> int:
    """Return by how many days a day of the conditions and the day of a wait may lie apart."""
    return 0 if clock.zone == clock.days and not clock.slack else 2


def _certainly(placed: Placed, path: Path, onward: Reach, why: Sentence, *, leaving: bool) -> Left:
    """Return how a wait is left that is over on arrival, or ends the run."""
    if leaving:
        message = sentence("nobody gets past {step}: {why}", step=placed.base, why=why)
        return Left({}, None, (Finding(path, "nobody", message),))
    message = sentence("{step} never waits: {why}", step=placed.base, why=why)
    return Left({}, onward, (Finding(path, "at once", message),))


def _steps(value: Domain) -> str:
    return ", ".join(sorted(value.why))


def _shown(moment: datetime, clock: Clock) -> str:
    return moment.astimezone(clock.zone).strftime("%Y-%m-%dT%H:%M")

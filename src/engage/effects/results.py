"""Writing down what became of messages: their rows, activities, totals, and the timer that tells the engine."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, Insert, Update, bindparam, insert, update

from engage.clock import micros
from engage.effects.queued import Queued
from engage.language.calendar import local_day
from engage.plan.moves import House
from engage.sql import tables as t
from engage.sql.codes import Figure, MessageStatus, TimerKind
from engage.sql.happened import activity_key, write_activities
from engage.sql.interning import word_ids
from engage.sql.mail_days import NO_STEP
from engage.sql.standing import among, big, run, run_each, standing, whole
from engage.sql.together import given, run_together

#: Where the activities of delivery come from.
SOURCE = "engage"
#: Longer than a mail server takes to answer: a message still in doubt then is there to stay.
_DOUBT = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a message."""

    message: Queued
    status: MessageStatus
    subject: str | None = None
    reason: str | None = None
    #: sent, and refused by the recipient's server at once: as good as come back
    bounced: bool = False
    #: queued again: when it was first deferred, and before when it is not tried
    deferred_at: datetime | None = None
    try_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """Numbers of the texts that activities name."""

    email_sent: int
    email_bounced: int
    #: each template's number as a target
    targets: Mapping[str, int]


def read_words(connection: Connection, templates: Sequence[str]) -> Words:
    """Return the numbers of the words that delivery writes, making those that are new."""
    events = word_ids(connection, "event", ("email_bounced", "email_sent"))
    return Words(events["email_sent"], events["email_bounced"], word_ids(connection, "target", templates))


def write_results(
    connection: Connection,
    results: Sequence[Result],
    *,
    now: datetime,
    house: House,
    words: Words,
    was: MessageStatus = MessageStatus.QUEUED,
) -> None:
    """Write what became of messages that were ``was``, and all that follows from it."""
    if not results:
        return
    _mark(connection, results, now, was)
    sent = [result.message for result in results if result.status == MessageStatus.SENT]
    bounced = [result for result in results if result.bounced]
    activities = [_activity(message, now, words) for message in sent]
    write_activities(connection, activities + [_bounce(result, now, words) for result in bounced])
    _write_totals(connection, sent, house)
    _tell(connection, results, now)


def _mark(connection: Connection, results: Sequence[Result], now: datetime, was: MessageStatus) -> None:
    # What was in doubt has its subject: of most, no more is to be noted than that they were sent.
    plain = {id(result) for result in results if was == MessageStatus.IN_DOUBT and _is_plainly_sent(result)}
    if plain:
        ids = [result.message.id for result in results if id(result) in plain]
        run(connection, _sending(connection.dialect.name), None, ids=ids, at=micros(now))
    handed_over, moment = (MessageStatus.SENT, MessageStatus.IN_DOUBT), micros(now)
    rows = [
        {
            "key": result.message.id,
            "new_status": int(result.status),
            "new_sent_at": moment if result.status in handed_over else None,
            "new_subject": result.subject,
            "new_reason": result.reason,
            "new_deferred_at": result.deferred_at,
            "new_try_at": result.try_at,
        }
        for result in results
        if id(result) not in plain
    ]
    run_together(connection, _marking(connection.dialect.name, was), rows)


def _is_plainly_sent(result: Result) -> bool:
    return result.status == MessageStatus.SENT and result.reason is None


@standing
def _sending(database: str) -> Update:
    m = t.messages
    doubtful = m.c.status == int(MessageStatus.IN_DOUBT)
    chosen = update(m).where(among(database, m.c.id, "ids"), doubtful)
    return chosen.values(status=int(MessageStatus.SENT), sent_at=big("at"))


@standing
def _marking(database: str, was: MessageStatus) -> Update:
    m = t.messages
    names = ("status", "sent_at", "subject", "reason", "deferred_at", "try_at")
    kinds = {"key": m.c.id.type, **{f"new_{name}": m.c[name].type for name in names}}
    new = given(kinds).c if database == "postgresql" else {name: bindparam(name, type_=kinds[name]) for name in kinds}
    chosen = update(m).where(m.c.id == new["key"], m.c.status == int(was))
    return chosen.values({name: new[f"new_{name}"] for name in names})


def _tell(connection: Connection, results: Sequence[Result], now: datetime) -> None:
    """Write the timers by which a tick hears of what is settled.

    One in doubt is most often sent a moment later: should that never come, it is told of after a while.
    """
    doubtful = [result.message.id for result in results if result.status == MessageStatus.IN_DOUBT]
    left = (MessageStatus.IN_DOUBT, MessageStatus.QUEUED)
    settled = [result.message.id for result in results if result.status not in left]
    rows = [
        {"due_at": micros(due_at), "how_many": len(ids), "packed": ids}
        for due_at, ids in ((now, settled), (now + _DOUBT, doubtful))
        if ids
    ]
    run_each(connection, _telling(), rows)


@standing
def _telling() -> Insert:
    told = {"due_at": big("due_at"), "count": whole("how_many"), "ids": bindparam("packed", type_=t.timers.c.ids.type)}
    return insert(t.timers).inline().values(kind=int(TimerKind.SETTLED), **told)


def _activity(message: Queued, now: datetime, words: Words) -> dict[str, object]:
    return _event("email_sent", words.email_sent, message, now, words)


def _bounce(result: Result, now: datetime, words: Words) -> dict[str, object]:
    row = _event("email_bounced", words.email_bounced, result.message, now, words)
    return row | {"properties": json.dumps({"type": "hard", "reason": result.reason}, ensure_ascii=False)}


def _event(name: str, number: int, message: Queued, now: datetime, words: Words) -> dict[str, object]:
    source_id = f"{name}:{message.id}"
    return {
        "prospect_id": message.prospect_id,
        "type_id": number,
        "target_id": words.targets[message.template],
        "message_id": message.id,
        "occurred_at": now,
        "key": activity_key(SOURCE, source_id),
        "source": SOURCE,
        "source_id": source_id,
        "properties": None,
    }


def _write_totals(connection: Connection, sent: Sequence[Queued], house: House) -> None:
    """Count the messages, by the local day on which their visits began."""
    counted = Counter(
        (message.scenario_id or NO_STEP, message.step_id or NO_STEP, _day(message.began_at or message.queued_at, house))
        for message in sent
    )
    rows = [
        {"scenario": scenario, "step": step, "on_day": day, "how_many": count}
        for (scenario, step, day), count in sorted(counted.items())
    ]
    run_each(connection, _counting(), rows)


@standing
def _counting() -> Insert:
    where = {"scenario_id": whole("scenario"), "step_id": whole("step"), "day": whole("on_day")}
    return insert(t.totals).inline().values(figure=int(Figure.SENT), bucket=0, count=big("how_many"), **where)


def _day(moment: datetime, house: House) -> int:
    return (local_day(moment, house.hours.zone) - date(1970, 1, 1)).days

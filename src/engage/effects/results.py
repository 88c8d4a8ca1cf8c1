"""Writing down what became of messages: their rows, activities, totals, and the timer that tells the engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import blake2b

from sqlalchemy import Connection, bindparam, insert, update

from engage.effects.queued import Queued
from engage.language.calendar import local_day
from engage.plan.moves import House
from engage.sql import tables as t
from engage.sql.codes import Figure, MessageStatus, TimerKind
from engage.sql.interning import upsert, word_ids

#: Where the activities of delivery come from.
SOURCE = "engage"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a message."""

    message: Queued
    status: MessageStatus
    subject: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """Numbers of the texts that activities name."""

    email_sent: int
    #: each template's number as a target
    targets: Mapping[str, int]


def read_words(connection: Connection, templates: Sequence[str]) -> Words:
    """Return the numbers of the words that delivery writes, making those that are new."""
    return Words(
        word_ids(connection, "event", ("email_sent",))["email_sent"], word_ids(connection, "target", templates)
    )


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
    _write_activities(connection, sent, now, words)
    _write_totals(connection, sent, house)
    connection.execute(
        insert(t.timers).values(
            kind=int(TimerKind.SETTLED),
            due_at=now,
            count=len(results),
            ids=[result.message.id for result in results],
        )
    )


def _mark(connection: Connection, results: Sequence[Result], now: datetime, was: MessageStatus) -> None:
    m = t.messages
    handed_over = (MessageStatus.SENT, MessageStatus.IN_DOUBT)
    statement = update(m).where(m.c.id == bindparam("key"), m.c.status == int(was))
    rows = [
        {
            "key": result.message.id,
            "status": int(result.status),
            "sent_at": now if result.status in handed_over else None,
            "subject": result.subject,
            "reason": result.reason,
        }
        for result in results
    ]
    connection.execute(statement, rows)


def _write_activities(connection: Connection, sent: Sequence[Queued], now: datetime, words: Words) -> None:
    rows = [_activity(message, now, words) for message in sent]
    if not rows:
        return
    written = upsert(connection.dialect.name, t.activities).on_conflict_do_nothing().returning(t.activities.c.id)  # type: ignore[attr-defined]
    made = connection.scalars(written, rows).all()
    if made:
        connection.execute(insert(t.unlearnt), [{"occurred_at": now, "activity_id": key} for key in made])


def _activity(message: Queued, now: datetime, words: Words) -> dict[str, object]:
    source_id = f"email_sent:{message.id}"
    return {
        "prospect_id": message.prospect_id,
        "type_id": words.email_sent,
        "target_id": words.targets[message.template],
        "message_id": message.id,
        "occurred_at": now,
        "key": blake2b(f"{SOURCE}\0{source_id}".encode(), digest_size=16).digest(),
        "source": SOURCE,
        "source_id": source_id,
    }


def _write_totals(connection: Connection, sent: Sequence[Queued], house: House) -> None:
    """Count the messages of steps, by the local day they were queued on."""
    counted = Counter(
        (message.scenario_id, message.step_id, _day(message.queued_at, house))
        for message in sent
        if message.scenario_id is not None
    )
    rows = [
        {"scenario_id": scenario, "step_id": step, "day": day, "figure": int(Figure.SENT), "bucket": 0, "count": count}
        for (scenario, step, day), count in sorted(counted.items())
    ]
    if rows:
        connection.execute(insert(t.totals), rows)


def _day(moment: datetime, house: House) -> int:
    return (local_day(moment, house.hours.zone) - date(1970, 1, 1)).days

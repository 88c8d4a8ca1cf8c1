"""What an administrator asks of a database: its version, how durable it is, what in it is strange."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, func, literal_column, or_, select, text

from engage.language.zones import zone
from engage.reports.failing import Failed, failed
from engage.sql import tables as t
from engage.sql.codes import MessageStatus
from engage.wording import Sentence, sentence

#: A finding: how it stands and what it is.
Finding = tuple[Literal["ok", "note", "bad"], Sentence]
#: Who could be sent to and has waited longer than this is not being delivered to.
SLOW = timedelta(hours=1)
#: Why nothing goes out of a database, by the word that is kept.
_WHY: Mapping[str, str] = {
    "copied": "this database is a copy, or was restored or moved to another disk or server",
    "backup": "this database is a backup that was put in place",
    "older": "this database is an older state of itself, from before mail that went out",
    "unmarked": "the file beside the database that tells how far it has come (.mark) is missing",
}


def server(connection: Connection) -> dict[str, str]:
    """Return what the database says of itself: its ``version``, and on SQLite ``journal`` and ``synchronous``."""
    if connection.dialect.name == "postgresql":
        return {"version": f"PostgreSQL {connection.scalar(text('SHOW server_version'))}"}
    levels = {0: "off", 1: "normal", 2: "full", 3: "extra"}
    level = int(connection.scalar(text("PRAGMA synchronous")) or 0)
    return {
        "version": f"SQLite {connection.scalar(text('SELECT sqlite_version()'))}",
        "journal": str(connection.scalar(text("PRAGMA journal_mode"))),
        "synchronous": levels.get(level, str(level)),
    }


def in_doubt(connection: Connection) -> int:
    """Return how many messages nobody knows of whether they left."""
    # Written out, not bound: only so does SQLite see that the partial index serves.
    doubtful = t.messages.c.status == literal_column(str(int(MessageStatus.IN_DOUBT)))
    return connection.scalar(select(func.count()).select_from(t.messages).where(doubtful)) or 0


def last_tick(connection: Connection) -> datetime | None:
    """Return the moment of the last tick."""
    return connection.scalar(select(t.ticks.c.at))


@dataclass(frozen=True, slots=True)
class Hold:
    """Since when nothing goes out, because the database was restored or copied."""

    since: datetime
    #: copied, backup, older, unmarked
    why: str

    @property
    def sentence(self) -> Sentence:
        """Why nothing goes out, and what to do."""
        text = "nothing goes out: {why}; see what waits, and let it go: engage release"
        return sentence(text, why=sentence(_WHY[self.why]))


def open_hold(connection: Connection) -> Hold | None:
    """Return since when and why nothing goes out, if so."""
    h = t.holds.c
    found = select(h.held_at, h.why).where(h.released_at.is_(None)).order_by(h.id).limit(1)
    row = connection.execute(found).one_or_none()
    return None if row is None else Hold(*row)


@dataclass(frozen=True, slots=True)
class MailStop:
    """Since when a mail server takes nothing from us, what it said, and when it is tried again."""

    since: datetime
    why: str
    try_at: datetime


def mail_stop(connection: Connection) -> MailStop | None:
    """Return since when no mail goes out and why, if so."""
    w = t.lanes.c
    row = connection.execute(select(w.stopped_at, w.reason, w.try_at).where(w.stopped_at.is_not(None))).one_or_none()
    return None if row is None else MailStop(row.stopped_at, row.reason or "", row.try_at)


@dataclass(frozen=True, slots=True)
class MailHealth:
    """How mail stands: what holds it up, and what waits."""

    hold: Hold | None
    stop: MailStop | None
    in_doubt: int
    queued: int
    notices: int
    #: of those queued: a mail server refused them for now
    deferred: int
    #: since when the first of those waits that could go at once
    oldest: datetime | None
    #: what failed of late, if anything
    failed: Failed | None = None


def mail_health(connection: Connection, now: datetime) -> MailHealth:
    """Return how mail stands; its cost follows what is queued, and what failed of late."""
    m, n = t.messages, t.notifications
    # Written out, not bound: only so does SQLite see that the partial indexes serve.
    queued, told = m.c.status == literal_column("0"), n.c.status == literal_column("0")
    ready = or_(m.c.try_at.is_(None), m.c.try_at <= now)
    return MailHealth(
        hold=open_hold(connection),
        stop=mail_stop(connection),
        in_doubt=in_doubt(connection),
        queued=connection.scalar(select(func.count()).select_from(m).where(queued)) or 0,
        notices=connection.scalar(select(func.count()).select_from(n).where(told)) or 0,
        deferred=connection.scalar(select(func.count()).select_from(m).where(queued, m.c.try_at > now)) or 0,
        oldest=connection.scalar(select(func.min(m.c.queued_at)).where(queued, ready)),
        failed=failed(connection, now),
    )


def troubles(
    hold: Hold | None, stop: MailStop | None, doubtful: int, shown: Callable[[datetime], str]
) -> Iterator[Sentence]:
    """Yield what is wrong with the way out for mail; ``shown`` writes a moment for people."""
    if hold is not None:
        yield hold.sentence
    if stop is not None:
        text = "no mail has gone out since {at}: {why} (tried again from {again} on)"
        yield sentence(text, at=shown(stop.since), why=stop.why, again=shown(stop.try_at))
    if doubtful:
        text = "{count} messages are in doubt, nobody knows whether they left; see: engage messages --status in_doubt"
        yield sentence(text, count=doubtful)


def mail_findings(health: MailHealth, now: datetime, shown: Callable[[datetime], str]) -> Iterator[Finding]:
    """Yield what is to be said of mail, the worst first; ``shown`` writes a moment for people."""
    yield from (("bad", said) for said in troubles(health.hold, health.stop, health.in_doubt, shown))
    if health.oldest is not None and health.hold is None and health.stop is None and now - health.oldest > SLOW:
        said = "a message has waited to go out since {at}: is there no engage run?"
        yield "note", sentence(said, at=shown(health.oldest))
    if health.failed is not None:
        yield "note", health.failed.sentence
    if health.deferred:
        yield "note", sentence("{count} messages were refused for now and are tried again later", count=health.deferred)
    said = "{messages} messages and {notices} notifications are queued"
    state: Literal["ok", "note"] = "note" if health.queued or health.notices else "ok"
    yield state, sentence(said, messages=health.queued, notices=health.notices)


def strange_zones(connection: Connection) -> tuple[str, ...]:
    """Return the time zones of prospects that are none."""
    p = t.prospects
    named = connection.scalars(select(p.c.timezone).where(p.c.timezone.is_not(None)).distinct().order_by(p.c.timezone))
    return tuple(name for name in named if name and not _is_zone(name))


def _is_zone(name: str) -> bool:
    try:
        zone(name)
    except ValueError:
        return False
    return True

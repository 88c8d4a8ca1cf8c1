"""What an administrator asks of a database: its version, how durable it is, what in it is strange."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, text

from engage.language.zones import zone
from engage.sql import tables as t
from engage.sql.codes import MessageStatus


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
    asked = select(func.count()).select_from(t.messages).where(t.messages.c.status == int(MessageStatus.IN_DOUBT))
    return connection.scalar(asked) or 0


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

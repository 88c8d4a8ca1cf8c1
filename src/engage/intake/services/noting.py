"""Noting what a mail service reported: each call once, in one transaction with what it tells."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete

from engage.intake.returned.noting import note
from engage.intake.services.call import Call
from engage.sql import tables as t
from engage.sql.interning import upsert

#: So long a call is known again; longer than any call is believed.
KEPT = timedelta(days=3)


def note_call(connection: Connection, service: str, call: Call, now: datetime) -> bool:
    """Note a call inside the caller's transaction; return False, with nothing changed, where it was noted before."""
    calls = t.service_calls
    into = upsert(connection.dialect.name, calls).values(key=call.key, at=now)
    fresh = into.on_conflict_do_nothing().returning(calls.c.key)  # type: ignore[attr-defined]
    if connection.execute(fresh).first() is None:
        return False
    connection.execute(delete(calls).where(calls.c.at < now - KEPT))
    note(connection, call.events, service, now)
    return True

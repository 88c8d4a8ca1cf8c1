"""What a reader says on the public pages: no more mail, no more of one list, or mail again.

Each is a row of ``consents``, for ever, written with what follows from it in one transaction. Who says so is told by
the message whose link was followed.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, Connection, insert, literal, select, update

from engage.clock import micros
from engage.intake.keeping import set_flag
from engage.intake.ledger import lock_standings
from engage.intake.staging import announce
from engage.language.fields import fold
from engage.sql import tables as t
from engage.sql.codes import ChangeKind
from engage.sql.columns import Instant
from engage.sql.history import kept, value_of
from engage.sql.interning import upsert, word_id


def hold_reader(connection: Connection, prospect_id: int) -> bool:
    """Lock a prospect's standing until the transaction ends, and tell whether there is one.

    No mail is handed over to somebody who is locked, so what is said here is said before or after a mail, never beside.
    """
    s = t.standings.c
    mine = select(s.prospect_id).where(s.prospect_id == prospect_id)
    lock_standings(connection, mine)
    return connection.scalar(mine) is not None


def come_back(connection: Connection, prospect_id: int, now: datetime, source: str) -> bool:
    """Let marketing mail go to a prospect again, by the person's own consent; tell whether that was new.

    A mailbox that refused our mail for ever stays without.
    """
    if not hold_reader(connection, prospect_id):
        return False
    s = t.standings
    if not connection.scalar(select(s.c.opted_out).where(s.c.prospect_id == prospect_id)):
        return False
    _note(connection, prospect_id, "opt_in", None, now, source)
    set_flag(connection, now, "opted_out", s.c.prospect_id == prospect_id, to=False)
    _keep_consent(connection, prospect_id, now, source)
    announce(connection, {prospect_id}, now)
    return True


def leave_list(connection: Connection, prospect_id: int, list_id: int, now: datetime, source: str) -> None:
    """Stop the mail of one list; membership stays, so that the list's criteria and scenarios go on."""
    _note(connection, prospect_id, "opt_out", list_id, now, source)
    announce(connection, {prospect_id}, now)


def join_list(
    connection: Connection, prospect_id: int, list_id: int, now: datetime, source: str, *, static: bool
) -> None:
    """Let the mail of one list come (again); who is not on a static list is put on it."""
    _note(connection, prospect_id, "opt_in", list_id, now, source)
    if static:
        m, s = t.list_members, t.standings
        row = {"prospect_id": prospect_id, "list_id": list_id, "since": now}
        mine = select(m.c.list_id).where(m.c.prospect_id == prospect_id, m.c.list_id == list_id)
        if connection.scalar(mine) is None:
            was = {"whole": literal(0, BigInteger)}
            here = s.c.prospect_id == prospect_id
            connection.execute(kept(s, s.c.prospect_id, _at(now), ChangeKind.LIST, literal(list_id), here, **was))
            connection.execute(upsert(connection.dialect.name, m).values(row).on_conflict_do_nothing())  # type: ignore[attr-defined]
    announce(connection, {prospect_id}, now)


def _note(connection: Connection, prospect_id: int, kind: str, list_id: int | None, now: datetime, source: str) -> None:
    row = {"prospect_id": prospect_id, "at": now, "kind": kind, "list_id": list_id, "source": source}
    connection.execute(insert(t.consents).values(row))


def _keep_consent(connection: Connection, prospect_id: int, now: datetime, source: str) -> None:
    """Note the consent in the prospect's fields, where none stands there; what was before is kept."""
    p = t.prospects
    mine = (p.c.id == prospect_id, p.c.consent_at.is_(None))
    for name in ("consent_at", "consent_source"):
        number = literal(word_id(connection, "field", name))
        was = value_of(p.c[name])
        connection.execute(kept(p, p.c.id, _at(now), ChangeKind.FIELD, number, *mine, **was))
    values = {"consent_at": now, "consent_source": source, "consent_source_folded": fold(source)}
    connection.execute(update(p).where(*mine).values(values))


def _at(now: datetime) -> ColumnElement[datetime]:
    return literal(micros(now), Instant)

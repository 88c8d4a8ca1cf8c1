"""The numbers of mails after a restore: far ahead of all that the lost time may have given."""

from __future__ import annotations

from secrets import randbelow

from sqlalchemy import Connection, Table, func, literal, select, text

from engage.sql import tables as t

#: More mails than any time between a backup and its return sends.
AHEAD = 1 << 30


def leap_ahead(connection: Connection) -> None:
    """Let messages and notifications that are queued from now on bear numbers that no mail ever bore.

    What a signed link in a mail says is a number: one given twice would act on somebody else. Two copies of the same
    database leap differently far.
    """
    for table in (t.messages, t.notifications):
        _leap(connection, table, AHEAD + randbelow(AHEAD))


def _leap(connection: Connection, table: Table, ahead: int) -> None:
    name = table.name
    if connection.dialect.name == "sqlite":
        moved = text("UPDATE sqlite_sequence SET seq = seq + :ahead WHERE name = :name")
        if connection.execute(moved, {"ahead": ahead, "name": name}).rowcount == 0:
            begun = text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :ahead)")
            connection.execute(begun, {"ahead": ahead, "name": name})
        return
    sequence = func.pg_get_serial_sequence(literal(name), "id")
    connection.execute(select(func.setval(sequence, func.nextval(sequence) + ahead)))

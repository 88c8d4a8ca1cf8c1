"""How a user wants the pages: language, zone, single keys, the daily mail."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, insert, select, update

from engage.sql import tables as t


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a user chose; None where the browser or the workspace decides."""

    locale: str | None = None
    zone: str | None = None
    shortcuts: bool = True
    #: a mail each business morning with the ToDos of the day
    digest: bool = True


def wishes(connection: Connection, user_id: str) -> Wishes:
    """Return what a user chose."""
    s = t.user_settings
    row = connection.execute(
        select(s.c.locale, s.c.zone, s.c.shortcuts, s.c.digest).where(s.c.user_id == user_id)
    ).one_or_none()
    return Wishes() if row is None else Wishes(*row)


def wish(connection: Connection, user_id: str, wanted: Wishes) -> None:
    """Remember what a user chose."""
    s, values = t.user_settings, asdict(wanted)
    if connection.execute(update(s).where(s.c.user_id == user_id).values(values)).rowcount == 0:
        connection.execute(insert(s).values(user_id=user_id, **values))

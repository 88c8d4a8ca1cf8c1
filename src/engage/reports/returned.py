"""Mail that came back, newest first, and how much of each kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from engage.sql import tables as t
from engage.sql.codes import Returned

#: So far back the doctor looks.
LATELY = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class CameBack:
    """One mail, or one event of a mail service; no address and no message where it is about none of ours."""

    at: datetime
    kind: str
    source: str
    email: str | None
    message: int | None
    template: str | None
    why: str | None


def came_back(connection: Connection, *, kind: Returned | None = None, most: int = 100) -> list[CameBack]:
    """Return what came back, all or of a kind, newest first."""
    r, m, p, w = t.returned, t.messages, t.prospects, t.words
    joined = (
        r.outerjoin(m, m.c.id == r.c.message_id)
        .outerjoin(w, w.c.id == m.c.template_id)
        .outerjoin(p, p.c.id == r.c.prospect_id)
    )
    columns = (r.c.at, r.c.kind, r.c.source, p.c.email, r.c.message_id, w.c.text, r.c.why)
    asked = select(*columns).select_from(joined).order_by(r.c.at.desc(), r.c.id.desc()).limit(most)
    if kind is not None:
        asked = asked.where(r.c.kind == int(kind))
    rows = connection.execute(asked)
    return [CameBack(at, Returned(number).name.lower(), *others) for at, number, *others in rows]


def counts(connection: Connection, now: datetime) -> dict[Returned, int]:
    """Return how much of each kind came back lately."""
    r = t.returned.c
    asked = select(r.kind, func.count()).where(r.at >= now - LATELY).group_by(r.kind).order_by(r.kind)
    return {Returned(kind): count for kind, count in connection.execute(asked)}

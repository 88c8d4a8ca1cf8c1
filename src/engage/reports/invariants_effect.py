"""The promises about what steps made: nothing without its visit, nothing without an origin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, exists, func, not_, select

from engage.reports.finding import Finding, finding
from engage.sql import tables as t
from engage.sql.codes import Outcome

#: What steps make, and what it is called.
_MADE: Mapping[str, str] = {
    "messages": "{count} messages have no visit of their step, the first number {id} to {email}",
    "todos": "{count} ToDos have no visit of their step, the first number {id} about {email}",
    "notifications": "{count} mails to the team have no visit of their step, the first number {id} about {email}",
    "calls": "{count} calls have no visit of their step, the first number {id} about {email}",
    "score_entries": "{count} rows of the score ledger have no visit of their step, the first number {id} of {email}",
}


def orphans(connection: Connection) -> Iterator[Finding]:
    """Yield a finding if a step made something for a run that did not complete it."""
    for name, template in _MADE.items():
        made, v, p = t.metadata.tables[name], t.visits, t.prospects
        visited = exists(
            select(1).where(
                v.c.enrolment_id == made.c.enrolment_id,
                v.c.step_id == made.c.step_id,
                v.c.outcome == int(Outcome.COMPLETED),
            )
        )
        lone = (
            select(made.c.id, func.coalesce(p.c.email, "?").label("email"))
            .outerjoin(p, p.c.id == made.c.prospect_id)
            .where(made.c.enrolment_id.is_not(None), not_(visited))
        )
        yield from finding(connection, "effects", template, lone)


def unexplained(connection: Connection) -> Iterator[Finding]:
    """Yield a finding if a ToDo names neither a run nor a user as its origin, or a message neither a run nor a send."""
    d, m = t.todos, t.messages
    nobody = select(d.c.id).where(d.c.enrolment_id.is_(None), d.c.created_by.is_(None))
    template = "{count} ToDos name neither a scenario nor a user as their origin, the first number {id}"
    yield from finding(connection, "origins", template, nobody)
    nobodys = select(m.c.id).where(m.c.enrolment_id.is_(None), m.c.send_id.is_(None))
    template = "{count} messages name neither a scenario nor a send as their origin, the first number {id}"
    yield from finding(connection, "origins", template, nobodys)

"""Steps that call the world outside: rows are queued here, delivery does the rest."""

from __future__ import annotations

from hashlib import blake2b

from sqlalchemy import Connection, Insert, insert, literal, select

from engage.plan import moves
from engage.sql import tables as t
from engage.sql.codes import MessageStatus, Outcome
from engage.sql.cohort import cohort
from engage.sql.interning import upsert
from engage.sql.outbox import rows
from engage.sql.standing import NOW, small, standing, whole
from engage.stepping.walk import Place, Walk


def call_out(walk: Walk, step: moves.Step, act: moves.Call, places: list[Place]) -> None:
    """Queue a call for each and let them go on."""
    content = content_id(walk.connection, act)
    for place in places:
        values = {"places": [place.number], "content": content, "passed": len(place.passed)}
        walk.run(_queued(walk.course.numbers[step.key]), **values)
    walk.passes(step, places, Outcome.COMPLETED)


def content_id(connection: Connection, act: moves.Call) -> int:
    """Return the number of what is called, making it if it is new."""
    c = t.call_contents
    digest = blake2b(f"{act.kind}\0{act.content}".encode(), digest_size=16).digest()
    made = upsert(connection.dialect.name, c).values(digest=digest, kind=act.kind, content=act.content)
    connection.execute(made.on_conflict_do_nothing())  # type: ignore[attr-defined]
    found: int = connection.scalars(select(c.c.id).where(c.c.digest == digest)).one()
    return found


@standing
def _queued(step_id: int) -> Insert:
    move = cohort.c.moves + cohort.c.written + small("passed")
    values = (
        cohort.c.prospect_id, cohort.c.id, NOW, literal(step_id), whole("content"), move,
        literal(int(MessageStatus.QUEUED)),
    )  # fmt: skip
    names = ["prospect_id", "enrolment_id", "queued_at", "step_id", "content_id", "move", "status"]
    return insert(t.calls).from_select(names, rows(*values))

"""Calls that steps queued: actions of the user's own are run here; webhooks stay queued in this version.

An action is run at most once: it is marked in doubt before, and by what became of it after.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, literal_column, select, update

from engage.clock import monotonic
from engage.effects.acting import Answer, act
from engage.effects.merge_fields import custom_values, plain_prospect
from engage.effects.post import Delivered, Post
from engage.effects.queued import field_columns
from engage.sql import tables as t
from engage.sql.codes import MessageStatus
from engage.sql.connect import reading
from engage.sql.standing import big, standing

#: Actions are begun for so many seconds in one delivery: what is left waits for the next, and no mail waits for it.
PATIENCE = 60.0


def run_actions(engine: Engine, post: Post, now: datetime, patience: float = PATIENCE) -> Iterator[Delivered]:
    """Run the queued actions one by one; give the count of each."""
    began, after = monotonic(), 0
    while monotonic() - began < patience:
        with reading(engine).begin() as connection:
            row = connection.execute(_next(), {"after": after}).one_or_none()
            call = None if row is None else _call(connection, post, row)
        if row is None or call is None:
            return
        after = row.id
        if _mark(engine, row.id, MessageStatus.QUEUED, MessageStatus.IN_DOUBT, now, None):
            answer = act(json.loads(row.content)["name"], call)
            _mark(engine, row.id, MessageStatus.IN_DOUBT, _status(answer), now, answer.note)
            yield Delivered(actions=1) if answer.done else Delivered(failed=1)


def _status(answer: Answer) -> MessageStatus:
    return MessageStatus.SENT if answer.done else MessageStatus.FAILED


@standing
def _next() -> Select[Any]:
    """Select the next queued action after a key, with its prospect."""
    c, k, e, p, s = t.calls, t.call_contents, t.enrolments, t.prospects, t.standings
    joined = (
        c.join(k, k.c.id == c.c.content_id)
        .join(e, e.c.id == c.c.enrolment_id)
        .join(t.steps, t.steps.c.id == c.c.step_id)
        .join(t.scenarios, t.scenarios.c.id == e.c.scenario_id)
        .join(p, p.c.id == c.c.prospect_id)
        .join(s, s.c.prospect_id == c.c.prospect_id)
    )
    columns = (
        c.c.id, c.c.prospect_id, c.c.move, k.c.content, e.c.run, t.steps.c.key.label("step"),
        t.scenarios.c.key.label("scenario"), *field_columns(),
    )  # fmt: skip
    # Written out, not bound: only so does SQLite see that the partial index serves.
    queued = c.c.status == literal_column(str(int(MessageStatus.QUEUED)))
    chosen = select(*columns).select_from(joined).where(queued, k.c.kind == "action", c.c.id > big("after"))
    return chosen.order_by(c.c.id).limit(1)


def _call(connection: Connection, post: Post, row: Row[Any]) -> dict[str, object]:
    """Return what an action is given."""
    custom = custom_values(connection, post, [row.prospect_id]).get(row.prospect_id, {})
    return {
        "id": f"call-{row.id}",
        "scenario": row.scenario,
        "run": row.run,
        "step": row.step,
        "with": json.loads(row.content)["with"],
        "prospect": plain_prospect(row._asdict(), custom, post.house),
    }


def _mark(engine: Engine, key: int, was: MessageStatus, status: MessageStatus, now: datetime, note: str | None) -> bool:
    """Note what became of a call; tell whether it was still as it had been."""
    c = t.calls
    values = {"status": int(status), "done_at": now, "note": note}
    with engine.begin() as connection:
        changed = connection.execute(update(c).values(values).where(c.c.id == key, c.c.status == int(was)))
    return changed.rowcount == 1

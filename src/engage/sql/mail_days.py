"""Under which day and step the figures of a mail stand."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, func, select

from engage.sql import tables as t

#: The scenario and the step under which the figures of mails stand that no scenario sends.
NO_STEP = 0


def began_at() -> ColumnElement[Any]:
    """Return when the visit began that queued a message, as reports count it (SPEC section 12).

    Of a mail that no scenario sends, when it was queued.
    """
    m, v = t.messages.c, t.visits.c
    visit = select(v.arrived_at).where(v.enrolment_id == m.enrolment_id, v.step_id == m.step_id).limit(1)
    return func.coalesce(visit.correlate(t.messages).scalar_subquery(), m.queued_at, type_=t.messages.c.queued_at.type)


def counted_under() -> ColumnElement[int]:
    """Return the step under which a message is counted."""
    return func.coalesce(t.messages.c.step_id, NO_STEP)

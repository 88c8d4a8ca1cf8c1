"""Who has left lists: of whom the last word on a list is that its mail is not wanted.

Such a prospect stays a member. Mail is left out only where every list that brings it was left.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, bindparam, exists, not_, or_, select

from engage.language.conditions import Condition
from engage.sql import tables as t
from engage.sql.asked import Near, Now, Truth
from engage.sql.predicates import holds
from engage.sql.standing import many, standing

#: Lists by their ids, with what it means to be on each.
Lists = tuple[tuple[str, Condition], ...]
#: Why a message does not go that comes by such lists only.
LEFT = "left_list"


def has_left(lists: Lists, who: ColumnElement[int], now: Now, *, near: Near | None = None) -> Truth:
    """Return whether a prospect is on some of the lists and has left every one that he or she is on.

    ``near`` tells, of a prospect's key, whether it is one of a chunk's (see ``standing.near``).
    """
    left = {key: _left(key, who, near) for key, _ in lists}
    on = {key: holds(condition, who, now, near=near) for key, condition in lists}
    some = or_(*(and_(left[key], on[key]) for key, _ in lists))
    return and_(some, *(or_(left[key], not_(on[key])) for key, _ in lists))


def _left(key: str, who: ColumnElement[int], near: Near | None) -> Truth:
    """Return whether a prospect's last word on a list is an opt-out; of two at one moment the consent is the last."""
    out, back = t.consents.alias(), t.consents.alias()
    number = select(t.lists.c.id).where(t.lists.c.key == key).scalar_subquery()
    same = (back.c.prospect_id == out.c.prospect_id, back.c.list_id == out.c.list_id, back.c.at >= out.c.at)
    later = exists(select(1).where(*same, back.c.kind == "opt_in").correlate(out))
    mine = [out.c.prospect_id == who, out.c.list_id == number, out.c.kind == "opt_out", not_(later)]
    if near is not None:
        mine.append(near(out.c.prospect_id))
    return exists(select(1).where(*mine))


@standing
def anybody_left() -> Select[Any]:
    """Select one opt-out of any of some lists, named by ``keys``: most workspaces have none to ask about."""
    c = t.consents.c
    numbers = select(t.lists.c.id).where(t.lists.c.key.in_(bindparam("keys", type_=Text(), expanding=True)))
    return select(c.id).where(c.list_id.in_(numbers), c.kind == "opt_out").limit(1)


@standing
def leavers() -> Select[Any]:
    """Select those of some prospects, named by ``prospects``, who have ever left any list."""
    c = t.consents.c
    mine = c.prospect_id.in_(many("prospects"))
    return select(c.prospect_id).where(mine, c.list_id.is_not(None), c.kind == "opt_out").distinct()

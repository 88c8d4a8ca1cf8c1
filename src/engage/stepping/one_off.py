"""A one-off send as it stands in the database, and whom it means by the plans that run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, not_, select, update

from engage.errors import Refused
from engage.language.conditions import AnyOf, Condition, OnList
from engage.plan import moves
from engage.plan.goals import events_of
from engage.problem import unknown
from engage.sql import tables as t
from engage.sql.asked import Now
from engage.sql.codes import SendState
from engage.sql.leaving import Lists, anybody_left
from engage.sql.recipients import Audience
from engage.sql.standing import run
from engage.wording import Sentence, sentence


@dataclass(frozen=True, slots=True)
class Variant:
    """One of the e-mails of a send."""

    number: int
    template: str
    template_id: int
    #: the test's figures, once it is decided
    tried: int | None
    met: int | None


@dataclass(frozen=True, slots=True)
class Send:
    """A one-off send."""

    id: int
    state: SendState
    made_at: datetime
    at: datetime
    due_at: datetime | None
    after_id: int
    lists: tuple[str, ...]
    suppress: tuple[str, ...]
    #: how many in a hundred get the test
    share: int
    #: opens, clicks or conversions; None: there is no test
    measure: str | None
    goal: str | None
    #: how long the test lasts, in microseconds
    length: int | None
    #: wait or first: what follows where no winner can be named
    otherwise: str | None
    queued_at: datetime | None
    held_until: datetime | None
    winner: int | None
    #: test, first or person
    chosen_by: str | None
    decided_at: datetime | None
    ended_at: datetime | None
    #: why the engine stopped it
    fault: str | None
    variants: tuple[Variant, ...]

    @property
    def on_trial(self) -> bool:
        """Whether what is queued now is the test."""
        return self.measure is not None and self.decided_at is None

    @property
    def events(self) -> tuple[moves.Event, ...]:
        """What counts as a conversion."""
        return events_of(self.goal)

    def variant(self, number: int) -> Variant:
        """Return one of its e-mails."""
        return self.variants[number - 1]


def read_sends(connection: Connection, chosen: Select[Any]) -> tuple[Send, ...]:
    """Return the sends that a statement selects, whole rows of ``sends``, in its order."""
    rows = connection.execute(chosen).all()
    v, w = t.send_variants, t.words
    emails = select(v, w.c.text.label("template")).join(w, w.c.id == v.c.template_id).order_by(v.c.send_id, v.c.number)
    found: dict[int, list[Variant]] = {row.id: [] for row in rows}
    for row in connection.execute(emails.where(v.c.send_id.in_(found))):
        found[row.send_id].append(Variant(row.number, row.template, row.template_id, row.tried, row.met))
    return tuple(_send(row, tuple(found[row.id])) for row in rows)


def read_send(connection: Connection, number: int, *, locked: bool = False) -> Send:
    """Return a send, ``locked`` for this transaction (PostgreSQL). Raises Refused where there is none."""
    chosen = select(t.sends).where(t.sends.c.id == number)
    found = read_sends(connection, chosen.with_for_update() if locked else chosen)
    if not found:
        raise Refused(sentence("there is no send {id}", id=number))
    return found[0]


def _send(row: Row[Any], variants: tuple[Variant, ...]) -> Send:
    values = dict(row._mapping)
    lists = {name: tuple(json.loads(values[name])) for name in ("lists", "suppress")}
    return Send(**values | lists | {"state": SendState(row.state), "variants": variants})


def change(connection: Connection, send: Send, **values: object) -> None:
    """Write what became of a send."""
    connection.execute(update(t.sends).where(t.sends.c.id == send.id).values(values))


def stranded(connection: Connection, plans: moves.Plans, rules: Now) -> tuple[Sentence, ...]:
    """Return which sends that are not over could not go on by some plans, and why."""
    s = t.sends.c
    waiting = select(t.sends).where(s.state < int(SendState.DONE), s.fault.is_(None)).order_by(s.id)
    found = []
    for send in read_sends(connection, waiting):
        try:
            mails = mail_of(plans, [variant.template for variant in send.variants])
            marketing = mails[send.variants[0].template].marketing
            audience_of(connection, plans, rules, send.lists, send.suppress, marketing=marketing)
        except Refused as refusal:
            found.append(sentence("send {id} could not go on: {why}", id=send.id, why=refusal.message))
    return tuple(found)


def mail_of(plans: moves.Plans, templates: Sequence[str]) -> dict[str, moves.Mail]:
    """Return what the plans say of e-mails. Raises Refused for one that is not there, and for different kinds."""
    known = plans.mailing.mails
    for name in templates:
        if name not in known:
            raise Refused(unknown("template", name, known))
    if len({known[name].marketing for name in templates}) > 1:
        raise Refused(sentence("these are marketing and operational e-mails; send them apart"))
    return {name: known[name] for name in templates}


def audience_of(
    connection: Connection,
    plans: moves.Plans,
    rules: Now,
    lists: Sequence[str],
    suppress: Sequence[str],
    *,
    marketing: bool,
) -> Audience:
    """Return whom a send means. Raises Refused for a list that is not there."""
    numbers = dict(connection.execute(select(t.lists.c.key, t.lists.c.id).where(not_(t.lists.c.dynamic))).all())
    meanings = {name: _meaning(plans, numbers, name) for name in (*lists, *suppress)}
    static = all(isinstance(meanings[name], OnList) for name in lists)
    return Audience(
        list_ids=tuple(sorted({numbers[name] for name in lists})) if static else (),
        on_lists=None if static else AnyOf(tuple(meanings[name] for name in lists)),
        suppress=AnyOf(tuple(meanings[name] for name in suppress)) if suppress else None,
        marketing=marketing,
        rules=rules,
        cap=plans.house.cap,
        lists=_left(connection, tuple((name, meanings[name]) for name in lists)) if marketing else (),
    )


def _left(connection: Connection, lists: Lists) -> Lists:
    """Return lists, or none where nobody has left any of them."""
    left = run(connection, anybody_left(), None, keys=[name for name, _ in lists]).first()
    return lists if left is not None else ()


def _meaning(plans: moves.Plans, numbers: dict[str, int], name: str) -> Condition:
    """Return what it means to be on a list: of lists.yaml, or of the database alone, where imports make some."""
    condition = plans.mailing.lists.get(name)
    if condition is not None and (name in numbers or not isinstance(condition, OnList)):
        return condition
    if name not in numbers:
        raise Refused(unknown("list", name, {**plans.mailing.lists, **numbers}))
    return OnList((name,))

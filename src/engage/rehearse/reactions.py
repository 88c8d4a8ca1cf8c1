"""What prospects of a forecast do with their mail: seeded chance decides who opens, clicks, opts out, and when."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import Connection, func, select

from engage.clock import micros
from engage.intake.staging import load
from engage.language.templates import Template
from engage.sql import tables as t
from engage.sql.codes import MessageStatus
from engage.sql.interning import word_ids

#: What can be assumed, each a share of the messages handed over; ``todo`` one of the ToDos.
ASSUMED = ("open", "click", "bounce", "opt_out", "todo")
#: Half of the readers read within so long; nobody later than the last.
_HALF = timedelta(hours=5)
_LAST = timedelta(days=4)
_LINK = re.compile(r"""href=["']([^"'{}#][^"'{}]*)["']""")


@dataclass(frozen=True, slots=True)
class Reaction:
    """One activity of a message."""

    message_id: int
    prospect_id: int
    template_id: int
    kind: str
    at: int
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Readers:
    """The seeded readers of a forecast."""

    chance: Random
    #: shares by the words of ``ASSUMED``
    assumed: Mapping[str, float]
    #: the links of each template, by its name
    links: Mapping[str, tuple[str, ...]]

    def react(self, connection: Connection, now: datetime) -> int:
        """Write what becomes of the messages handed over at a moment; return how many activities that is."""
        m, w = t.messages, t.words
        chosen = (
            select(m.c.id, m.c.prospect_id, m.c.template_id, w.c.text)
            .join(w, w.c.id == m.c.template_id)
            .where(m.c.sent_at == now, m.c.status == int(MessageStatus.SENT))
            .order_by(m.c.id)
        )
        found = [
            each
            for key, who, template, name in connection.execute(chosen)
            for each in self._of(key, who, template, name, micros(now))
        ]
        _write(connection, found)
        return len(found)

    def _of(self, key: int, who: int, template: int, name: str, now: int) -> Iterator[Reaction]:
        """Yield what becomes of one message: it comes back, or is clicked, or only opened; some opt out."""
        draw = self.chance.random
        fate, delay, leaves = draw(), draw(), draw()
        if leaves < self.assumed.get("bounce", 0.0):
            yield Reaction(key, who, template, "email_bounced", now + 60_000_000)
            return
        at = now + _delay(delay)
        clicks = self.assumed.get("click", 0.0)
        if fate < clicks:
            there = self.links.get(name, ())
            yield Reaction(key, who, template, "email_clicked", at, there[int(draw() * len(there))] if there else None)
        elif fate < max(self.assumed.get("open", 0.0), clicks):
            yield Reaction(key, who, template, "email_opened", at)
        if 1 - leaves < self.assumed.get("opt_out", 0.0):
            yield Reaction(key, who, template, "email_unsubscribed", at)


def links_of(templates: Mapping[str, Mapping[str | None, Template]]) -> dict[str, tuple[str, ...]]:
    """Return the links that stand in each template, those to pages with merge fields in them left out."""
    return {
        name: tuple(
            dict.fromkeys(link for each in kinds.values() for text in each.texts for link in _LINK.findall(text))
        )
        for name, kinds in templates.items()
    }


def _delay(drawn: float) -> int:
    """Return after how many microseconds a mail is read: half of them within hours, the rest ever later."""
    half = _HALF // timedelta(microseconds=1)
    share = drawn / (1.0001 - drawn)
    return min(int(half * share), _LAST // timedelta(microseconds=1))


def _write(connection: Connection, found: list[Reaction]) -> None:
    """Write activities that happen later; the tick at their time learns them."""
    if not found:
        return
    a, w = t.activities, t.words
    types = word_ids(connection, "event", {each.kind for each in found})
    links = word_ids(connection, "link", {each.link for each in found if each.link})
    names = dict(
        connection.execute(select(w.c.id, w.c.text).where(w.c.id.in_({each.template_id for each in found}))).all()
    )
    targets = word_ids(connection, "target", names.values())
    first = (connection.scalar(select(func.max(a.c.id))) or 0) + 1
    rows = [
        (
            first + place, each.prospect_id, types[each.kind], targets[names[each.template_id]],
            links[each.link] if each.link else None, each.message_id, each.at,
            f"{each.kind}:{each.message_id}".encode(), "forecast", f"{each.kind}:{each.message_id}",
            '{"type":"hard"}' if each.kind == "email_bounced" else None, False,
        )
        for place, each in enumerate(found)
    ]  # fmt: skip
    columns = (
        "id", "prospect_id", "type_id", "target_id", "link_id", "message_id", "occurred_at", "key", "source",
        "source_id", "properties", "bot",
    )  # fmt: skip
    load(connection, a, columns, rows)
    load(connection, t.unlearnt, ("occurred_at", "activity_id"), [(row[6], row[0]) for row in rows])

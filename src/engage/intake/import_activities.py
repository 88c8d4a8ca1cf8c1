"""Activities from a CSV file: each event is stored once, however often the file is imported.

An event is the same if its ``source_id`` is. A row without one is named by its cells, and by how many rows like
it stand before it in the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Integer,
    LargeBinary,
    Text,
    and_,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    type_coerce,
    update,
)

from engage.intake.activity_rows import SOURCE, Event, EventReader, row_key
from engage.intake.csvfile import Row
from engage.intake.import_kind import Importer, ImportKind, Outcome, RowReader, Task
from engage.intake.mapping import Column as FileColumn
from engage.intake.rejects import Rejection
from engage.intake.staging import announce, drop_rows, find_people, load, make_people, staged
from engage.intake.survey import RowKey
from engage.language.lots import lot_of
from engage.language.vocabulary import Vocabulary
from engage.sql import tables as t
from engage.sql.codes import MessageStatus
from engage.sql.columns import Key
from engage.sql.interning import upsert, word_ids
from engage.sql.scratch import clear
from engage.wording import Sentence, sentence

#: Events on their way. ``mail`` is the step or template that an event of a message names.
events = staged(
    "staged_activities",
    Column("type_id", Integer),
    Column("target_id", Integer),
    Column("link_id", Integer),
    Column("occurred_at", BigInteger),
    Column("source_id", Text),
    Column("key", LargeBinary),
    Column("properties", Text),
    Column("bot", Boolean),
    Column("mail", Text),
    Column("message_id", Key),
)
_COPIED = (
    "prospect_id", "type_id", "target_id", "link_id", "message_id", "occurred_at", "source_id", "key",
    "properties", "bot",
)  # fmt: skip


def columns(vocabulary: Vocabulary) -> Sequence[FileColumn]:  # noqa: ARG001 - every kind is asked alike
    """Return the columns of an activities file."""
    texts = [FileColumn(name, loose=True) for name in ("email", "type", "target", "source_id", "properties")]
    return [*texts, FileColumn("occurred_at", "datetime", loose=True)]


@dataclass(frozen=True, slots=True)
class ActivityReader:
    """Reads rows into events."""

    task: Task
    reader: EventReader
    key: RowKey

    def read(self, row: Row) -> Event:
        """Return what a row says; raise ValueError where a cell cannot be used."""
        cells = self.task.matching.complete(row.cells)
        return self.reader.read(row, cells, self._name(cells))

    def _name(self, cells: list[str]) -> str:
        """Return the id of a row that has none: a digest of its cells and its ordinal among its likes."""
        key = self.key(cells)
        if key is None:
            return ""
        before, _ = self.task.survey.repeats.meet(key)
        name = f"{before}\x1f{key}".encode()
        return f"row-{blake2b(name, digest_size=16).hexdigest()}"


def start(task: Task, connection: Connection) -> Importer:  # noqa: ARG001
    """Return what reads the rows of a file."""
    way = task.survey.ways.get("occurred_at", "iso")
    events = EventReader(task.matching, task.vocabulary, way, task.now)
    read = ActivityReader(task, events, row_key(task.matching)).read
    return RowReader(read, lambda c, found: write_events(c, found, task))


def write_events(connection: Connection, found: Sequence[Event], task: Task) -> Outcome:
    """Store events that are new and put them before the next tick; return what became of their rows."""
    if not found:
        return Outcome()
    clear(connection, events)
    _load(connection, found)
    refused = _settle_people(connection, found, task)
    drop_rows(connection, events, dict.fromkeys(_known(connection)))
    refused |= _settle_messages(connection)
    inserted = _store(connection)
    rejected = tuple(Rejection(found[n].row, why) for n, why in refused.items())
    return Outcome(inserted=inserted, unchanged=len(found) - inserted - len(rejected), rejected=rejected)


def _load(connection: Connection, found: Sequence[Event]) -> None:
    types = word_ids(connection, "event", {e.type for e in found})
    targets = word_ids(connection, "target", {e.target for e in found if e.target and not e.of_mail})
    links = word_ids(connection, "link", {e.link for e in found if e.link})
    names = ("n", "email", "email_folded", "lot", "type_id", "target_id", "link_id", "occurred_at", "source_id", "key",
             "properties", "bot", "mail")  # fmt: skip
    load(connection, events, names, [
        (n, e.email, e.folded, lot_of(e.folded), types[e.type],
         None if e.of_mail or e.target is None else targets[e.target], links[e.link] if e.link else None,
         e.occurred_at, e.source_id, e.key, e.properties, e.bot, e.target if e.of_mail else None)
        for n, e in enumerate(found)
    ])  # fmt: skip


def _settle_people(connection: Connection, found: Sequence[Event], task: Task) -> dict[int, Sentence]:
    """Find or make the people; return the rows that have none."""
    missing = find_people(connection, events)
    if task.options.create_prospects:
        missing = [n for n in missing if found[n].of_mail]
    drop_rows(connection, events, missing)
    if task.options.create_prospects:
        announce(connection, make_people(connection, events, task.now), task.now)
    return {n: sentence("no prospect has the address {email}", email=found[n].email) for n in missing}


def _known(connection: Connection) -> list[int]:
    """Return the rows whose event is stored already, whatever brought it."""
    a = t.activities
    same = select(1).where(
        a.c.prospect_id == events.c.prospect_id,
        a.c.type_id == events.c.type_id,
        type_coerce(a.c.occurred_at, BigInteger) == events.c.occurred_at,
        a.c.source_id == events.c.source_id,
    )
    by_key = select(1).where(a.c.key == events.c.key)
    return list(connection.scalars(select(events.c.n).where(or_(exists(by_key), exists(same)))))


def _settle_messages(connection: Connection) -> dict[int, Sentence]:
    """Give each event of a message the latest one it can mean; return the rows that have none."""
    asked = connection.execute(select(events.c.n, events.c.mail).where(events.c.mail.is_not(null()))).all()
    if not asked:
        return {}
    m = t.messages
    key, mail = t.steps.c.key, events.c.mail
    # A step of a loop is named without its round: the latest of all its rounds is meant.
    of_loop = func.substr(key, 1, func.length(mail) + 1) == mail.concat("#")
    steps = select(t.steps.c.id).where(or_(key == mail, of_loop)).correlate(events)
    of_mail = and_(t.words.c.kind == "template", t.words.c.text == events.c.mail)
    templates = select(t.words.c.id).where(of_mail).correlate(events)
    # One in doubt counts as handed over: what somebody opened has arrived.
    handed_over = m.c.status.in_((int(MessageStatus.SENT), int(MessageStatus.IN_DOUBT)))
    latest = (
        select(m.c.id)
        .where(m.c.prospect_id == events.c.prospect_id, handed_over)
        .where(type_coerce(m.c.sent_at, BigInteger) <= events.c.occurred_at)
        .where(or_(m.c.step_id.in_(steps), m.c.template_id.in_(templates)))
        .order_by(m.c.sent_at.desc(), m.c.id.desc())
        .limit(1)
    )
    connection.execute(update(events).where(events.c.mail.is_not(null())).values(message_id=latest.scalar_subquery()))
    none = events.c.message_id.is_(null())
    missing = set(connection.scalars(select(events.c.n).where(events.c.mail.is_not(null()), none)))
    drop_rows(connection, events, missing)
    _name_templates(connection)
    message = "no message of {mail} was sent to this person at or before that moment"
    return {n: sentence(message, mail=mail) for n, mail in asked if n in missing}


def _name_templates(connection: Connection) -> None:
    """Let the target of an event of a message be its template."""
    m, w = t.messages, t.words
    joined = events.join(m, m.c.id == events.c.message_id).join(w, w.c.id == m.c.template_id)
    used = connection.execute(select(w.c.id, w.c.text).select_from(joined).distinct()).all()
    targets = word_ids(connection, "target", (text for _, text in used))
    for template_id, text in used:
        theirs = select(m.c.id).where(m.c.id == events.c.message_id, m.c.template_id == template_id)
        connection.execute(update(events).where(exists(theirs)).values(target_id=targets[text]))


def _store(connection: Connection) -> int:
    """Write the events, each with its row in ``unlearnt``; return how many were new."""
    a = t.activities
    rows = select(*(events.c[name] for name in _COPIED), literal(SOURCE)).where(events.c.prospect_id.is_not(null()))
    into = upsert(connection.dialect.name, a).from_select([*_COPIED, "source"], rows.order_by(events.c.n))
    made = into.on_conflict_do_nothing().returning(type_coerce(a.c.occurred_at, BigInteger), a.c.id)  # type: ignore[attr-defined]
    new = [tuple(row) for row in connection.execute(made)]
    load(connection, t.unlearnt, ("occurred_at", "activity_id"), new)
    return len(new)


ACTIVITIES = ImportKind(columns, ("email", "type", "occurred_at"), ("upsert", "insert"), start, row_key)

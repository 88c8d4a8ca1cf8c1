"""Prospects are written: drafts go into temporary tables, and set-based statements compare and store them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Float,
    Integer,
    Text,
    and_,
    func,
    literal,
    or_,
    select,
    update,
)

from engage.clock import micros
from engage.intake.custom_values import write_custom
from engage.intake.import_kind import Outcome, Task
from engage.intake.keeping import differing, keep_fields, keep_links, keep_owners
from engage.intake.ledger import begin_earning, earn, earned, entry, post
from engage.intake.people import tag_ids
from engage.intake.prospect_rows import Draft, Shape
from engage.intake.rejects import Rejection
from engage.intake.staging import announce, drop_rows, find_people, hold_people, load, make_people, staged
from engage.language.fields import STANDARD
from engage.language.lots import lot_of
from engage.sql import tables as t
from engage.sql.codes import EntryKind
from engage.sql.columns import Instant
from engage.sql.interning import upsert
from engage.sql.scratch import clear, scratch
from engage.wording import Sentence, sentence

_TYPES = {"text": Text, "integer": BigInteger, "number": Float, "boolean": Boolean, "datetime": BigInteger}
_FIELDS = tuple(f for f in STANDARD if f.stored)
_TWINS = tuple(Column(f"{f.name}_folded", Text) for f in _FIELDS if f.type == "text")

#: One row a person of the batch; a field that is NULL was empty in the file.
people = staged(
    "staged_people",
    *(Column(f.name, _TYPES[f.type]) for f in _FIELDS),
    *_TWINS,
    Column("owner", Text),
    Column("clear_owner", Boolean),
    Column("score", BigInteger),
)
#: Tags and lists that people of the batch are to have.
links = scratch(
    "staged_links",
    Column("n", Integer),
    Column("kind", Text),
    Column("ref", Integer),
)


def write_people(connection: Connection, drafts: Sequence[Draft], shape: Shape, task: Task) -> Outcome:
    """Store drafts and return what became of their rows."""
    if not drafts:
        return Outcome()
    clear(connection, people, links)
    _load(connection, drafts, shape)
    missing = find_people(connection, people)
    refused = _refused(connection, drafts, missing, task)
    new: frozenset[int] = frozenset()
    if missing and task.options.mode != "update":
        new = make_people(connection, people, task.now, shape.stored)
    changed = set(new)
    if len(new) < len(drafts) - len(refused):
        hold_people(connection, people)
        changed.update(_update_fields(connection, shape, task))
    changed.update(_update_owners(connection, drafts, task))
    changed.update(_update_scores(connection, drafts, task))
    changed.update(write_custom(connection, people, drafts, shape, task))
    changed.update(_add_links(connection, drafts, task))
    announce(connection, changed, task.now)
    if len(new) == len(drafts):
        return _all_new(drafts)
    return _outcome(drafts, _keys(connection, changed), new, changed, refused)


def _load(connection: Connection, drafts: Sequence[Draft], shape: Shape) -> None:
    names = ("n", "email", "email_folded", "lot", *shape.stored, "owner", "clear_owner", "score")
    rows = [
        (n, d.email, d.folded, lot_of(d.folded), *d.values, d.owner, d.clear_owner, d.score)
        for n, d in enumerate(drafts)
    ]
    load(connection, people, names, rows)


def _refused(
    connection: Connection, drafts: Sequence[Draft], missing: Sequence[int], task: Task
) -> dict[int, Sentence]:
    """Take out the people that the mode does not allow, and return their places with the reason."""
    if task.options.mode == "insert":
        why = sentence("there is a prospect with this address already")
        places = sorted(set(range(len(drafts))).difference(missing))
    elif task.options.mode == "update":
        why, places = sentence("no prospect has this address"), list(missing)
    else:
        return {}
    drop_rows(connection, people, places)
    return dict.fromkeys(places, why)


def _update_fields(connection: Connection, shape: Shape, task: Task) -> list[int]:
    """Write the fields that differ; return who changed."""
    if not shape.fields:
        return []
    p, cleared = t.prospects, task.options.clear_empty
    differs = (_differs(p.c[name], people.c[name], cleared) for name in shape.fields)
    values: dict[str, ColumnElement[Any]] = {
        name: people.c[name] if cleared else func.coalesce(people.c[name], p.c[name]) for name in shape.stored
    }
    if not keep_fields(connection, people, dict(zip(shape.fields, differs, strict=True)), task.now):
        return []
    changed = update(p).where(p.c.id == people.c.prospect_id, p.c.id.in_(select(differing.c.prospect_id)))
    return list(connection.scalars(changed.values(values).returning(p.c.id)))


def _differs(kept: ColumnElement[Any], said: ColumnElement[Any], cleared: bool) -> ColumnElement[bool]:
    differs = kept.is_distinct_from(said)
    return differs if cleared else and_(said.is_not(None), differs)


def _update_owners(connection: Connection, drafts: Sequence[Draft], task: Task) -> list[int]:
    if not any(draft.owner or draft.clear_owner for draft in drafts):
        return []
    s = t.standings
    said = or_(people.c.owner.is_not(None), people.c.clear_owner)
    differs = and_(s.c.prospect_id == people.c.prospect_id, said, s.c.owner.is_distinct_from(people.c.owner))
    keep_owners(connection, people, differs, task.now)
    changed = update(s).where(differs).values(owner=people.c.owner)
    return list(connection.scalars(changed.returning(s.c.prospect_id)))


def _update_scores(connection: Connection, drafts: Sequence[Draft], task: Task) -> list[int]:
    """Bring scores to what the file says, each by one entry of the ledger."""
    if all(draft.score is None for draft in drafts):
        return []
    s = t.standings
    begin_earning(connection)
    now = literal(micros(task.now), Instant)
    rows = entry(people.c.prospect_id, now, people.c.score - s.c.score, EntryKind.IMPORT)
    joined = people.join(s, s.c.prospect_id == people.c.prospect_id)
    if not earn(connection, rows.select_from(joined).where(people.c.score != s.c.score)):
        return []
    post(connection, task.now)
    return list(connection.scalars(select(earned.c.prospect_id)))


def _add_links(connection: Connection, drafts: Sequence[Draft], task: Task) -> list[int]:
    """Add tags and list memberships; return who got one."""
    tags = tag_ids(connection, frozenset().union(*(draft.tags for draft in drafts)))
    rows = [(n, "tag", tags[tag]) for n, draft in enumerate(drafts) for tag in sorted(draft.tags)]
    rows += [(n, "list", key) for n, draft in enumerate(drafts) for key in sorted(draft.lists)]
    if not rows:
        return []
    load(connection, links, ("n", "kind", "ref"), rows)
    joined = links.join(people, people.c.n == links.c.n)
    who = select(people.c.prospect_id, links.c.ref).select_from(joined).distinct()
    keep_links(connection, joined, people, links, task.now)
    database, tagged = connection.dialect.name, who.where(links.c.kind == "tag")
    pairs = upsert(database, t.prospect_tags).from_select(["prospect_id", "tag_id"], tagged)
    members = upsert(database, t.list_members).from_select(
        ["prospect_id", "list_id", "since"],
        who.add_columns(literal(micros(task.now), Instant)).where(links.c.kind == "list"),
    )
    tagged = pairs.on_conflict_do_nothing().returning(t.prospect_tags.c.prospect_id)  # type: ignore[attr-defined]
    listed = members.on_conflict_do_nothing().returning(t.list_members.c.prospect_id)  # type: ignore[attr-defined]
    return [*connection.scalars(tagged), *connection.scalars(listed)]


def _all_new(drafts: Sequence[Draft]) -> Outcome:
    """Count the rows of people who were all made; what comes often need not ask for their keys."""
    rows, overruled = sum(len(draft.rows) for draft in drafts), sum(draft.overruled for draft in drafts)
    return Outcome(inserted=len(drafts), updated=overruled, unchanged=rows - len(drafts) - overruled)


def _keys(connection: Connection, changed: set[int]) -> dict[int, int]:
    """Return the prospect of each place in the batch; not asked for where nobody changed."""
    if not changed:
        return {}
    return {row.n: row.prospect_id for row in connection.execute(select(people.c.n, people.c.prospect_id))}


def _outcome(
    drafts: Sequence[Draft],
    keys: dict[int, int],
    new: frozenset[int],
    changed: set[int],
    refused: dict[int, Sentence],
) -> Outcome:
    """Count rows: of several for one person, the first is new or updated, later ones updated if they differ."""
    inserted = updated = unchanged = 0
    rejected: list[Rejection] = []
    for n, draft in enumerate(drafts):
        rows, key = len(draft.rows), keys.get(n)
        if n in refused:
            rejected += [Rejection(row, refused[n]) for row in draft.rows]
        elif key in changed:
            inserted, updated = inserted + (key in new), updated + (key not in new) + draft.overruled
            unchanged += rows - 1 - draft.overruled
        else:
            unchanged += rows
    return Outcome(inserted, updated, unchanged, rejected=tuple(rejected))

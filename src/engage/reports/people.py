"""Prospects as a list: looked for by any part of their address, name or company, and by what is known of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, select

from engage.language.fields import GRADES
from engage.language.vocabulary import Vocabulary
from engage.language.where import read_where
from engage.reports.csvout import Value
from engage.reports.export_prospects import full_name
from engage.reports.scope import visible_prospects
from engage.sql import tables as t
from engage.sql.predicates import Now, holds
from engage.sql.searching import found_by, named, wanted

Truth = ColumnElement[bool]
#: Whether the reader may see the prospect of a key.
Visible = Callable[[ColumnElement[int]], Truth]

#: Sought as the owner: those who have none.
NOBODY = "none"
#: Prospects on a page, and in a span of an export.
PAGE = 50
SPAN = 1_000
#: So many tags can be chosen from.
_TAGS = 300
#: The columns of the list as a file.
COLUMNS = ("email", "name", "company", "job_title", "score", "grade", "owner", "created_at", "last_activity_at")


@dataclass(frozen=True, slots=True)
class Sought:
    """Whom a list shows: all that is given must hold."""

    #: words, each a part of the address, the name or the company
    text: str = ""
    score: int | None = None
    #: this grade or a better one
    grade: str | None = None
    #: an addressee, or NOBODY for those without an owner
    owner: str | None = None
    list: str | None = None
    tag: str | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """The words, folded."""
        return wanted(self.text)


@dataclass(frozen=True, slots=True)
class Listed:
    """A prospect in a list."""

    id: int
    email: str
    name: str
    company: str | None
    job_title: str | None
    score: int
    grade: str | None
    owner: str | None
    owner_name: str | None
    created_at: datetime
    last_activity_at: datetime | None


@dataclass(frozen=True, slots=True)
class Leaf:
    """A page of a list; ``next`` is the key after which the next page begins, None on the last."""

    rows: tuple[Listed, ...]
    next: int | None


@dataclass(frozen=True, slots=True)
class View:
    """How a list is read: what words mean, when it is asked, whom the reader may see (None: all), names how."""

    vocabulary: Vocabulary
    asked: Now
    visible: Visible | None = None
    #: the reader's, in whose manner names are written; None: the workspace's
    locale: str | None = None


def listed(connection: Connection, view: View, sought: Sought, after: int | None = None, limit: int = PAGE) -> Leaf:
    """Return the prospects of a page: the newest first; those looked for by words by address.

    ``after`` is the key of the last prospect of the page before. The work of a search follows the number of
    prospects, and ends with the page; one for somebody's whole address finds them at once.
    """
    keys = _keys(connection, view, sought, after, limit + 1)
    rows = _rows(connection, keys[:limit], view.locale or view.asked.locale)
    return Leaf(rows, rows[-1].id if len(keys) > limit else None)


def every(connection: Connection, view: View, sought: Sought) -> Iterator[Sequence[Value]]:
    """Yield everybody of a list as the rows of a file, in its order; memory stays flat."""
    after: int | None = None
    while True:
        leaf = listed(connection, view, sought, after, SPAN)
        for row in leaf.rows:
            yield (row.email, row.name, row.company, row.job_title, row.score, row.grade, row.owner, row.created_at,
                   row.last_activity_at)  # fmt: skip
        if leaf.next is None:
            return
        after = leaf.next


@dataclass(frozen=True, slots=True)
class Choices:
    """What a list can be narrowed by: pairs of what is stored and its name."""

    owners: tuple[tuple[str, str], ...]
    lists: tuple[tuple[str, str], ...]
    tags: tuple[str, ...]


def choices(connection: Connection) -> Choices:
    """Return owners, lists and tags by name; of tags only so many as a person can choose from."""
    u, k, w = t.users.c, t.lists.c, t.words.c
    owners = connection.execute(
        select(u.id, u.name).where(u.enabled, u.role.in_(("sales", "marketer", "admin"))).order_by(u.name)
    )
    lists = connection.execute(select(k.key, k.name).order_by(k.name))
    tags = connection.scalars(select(w.text).where(w.kind == "tag").order_by(w.folded).limit(_TAGS))
    return Choices(
        tuple((f"user:{key}", name) for key, name in owners), tuple((key, name) for key, name in lists), tuple(tags)
    )


def seen_by(user_id: str) -> Visible:
    """Return whom one who sells sees: the own prospects."""

    def visible(key: ColumnElement[int]) -> Truth:
        condition = visible_prospects(user_id, key)
        assert condition is not None, "asked for a user"
        return condition

    return visible


def address_of(connection: Connection, prospect_id: int, visible: Visible | None) -> str | None:
    """Return the address of a prospect whom the reader may see, or None."""
    p = t.prospects.c
    asked = select(p.email).where(p.id == prospect_id)
    return connection.scalar(asked if visible is None else asked.where(visible(p.id)))


def _keys(connection: Connection, view: View, sought: Sought, after: int | None, limit: int) -> Sequence[int]:
    """Return the keys of those sought, in their order, read from the narrowest table that tells them apart."""
    p, s, own = t.prospects, t.standings, t.prospect_tags
    if sought.words:
        key = p.c.id
        chosen = select(key).where(*_looked_for(connection, sought, after))
    else:
        tags = _tags(connection, sought)
        if sought.tag is not None and not tags:
            return ()
        key = own.c.prospect_id if tags else s.c.prospect_id
        chosen = select(key).where(own.c.tag_id == tags[0]) if tags else select(key)
        chosen = chosen if after is None else chosen.where(key < after)
    chosen = chosen.where(*_wheres(connection, view, sought, key)).limit(limit)
    ordered = chosen.order_by(p.c.searched, p.c.id) if sought.words else chosen.order_by(key.desc())
    return connection.scalars(ordered).all()


def _looked_for(connection: Connection, sought: Sought, after: int | None) -> Iterator[Truth]:
    """Yield what a search by words asks of the wide table."""
    p = t.prospects.c
    if len(sought.words) == 1 and "@" in sought.words[0]:
        known = connection.scalar(select(p.id).where(p.email_folded == sought.words[0]))
        if known is not None:
            yield p.id == known
    few = named(connection, sought.words)
    if few is not None:
        yield p.id.in_(few)
    yield found_by(connection.dialect.name, sought.words)
    last = None if after is None else connection.scalar(select(p.searched).where(p.id == after))
    if last is not None:
        yield p.searched > last


def _wheres(connection: Connection, view: View, sought: Sought, key: ColumnElement[int]) -> Iterator[Truth]:
    s, own = t.standings, t.prospect_tags
    tests: list[Truth] = []
    if sought.score is not None:
        tests.append(s.c.score >= sought.score)
    if sought.grade is not None:
        tests.append(s.c.grade >= GRADES.index(sought.grade))
    if sought.owner is not None:
        tests.append(s.c.owner.is_(None) if sought.owner == NOBODY else s.c.owner == sought.owner)
    if key.table is s:
        yield from tests
    elif tests:
        yield exists(select(1).where(s.c.prospect_id == key, *tests))
    if sought.tag is not None and key.table is not own:
        yield exists(select(1).where(own.c.prospect_id == key, own.c.tag_id.in_(_tags(connection, sought))))
    if sought.list is not None:
        yield _on_list(view, sought.list, key)
    if view.visible is not None:
        yield view.visible(key)


def _tags(connection: Connection, sought: Sought) -> Sequence[int]:
    """Return the number of the tag that is sought, if there is one."""
    w = t.words.c
    chosen = select(w.id).where(w.kind == "tag", w.text == sought.tag)
    return () if sought.tag is None else connection.scalars(chosen).all()


def _on_list(view: View, name: str, key: ColumnElement[int]) -> Truth:
    """Return whether a prospect is on a list; a dynamic one is asked as it is now."""
    condition, _ = read_where(json.dumps({"list": name}), view.vocabulary)
    if condition is not None:
        return holds(condition, key, view.asked)
    number = select(t.lists.c.id).where(t.lists.c.key == name).scalar_subquery()
    own = t.list_members
    return exists(select(1).where(own.c.prospect_id == key, own.c.list_id == number))


def _rows(connection: Connection, keys: Sequence[int], locale: str) -> tuple[Listed, ...]:
    """Return what a list shows of some prospects, in the order of their keys as given."""
    p, s, u = t.prospects, t.standings, t.users
    names = (p.c.id, p.c.email, p.c.first_name, p.c.last_name, p.c.company, p.c.job_title)
    known = (s.c.score, s.c.grade, s.c.owner, s.c.created_at, s.c.last_activity_at, u.c.name.label("owner_name"))
    joined = p.join(s, s.c.prospect_id == p.c.id).outerjoin(u, s.c.owner == "user:" + u.c.id)
    found = {
        row.id: row for row in connection.execute(select(*names, *known).select_from(joined).where(p.c.id.in_(keys)))
    }
    return tuple(_listed(found[key], locale) for key in keys)


def _listed(row: Any, locale: str) -> Listed:
    return Listed(
        id=row.id,
        email=row.email,
        name=full_name(row.first_name, row.last_name, locale),
        company=row.company,
        job_title=row.job_title,
        score=row.score,
        grade=None if row.grade is None else GRADES[row.grade],
        owner=row.owner,
        owner_name=row.owner_name,
        created_at=row.created_at,
        last_activity_at=row.last_activity_at,
    )

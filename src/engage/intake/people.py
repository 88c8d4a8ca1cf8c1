"""Who and what a file may name: users, queues, and static lists, as the database has them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, select

from engage.language.fields import fold
from engage.language.vocabulary import Vocabulary
from engage.problem import unknown
from engage.sql import tables as t
from engage.sql.interning import word_ids
from engage.wording import sentence

#: A tag, target or link that is longer does not fit an index.
LONGEST_WORD = 2000


@dataclass(frozen=True, slots=True)
class Known:
    """Names that a file may use."""

    users: frozenset[str]
    queues: frozenset[str]
    #: each static list and its number
    lists: dict[str, int]
    dynamic: frozenset[str]

    def addressee(self, text: str) -> str:
        """Return an owner as it is stored, ``user:x`` or ``queue:x``; raise ValueError if there is none."""
        kind, colon, name = unicodedata.normalize("NFC", text).partition(":")
        if not colon:
            kind, name = ("queue" if kind in self.queues - self.users else "user"), kind
        known = {"user": self.users, "queue": self.queues}.get(kind)
        if known is None:
            message = "{text} is not an owner; write user:NAME or queue:NAME"
            raise ValueError(sentence(message, text=repr(text[:60])))
        if name not in known:
            raise ValueError(unknown("user", name, known) if kind == "user" else unknown("queue", name, known))
        return f"{kind}:{name}"

    def static_list(self, text: str) -> int:
        """Return the number of a static list; raise ValueError if there is none of that name."""
        name = unicodedata.normalize("NFC", text)
        if name in self.dynamic:
            message = "the list {name} is dynamic: who matches its criteria is on it"
            raise ValueError(sentence(message, name=name))
        if name not in self.lists:
            raise ValueError(unknown("the list", name, self.lists))
        return self.lists[name]


def known(connection: Connection, vocabulary: Vocabulary) -> Known:
    """Return the names of the database and the workspace."""
    lists = connection.execute(select(t.lists.c.key, t.lists.c.id, t.lists.c.dynamic)).all()
    queues = connection.scalars(select(t.queue_members.c.queue_key).distinct())
    return Known(
        users=vocabulary.users | frozenset(connection.scalars(select(t.users.c.id))),
        queues=vocabulary.queues | frozenset(queues),
        lists={row.key: row.id for row in lists if not row.dynamic},
        dynamic=frozenset(row.key for row in lists if row.dynamic),
    )


def several(text: str) -> Iterator[str]:
    """Yield the parts of a cell that holds several names, parted by ``;``.

    >>> list(several("vip; 展示会;"))
    ['vip', '展示会']
    """
    return (part.strip() for part in text.split(";") if part.strip())


def checked_word(text: str) -> str:
    """Return a text that can be interned; raise ValueError if it cannot."""
    if "\0" in text:
        raise ValueError(sentence("the text holds the character NUL"))
    if len(text.encode()) > LONGEST_WORD:
        raise ValueError(sentence("{text}… is too long", text=text[:40]))
    return text


def tag_ids(connection: Connection, tags: frozenset[str]) -> dict[str, int]:
    """Return the number of each tag; one that differs only in case or width from a known one is that one."""
    folds = sorted({fold(tag) for tag in tags})
    found: dict[str, int] = {}
    for start in range(0, len(folds), 500):
        some = folds[start : start + 500]
        w = t.words.c
        chosen = select(w.folded, w.id).where(w.kind == "tag", w.folded.in_(some)).order_by(w.id.desc())
        found.update((row.folded, row.id) for row in connection.execute(chosen))
    fresh = {fold(tag): tag for tag in sorted(tags) if fold(tag) not in found}
    made = word_ids(connection, "tag", fresh.values())
    found.update((folded, made[tag]) for folded, tag in fresh.items())
    return {tag: found[fold(tag)] for tag in tags}

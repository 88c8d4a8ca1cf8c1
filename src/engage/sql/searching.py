"""Looking for people by any part of their address, name or company, as a condition."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    TextualSelect,
    and_,
    column,
    false,
    func,
    select,
    text,
    true,
)  # fmt: skip

from engage.language.fields import fold
from engage.sql import tables as t

#: So many words are looked for, each of so many characters at most: more tells nothing.
MOST_WORDS = 8
LONGEST = 100
#: So many people an index may name before it is quicker to look at everybody in order until a page is full.
MOST_NAMED = 20_000
#: Signs in a trigram.
_SIZE = 3
#: So many trigrams of a word are asked for, and a short word may begin so many: one of more is nothing rare.
_TRIGRAMS, _BEGUN = 24, 200
#: Follows every sign that a word can begin with.
_LAST = chr(0x10FFFF)
#: What GLOB reads as signs, each as a class of one.
_SIGNS = str.maketrans({sign: f"[{sign}]" for sign in "*?["})


def wanted(text: str) -> tuple[str, ...]:
    """Return the words that a search is for, folded as the database keeps texts.

    >>> wanted(" 株式会社ｻﾝﾌﾟﾙ  Sato ")
    ('株式会社サンプル', 'sato')
    """
    return tuple(word[:LONGEST] for word in fold(text.replace("\0", " ")).split()[:MOST_WORDS])


def found_by(database: str, words: tuple[str, ...]) -> ColumnElement[bool]:
    """Return whether a prospect's address, name or company hold each of some folded words; no sign means anything.

    Of SQLite's ways to look for a text in a text, GLOB is the fastest.
    """
    column = t.prospects.c.searched
    if database == "sqlite":
        return and_(true(), *(column.op("GLOB")(f"*{word.translate(_SIGNS)}*") for word in words))
    return and_(true(), *(func.strpos(column, word) > 0 for word in words))


def named(connection: Connection, words: Sequence[str]) -> TextualSelect | Select[tuple[int]] | None:
    """Return what gives the keys of all that a search finds, and of some more; None where it could be anybody.

    The index of trigrams is SQLite's. Of a word of one or two signs every trigram that begins with it is asked for.
    """
    if connection.dialect.name != "sqlite":
        return None
    parts = []
    for word in words:
        trigrams = _trigrams(word) if len(word) >= _SIZE else _begun(connection, word)
        if not trigrams:
            return select(t.prospects.c.id).where(false())
        if len(word) >= _SIZE:
            parts += trigrams
        elif len(trigrams) <= _BEGUN:
            parts.append(f"({' OR '.join(trigrams)})")
    if not parts:
        return None
    keys = text("SELECT rowid AS id FROM prospect_trigrams WHERE prospect_trigrams MATCH :trigrams LIMIT :most")
    few = keys.bindparams(trigrams=" AND ".join(parts), most=MOST_NAMED + 1).columns(column("id", BigInteger))
    count = connection.scalar(select(func.count()).select_from(few.subquery())) or 0
    return few if count <= MOST_NAMED else None


def _trigrams(word: str) -> list[str]:
    """Return the first trigrams of a word as the index is asked for them.

    >>> _trigrams("sato")
    ['"sat"', '"ato"']
    """
    places = range(min(len(word) - _SIZE + 1, _TRIGRAMS))
    return [_quoted(word[place : place + _SIZE]) for place in places]


def _begun(connection: Connection, word: str) -> list[str]:
    """Return the trigrams that begin with a word, one more than are of use."""
    terms = text("SELECT term FROM prospect_trigram_terms WHERE term >= :first AND term < :last LIMIT :most")
    most = {"first": word, "last": word + _LAST, "most": _BEGUN + 1}
    return [_quoted(term) for term in connection.scalars(terms, most)]


def _quoted(trigram: str) -> str:
    doubled = trigram.replace('"', '""')
    return f'"{doubled}"'

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
    or_,
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
#: The signs of hiragana that have one of katakana, and what lies between the two.
_HIRAGANA = (*range(0x3041, 0x3097), 0x309D, 0x309E)
_BETWEEN = 0x60
_AS_KATAKANA = {sign: sign + _BETWEEN for sign in _HIRAGANA}
_AS_HIRAGANA = {sign + _BETWEEN: sign for sign in _HIRAGANA}
#: What GLOB reads as signs, each as a class of one.
_SIGNS = str.maketrans({sign: f"[{sign}]" for sign in "*?["})


def wanted(text: str) -> tuple[str, ...]:
    """Return the words that a search is for, folded as the database keeps texts.

    >>> wanted(" 株式会社ｻﾝﾌﾟﾙ  Sato ")
    ('株式会社サンプル', 'sato')
    """
    return tuple(word[:LONGEST] for word in fold(text.replace("\0", " ")).split()[:MOST_WORDS])


def spellings(word: str) -> tuple[str, ...]:
    """Return the ways in which a word may be written: as it is, in katakana, in hiragana; without kana there is one.

    >>> spellings("おおた"), spellings("サトー商会"), spellings("太田")
    (('おおた', 'オオタ'), ('サトー商会', 'さとー商会'), ('太田',))
    """
    return tuple(dict.fromkeys((word, word.translate(_AS_KATAKANA), word.translate(_AS_HIRAGANA))))


def found_by(database: str, words: tuple[str, ...]) -> ColumnElement[bool]:
    """Return whether a prospect's address, name or company hold each of some folded words; no sign means anything.

    Each word is found in either kana. Of SQLite's ways to look for a text in a text, GLOB is the fastest.
    """
    column = t.prospects.c.searched

    def holds(spelling: str) -> ColumnElement[bool]:
        if database == "sqlite":
            return column.op("GLOB")(f"*{spelling.translate(_SIGNS)}*")
        return func.strpos(column, spelling) > 0

    return and_(true(), *(or_(*map(holds, spellings(word))) for word in words))


def named(connection: Connection, words: Sequence[str]) -> TextualSelect | Select[tuple[int]] | None:
    """Return what gives the keys of all that a search finds, and of some more; None where it could be anybody.

    The index of trigrams is SQLite's. Of a word of one or two signs every trigram that begins with it is asked for.
    """
    if connection.dialect.name != "sqlite":
        return None
    parts = []
    for word in words:
        part = _part(connection, word)
        if part is None:
            return select(t.prospects.c.id).where(false())
        parts += [part] if part else []
    if not parts:
        return None
    keys = text("SELECT rowid AS id FROM prospect_trigrams WHERE prospect_trigrams MATCH :trigrams LIMIT :most")
    few = keys.bindparams(trigrams=" AND ".join(parts), most=MOST_NAMED + 1).columns(column("id", BigInteger))
    count = connection.scalar(select(func.count()).select_from(few.subquery())) or 0
    return few if count <= MOST_NAMED else None


def _part(connection: Connection, word: str) -> str | None:
    """Return what the index is asked of one word: nothing where it is of no use, None where nobody has the word."""
    if len(word) >= _SIZE:
        ways = [" AND ".join(_trigrams(spelling)) for spelling in spellings(word)]
        return ways[0] if len(ways) == 1 else f"(({') OR ('.join(ways)}))"
    begun = [trigram for spelling in spellings(word) for trigram in _begun(connection, spelling)]
    if not begun:
        return None
    return f"({' OR '.join(begun)})" if len(begun) <= _BEGUN else ""


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

"""Whom a search finds, by the index of trigrams and by looking at everybody: the same people."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, delete, insert, select, update

from engage.language.fields import fold
from engage.sql import searching
from engage.sql import tables as t
from engage.sql.connect import connect
from engage.sql.schema import create
from engage.sql.searching import found_by, named, wanted

#: Few signs, so that words meet; some that mean something to a search's languages.
TEXTS = st.text('ab佐藤葵さくサク"*?[- ', max_size=8)


@pytest.fixture(scope="module")
def private() -> Engine:
    """A database in memory, empty after each example."""
    engine = connect("sqlite://")
    create(engine)
    return engine


def person(number: int, company: str) -> dict[str, object]:
    email = f"p{number}@example.com"
    return {
        "id": number, "email": email, "email_folded": email, "company": company, "company_folded": fold(company)
    }  # fmt: skip


def found(connection: Connection, text: str) -> set[int]:
    """Return whom a search finds, where it may ask the index."""
    words = wanted(text)
    p = t.prospects.c
    asked = select(p.id).where(found_by(connection.dialect.name, words))
    few = named(connection, words)
    return set(connection.scalars(asked if few is None else asked.where(p.id.in_(few))))


def expected(people: dict[int, str], text: str) -> set[int]:
    shown = {number: f"p{number}@example.com  {fold(company)} " for number, company in people.items()}
    return {number for number, said in shown.items() if all(meant(word, said) for word in wanted(text))}


def meant(word: str, said: str) -> bool:
    """Return whether a text holds a word as it is, or with all its kana of one kind."""
    return any(word.translate(str.maketrans(*kana)) in said for kana in (("", ""), ("さく", "サク"), ("サク", "さく")))


@given(
    companies=st.lists(TEXTS, min_size=1, max_size=12),
    renamed=st.dictionaries(st.integers(1, 12), TEXTS, max_size=4),
    gone=st.sets(st.integers(1, 12), max_size=4),
    asked=st.lists(TEXTS, min_size=1, max_size=6),
)
@settings(max_examples=150, deadline=None)
def test_a_search_finds_who_has_the_words_after_any_changes(
    private: Engine, companies: Sequence[str], renamed: dict[int, str], gone: set[int], asked: Sequence[str]
) -> None:
    people = dict(enumerate(companies, 1))
    with private.connect() as connection, connection.begin() as work:
        connection.execute(insert(t.prospects), [person(*each) for each in people.items()])
        for number, company in renamed.items():
            name = {"company": company, "company_folded": fold(company)}
            connection.execute(update(t.prospects).where(t.prospects.c.id == number).values(name))
        connection.execute(delete(t.prospects).where(t.prospects.c.id.in_(gone)))
        people = {
            number: renamed.get(number, company) for number, company in people.items() if number not in gone
        }  # fmt: skip
        for text in (*asked, *people.values(), "p1", "@example"):
            assert found(connection, text) == expected(people, text), text
        work.rollback()


def test_a_word_that_many_have_is_looked_for_in_order(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index that names too many is of no use: the search reads people in order, until a page is full."""
    monkeypatch.setattr(searching, "MOST_NAMED", 2)
    with engine.begin() as connection:
        connection.execute(insert(t.prospects), [person(n, "Sato Trading" if n % 2 else "葵商事") for n in range(1, 9)])
        assert named(connection, wanted("trading")) is None
        assert found(connection, "trading") == {1, 3, 5, 7}
        assert found(connection, "葵") == {2, 4, 6, 8}
        assert found(connection, "p3 trading") == {3}
        assert found(connection, "nobody") == found(connection, "鷹") == set()


def test_sqlite_tells_from_its_index_that_nobody_is_meant(private: Engine) -> None:
    with private.connect() as connection:
        for word in ("鷹", "zz", "zzzz"):
            few = named(connection, wanted(word))
            assert few is not None
            assert connection.execute(few).all() == []


#: A name as it is read, or a company, and what finds it.
KANA = {
    "オオタ ハナコ": ("おおた", "オオタ", "ｵｵﾀ", "おお", "オ", "おおタ", "はなこ おおた"),
    "さくらソフト": ("サクラ", "さくら", "さくらソフト", "そふと"),
    "ヴェルヴ・サーヴィス": ("ゔぇるゔ", "さーゔぃす", "ヴ"),
    "金子みすゞ": ("ミスヾ", "みすゞ"),
}


def test_a_word_is_found_in_either_kana(engine: Engine) -> None:
    """On both databases, and on SQLite by its index, too."""
    with engine.begin() as connection:
        connection.execute(insert(t.prospects), [person(n, each) for n, each in enumerate(KANA, 1)])
        for number, texts in enumerate(KANA.values(), 1):
            for text in texts:
                assert found(connection, text) == {number}, text
                few = named(connection, wanted(text))
                assert few is None or number in connection.scalars(few).all(), text
        for text in ("おおだ", "オオタ さくら", "っ", "おおたに", "ぱ"):
            assert found(connection, text) == set(), text


def test_the_reading_of_a_name_is_found_in_hiragana(engine: Engine) -> None:
    with engine.begin() as connection:
        read = {"last_name_kana": "オオタ", "last_name_kana_folded": "オオタ"}
        connection.execute(insert(t.prospects).values(person(1, "Sato") | read))
        assert found(connection, "おおた") == found(connection, "sato おお") == {1}
        assert found(connection, "さとう") == set()


def test_sqlites_index_names_few_for_words_of_either_kana(private: Engine) -> None:
    """The longest search that is asked, all of it kana, too."""
    with private.connect() as connection, connection.begin() as work:
        connection.execute(insert(t.prospects), [person(n, "サクラ" if n == 7 else f"葵{n}") for n in range(1, 40)])
        for text in ("さくら", "さく", "さ", "p さくら", "さクラ"):
            few = named(connection, wanted(text))
            assert few is not None
            assert connection.scalars(few).all() == [7], text
        few = named(connection, wanted(" ".join(["さクらんぼ" * 20] * 8)))
        assert few is not None
        assert connection.scalars(few).all() == []
        work.rollback()


def test_words_without_kana_are_asked_for_once(private: Engine) -> None:
    with private.connect() as connection, connection.begin() as work:
        connection.execute(insert(t.prospects), [person(1, "佐藤商事")])
        few = named(connection, wanted("佐藤商事 p1@"))
        assert few is not None
        assert few.compile().params["trigrams"] == '"佐藤商" AND "藤商事" AND "p1@"'
        work.rollback()
    assert " OR " not in str(found_by("sqlite", wanted("佐藤商事 p1@")))
    assert " OR " not in str(found_by("postgresql", wanted("佐藤商事 p1@")))

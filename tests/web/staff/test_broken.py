"""A fault behind a page: calm words and a number that stands in the log, nothing of the fault itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from io import StringIO
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from engage.daemon.log import make_log
from engage.sql.connect import connect
from tests.support.staff import Staff, staffed
from tests.support.world import World

NUMBER = re.compile(r"\d{4}-\d{4}")
#: What a fault says of itself, and no page.
TELLING = re.compile(r"no such table|UndefinedTable|relation|Traceback|SELECT|sqlalchemy|psycopg|sqlite", re.IGNORECASE)


@contextmanager
def without(engine: Engine, table: str) -> Iterator[None]:
    """Take a table away for a while."""
    with engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE {table} RENAME TO away_{table}"))
    try:
        yield
    finally:
        with engine.begin() as connection:
            connection.execute(text(f"ALTER TABLE away_{table} RENAME TO {table}"))


@pytest.fixture
def said() -> StringIO:
    return StringIO()


@pytest.fixture
def staff(world: World, tmp_path: Path, said: StringIO) -> Iterator[Staff]:
    with staffed(world.engine, tmp_path, log=make_log(said)) as pages:
        assert pages.get("/login", as_="").status == 200, "it has begun before anything breaks"
        yield pages


def logged(said: StringIO, event: str) -> list[dict[str, str]]:
    return [line for line in map(json.loads, said.getvalue().splitlines()) if line["event"] == event]


@pytest.mark.parametrize(("language", "words"), [("en", "Something went wrong here"), ("ja", "エラーが発生しました")])
def test_a_fault_is_a_calm_page_with_a_number(staff: Staff, said: StringIO, language: str, words: str) -> None:
    with without(staff.engine, "todos"):
        answer = staff.get("/todos", as_="sales", Accept_Language=language)
    assert answer.status == 500
    assert words in answer.text
    assert 'aria-current="page"' in answer.text, "the menu leads on"
    assert not TELLING.search(answer.text)
    number = NUMBER.search(answer.text)
    assert number is not None
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    (line,) = logged(said, "failed")
    assert (line["number"], line["route"]) == (number[0], "/todos")
    assert any("engage/web/staff/" in place for place in line["fault"]), "where it happened; not what was said"
    assert staff.get("/todos", as_="sales").status == 200, "it goes on as soon as that is mended"


def test_a_part_of_a_page_is_a_sentence_in_its_place(staff: Staff) -> None:
    with without(staff.engine, "todos"):
        answer = staff.get("/todos/1/card", as_="sales", HX_Request="true", Accept_Language="en")
    assert answer.status == 500
    assert answer.text.startswith("<p ")
    assert "The fault is ours." in answer.text
    assert NUMBER.search(answer.text)


def test_what_was_typed_into_a_form_is_kept(staff: Staff) -> None:
    """A form whose change fails shows a button that sends it again; one with a password does not."""
    typed = {"todo": "1.0", "outcome": "社長 & <wife>", "note": "two\nlines"}
    with without(staff.engine, "todos"), without(staff.engine, "credentials"):
        answer = staff.post("/todos/done", typed, as_="sales")
        secret = staff.post("/account/password", {"password": "old", "new": "n", "repeat": "n"}, as_="sales")
    assert (answer.status, secret.status) == (500, 500)
    again = {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', answer.text)}
    assert typed.items() <= again.items()
    assert staff.post("/todos/done", again, as_="sales").status == 422, "its guard counts: what it says is looked at"
    assert 'name="password"' not in secret.text


def test_a_fault_before_anybody_is_known_is_told_too(staff: Staff) -> None:
    staff.token("sales")
    with without(staff.engine, "users"):
        answer = staff.get("/todos", as_="sales", Accept_Language="en")
        door = staff.post("/login", {"name": "sato", "password": "x"}, as_="", Accept_Language="en")
    assert (answer.status, door.status) == (500, 500)
    for each in (answer, door):
        assert "Something went wrong here" in each.text
        assert not TELLING.search(each.text)


WISHES = {"locale": "ja", "zone": "Asia/Tokyo"}


def test_a_database_that_is_away_is_no_fault_of_the_page(staff: Staff, said: StringIO) -> None:
    """Another program holds SQLite's lock and hangs; a server of PostgreSQL lets nobody in."""
    staff.token("sales")
    with away(staff.engine):
        answer = staff.post("/account/wishes", WISHES, as_="sales", Accept_Language="ja")
    assert answer.status == 503
    assert answer.headers["retry-after"] == "60"
    assert "データベースに接続できません" in answer.text
    assert 'value="Asia/Tokyo"' in answer.text, "what was typed is kept"
    assert not TELLING.search(answer.text)
    (line,) = logged(said, "unavailable")
    assert line["number"] in answer.text
    assert staff.post("/account/wishes", WISHES, as_="sales").status == 303


@contextmanager
def away(engine: Engine) -> Iterator[None]:
    """Let a database be away for those who would write."""
    if engine.dialect.name == "sqlite":
        with engine.begin():
            yield
        return
    name = engine.url.database
    beside = connect(engine.url.set(database="postgres")).execution_options(isolation_level="AUTOCOMMIT")
    engine.dispose()
    with beside.connect() as connection:
        connection.exec_driver_sql(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        ended = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
        connection.execute(ended, {"name": name})
        try:
            yield
        finally:
            connection.exec_driver_sql(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    beside.dispose()

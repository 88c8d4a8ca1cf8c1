"""The mark: it moves in the database and outside, and no mail goes where it cannot be kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from engage.effects.hold import marked, notice, release
from engage.effects.home import Home, make_home, mark_file, move_on, place, read_home, read_mark, remember
from engage.effects.post import Delivered
from engage.errors import Outside
from engage.reports.health import Hold, open_hold
from engage.sql import tables as t
from engage.sql.connect import connect
from tests.effects.mailroom import NOW, add_message, add_people, add_prospect


@pytest.fixture
def home(engine: Engine) -> Engine:
    """Give a database that knows where it lives, with somebody in it."""
    make_home(engine)
    add_prospect(engine, 1)
    return engine


def known(engine: Engine) -> Home:
    with engine.connect() as connection:
        found = read_home(connection)
    assert found is not None
    return found


def outside(engine: Engine, workspace: Path) -> int | None:
    file = mark_file(engine, workspace, known(engine))
    assert file is not None
    return read_mark(file, known(engine))


def hold(engine: Engine, workspace: Path) -> Hold | None:
    notice(engine, workspace, NOW)
    with engine.connect() as connection:
        return open_hold(connection)


def test_the_mark_moves_with_what_goes_out_and_not_without(home: Engine, tmp_path: Path) -> None:
    with marked(home, tmp_path, NOW):
        pass
    assert (known(home).mark, outside(home, tmp_path)) == (0, None)
    add_message(home, 1)
    with marked(home, tmp_path, NOW):
        before = known(home).mark
        assert (before, outside(home, tmp_path)) == (1, 1)
    assert (known(home).mark, outside(home, tmp_path)) == (2, 2)
    with pytest.raises(KeyError), marked(home, tmp_path, NOW):
        raise KeyError
    assert known(home).mark == outside(home, tmp_path) == 4


def test_what_was_queued_only_when_the_delivery_had_begun_moves_it_too(home: Engine, tmp_path: Path) -> None:
    with marked(home, tmp_path, NOW) as told:
        told(Delivered(sent=1))
        told(Delivered(sent=2))
    assert known(home).mark == outside(home, tmp_path) == 2


def test_the_file_never_goes_back(home: Engine, tmp_path: Path) -> None:
    for _ in range(3):
        move_on(home, tmp_path)
    older = Home(known(home).id, "", 1)
    remember(home, tmp_path, older)
    assert outside(home, tmp_path) == 3
    assert hold(home, tmp_path) is None


@pytest.mark.parametrize("text", ["", "x", "0123456789abcdef 1\n", "0123456789abcdef", "\N{SNOWMAN}"])
def test_a_file_that_says_nothing_of_this_database(home: Engine, tmp_path: Path, text: str) -> None:
    """Beside SQLite's file it has to be there; for PostgreSQL it is made anew."""
    move_on(home, tmp_path)
    file = mark_file(home, tmp_path, known(home))
    assert file is not None
    file.write_text(text, "utf-8")
    found = hold(home, tmp_path)
    if home.dialect.name == "postgresql":
        assert found is None
        return
    assert found == Hold(NOW, "unmarked")
    release(home, tmp_path, NOW)
    assert hold(home, tmp_path) is None
    assert outside(home, tmp_path) == known(home).mark


def test_where_the_mark_cannot_be_kept(home: Engine, tmp_path: Path) -> None:
    """A folder stands in its place: SQLite's delivery ends before anything leaves, PostgreSQL's does without."""
    add_message(home, 1)
    file = mark_file(home, tmp_path, known(home))
    assert file is not None
    (file / "x").mkdir(parents=True)
    if home.dialect.name == "postgresql":
        with marked(home, tmp_path, NOW):
            pass
        assert hold(home, tmp_path) is None
        assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []
        return
    with pytest.raises(Outside, match="cannot be written"), marked(home, tmp_path, NOW):
        raise AssertionError("nothing may leave")


def test_a_database_that_no_command_has_opened_is_left_alone(engine: Engine, tmp_path: Path) -> None:
    add_people(engine, 1)
    with marked(engine, tmp_path, NOW):
        pass
    assert hold(engine, tmp_path) is None
    assert list(tmp_path.glob("*.mark")) == []


def test_one_hold_at_a_time(home: Engine, tmp_path: Path) -> None:
    with home.begin() as connection:
        connection.execute(update(t.homes).values(place="elsewhere"))
    first = hold(home, tmp_path)
    notice(home, tmp_path, NOW.replace(hour=5))
    assert hold(home, tmp_path) == first == Hold(NOW, "copied")
    with home.connect() as connection:
        assert len(connection.execute(t.holds.select()).all()) == 1
    release(home, tmp_path, NOW)
    assert hold(home, tmp_path) is None
    with home.connect() as connection:
        assert known(home).place == place(connection)


def test_a_database_in_memory_is_never_in_hold(tmp_path: Path) -> None:
    from engage.sql.schema import create

    engine = connect("sqlite://")
    create(engine)
    make_home(engine)
    move_on(engine, tmp_path)
    assert hold(engine, tmp_path) is None
    engine.dispose()

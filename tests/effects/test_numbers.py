"""Numbers after a restore: none that a mail of the lost time bore is given again."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import Engine, Table, insert, select, update

from engage.effects.hold import notice, release
from engage.effects.home import make_home, read_home
from engage.effects.numbers import AHEAD, leap_ahead
from engage.sql import tables as t
from tests.effects.mailroom import NOW, add_message, add_people, add_prospect, one_mail

NUMBERED = [t.messages, t.notifications]


def next_number(engine: Engine, table: Table) -> int:
    """Insert a row as the engine does, and return its number."""
    values = {
        "messages": {"prospect_id": 1, "queued_at": NOW, "template_id": 1, "status": 2, "kind": 0, "from_owner": False},
        "notifications": {"addressee": "user:a", "subject": "s", "text": "t", "status": 2, "queued_at": NOW},
    }[table.name]
    with engine.begin() as connection:
        return int(connection.scalar(insert(table).values(values).returning(table.c.id)) or 0)


@pytest.mark.parametrize("table", NUMBERED, ids=lambda table: str(table.name))
def test_a_hold_lets_the_numbers_leap_once_and_a_release_again(engine: Engine, tmp_path: Path, table: Table) -> None:
    """FAULTS P5, S48: what is queued in the database put back never bears the number of what was sent since."""
    make_home(engine)
    add_prospect(engine, 1)
    notice(engine, tmp_path, NOW)
    before = next_number(engine, table)
    assert next_number(engine, table) == before + 1 < AHEAD
    with engine.begin() as connection:
        connection.execute(update(t.homes).values(place="elsewhere"))
    notice(engine, tmp_path, NOW)
    held = next_number(engine, table)
    assert AHEAD < held < 3 * AHEAD
    notice(engine, tmp_path, NOW)
    assert next_number(engine, table) == held + 1
    release(engine, tmp_path, NOW)
    assert next_number(engine, table) > held + AHEAD


def test_an_empty_database_leaps_too_and_each_time_differently(engine: Engine) -> None:
    """Two copies of one database, both released, do not come to the same numbers."""
    numbers = [0]
    for _ in range(3):
        with engine.begin() as connection:
            leap_ahead(connection)
        numbers.append(next_number(engine, t.messages))
    leaps = {after - before for before, after in pairwise(numbers)}
    assert len(leaps) == 3
    assert min(leaps) > AHEAD


def test_a_message_id_bears_its_database_and_stays(engine: Engine) -> None:
    add_people(engine, 1)
    make_home(engine)
    with engine.connect() as connection:
        home = read_home(connection)
    assert home is not None
    mail = one_mail(engine)
    assert mail["Message-ID"] == f"<engage-1.{home.id[:8]}@example.co.jp>"
    with engine.begin() as connection:
        connection.execute(update(t.messages).values(status=0, sent_at=None))
    assert one_mail(engine)["Message-ID"] == mail["Message-ID"]


def test_each_copy_of_a_database_that_nobody_is_in_is_another(engine: Engine) -> None:
    make_home(engine)
    with engine.begin() as connection:
        before = connection.execute(select(t.homes.c.id)).scalar_one()
        connection.execute(update(t.homes).values(place="elsewhere"))
    make_home(engine)
    add_message(engine, 1, prospect=add_prospect(engine, 1))
    with engine.connect() as connection:
        assert connection.execute(select(t.homes.c.id)).scalar_one() != before

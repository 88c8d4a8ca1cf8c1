"""Prospects as a list: searched by any part of address, name or company, filtered, paged by key."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, update

from engage.reports.people import NOBODY, Sought, View, address_of, every, listed
from engage.sql import tables as t
from engage.sql.asked import Now
from tests.support.world import World

SCENARIO = """
    steps: [{id: rest, wait: 9 days}]
    """
LISTS = """
    members: {name: Members}
    chosen: {name: Chosen}
    hot: {name: Hot, where: {score: {gte: 100}}}
    """


@pytest.fixture
def world(engine: Engine) -> World:
    world = World(engine, SCENARIO, lists=LISTS)
    world.add("sato", last_name="佐藤", first_name="花子", company="株式会社サンプル", score=120, grade="B+",
              owner="user:suzuki", tags=("vip",), lists=("members", "chosen"))  # fmt: skip
    world.add("tanaka", last_name="田中", first_name="健", company="サンプル商事", score=40, tags=("vip", "book"))
    world.add("john", last_name="Smith", first_name="John", company="50%_off\\shop [x]?*'", score=100, grade="C")
    world.add("erika", company="Muster GmbH")
    return world


def found(world: World, **asked: object) -> list[str]:
    with world.engine.connect() as connection:
        rows = listed(connection, view(world), Sought(**asked)).rows  # type: ignore[arg-type]
        return [row.email.partition("@")[0] for row in rows]


def view(world: World) -> View:
    return View(world.applied.workspace.vocabulary, Now.of(world.plans.house, world.now))


def test_the_newest_first_and_those_looked_for_by_address(world: World) -> None:
    assert found(world) == ["erika", "john", "tanaka", "sato"]
    assert found(world, text="example.com") == ["erika", "john", "sato", "tanaka"]


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("サンプル", ["sato", "tanaka"]),
        ("ｻﾝﾌﾟﾙ", ["sato", "tanaka"]),
        ("㍿サンプル", ["sato"]),
        ("佐藤花子", ["sato"]),
        ("花子 佐藤", ["sato"]),
        ("佐藤　花子", ["sato"]),
        ("SMITH", ["john"]),
        ("john smith", ["john"]),
        ("TANAKA@", ["tanaka"]),
        (" tanaka@example.com ", ["tanaka"]),
        ("muster gmbh erika", ["erika"]),
        ("muster 佐藤", []),
        ("nobody@example.com", []),
    ],
)
def test_any_part_of_address_name_or_company_is_found(world: World, text: str, who: list[str]) -> None:
    assert found(world, text=text) == who


@pytest.mark.parametrize("sign", ["%", "_", "\\", "'", "[x]", "?", "*", "]?*", "50%_off\\shop"])
def test_signs_of_search_languages_mean_themselves(world: World, sign: str) -> None:
    assert found(world, text=sign) == ["john"]


@pytest.mark.parametrize("text", ["%%", "__", "s*o", "s?to", "[a-z]", "' OR 1=1 --", "\0"])
def test_what_would_match_by_signs_matches_nothing(world: World, text: str) -> None:
    assert found(world, text=text) == (["erika", "john", "tanaka", "sato"] if text == "\0" else [])


def test_filters_hold_together(world: World) -> None:
    assert found(world, score=100) == ["john", "sato"]
    assert found(world, score=100, grade="C+") == ["sato"]
    assert found(world, owner="user:suzuki") == ["sato"]
    assert found(world, owner=NOBODY) == ["erika", "john", "tanaka"]
    assert found(world, tag="vip") == ["tanaka", "sato"]
    assert found(world, tag="vip", score=100) == ["sato"]
    assert found(world, tag="unknown") == []
    assert found(world, list="chosen") == ["sato"]
    assert found(world, list="hot") == ["john", "sato"]
    assert found(world, list="unknown") == []
    assert found(world, text="サンプル", tag="vip", list="hot") == ["sato"]


def test_pages_follow_each_other_by_key(engine: Engine) -> None:
    world = World(engine, SCENARIO)
    names = [f"p{n:02}" for n in range(7)]
    for name in names:
        world.add(name, company="Acme")

    def pages(sought: Sought) -> Iterator[list[str]]:
        after: int | None = None
        with world.engine.connect() as connection:
            while True:
                leaf = listed(connection, view(world), sought, after, 3)
                yield [row.email.partition("@")[0] for row in leaf.rows]
                if leaf.next is None:
                    return
                after = leaf.next

    assert list(pages(Sought())) == [names[:3:-1], names[3:0:-1], names[:1]]
    assert list(pages(Sought(text="acme"))) == [names[:3], names[3:6], names[6:]]


def test_only_those_are_shown_whom_the_reader_may_see(world: World) -> None:
    own = View(view(world).vocabulary, view(world).asked, lambda key: key == world.ids["sato"])
    with world.engine.connect() as connection:
        assert [row.email for row in listed(connection, own, Sought()).rows] == ["sato@example.com"]
        assert [row.email for row in listed(connection, own, Sought("サンプル")).rows] == ["sato@example.com"]
        assert listed(connection, own, Sought("tanaka@example.com")).rows == ()
        assert address_of(connection, world.ids["sato"], own.visible) == "sato@example.com"
        assert address_of(connection, world.ids["john"], own.visible) is None
        assert address_of(connection, world.ids["john"], None) == "john@example.com"
        assert address_of(connection, 10**9, None) is None


def test_a_changed_name_is_found_by_the_new_one(world: World) -> None:
    with world.engine.begin() as connection:
        changed = update(t.prospects).where(t.prospects.c.id == world.ids["sato"])
        connection.execute(changed.values(last_name="鈴木", last_name_folded="鈴木"))
    assert found(world, text="鈴木花子") == ["sato"]
    assert found(world, text="佐藤") == []


def test_the_list_as_rows_of_a_file(world: World) -> None:
    with world.engine.connect() as connection:
        rows = list(every(connection, view(world), Sought("sato")))
    assert [tuple(row)[:7] for row in rows] == [
        ("sato@example.com", "花子 佐藤", "株式会社サンプル", None, 120, "B+", "user:suzuki")
    ]

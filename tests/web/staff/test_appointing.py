"""Users whom files bring: another role ends logins, and the audit log tells of it (S02, S18, S60)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from engage.sql import tables as t
from tests.support.csv_files import bring, counts
from tests.support.staff import Staff
from tests.support.world import World

By = Callable[[World, Path, str], None]


def by_import(world: World, folder: Path, role: str) -> None:
    bring(world.engine, folder, f"id,role\nsato,{role}\n", "users")


def by_team_file(world: World, folder: Path, role: str) -> None:
    world.apply(team=f"users: {{sato: {{name: Sato, role: {role}}}}}")


def last(world: World) -> int:
    """Return the number of the last line of the log."""
    with world.engine.begin() as connection:
        return connection.scalar(select(func.max(t.audit.c.id))) or 0


def lines(world: World, since: int) -> list[tuple[str, str, dict[str, str]]]:
    """Return what the log tells of users, and nothing of logins; commands did it."""
    a = t.audit.c
    with world.engine.begin() as connection:
        found = connection.execute(
            select(a.who, a.action, a.subject, a.detail).where(a.id > since).order_by(a.id)
        ).all()
    told = [row for row in found if row.action != "logged_in"]
    assert {row.who.partition(":")[0] for row in told} <= {"command"}
    return [(row.action, row.subject, json.loads(row.detail)) for row in told]


@pytest.mark.parametrize("by", [by_import, by_team_file])
def test_a_login_ends_with_the_role_that_a_file_changes(world: World, staff: Staff, tmp_path: Path, by: By) -> None:
    """S02, S18: and it does not come back to life when the role is given back."""
    by(world, tmp_path, "sales")
    assert staff.get("/account", "sato").status == staff.get("/account", "suzuki").status == 200
    by(world, tmp_path, "sales")
    assert staff.get("/account", "sato").status == 200, "the same role ends nothing"
    for role in ("viewer", "sales"):
        by(world, tmp_path, role)
        assert staff.get("/account", "sato").status == 303
    assert staff.get("/account", "suzuki").status == 200


@pytest.mark.parametrize("by", [by_import, by_team_file])
def test_a_role_that_a_file_changes_is_in_the_log(world: World, staff: Staff, tmp_path: Path, by: By) -> None:
    """S60"""
    before = last(world)
    for role in ("sales", "admin", "admin", "sales"):
        by(world, tmp_path, role)
    assert lines(world, before) == [
        ("role_changed", "user:sato", {"before": "sales", "after": "admin"}),
        ("role_changed", "user:sato", {"before": "admin", "after": "sales"}),
    ]


def test_users_whom_files_add_are_in_the_log(world: World, tmp_path: Path) -> None:
    """S60: a file of users tells it once for each, and what is rejected or already there is not told."""
    before = last(world)
    text = "id,name,role\nvw,VW,viewer\nvw,VW,admin\nx,X,boss\n"
    assert counts(bring(world.engine, tmp_path, text, "users")) == (1, 1, 0, 1)
    assert counts(bring(world.engine, tmp_path, text, "users", mode="insert"))[0] == 0
    world.apply(team="users: {vw: {name: VW, role: admin}, kato: {name: Kato}}")
    assert lines(world, before) == [
        ("user_added", "user:vw", {"role": "admin"}), ("user_added", "user:kato", {"role": "sales"}),
    ]  # fmt: skip


def test_a_dry_run_leaves_nothing(world: World, staff: Staff, tmp_path: Path) -> None:
    assert staff.get("/account", "sato").status == 200
    before = last(world)
    done = bring(world.engine, tmp_path, "id,role\nsato,viewer\nvw,admin\n", "users", dry_run=True)
    assert counts(done) == (1, 1, 0, 0)
    assert lines(world, before) == []
    assert staff.get("/account", "sato").status == 200

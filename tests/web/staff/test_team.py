"""The team and the audit log, as administrators use them (S02, S18, S60)."""

from __future__ import annotations

import re
from contextlib import nullcontext
from html import unescape

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from engage.accounts import audit
from engage.clock import system_clock
from engage.sql import tables as t
from tests.support.staff import Staff
from tests.web.staff.test_invitations import come_in


def user(staff: Staff, key: str) -> dict[str, object]:
    with staff.engine.begin() as connection:
        return dict(connection.execute(select(t.users).where(t.users.c.id == key)).mappings().one())


def test_a_user_is_added_and_gets_a_link_by_mail(staff: Staff) -> None:
    fields = {"id": "kato", "name": "加藤", "email": "kato@example.com", "role": "sales"}
    assert staff.post("/team", fields, as_="admin").status == 303
    assert "加藤" in staff.get("/team", as_="admin").text
    with staff.engine.begin() as connection:
        assert connection.scalars(select(t.notifications.c.addressee)).all() == ["user:kato"]


def test_a_user_without_an_address_gets_the_link_from_the_administrator(staff: Staff) -> None:
    shown = staff.post("/team", {"id": "kato", "role": "viewer"}, as_="admin").text
    path = "/come-in/" + shown.partition("/come-in/")[2].partition("<")[0]
    assert come_in(staff, path).status == 303


def test_a_role_that_is_taken_away_is_gone_at_the_next_request(staff: Staff) -> None:
    assert staff.get("/account", as_="mori").status == 200
    staff.post("/team/mori/role", {"role": "viewer"}, as_="admin")
    assert staff.get("/account", as_="mori").status == 303
    assert user(staff, "mori")["role"] == "viewer"


def test_who_is_disabled_is_out_at_once_and_can_be_let_in_again(staff: Staff) -> None:
    staff.token("sato")
    assert staff.post("/team/sato/disable", as_="admin").status == 303
    assert staff.get("/account", as_="sato").status == 303
    staff.post("/team/sato/enable", as_="admin")
    assert user(staff, "sato")["enabled"]


@pytest.mark.parametrize("act", ["disable", "role"])
def test_administrators_cannot_lock_their_own_door(staff: Staff, act: str) -> None:
    assert staff.post(f"/team/ann/{act}", {"role": "viewer"}, as_="admin").status == 422
    assert user(staff, "ann")["role"] == "admin"


def test_what_administrators_do_is_in_the_log(staff: Staff) -> None:
    staff.post("/team/mori/role", {"role": "viewer"}, as_="admin")
    staff.post("/team/sato/end-logins", as_="admin")
    page = staff.get("/audit", as_="admin").text
    assert "Role changed" in page
    assert "role before: Marketer; role now: Viewer" in unescape(page)
    assert "All logins ended" not in staff.get("/audit?subject=user:mori", as_="admin").text
    assert staff.get("/audit.csv", as_="admin").body.startswith("\ufeffid,at,who,action".encode())


@pytest.mark.parametrize("change", [update(t.audit).values(who="nobody"), delete(t.audit)])
def test_the_database_refuses_to_change_the_log(staff: Staff, change: object) -> None:
    """S60"""
    staff.post("/team/sato/end-logins", as_="admin")
    with pytest.raises(DBAPIError, match="append-only"), staff.engine.begin() as connection:
        connection.execute(change)  # type: ignore[call-overload]


@pytest.mark.parametrize("number", ["id", "NULL", "-1"])
def test_the_database_refuses_to_replace_a_line(staff: Staff, number: str) -> None:
    """S60: SQLite deletes what is replaced without asking the trigger that refuses to delete."""
    for _ in range(3):
        staff.post("/team/sato/end-logins", as_="admin")
    with staff.engine.begin() as connection:
        if connection.dialect.name != "sqlite":
            pytest.skip("PostgreSQL knows no REPLACE")
        before = connection.execute(select(t.audit).order_by(t.audit.c.id)).all()
    forged = f"INSERT OR REPLACE INTO audit SELECT {number}, at, 'nobody', action, subject, detail, chain, digest "
    refused = pytest.raises(DBAPIError, match="append-only") if number == "id" else nullcontext()
    with refused, staff.engine.begin() as connection:
        connection.execute(text(f"{forged} FROM audit WHERE id = 2"))
    with staff.engine.begin() as connection:
        found = connection.execute(select(t.audit).order_by(t.audit.c.id)).all()
        assert [row for row in found if row in before] == before
        assert len(found) == len(before) + (number != "id")
        assert len(list(audit.broken(connection))) == (0 if number == "id" else 1 if number == "NULL" else 2)
        if number == "-1":
            audit.note(connection, "nobody", "user_disabled", "user:sato", system_clock())


def test_the_log_is_whole_after_what_was_taken_back(staff: Staff) -> None:
    for _ in range(2):
        staff.post("/team/sato/end-logins", as_="admin")
        with staff.engine.connect() as connection, connection.begin() as transaction:
            audit.note(connection, "nobody", "user_disabled", "user:sato", system_clock())
            transaction.rollback()
    with staff.engine.begin() as connection:
        assert list(audit.broken(connection)) == []


@pytest.mark.parametrize(("cut", "first"), [("id = 2", 3), ("id > 3", 4), ("id > 0", 1)])
def test_lines_that_were_removed_are_found(staff: Staff, cut: str, first: int) -> None:
    """S60: also at the end, where SQLite knows which numbers it gave."""
    for _ in range(5):
        staff.post("/team/sato/end-logins", as_="admin")
    with staff.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER audit_no_delete"))
        else:
            connection.execute(text("ALTER TABLE audit DISABLE TRIGGER audit_stands"))
        connection.execute(text(f"DELETE FROM audit WHERE {cut}"))
        seen = connection.dialect.name == "sqlite" or cut == "id = 2"
        assert list(audit.broken(connection)) == ([first] if seen else [])


def test_a_line_that_was_changed_by_other_means_is_found(staff: Staff) -> None:
    for _ in range(3):
        staff.post("/team/sato/end-logins", as_="admin")
    with staff.engine.begin() as connection:
        assert list(audit.broken(connection)) == []
        if connection.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER audit_no_update"))
        else:
            connection.execute(text("ALTER TABLE audit DISABLE TRIGGER audit_stands"))
        second = connection.scalars(select(t.audit.c.id).order_by(t.audit.c.id)).all()[1]
        connection.execute(update(t.audit).where(t.audit.c.id == second).values(who="user:nobody"))
        assert list(audit.broken(connection)) == [second]


def test_the_log_is_appended_by_commands_too(staff: Staff) -> None:
    with staff.engine.begin() as connection:
        audit.note(connection, audit.command_line(), "user_disabled", "user:sato", system_clock())
    assert "command:" in staff.get("/audit", as_="admin").text


def test_details_of_the_log_are_in_the_reader_s_words_and_raw_in_the_file(staff: Staff) -> None:
    with staff.engine.begin() as connection:
        for deed, detail in (("logged_in", {"way": "password"}), ("login_refused", {"why": "password"}),
                             ("import_ended", {"deleted": 0, "by_hand": "x"})):  # fmt: skip
            audit.note(connection, "user:ann", deed, "user:ann", system_clock(), detail)
    japanese = unescape(staff.get("/audit", as_="admin", Accept_Language="ja").text)
    for said in ("ログイン方法: パスワード", "理由: ユーザー名またはパスワードの誤り", "削除: 0; by_hand: x"):
        assert said in japanese
    assert "reason: wrong name or password" in staff.get("/audit", as_="admin").text
    assert "why: password" in staff.get("/audit.csv", as_="admin").text


def test_the_menu_of_a_user_is_not_called_the_next_page(staff: Staff) -> None:
    japanese = staff.get("/team", as_="admin", Accept_Language="ja").text
    assert "その他の操作" in japanese
    assert "次へ" not in japanese


def test_the_team_is_paged_and_searched(staff: Staff) -> None:
    people = [
        {"id": f"user{n:03}", "name": f"User {n:03}", "name_folded": f"user {n:03}", "role": "viewer"}
        for n in range(120)
    ]
    with staff.engine.begin() as connection:
        connection.execute(insert(t.users), people)
    first = unescape(staff.get("/team", as_="admin").text)
    assert first.count("/invite") == 50
    after = re.search(r'href="(/team\?after=[^"]*)"', first)
    assert after is not None
    second = staff.get(after[1], as_="admin").text
    assert second.count("/invite") == 50
    assert "vera@example.com" not in first
    assert "ann@example.com" not in second
    found = staff.get("/team?q=USER%20077", as_="admin").text
    assert found.count("/invite") == 1
    assert "Nobody is called that." in staff.get("/team?q=%25", as_="admin").text
    assert len(staff.get("/team.csv", as_="admin").text.splitlines()) > 120

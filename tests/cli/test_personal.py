"""``engage export person``: all that is stored about one person, as a command."""

from __future__ import annotations

import json
import stat
from pathlib import Path

from sqlalchemy import create_engine, select

from engage.sql import tables as t
from tests.cli.conftest import Engage

PEOPLE = "email,last_name,tags\ntaro@example.com,佐藤,vip\njiro@example.com,鈴木,vip\n"


def brought(engage: Engage, folder: Path) -> Engage:
    (folder / "people.csv").write_text(PEOPLE, "utf-8")
    assert engage("import", "prospects", "people.csv").code == 0
    return engage


def test_a_person_is_told_on_the_terminal_and_it_stands_in_the_audit_log(
    applied: Engage, folder: Path, schema_url: str
) -> None:
    engage = brought(applied, folder)
    done = engage("export", "person", "Taro@example.com")
    assert (done.code, done.err) == (0, "")
    assert "jiro" not in done.out
    data = json.loads(done.out)
    assert data["prospect"]["last_name"] == "佐藤"
    assert data["tags"] == [{"tag": "vip"}]
    assert [line["action"] for line in data["audit_log"]] == ["person_exported"]
    a, made = t.audit, create_engine(schema_url)
    with made.connect() as connection:
        lines = connection.execute(select(a.c.action, a.c.subject, a.c.detail)).all()
    made.dispose()
    assert lines[-1:] == [("person_exported", f"prospect:{data['prospect']['id']}", "{}")]


def test_a_file_is_whole_and_for_its_owner_alone(applied: Engage, folder: Path) -> None:
    engage = brought(applied, folder)
    done = engage("export", "person", "taro@example.com", "-o", "taro.json")
    assert (done.code, done.out, done.err) == (0, "", "2 rows → taro.json\n")
    assert stat.S_IMODE((folder / "taro.json").stat().st_mode) == 0o600
    assert json.loads((folder / "taro.json").read_text("utf-8"))["prospect"]["email"] == "taro@example.com"
    done = engage("export", "person", "taro@example.com", "-o", "nowhere/taro.json")
    assert (done.code, done.err) == (3, "nowhere/taro.json cannot be written: No such file or directory\n")


def test_nobody_of_an_address_is_said_so(applied: Engage, folder: Path) -> None:
    done = applied("export", "person", "nobody@example.com")
    assert (done.code, done.out) == (1, "")
    assert done.err == "nobody is known by the address nobody@example.com\n"


def test_the_address_belongs_to_a_person_and_to_no_other_kind(applied: Engage) -> None:
    for words in (("person",), ("prospects", "taro@example.com")):
        done = applied("export", *words)
        assert done.code == 2
        assert "person takes an address, and no other kind does" in done.err
    done = applied("export", "person", "taro@example.com", "--where", "{tag: vip}")
    assert done.code == 2
    assert "a person is chosen by the address" in done.err

"""Real files: 5,000 Japanese contacts in two encodings, and 9,240 leads without addresses."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from engage.intake.import_kind import ImportOptions, ImportSummary
from engage.intake.imports import run_import
from engage.sql import tables as t
from tests.support.csv_files import NOW, SHARED, counts, quiet, words

CONTACTS = SHARED / "jp_contacts"
LEADS = SHARED / "xeducation" / "Leads.csv"
MAPS = (
    "姓=last_name,名=first_name,姓（カタカナ）=last_name_kana,名（カタカナ）=first_name_kana",
    "電話番号=phone,メールアドレス=email",
)


def load(engine: Engine, path: Path, folder: Path, **options: object) -> ImportSummary:
    if not path.is_file():
        pytest.skip(f"the data set {path.parent.name} is not here")
    asked = ImportOptions(rejected=folder / "rejected.csv", **options)  # type: ignore[arg-type]
    return run_import(engine, "prospects", path, asked, words(), NOW, quiet)


def test_both_encodings_are_the_same_people(engine: Engine, tmp_path: Path) -> None:
    first = load(engine, CONTACTS / "personal_infomation_cp932.csv", tmp_path, maps=MAPS)
    assert (counts(first), first.encoding) == ((5_000, 0, 0, 0), "cp932")
    assert "パスワード" in {ignored.column for ignored in first.ignored}
    second = load(engine, CONTACTS / "personal_infomation_utf8.csv", tmp_path, maps=MAPS)
    assert counts(second) == (0, 0, 5_000, 0)
    p = t.prospects
    with engine.begin() as connection:
        pairs = select(p.c.last_name, p.c.first_name).group_by(p.c.last_name, p.c.first_name).having(func.count() == 2)
        assert len(connection.execute(pairs).all()) == 6
        assert connection.scalar(select(func.count()).where(p.c.phone.like("0%"))) == 5_000
        names = connection.execute(select(p.c.last_name, p.c.first_name)).all()
    hard = sum(1 for row in names if any(b"\x5c" in letter.encode("cp932") for letter in "".join(row)))
    assert 0 < hard <= 96
    with engine.begin() as connection:
        kept = [str(value) for row in connection.execute(select(p).limit(1)) for value in row]
    assert "07087338" not in kept


def test_leads_are_keyed_by_their_id(engine: Engine, tmp_path: Path) -> None:
    maps = ("email={Prospect ID}@example.invalid", "Lead Source=source,Specialization=department,TotalVisits=seats")
    first = load(engine, LEADS, tmp_path, maps=maps, blanks=("Select",))
    assert counts(first) == (9_240, 0, 0, 0)
    ignored = {each.column: str(each.why) for each in first.ignored}
    assert "read-only" in ignored["Do Not Email"]
    assert "no name" in ignored["column 38"]
    p, s = t.prospects.c, t.standings.c
    with engine.begin() as connection:
        assert connection.scalar(select(func.count(p.source.distinct()))) == 21
        assert connection.scalar(select(func.count(p.source_folded.distinct()))) == 20
        assert connection.scalar(select(func.count()).where(p.department == "Select")) == 0
        assert connection.scalar(select(func.count()).select_from(t.field_values)) == 9_240 - 137
        assert connection.scalar(select(func.count()).where(s.opted_out)) == 0
    assert counts(load(engine, LEADS, tmp_path, maps=maps, blanks=("Select",))) == (0, 0, 9_240, 0)

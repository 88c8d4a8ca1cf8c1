"""Files as they come: encodings, delimiters, headers, rows that cannot be read."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from sqlalchemy import Engine

from engage.errors import Refused
from engage.intake.charset import encoding_of
from engage.intake.csvfile import wide_cells
from engage.intake.import_kind import ImportOptions
from engage.intake.imports import run_import
from engage.sql import tables as t
from tests.support.csv_files import NOW, bring, counts, one, quiet, reasons, rows, words

TEXT = "email,会社,company\na@x.jp,髙橋①,ＡＣＭＥ能\n"
MAPS = ("会社=last_name",)


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("utf-8", "utf-8-sig"),
        ("utf-8-sig", "utf-8-sig"),
        ("cp932", "cp932"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
    ],
)
def test_an_encoding_is_found_by_trial(sqlite_engine: Engine, tmp_path: Path, encoding: str, expected: str) -> None:
    """B35, B37: a byte order mark is no part of a column's name."""
    summary = bring(sqlite_engine, tmp_path, TEXT.encode(encoding), maps=MAPS)
    assert (counts(summary), summary.encoding) == ((1, 0, 0, 0), expected)
    assert one(sqlite_engine, "a@x.jp")["last_name"] == "髙橋①"


@pytest.mark.parametrize(
    "text", ["email,名\na@x.jp,佐藤\n", "email,name\na@x.jp,さとう\n", "email,会社\na@x.jp,トヨタ\n"]
)
def test_euc_is_told_from_cp932(tmp_path: Path, text: str) -> None:
    for encoding in ("euc_jp", "cp932"):
        path = tmp_path / "file.csv"
        path.write_bytes(text.encode(encoding))
        assert encoding_of(path) == encoding


def test_bytes_that_come_late_decide(sqlite_engine: Engine, tmp_path: Path) -> None:
    plain = "".join(f"p{number}@example.com,Plain\n" for number in range(4_000))
    summary = bring(sqlite_engine, tmp_path, f"email,company\n{plain}z@x.jp,株式会社\n".encode("cp932"))
    assert (summary.encoding, summary.inserted) == ("cp932", 4_001)
    assert one(sqlite_engine, "z@x.jp")["company"] == "株式会社"


def test_a_row_with_foreign_bytes_is_rejected(sqlite_engine: Engine, tmp_path: Path) -> None:
    many = "".join(f"p{number}@x.jp,株式会社\n" for number in range(3_000)).encode()
    data = b"email,company\n" + many + b"y@x.jp,\x8a\x94\nz@x.jp,Z\n"
    summary = bring(sqlite_engine, tmp_path, data)
    assert counts(summary) == (3_001, 0, 0, 1)
    assert "utf-8" in reasons(summary)[3002]


def test_a_named_encoding_is_used(sqlite_engine: Engine, tmp_path: Path) -> None:
    assert counts(bring(sqlite_engine, tmp_path, TEXT.encode("cp932"), encoding="Shift_JIS"))[0] == 1
    with pytest.raises(Refused, match="no encoding"):
        bring(sqlite_engine, tmp_path, TEXT, encoding="klingon")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(sqlite_engine: Engine, tmp_path: Path, delimiter: str) -> None:
    """B38."""
    lines = [["email", "company", "city"], ["a@x.jp", "A, B", "x"], ["b@x.jp", "C; D", ""]]
    text = "".join(delimiter.join(f'"{cell}"' for cell in line) + "\r\n" for line in lines)
    assert counts(bring(sqlite_engine, tmp_path, text)) == (2, 0, 0, 0)
    assert one(sqlite_engine, "b@x.jp")["company"] == "C; D"


def test_an_unclosed_quote_imports_nothing_and_names_its_line(sqlite_engine: Engine, tmp_path: Path) -> None:
    """B34."""
    rest = "".join(f"p{number}@x.jp,P\n" for number in range(1_000))
    with pytest.raises(Refused, match="line 2 ") as refused:
        bring(sqlite_engine, tmp_path, f'email,company\na@x.jp,"A\n{rest}')
    assert refused.value.exit_code == 1
    with pytest.raises(Refused, match="line 3 "):
        bring(sqlite_engine, tmp_path, f'email,company\n"b@x.jp","B"\na@x.jp,"A\n{rest}"z@x.jp","Z"\n')
    with pytest.raises(Refused, match="line 4 "):
        bring(sqlite_engine, tmp_path, 'email,company\n"b@x.jp","two\nlines"\n"a@x.jp,A\n')
    assert rows(sqlite_engine, t.prospects, "email") == []


def test_a_stray_quote_spoils_its_row_only(sqlite_engine: Engine, tmp_path: Path) -> None:
    summary = bring(sqlite_engine, tmp_path, 'email,company\na@x.jp,"A"B\nb@x.jp,5" screens\n')
    assert (counts(summary), set(reasons(summary))) == ((1, 0, 0, 1), {2})


def test_a_row_that_cannot_be_parsed_is_set_aside_as_it_stands(sqlite_engine: Engine, tmp_path: Path) -> None:
    summary = bring(sqlite_engine, tmp_path, 'email;company;city\r\na@x.jp;"A"B;"x; y"\r\nb@x.jp;B;\r\n')
    assert counts(summary) == (1, 0, 0, 1)
    assert summary.rejected_file is not None
    with summary.rejected_file.open(encoding="utf-8-sig", newline="") as stream:
        assert list(csv.reader(stream))[1][2:] == ["a@x.jp", '"A"B', '"x', ' y"']


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;"])
def test_a_first_line_that_names_the_delimiter_is_no_header(sqlite_engine: Engine, tmp_path: Path, first: str) -> None:
    """B38: spreadsheets write it; lines are counted as they stand in the file."""
    text = f"\ufeff{first}\r\nemail;company;notes\r\na@x.jp;A, B;1,2\r\nnobody;C, D;3,4\r\n"
    summary = bring(sqlite_engine, tmp_path, text)
    assert (counts(summary), set(reasons(summary))) == ((1, 0, 0, 1), {4})
    assert one(sqlite_engine, "a@x.jp")["company"] == "A, B"
    with pytest.raises(Refused, match="line 3 "):
        bring(sqlite_engine, tmp_path, f'{first}\nemail;company\na@x.jp;"A\nb@x.jp;B\n')
    with pytest.raises(Refused, match="line 2 "):
        bring(sqlite_engine, tmp_path, f"{first}\na@x.jp;A\n")


def test_bad_rows_are_set_aside_with_line_reason_and_cells(sqlite_engine: Engine, tmp_path: Path) -> None:
    """B39, B41, B42: the line is the one on which the row begins in the file."""
    long = "x" * 140_000
    text = (
        f'email,company\na@x.jp,"two\nlines"\nb@x.jp\nc@x.jp,C,1\n\nd@x.jp,=1\0\ne@x.jp,{long}\nf@x.jp,F\nnobody,"=G"\n'
    )
    summary = bring(sqlite_engine, tmp_path, text)
    assert counts(summary) == (2, 0, 0, 5)
    assert summary.rejected_file == tmp_path / "people.rejected.csv"
    with wide_cells(), summary.rejected_file.open(encoding="utf-8-sig", newline="") as stream:
        found = list(csv.reader(stream))
    assert [row[0] for row in found[1:]] == ["4", "5", "7", "8", "10"]
    assert found[0] == ["line", "reason", "email", "company"]
    assert found[-1][2:] == ["nobody", "'=G"]


def test_mended_rows_can_be_imported_from_the_rejected_file(sqlite_engine: Engine, tmp_path: Path) -> None:
    summary = bring(sqlite_engine, tmp_path, "email,company\nnobody,'=A\n")
    assert summary.rejected_file is not None
    mended = summary.rejected_file.read_bytes().replace(b"nobody", b"a@x.jp")
    assert counts(bring(sqlite_engine, tmp_path, mended)) == (1, 0, 0, 0)
    assert one(sqlite_engine, "a@x.jp")["company"] == "=A"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"a@x.jp,A\nb@x.jp,B\n", "not the names"),
        (b",,\n1,2,3\n", "names no columns"),
        (b"email,email\na@x.jp,b@x.jp\n", "2 columns are called email"),
        (b"name,company\nA,B\n", "no column gives email"),
        (b"PK\x03\x04....", "Excel workbook"),
        (b"\x1f\x8b....", "compressed"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(
    sqlite_engine: Engine, tmp_path: Path, data: bytes, reason: str
) -> None:
    """B38, B43, B44."""
    with pytest.raises(Refused, match=reason):
        bring(sqlite_engine, tmp_path, data)


def test_what_is_no_file_is_refused(sqlite_engine: Engine, tmp_path: Path) -> None:
    """FAULTS B44."""
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(Refused, match="not a file"):
            run_import(sqlite_engine, "prospects", path, ImportOptions(), words(), NOW, quiet)


def test_a_header_alone_is_no_mistake(sqlite_engine: Engine, tmp_path: Path) -> None:
    """FAULTS B44."""
    assert counts(bring(sqlite_engine, tmp_path, "email,company\n")) == (0, 0, 0, 0)


def test_headers_may_be_written_otherwise_and_hold_line_ends(sqlite_engine: Engine, tmp_path: Path) -> None:
    text = 'E-mail, First Name ,"Job\nTitle",,\na@x.jp,Ann,Chief,1,2\n'
    summary = bring(sqlite_engine, tmp_path, text)
    assert summary.matched == {"E-mail": "email", "First Name": "first_name", "Job Title": "job_title"}
    assert [ignored.column for ignored in summary.ignored] == ["column 4", "column 5"]


def test_the_limit_of_the_csv_module_is_restored(sqlite_engine: Engine, tmp_path: Path) -> None:
    before = csv.field_size_limit()
    bring(sqlite_engine, tmp_path, "email\na@x.jp\n")
    assert csv.field_size_limit() == before


def test_progress_tells_how_many_rows_are_done(sqlite_engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    path.write_text("email\n" + "".join(f"p{number}@x.jp\n" for number in range(12_000)), "utf-8")
    seen: list[int] = []
    run_import(sqlite_engine, "prospects", path, ImportOptions(), words(), NOW, seen.append)
    assert seen == [10_000, 12_000]


def test_long_rows_make_small_batches(sqlite_engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    notes = "x" * 100_000
    path.write_text("email,notes\n" + "".join(f"p{number}@x.jp,{notes}\n" for number in range(250)), "utf-8")
    seen: list[int] = []
    run_import(sqlite_engine, "prospects", path, ImportOptions(), words(), NOW, seen.append)
    assert seen == [100, 200, 250]


def test_lost_zeros_are_told_and_kept(sqlite_engine: Engine, tmp_path: Path) -> None:
    """B45: in Japan a telephone number begins with 0 and a postal code has seven digits."""
    text = "email,電話,zip\na@x.jp,312345678,600001\nb@x.jp,03-1234-5678,0600001\nc@x.jp,9012345678,\n"
    summary = bring(sqlite_engine, tmp_path, text, maps=("電話=phone",), vocabulary=words(locale="ja"))
    assert [doubt.read() for doubt in summary.doubts] == [
        "column 電話: 2 values seem to have lost a leading zero; the first is 312345678 on line 2",
        "column zip: 1 value seems to have lost a leading zero; it is 600001 on line 2",
    ]
    assert counts(summary) == (3, 0, 0, 0)
    assert one(sqlite_engine, "a@x.jp")["phone"] == "312345678"
    assert bring(sqlite_engine, tmp_path, text, maps=("電話=phone",), vocabulary=words(locale="en")).doubts == ()

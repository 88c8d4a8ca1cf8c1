"""Cells become values: what is read, what is refused, and dates that are one way for a whole column."""

from __future__ import annotations

import pytest

from engage.errors import Refused
from engage.intake.days import DayCount
from engage.intake.mapping import Column
from engage.intake.typed import Value, reader
from engage.language.cells import guarded, unguarded
from engage.language.fields import FieldType
from tests.support.csv_files import TOKYO


def read(kind: FieldType, cell: str, way: str = "iso") -> Value | None:
    return reader(Column("field", kind), way, TOKYO, frozenset(("Select",)))(cell)


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        ("number", "１２３", 123),
        ("number", "−5", -5),
        ("number", "¥1,000", 1000),
        ("number", "￥1,234.5", 1234.5),
        ("number", "-¥20", -20),
        ("number", ".5", 0.5),
        ("integer", " 1,234 ", 1234),
        ("integer", "100.0", 100),
        ("integer", "007", 7),
        ("boolean", "はい", True),
        ("boolean", "いいえ", False),
        ("boolean", "TRUE", True),
        ("boolean", "0", False),
        ("text", "\u3000東京\u00a0", "東京"),
        ("text", "'=1+1", "=1+1"),
        ("text", "'quoted'", "'quoted'"),
        ("text", "e\u0301 \U0001f600", "e\u0301 \U0001f600"),
        ("text", " \t\n", None),
        ("text", "Select", None),
        ("date", "2027-02-28 00:00:00", "2027-02-28"),
        ("integer", "１，２３４円", 1234),
        ("number", "▲1,234", -1234.0),
        ("number", "△0.5", -0.5),
    ],
)
def test_a_cell_is_read(kind: FieldType, cell: str, value: Value | None) -> None:
    """B51 among others."""
    assert read(kind, cell) == value


@pytest.mark.parametrize(
    ("kind", "cell"),
    [
        ("number", "1e309"),
        ("number", "NaN"),
        ("number", "inf"),
        ("number", "9.01E+10"),
        ("number", "1,23"),
        ("number", "1.234,5"),
        ("number", "9" * 400),
        ("integer", "1.5"),
        ("integer", "9" * 20),
        ("integer", "約100"),
        ("number", "▲"),
        ("number", "円"),
        ("boolean", "maybe"),
        ("text", "9.01E+10"),
        ("text", "#N/A"),
        ("text", "#REF!"),
        ("date", "2027-02-29"),
        ("date", "46421"),
        ("date", "令和9年2月3日"),
        ("date", "03/02/27"),
        ("date", "20270203"),
        ("date", "2027-02-03 09:00"),
        ("datetime", "2027-02-03 24:00"),
        ("datetime", "2027-02-03T09:00+99:00"),
    ],
)
def test_a_cell_is_refused(kind: FieldType, cell: str) -> None:
    """B45, B50, B51: never a wrong value in silence."""
    with pytest.raises(ValueError, match=r"\w"):
        read(kind, cell)


@pytest.mark.parametrize(
    ("cells", "way"),
    [
        ([], "iso"),
        (["2027-02-03"], "iso"),
        (["2027/2/3", "2027/12/31"], "slashes"),
        (["20270203"], "digits"),
        (["2027年2月3日"], "kanji"),
        (["03/02/2027", "31/12/2026"], "day_first"),
        (["03/02/2027", "12/31/2026 09:00"], "month_first"),
        (["05/05/2027"], "day_first"),
        (["2027-02-03", "2027-02-04", "03/02/2027"], "iso"),
    ],
)
def test_a_column_has_one_way_to_write_dates(cells: list[str], way: str) -> None:
    """FAULTS B50."""
    count = DayCount()
    for cell in cells:
        count.add(cell)
    assert count.settle("renewal_date") == way


@pytest.mark.parametrize("cells", [["03/02/2027"], ["31/01/2027", "01/31/2027"]])
def test_a_column_that_can_be_read_in_two_ways_is_refused(cells: list[str]) -> None:
    count = DayCount()
    for cell in cells:
        count.add(cell)
    with pytest.raises(Refused, match="renewal_date"):
        count.settle("renewal_date")


@pytest.mark.parametrize(("way", "value"), [("day_first", "2027-02-03"), ("month_first", "2027-03-02")])
def test_the_columns_way_reads_its_dates(way: str, value: str) -> None:
    assert read("date", "03/02/2027", way) == value


@pytest.mark.parametrize(
    ("cell", "same"),
    [
        ("2027年2月3日", "2027-02-03"),
        ("２０２７年２月３日　９時", "2027-02-03 09:00"),
        ("2027年2月3日9時5分", "2027-02-03 09:05"),
        ("2027年12月31日 23時59分7秒", "2027-12-31 23:59:07"),
    ],
)
def test_japanese_moments(cell: str, same: str) -> None:
    assert read("datetime", cell, "kanji") == read("datetime", same)


@pytest.mark.parametrize(
    "text", ["=1+1", "+81 3", "-x", "@a", "\tx", "'=1", "''=1", "-5", "+5.5", "'x'", "'", "", "a=b"]
)
def test_a_guard_comes_off_as_it_went_on(text: str) -> None:
    cell = guarded(text)
    assert unguarded(cell) == text
    assert cell[:1] not in "=+-@\t" or not cell or cell in ("-5", "+5.5")

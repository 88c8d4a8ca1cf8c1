"""Columns find their fields by name, or as --map says."""

from __future__ import annotations

import pytest

from engage.errors import Refused
from engage.intake.mapping import Column, Matching, match

COLUMNS = (
    Column("email", loose=True),
    Column("company", loose=True),
    Column("city", loose=True),
    Column("score"),
    Column("grade", read_only=True),
)
HEADER = ("Prospect ID", "Company, Ltd", "City", "Score", "grade", "ID")


def filled(matching: Matching, row: list[str]) -> dict[str, str]:
    cells = matching.complete(row)
    return {column.name: cells[place] for column, place in matching.places}


ROW = ["7", "ACME", "Osaka", "3", "A", ""]


@pytest.mark.parametrize(
    ("maps", "expected"),
    [
        ((), {"city": "Osaka"}),
        (("Company, Ltd=company,Score=score",), {"company": "ACME", "score": "3", "city": "Osaka"}),
        (("email={Prospect ID}@example.invalid",), {"email": "7@example.invalid", "city": "Osaka"}),
        (("email={ID}@example.invalid", "City="), {"email": ""}),
        (("company={City}, {Company, Ltd}", "ID=email"), {"company": "Osaka, ACME", "email": "", "city": "Osaka"}),
        (("Prospect ID=city",), {"city": "7"}),
    ],
)
def test_columns_find_their_fields(maps: tuple[str, ...], expected: dict[str, str]) -> None:
    """B56: by name, whatever the order of the columns."""
    assert filled(match(HEADER, COLUMNS, maps), ROW) == expected
    turned = match(HEADER[::-1], COLUMNS, maps)
    assert filled(turned, ROW[::-1]) == expected


def test_a_blank_text_is_empty_in_a_composed_one_too() -> None:
    matching = match(HEADER, COLUMNS, ["email={Prospect ID}@x.jp"], frozenset(("Select",)))
    assert filled(matching, ["Select", *ROW[1:]])["email"] == ""


def test_what_is_not_imported_is_named_with_the_reason() -> None:
    matching = match(HEADER, COLUMNS, ["email={Prospect ID}@x.jp", "Company, Ltd=", "ID=city"])
    assert {ignored.column: str(ignored.why) for ignored in matching.ignored} == {
        "Company, Ltd": "not mapped",
        "City": "not mapped: city is filled from another column",
        "Score": "unknown; if score is meant: --map 'Score=score'",
        "grade": "grade is read-only",
    }


def test_a_map_to_a_read_only_field_is_ignored_and_named() -> None:
    """B49."""
    matching = match(HEADER, COLUMNS, ["ID=grade"])
    assert [ignored.column for ignored in matching.ignored if "read-only" in str(ignored.why)] == ["ID", "grade"]


@pytest.mark.parametrize(
    ("header", "maps", "reason"),
    [
        (HEADER, ["Citty=city"], "did you mean City"),
        (HEADER, ["City=citi"], "did you mean city"),
        (HEADER, ["email={Prospect}@x.jp"], "column 'Prospect' is not known"),
        (HEADER, ["ID=email", "City=email"], "mapped twice"),
        (HEADER, ["City"], "written as"),
        (HEADER, ["grade={City}"], "read-only"),
        (("ID", "ID"), ["ID=email"], "2 columns"),
        (("City", "City"), [], "2 columns"),
    ],
)
def test_what_is_not_clear_is_refused(header: tuple[str, ...], maps: list[str], reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        match(header, COLUMNS, maps)

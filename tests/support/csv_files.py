"""CSV files for tests of import and export: written, imported, read back."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, Table, insert, select

from engage.intake.import_kind import ImportOptions, ImportSummary
from engage.intake.imports import run_import
from engage.language.conditions import Condition
from engage.language.vocabulary import Vocabulary, all_fields
from engage.language.workspace import Company, CustomField
from engage.reports.exports import run_export
from engage.sql import tables as t

NOW = datetime(2026, 12, 1, 0, 0, tzinfo=UTC)
TOKYO = ZoneInfo("Asia/Tokyo")
SHARED = Path(__file__).parents[3] / "shared" / "data"

#: Custom fields of each type.
FIELDS = {
    "product_interest": CustomField(type="text", choices=("crm", "ma", "bi")),
    "renewal_date": CustomField(type="date"),
    "met_at": CustomField(type="datetime"),
    "seats": CustomField(type="integer"),
    "rating": CustomField(type="number"),
    "partner": CustomField(type="boolean"),
    "remark": CustomField(type="text"),
}


def words(**changes: Any) -> Vocabulary:
    """Return the words of a workspace with a custom field of each type."""
    company = Company(name="Example", fields=FIELDS)
    return Vocabulary(**{"zone": TOKYO, "fields": all_fields(company), **changes})


def bring(
    engine: Engine,
    folder: Path,
    text: str | bytes,
    kind: str = "prospects",
    now: datetime = NOW,
    vocabulary: Vocabulary | None = None,
    **options: Any,
) -> ImportSummary:
    """Import a text as a file."""
    path = folder / "people.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    asked = ImportOptions(**options)
    return run_import(engine, kind, path, asked, vocabulary or words(), now, quiet)


def quiet(done: int) -> None:
    """Tell nobody how far an import is."""


def counts(summary: ImportSummary) -> tuple[int, int, int, int]:
    """Return how many rows were inserted, updated, unchanged, rejected; check that none is missing."""
    found = (summary.inserted, summary.updated, summary.unchanged, summary.rejected)
    assert summary.read == sum(found) + summary.deleted
    return found


def reasons(summary: ImportSummary) -> dict[int, str]:
    """Return the rejected lines with their reasons."""
    if summary.rejected_file is None:
        return {}
    with summary.rejected_file.open(encoding="utf-8-sig", newline="") as stream:
        return {int(row["line"]): row["reason"] for row in csv.DictReader(stream)}


def take(engine: Engine, kind: str, where: Condition | None = None, vocabulary: Vocabulary | None = None) -> bytes:
    """Export a kind and return the file's bytes."""
    out = io.BytesIO()
    run_export(engine, kind, out, vocabulary or words(), NOW, where)
    return out.getvalue()


def table(data: bytes) -> list[dict[str, str]]:
    """Return the rows of an exported file."""
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def rows(engine: Engine, of: Table, *names: str) -> list[tuple[Any, ...]]:
    """Return some columns of a table, in order."""
    with engine.begin() as connection:
        columns = [of.c[name] for name in names]
        return sorted((tuple(row) for row in connection.execute(select(*columns))), key=repr)


def put(engine: Engine, into: Table, *values: dict[str, Any]) -> None:
    """Write rows into a table."""
    with engine.begin() as connection:
        connection.execute(insert(into), list(values))


def one(engine: Engine, email: str) -> dict[str, Any]:
    """Return all that stands in the tables of a prospect and of its standing."""
    p, s = t.prospects, t.standings
    with engine.begin() as connection:
        joined = select(p, s).join_from(p, s, s.c.prospect_id == p.c.id).where(p.c.email_folded == email)
        return dict(connection.execute(joined).mappings().one())


def announced(engine: Engine) -> list[int]:
    """Return the prospects that the engine was told of, and forget them."""
    with engine.begin() as connection:
        found = [key for ids in connection.scalars(select(t.timers.c.ids)) for key in ids]
        connection.execute(t.timers.delete())
        return sorted(found)

"""The report card as a file: CSV for spreadsheets, JSON for scripts."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from engage.plan.moves import Plans
from engage.reports.card import COLUMNS, Card, report_card
from engage.reports.csvout import Value, write_csv
from engage.reports.export_kind import ExportKind, Question, Values, fixed


def card_csv(card: Card, zone: ZoneInfo) -> bytes:
    """Return the card as a CSV file."""
    out = io.BytesIO()
    write_csv(out, card.columns, card.cells(), zone)
    return out.getvalue()


def card_json(card: Card) -> str:
    """Return the card as JSON: a list of rows whose keys are the columns, null where there is nothing."""
    return json.dumps(card_rows(card), ensure_ascii=False, indent=2)


def card_rows(card: Card) -> list[dict[str, str | int | float | None]]:
    """Return the card as data: a mapping for each row, its keys the columns."""
    return [dict(zip(card.columns, map(_plain, cells), strict=True)) for cells in card.cells()]


def _plain(value: Value) -> str | int | float | None:
    return value.isoformat() if isinstance(value, datetime) else value


def report_card_kind(plans: Plans) -> ExportKind:
    """Return the export of the report cards of all applied scenarios, one after the other."""

    def rows(question: Question) -> Iterator[Values]:
        for plan in plans.scenarios.values():
            with question.engine.begin() as connection:
                card = report_card(connection, plan, zone=question.vocabulary.zone)
            yield from card.cells()

    return ExportKind(fixed(*COLUMNS), rows, of_prospects=False)

"""The report card for a terminal: what says nothing is left out, so that it fits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import JustifyMethod
from rich.table import Table
from rich.text import Text

from engage.reports.card import Card
from engage.reports.csvout import Value
from engage.wording import Locale, sentence

#: Short headers; the CSV file has the full names.
HEADERS = {
    "period": "period",
    "step": "step",
    "type": "type",
    "name": "name",
    "entered": "entered",
    "waiting": "waiting",
    "held": "held",
    "completed": "completed",
    "yes": "yes",
    "no": "no",
    "skipped": "skipped",
    "failed": "failed",
    "left": "left",
    "outcomes": "outcomes",
    "sent": "sent",
    "delivered": "delivered",
    "hard_bounced": "hard bounces",
    "soft_bounced": "soft bounces",
    "unique_opens": "opens",
    "unique_clicks": "clicks",
    "opt_outs": "opt-outs",
    "complaints": "complaints",
    "todos": "ToDos",
    "goal_reached": "goal",
    "median_wait_hours": "median h",
    "first_at": "first",
    "last_at": "last",
}
_TEXTS = frozenset(("period", "step", "type", "name", "outcomes"))
#: Always shown, whatever they hold.
_KEPT = frozenset(("period", "step", "entered", "waiting", "completed"))
#: What is shown only where there is room, the most wanted first.
_DISPENSABLE = (
    "failed", "todos", "outcomes", "name", "median_wait_hours", "opt_outs", "hard_bounced", "type", "complaints",
    "soft_bounced", "first_at", "last_at", "delivered",
)  # fmt: skip
#: A longer text goes on in a second line.
_WIDEST = 34
#: What stands between two columns.
_GAP = 2


def card_table(card: Card, locale: Locale, width: int = 120) -> Table:
    """Return the card as a table of at most some columns of characters, where that is possible.

    Scenario and version stand in the title. A column without figures is left out; a series leaves out steps where
    nobody was. The CSV file has everything.
    """
    cells = [dict(zip(card.columns, values, strict=True)) for values in card.cells()]
    if card.by is not None:
        cells = [row for row in cells if row["entered"] or row["sent"]]
    names = [name for name in card.columns if name in HEADERS and (name in _KEPT or any(row[name] for row in cells))]
    if all(row["name"] == row["step"] for row in cells) and "name" in names:
        names.remove("name")
    texts = {name: [_text(row[name]) for row in cells] for name in names}
    texts["name"] = ["" if row["name"] == row["step"] else str(row["name"]) for row in cells]
    texts["entered"] = [f"{row['entered']:,}" for row in cells]
    headers = {name: sentence(HEADERS[name]).read(locale) for name in names}
    widths = {
        name: min(max(cell_len(headers[name]), *(cell_len(text) for text in texts[name]), 0), _WIDEST) for name in names
    }
    return _table(card, locale, _fitting(names, widths, width), headers, texts)


def _text(value: Value) -> str:
    match value:
        case None | 0:
            return ""
        case datetime():
            return f"{value:%m-%d %H:%M}"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.1f}"
        case str():
            return value


def _fitting(names: list[str], widths: dict[str, int], width: int) -> list[str]:
    """Return the columns that fit side by side."""
    kept = {name for name in names if name not in _DISPENSABLE}
    for name in _DISPENSABLE:
        if name in names and sum(widths[each] + _GAP for each in (*kept, name)) <= width + _GAP:
            kept.add(name)
    return [name for name in names if name in kept]


def _table(
    card: Card, locale: Locale, names: Sequence[str], headers: dict[str, str], texts: dict[str, list[str]]
) -> Table:
    title = sentence(
        "{name} ({scenario}, version {version})", name=card.name, scenario=card.scenario, version=card.version
    )
    heading = Text(title.read(locale))
    table = Table(box=SIMPLE_HEAD, title=heading, title_justify="left", show_edge=False, padding=(0, 1, 0, 0))
    for name in names:
        left = name in _TEXTS
        justify: JustifyMethod = "left" if left else "right"
        table.add_column(
            Text(headers[name]), justify=justify, no_wrap=not left, overflow="fold", max_width=_WIDEST if left else None
        )
    for place in range(len(next(iter(texts.values()), ()))):
        table.add_row(*(Text(texts[name][place]) for name in names))
    return table

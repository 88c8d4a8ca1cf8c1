"""A scenario's page: its drawing with figures, and the report card as a table."""

from __future__ import annotations

from dataclasses import replace

from engage.language.zones import local_day
from engage.reports.card import report_card
from engage.reports.card_table import HEADERS
from engage.reports.card_text import card_csv
from engage.reports.flow import Flow, flow
from engage.web.staff.answers import Answer, Download, Fragment, NotThere, Shown
from engage.web.staff.ask import Ask
from engage.web.staff.drawing import Drawing, drawing, folded_of
from engage.web.staff.period import Period, period_of, shortened
from engage.web.staff.scenario_at import Scenario, planned, scenario_at
from engage.web.staff.showing import Eye
from engage.wording import sentence

#: The report's columns that are no figures.
_TEXTS = frozenset(("period", "step", "type", "name", "outcomes"))
#: Known from the page, or told beside the step.
_LEFT_OUT = frozenset(("scenario", "version", "type", "name"))


def scenario(ask: Ask) -> Answer:
    """Show a scenario's drawing; of one that cannot be read, why."""
    found, period = scenario_at(ask, ""), period_of(ask.query)
    values: dict[str, object] = {"scenario": found, "period": period, "drawing": None, "flow": None}
    if found.plan is not None and found.file is not None:
        figures = _flow(ask, found, period)
        values |= {
            "flow": figures,
            "drawing": _drawing(ask, found, period, figures),
            "description": found.file.model.description,
            "runs": found.row.state == "running",
            "alone": False,
            **_ends(figures),
        }
    return Shown("scenario.html", sentence("{name}", name=found.name), values)


def scenario_drawing(ask: Ask) -> Answer:
    """Give the drawing alone, with the figures of this moment."""
    found, _ = planned(ask, "")
    period = period_of(ask.query)
    figures = _flow(ask, found, period)
    runs = found.row.state == "running"
    values = {"drawing": _drawing(ask, found, period, figures), "runs": runs, "alone": True}
    return Fragment("scenario-drawing.html", values)


def report(ask: Ask) -> Answer:
    """Show a scenario's report card, or a series of it."""
    found, plan = planned(ask, "/report")
    period = period_of(ask.query)
    zone = ask.running.house.hours.zone
    shown = shortened(period, local_day(ask.now, zone))
    card = report_card(ask.connection, plan, zone=zone, since=shown.since, until=shown.until, by=shown.by)
    cells = [dict(zip(card.columns, values, strict=True)) for values in card.cells()]
    if card.by is not None:
        cells = [row for row in cells if row["entered"] or row["sent"]]
    kept = {"step", "entered", "waiting", "completed"}
    columns = [name for name in card.columns if name not in _LEFT_OUT and (name in kept or any(r[name] for r in cells))]
    csv = "&".join(filter(None, (period.query, f"by={period.by}" if period.by else "")))
    values = {
        "scenario": found,
        "period": period,
        "columns": [(name, sentence(HEADERS[name]), name not in _TEXTS) for name in columns],
        "rows": cells,
        "csv": f"{found.path}/report.csv?{csv}",
        "shown": shown if shown != period else None,
    }
    return Shown("scenario-report.html", sentence("{name}: report card", name=found.name), values)


def report_csv(ask: Ask) -> Answer:
    """Give the report card as the file that ``engage report`` writes: days of the company, moments of the reader."""
    found, plan = planned(ask)
    period, zone = period_of(ask.query), ask.running.house.hours.zone
    card = report_card(ask.connection, plan, zone=zone, since=period.since, until=period.until, by=period.by)
    return Download(f"{found.row.key}-report.csv", (card_csv(card, ask.reader.zone),))


def _flow(ask: Ask, found: Scenario, period: Period) -> Flow:
    if found.plan is None:
        raise NotThere
    zone = ask.running.house.hours.zone
    return flow(ask.connection, found.plan, zone=zone, since=period.since, until=period.until)


def _drawing(ask: Ask, found: Scenario, period: Period, figures: Flow) -> Drawing:
    if found.file is None:
        raise NotThere
    eye = Eye(ask.reader.locale, ask.reader.zone, ask.now)
    return drawing(found.file, figures, found.path, replace(period, by=None), folded_of(ask.query), eye)


def _ends(figures: Flow) -> dict[str, object]:
    """Return the figures of the whole scenario."""
    rows = figures.card.rows
    waiting, held, left = (sum(getattr(row, name) for row in rows) for name in ("waiting", "held", "left"))
    goal = sum(row.goal_reached for row in rows)
    return {
        "entered": figures.entered,
        "waiting": waiting,
        "held": held,
        "goal": goal,
        "left": left - goal,
        "rate": goal / figures.entered if figures.entered else None,
    }

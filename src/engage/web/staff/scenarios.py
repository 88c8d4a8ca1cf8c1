"""The list of scenarios: how each stands, its goal, its trend."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from engage.language.fields import fold
from engage.language.zones import local_day
from engage.reports.csvout import Value, write_csv
from engage.reports.overview import DAYS, Line, named, overview
from engage.web.staff.answers import Answer, Download, Shown
from engage.web.staff.ask import Ask
from engage.web.staff.period import address
from engage.web.staff.sparkline import HEIGHT, WIDTH, Spark, spark
from engage.wording import Sentence, sentence

#: So many stand on a page.
PAGE = 50
#: States, in the order in which they matter.
STATES: Mapping[str, Sentence] = {
    "running": sentence("running"),
    "paused": sentence("paused"),
    "draft": sentence("draft"),
    "stopped": sentence("stopped"),
}
#: How each state looks.
KINDS: Mapping[str, str] = {"running": "good", "paused": "warn", "draft": "", "stopped": "quiet"}
#: The figures by which the list can be sorted; else it stands by name.
_BY_FIGURES: Mapping[str, Callable[[Line], float]] = {
    "entered": lambda line: -line.entered,
    "waiting": lambda line: -line.waiting,
    "goal": lambda line: -(line.goal_rate or 0),
    "trend": lambda line: -line.recent,
}
_COLUMNS = (
    "scenario", "name", "state", "version", "started_at", "entered", "waiting", "held", "completed", "goal", "left",
    "goal_rate", f"entered_last_{DAYS}_days", f"entered_{DAYS}_days_before",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A scenario as the list shows it."""

    line: Line
    kind: str
    state: Sentence
    #: None: it has no goal, or nobody entered
    rate: float | None
    spark: Spark


def scenarios(ask: Ask) -> Answer:
    """Show the scenarios that are asked for, a page of them."""
    found = _chosen(ask)
    page = min(ask.page(), max(-(-len(found) // PAGE), 1))
    rows = [_row(ask, line) for line in _lines(ask, found, page)]
    asked = _asked(ask)
    sort = ask.query.get("sort", "")
    values = {
        "rows": rows,
        "total": len(found),
        "searched": any(asked.values()),
        "query": asked,
        "sort": sort if sort in _BY_FIGURES else "name",
        "sorts": {name: address("/scenarios", **asked, sort=name) for name in ("name", *_BY_FIGURES)},
        "states": [("", sentence("all states")), *STATES.items()],
        "csv": address("/scenarios.csv", **asked, sort=sort),
        "before": address("/scenarios", **asked, sort=sort, page=page - 1) if page > 1 else "",
        "after": address("/scenarios", **asked, sort=sort, page=page + 1) if page * PAGE < len(found) else "",
        "spark_width": WIDTH,
        "spark_height": HEIGHT,
        "days": DAYS,
    }
    return Shown("scenarios.html", sentence("Scenarios"), values)


def scenarios_csv(ask: Ask) -> Answer:
    """Give the same scenarios as a file."""
    rows = [_cells(ask, line) for line in _lines(ask, _chosen(ask))]
    out = io.BytesIO()
    write_csv(out, _COLUMNS, rows, ask.reader.zone)
    return Download("scenarios.csv", (out.getvalue(),))


def _cells(ask: Ask, line: Line) -> Sequence[Value]:
    return (
        line.key, line.name, line.state, line.version, line.started_at, line.entered, line.waiting, line.held,
        line.completed, line.goal, line.left, _rate(ask, line), line.recent, line.earlier,
    )  # fmt: skip


def _chosen(ask: Ask) -> list[str]:
    """Return the keys of the scenarios that are asked for, by their names."""
    asked = _asked(ask)
    words = fold(asked["q"]).split()
    found = sorted(named(ask.connection), key=lambda each: (fold(each.name), each.key))
    return [
        each.key
        for each in found
        if asked["state"] in ("", each.state) and all(word in fold(f"{each.name} {each.key}") for word in words)
    ]


def _lines(ask: Ask, keys: list[str], page: int | None = None) -> list[Line]:
    """Return scenarios with their figures as the list orders them, a page or all; by name, only the page is read."""
    sort = ask.query.get("sort", "")
    first, last = (0, None) if page is None else ((page - 1) * PAGE, page * PAGE)
    read = keys if sort in _BY_FIGURES else keys[first:last]
    today = local_day(ask.now, ask.running.house.hours.zone)
    place = {key: number for number, key in enumerate(keys)}
    found = sorted(overview(ask.connection, today, read), key=lambda line: place[line.key])
    if sort not in _BY_FIGURES:
        return found
    return sorted(found, key=_BY_FIGURES[sort])[first:last]


def _asked(ask: Ask) -> dict[str, str]:
    state = ask.query.get("state", "")
    return {"q": ask.query.get("q", "").strip()[:200], "state": state if state in STATES else ""}


def _row(ask: Ask, line: Line) -> Row:
    return Row(line, KINDS[line.state], STATES[line.state], _rate(ask, line), spark(line.trend))


def _rate(ask: Ask, line: Line) -> float | None:
    plan = ask.running.applied.plans.scenarios.get(line.key)
    return line.goal_rate if line.goal or (plan is not None and plan.goal is not None) else None

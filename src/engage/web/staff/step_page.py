"""A step's card: its figures, how they went over time, and who waited there, passed, or was skipped and why."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from engage.plan.moves import Plan
from engage.reports.card import COLUMNS, CardRow
from engage.reports.csvout import Value, write_csv
from engage.reports.inside import Inside, Part, Passage, Question, every, inside, passages
from engage.reports.reasons import reason
from engage.reports.step_series import StepCard, step_card
from engage.sql.codes import Outcome, RunState
from engage.web.staff.answers import Answer, Download, Fragment, NotThere, Shown
from engage.web.staff.ask import Ask
from engage.web.staff.period import Period, address, period_of
from engage.web.staff.scenario_at import Scenario, planned
from engage.web.staff.showing import Eye
from engage.web.staff.step_words import figures_of
from engage.wording import Sentence, sentence

#: Parts in which a file is made.
_PART = 5_000
#: Rows of a list in the drawer, and on a page of its own.
_FEW, _MANY = 10, 50
#: What a line of the chart shows.
_LINES = ("entered", "waiting", "completed", "yes", "no", "skipped", "failed", "left", "sent", "unique_opens",
          "unique_clicks")  # fmt: skip
_OUTCOMES: Mapping[str, Sentence] = {
    "completed": sentence("completed"),
    "yes": sentence("yes"),
    "no": sentence("no"),
    "skipped": sentence("skipped"),
    "failed": sentence("failed"),
    "left": sentence("left"),
    "goal": sentence("goal"),
}


@dataclass(frozen=True, slots=True)
class Group:
    """Those who did one thing at a step."""

    key: str
    label: Sentence
    count: int
    states: tuple[RunState, ...] = ()
    outcomes: tuple[int, ...] = ()
    #: the ways that bear names too
    named: bool = False


@dataclass(frozen=True, slots=True)
class Who:
    """A row of the list: a prospect, since when or until when, and how and why."""

    prospect: int
    email: str
    name: str
    run: int
    arrived: object
    #: when the step is due, or when it was left
    then: object
    how: Sentence | None
    why: Sentence | None


def step(ask: Ask) -> Answer:
    """Show a step's card, as a page or in the drawer beside the drawing."""
    found, plan, card, period = _asked(ask)
    chosen = _chosen(ask, card.row)
    limit = _FEW if ask.is_fragment else _MANY
    rows, after = _who(ask, found, card, chosen, period, limit)
    here = f"{found.path}/steps/{quote(card.row.step, safe='')}"
    words = {"since": ask.query.get("since") and period.since, "until": ask.query.get("until") and period.until}
    groups = [(each, address(here, **words, who=each.key), each.key == chosen.key) for each in _groups(card.row)]
    eye = Eye(ask.reader.locale, ask.reader.zone, ask.now)
    values: dict[str, object] = {
        "scenario": found,
        "card": card,
        "label": _label(plan, card.row),
        "figures": [each for each in figures_of(card.row, eye) if each[1]],
        "groups": groups,
        "chosen": chosen,
        "rows": rows,
        "waits": bool(chosen.states),
        "after": address(here, **words, who=chosen.key, after=after) if after else "",
        "here": here,
        "csv": address(f"{here}/prospects.csv", **words, who=chosen.key),
        "series_csv": address(f"{here}/series.csv", **words, by=card.by),
        "chart": _chart(card, eye) if len(card.series) > 1 else "",
        "lines": _shown_lines(card),
        "period": period,
        "further": ask.after() is not None,
    }
    if ask.is_fragment:
        return Fragment("step-part.html", {**values, "level": 2})
    title = sentence("{step} in {name}", step=card.row.name or card.row.step, name=found.name)
    return Shown("step.html", title, {**values, "level": 1})


def step_prospects_csv(ask: Ask) -> Answer:
    """Give everybody of a group as a file."""
    found, _, card, period = _asked(ask)
    chosen = _chosen(ask, card.row)
    out, zone = io.BytesIO(), ask.reader.zone
    columns = ("email", "run", "arrived_at", "due_at" if chosen.states else "left_at", "outcome", "reason")
    write_csv(out, columns, _csv_rows(ask, found, card, chosen, period), zone)
    return Download(f"{found.row.key}-{card.row.step}-{chosen.key}.csv", (out.getvalue(),))


def step_series_csv(ask: Ask) -> Answer:
    """Give a step's series as a file, with the columns of the report card."""
    found, _, card, _ = _asked(ask)
    out = io.BytesIO()
    rows = ((name, *(getattr(row, column) for column in COLUMNS)) for name, row in card.series if row is not None)
    write_csv(out, ("period", *COLUMNS), rows, ask.reader.zone)
    return Download(f"{found.row.key}-{card.row.step}.csv", (out.getvalue(),))


def _asked(ask: Ask) -> tuple[Scenario, Plan, StepCard, Period]:
    found, plan = planned(ask, "")
    period, zone = period_of(ask.query), ask.running.house.hours.zone
    card = step_card(
        ask.connection, plan, ask.path["step"], zone=zone, since=period.since, until=period.until, by=period.by
    )
    if card is None:
        raise NotThere
    return found, plan, card, period


def _groups(row: CardRow) -> Iterator[Group]:
    """Yield what can have become of those at a step, with how many they are."""
    yield Group("waiting", sentence("waiting"), row.waiting, (RunState.ACTIVE,))
    yield Group("held", sentence("held"), row.held, (RunState.HELD,))
    passed = (int(Outcome.COMPLETED), int(Outcome.YES), int(Outcome.NO))
    yield Group("completed", sentence("completed"), row.completed, outcomes=passed, named=True)
    yield Group("skipped", sentence("skipped"), row.skipped, outcomes=(int(Outcome.SKIPPED),))
    yield Group("failed", sentence("failed"), row.failed, outcomes=(int(Outcome.FAILED),))
    yield Group("left", sentence("left"), row.left, outcomes=(int(Outcome.LEFT), int(Outcome.GOAL)))


def _chosen(ask: Ask, row: CardRow) -> Group:
    """Return the group that is asked for, else the first in which there is anybody."""
    groups = list(_groups(row))
    asked = next((each for each in groups if each.key == ask.query.get("who")), None)
    return asked or next((each for each in groups if each.count), groups[0])


def _question(ask: Ask, found: Scenario, card: StepCard, chosen: Group, period: Period) -> Question:
    since, until = period.bounds(ask.running.house.hours.zone)
    return Question(
        scenario=found.row.id,
        step=card.number,
        states=chosen.states,
        outcomes=chosen.outcomes,
        named=chosen.named,
        since=since,
        until=until,
        reader=ask.reader.scope,
    )


def _who(
    ask: Ask, found: Scenario, card: StepCard, chosen: Group, period: Period, limit: int
) -> tuple[Sequence[Who], int | None]:
    if not chosen.count:
        return (), None
    asked, locale = _question(ask, found, card, chosen, period), ask.reader.locale
    if chosen.states:
        waiting = inside(ask.connection, asked, locale, after=ask.after(), limit=limit)
        return [_waits(row) for row in waiting.rows], waiting.after
    passed = passages(ask.connection, asked, locale, after=ask.after(), limit=limit)
    return [_passed(row) for row in passed.rows], passed.after


def _waits(row: Inside) -> Who:
    return Who(row.prospect, row.email, row.name, row.run, row.since, row.due_at, None, None)


def _passed(row: Passage) -> Who:
    how = _OUTCOMES.get(row.outcome) or sentence("{name}", name=row.outcome)
    why = reason(row.reason) if row.reason else None
    return Who(row.prospect, row.email, row.name, row.run, row.arrived_at, row.left_at, how, why)


def _csv_rows(ask: Ask, found: Scenario, card: StepCard, chosen: Group, period: Period) -> Iterator[tuple[Value, ...]]:
    asked, locale = _question(ask, found, card, chosen, period), ask.reader.locale
    if chosen.states:

        def waiting(after: int | None) -> Part[Inside]:
            return inside(ask.connection, asked, locale, after=after, limit=_PART)

        for row in every(waiting):
            yield row.email, row.run, row.since, row.due_at, chosen.key, None
        return

    def passed(after: int | None) -> Part[Passage]:
        return passages(ask.connection, asked, locale, after=after, limit=_PART)

    for each in every(passed):
        why = reason(each.reason).read(locale) if each.reason else None
        yield each.email, each.run, each.arrived_at, each.left_at, each.outcome, why


def _label(plan: Plan, row: CardRow) -> Sentence | None:
    """Return what is to be said of a step that is no longer in the scenario."""
    if any(step.key == row.step for step in plan.steps):
        return None
    return sentence("This step is no longer in the scenario; the figures are those of the versions that had it.")


def _shown_lines(card: StepCard) -> list[tuple[str, Sentence]]:
    """Return the columns of the series that hold anything."""
    return [
        (name, _LABELS[name])
        for name in _LINES
        if any(row is not None and getattr(row, name) for _, row in card.series) or name == "entered"
    ]


_LABELS: Mapping[str, Sentence] = {
    "entered": sentence("entered"),
    "waiting": sentence("waiting"),
    "completed": sentence("completed"),
    "yes": sentence("yes"),
    "no": sentence("no"),
    "skipped": sentence("skipped"),
    "failed": sentence("failed"),
    "left": sentence("left"),
    "sent": sentence("sent"),
    "unique_opens": sentence("opens"),
    "unique_clicks": sentence("clicks"),
}


def _chart(card: StepCard, eye: Eye) -> str:
    """Return what a chart shows, for the script that draws it."""
    lines = [
        {
            "name": eye.read(label),
            "values": [0 if row is None else getattr(row, name) or 0 for _, row in card.series],
        }
        for name, label in _shown_lines(card)
    ]
    return json.dumps({"periods": [name for name, _ in card.series], "lines": lines}, ensure_ascii=False)

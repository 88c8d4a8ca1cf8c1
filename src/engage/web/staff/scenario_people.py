"""The prospects inside a scenario: searched by address, name, step and state."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping

from engage.reports.csvout import Value, write_csv
from engage.reports.inside import Inside, Part, Question, every, inside
from engage.reports.scenario_row import step_numbers
from engage.sql.codes import RunState
from engage.web.staff.answers import Answer, Download, Fragment, Shown
from engage.web.staff.ask import Ask
from engage.web.staff.period import address
from engage.web.staff.scenario_at import Scenario, planned
from engage.wording import Sentence, sentence

_PAGE, _PART = 50, 5_000
#: The states that can be asked for.
_STATES: Mapping[str, tuple[Sentence, tuple[RunState, ...]]] = {
    "": (sentence("inside now"), (RunState.ACTIVE, RunState.HELD)),
    "active": (sentence("waiting"), (RunState.ACTIVE,)),
    "held": (sentence("held"), (RunState.HELD,)),
    "completed": (sentence("completed"), (RunState.COMPLETED,)),
    "goal": (sentence("goal"), (RunState.GOAL,)),
    "left": (sentence("left"), (RunState.LEFT,)),
    "all": (sentence("everybody who ever entered"), ()),
}
#: How a run stands, and how that looks.
_SHOWN: Mapping[str, tuple[Sentence, str]] = {
    "active": (sentence("waiting"), ""),
    "held": (sentence("held"), "warn"),
    "completed": (sentence("completed"), "quiet"),
    "goal": (sentence("goal"), "good"),
    "left": (sentence("left"), "quiet"),
}


def people(ask: Ask) -> Answer:
    """Show who is inside, a page of them; while one types, only the list."""
    found, plan = planned(ask, "/prospects")
    asked = _words(ask)
    part = inside(ask.connection, _question(ask, found), ask.reader.locale, after=ask.after(), limit=_PAGE)
    path = f"{found.path}/prospects"
    names = {each.key: each.name for each in plan.steps}
    values = {
        "scenario": found,
        "rows": part.rows,
        "shown": _SHOWN,
        "asked": asked,
        "searched": any(asked.values()),
        "steps": [("", sentence("all steps").read(ask.reader.locale)), *names.items()],
        "states": [(key, label.read(ask.reader.locale)) for key, (label, _) in _STATES.items()],
        "after": address(path, **asked, after=part.after) if part.after else "",
        "first": address(path, **asked) if ask.after() else "",
        "path": path,
        "csv": address(f"{path}.csv", **asked),
    }
    if ask.is_fragment:
        return Fragment("scenario-people.html", values)
    return Shown("scenario-prospects.html", sentence("{name}: prospects inside", name=found.name), values)


def people_csv(ask: Ask) -> Answer:
    """Give everybody who is asked for as a file."""
    found, _ = planned(ask)
    question, out = _question(ask, found), io.BytesIO()

    def part(after: int | None) -> Part[Inside]:
        return inside(ask.connection, question, ask.reader.locale, after=after, limit=_PART)

    def rows() -> Iterator[tuple[Value, ...]]:
        for row in every(part):
            yield row.email, row.run, row.state, row.step, row.entered_at, row.since, row.due_at, row.ended_at

    columns = ("email", "run", "state", "step", "entered_at", "arrived_at", "due_at", "ended_at")
    write_csv(out, columns, rows(), ask.reader.zone)
    return Download(f"{found.row.key}-prospects.csv", (out.getvalue(),))


def _words(ask: Ask) -> dict[str, str]:
    state = ask.query.get("state", "")
    return {
        "q": ask.query.get("q", "").strip()[:200],
        "step": ask.query.get("step", ""),
        "state": state if state in _STATES else "",
    }


def _question(ask: Ask, found: Scenario) -> Question:
    asked = _words(ask)
    numbers = step_numbers(ask.connection, found.row.id) if asked["step"] else {}
    return Question(
        scenario=found.row.id,
        step=numbers.get(asked["step"]),
        states=_STATES[asked["state"]][1],
        words=asked["q"],
        reader=ask.reader.scope,
    )

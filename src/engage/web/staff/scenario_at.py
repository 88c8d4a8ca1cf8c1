"""The scenario that an address names, with what all its pages show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from engage.accounts.roles import MARKETERS
from engage.language.whole import ScenarioFile
from engage.plan.moves import Plan
from engage.reports.scenario_row import ScenarioRow, scenario_row
from engage.web.staff.answers import NotThere
from engage.web.staff.ask import Ask
from engage.web.staff.scenarios import KINDS, STATES
from engage.wording import Sentence, sentence

_TABS = (
    ("", sentence("Drawing")),
    ("/report", sentence("Report card")),
    ("/prospects", sentence("Prospects inside")),
    ("/versions", sentence("Versions")),
)
#: What can be done in each state.
_ACTIONS: dict[str, tuple[tuple[str, Sentence], ...]] = {
    "draft": (("start", sentence("Start")),),
    "stopped": (("start", sentence("Start")),),
    "running": (("pause", sentence("Pause")), ("stop", sentence("Stop"))),
    "paused": (("resume", sentence("Resume")), ("stop", sentence("Stop"))),
}


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario, as its pages show it."""

    row: ScenarioRow
    #: None where it cannot be run, and so not drawn; ``broken`` says why
    plan: Plan | None
    file: ScenarioFile | None
    broken: str | None
    path: str
    state: Sentence
    kind: str
    #: its pages: the address, the label, and whether the reader is there
    tabs: Sequence[tuple[str, Sentence, bool]]
    #: what the reader may do with it
    actions: Sequence[tuple[str, Sentence]]

    @property
    def name(self) -> str:
        """Its name."""
        return self.row.name

    @property
    def since(self) -> datetime | None:
        """Since when it runs or is paused."""
        return self.row.paused_at if self.row.state == "paused" else self.row.started_at


def scenario_at(ask: Ask, here: str | None = None) -> Scenario:
    """Return the scenario of the address; ``here`` is the tab. Raises NotThere where there is none."""
    row = scenario_row(ask.connection, ask.path["scenario"])
    if row is None:
        raise NotThere
    plans = ask.running.applied.plans
    known = row.key in plans.scenarios
    path = f"/scenarios/{quote(row.key, safe='')}"
    return Scenario(
        row=row,
        plan=plans.scenarios.get(row.key),
        file=ask.running.workspace.scenarios.get(row.key),
        broken=plans.broken.get(row.key),
        path=path,
        state=STATES[row.state],
        kind=KINDS[row.state],
        tabs=[(f"{path}{tab}", label, tab == here) for tab, label in _TABS if known or tab in ("", "/versions")],
        actions=_ACTIONS[row.state] if known and ask.reader.role in MARKETERS else (),
    )


def planned(ask: Ask, here: str | None = None) -> tuple[Scenario, Plan]:
    """Return the scenario of the address and its plan. Raises NotThere where there is none or it cannot be read."""
    found = scenario_at(ask, here)
    if found.plan is None:
        raise NotThere
    return found, found.plan

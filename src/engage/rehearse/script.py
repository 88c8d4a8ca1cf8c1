"""A test with its moments worked out: what happens when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from engage.language.cases import MOST_DAYS, Case, CaseEvent
from engage.language.hours import Hours
from engage.language.moment import parse_moment
from engage.language.source import Path, Source
from engage.language.when import instant
from engage.language.whole import ScenarioFile


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that happens."""

    event: CaseEvent
    #: where it stands in the file
    path: Path
    #: when it happens
    at: datetime
    #: when it reaches the database
    learnt_at: datetime


@dataclass(frozen=True, slots=True)
class Script:
    """One test of a scenario."""

    scenario: str
    case: Case
    #: where the test stands in the file
    path: Path
    source: Source
    start: datetime
    #: what is known when the scenario starts
    past: tuple[Deed, ...]
    #: what comes, in the order in which it reaches the database
    deeds: tuple[Deed, ...]
    #: no tick from the first moment on until the second
    outage: tuple[datetime, datetime] | None
    until: datetime | None
    #: the moments at which the test asks where the run stands, in order, each with its key
    looks: tuple[tuple[datetime, str], ...]

    @property
    def end(self) -> datetime:
        """The last moment of the test."""
        return self.until if self.until is not None else self.start + timedelta(days=MOST_DAYS)

    def is_out(self, moment: datetime) -> bool:
        """Tell whether no tick comes at a moment."""
        return self.outage is not None and self.outage[0] <= moment < self.outage[1]


def scripts(file: ScenarioFile, hours: Hours) -> tuple[Script, ...]:
    """Return the tests of a scenario that was checked."""
    return tuple(_script(file, case, ("tests", number), hours) for number, case in enumerate(file.model.tests))


def _script(file: ScenarioFile, case: Case, path: Path, hours: Hours) -> Script:
    start = parse_moment(case.start, hours.zone, parse_day=True)

    def moment(when: str) -> datetime:
        return instant(when, start, hours)

    deeds = [
        Deed(
            event, (*path, "events", place), at := moment(event.at), moment(event.learnt_at) if event.learnt_at else at
        )
        for place, event in enumerate(case.events)
    ]
    deeds.sort(key=lambda deed: deed.learnt_at)
    outage = case.outage
    return Script(
        scenario=file.id,
        case=case,
        path=path,
        source=file.source,
        start=start,
        past=tuple(deed for deed in deeds if deed.learnt_at < start),
        deeds=tuple(deed for deed in deeds if deed.learnt_at >= start),
        outage=(moment(outage.from_), moment(outage.to)) if outage is not None else None,
        until=moment(case.until) if case.until is not None else None,
        looks=tuple(sorted((moment(when), when) for when in case.expect.at or {})),
    )

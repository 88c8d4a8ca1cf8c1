"""All that can be wrong with what parses: names, conditions, texts, and the shape of the graph.

A check is a function of a journey and its workspace that yields problems. All of them are run, always.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from engage.graph.build import Journey, build
from engage.graph.cases import cases
from engage.graph.conditions import conditions, lists_in_both
from engage.graph.entry import entry_events
from engage.graph.files import file_problems
from engage.graph.intervals import certain
from engage.graph.mails import mailed_twice, mails_reached
from engage.graph.outward import outward
from engage.graph.references import references
from engage.graph.rounds import unrolled
from engage.graph.shape import doubles, jumps, moved, unreachable
from engage.graph.texts import texts
from engage.graph.times import hours, mail_dates
from engage.language.load import ScenarioFile, Workspace
from engage.problem import Place, Problem
from engage.wording import sentence

Check = Callable[[Journey, Workspace], Iterable[Problem]]

#: Steps a scenario may have.
MOST_STEPS = 10_000

CHECKS: tuple[Check, ...] = (
    doubles,
    unreachable,
    jumps,
    moved,
    references,
    entry_events,
    outward,
    conditions,
    texts,
    mails_reached,
    mailed_twice,
    lists_in_both,
    certain,
    hours,
    mail_dates,
    cases,
)


def check(journey: Journey, workspace: Workspace) -> tuple[Problem, ...]:
    """Return every mistake and doubt about a scenario, in the order of the file.

    Nothing is said of the own words of a step that does not parse: the parser did.
    """
    if len(journey.steps) > MOST_STEPS:
        return (_too_many(journey.file),)
    found = {problem: None for run in CHECKS for problem in run(journey, workspace)}
    return tuple(sorted(found, key=lambda problem: problem.place))


def check_workspace(workspace: Workspace) -> tuple[Problem, ...]:
    """Return every mistake and doubt about all files, file by file, each in its own order.

    What ``load`` has told is not told again.
    """
    found = [*file_problems(workspace)]
    for file in workspace.scenarios.values():
        found += _scenario(file, workspace)
    return tuple(found)


def _scenario(file: ScenarioFile, workspace: Workspace) -> Iterator[Problem]:
    if unrolled(file.model.steps) > MOST_STEPS:
        yield _too_many(file)
    else:
        yield from check(build(file), workspace)


def _too_many(file: ScenarioFile) -> Problem:
    place: Place = file.source.place(("steps",), key=True)
    return Problem(place, sentence("a scenario may have {most} steps at most; divide it in two", most=MOST_STEPS))

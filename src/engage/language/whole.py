"""What all files of a workspace say together, and the names they give."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from engage.language.doubted import doubted
from engage.language.hours import Hours
from engage.language.naming import walk
from engage.language.reading import value_at
from engage.language.scenario import Scenario
from engage.language.source import Path, Source
from engage.language.templates import Template
from engage.language.touched import enrolled, touched
from engage.language.vocabulary import Vocabulary, all_fields
from engage.language.workspace import Campaigns, Company, Forms, Grading, Lists, Scoring, Team


@dataclass(frozen=True, slots=True)
class ScenarioFile:
    """A scenario and the file it stands in."""

    id: str
    file: str
    text: str
    source: Source
    #: the model; where some steps do not parse, what is left of it
    model: Scenario
    #: paths of steps that do not parse: what is said of them is not said twice
    broken: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Workspace:
    """All that the files say."""

    company: Company
    hours: Hours
    team: Team
    lists: Lists
    campaigns: Campaigns
    forms: Forms
    scoring: Scoring
    grading: Grading
    scenarios: Mapping[str, ScenarioFile]
    templates: Mapping[str, Mapping[str | None, Template]]
    vocabulary: Vocabulary
    sources: Mapping[str, Source] = field(default_factory=dict)
    #: every file's text, by its path in the workspace
    texts: Mapping[str, str] = field(default_factory=dict)
    #: files that are there and could not be read at all
    unread: frozenset[str] = frozenset()


def with_vocabulary(workspace: Workspace, users: tuple[str, ...] = ()) -> Workspace:
    """Return the workspace with the names it gives; ``users`` are known from elsewhere."""
    steps = {file.id: value_at(file.source.value, ("steps",)) for file in workspace.scenarios.values()}
    vocabulary = Vocabulary(
        zone=workspace.hours.zone,
        locale=workspace.company.locale,
        fields=all_fields(workspace.company),
        lists={name: word.where for name, word in workspace.lists.root.items()},
        campaigns={name: word.statuses for name, word in workspace.campaigns.root.items()},
        forms=frozenset(workspace.forms.root),
        templates=frozenset(workspace.templates),
        users=frozenset((*workspace.team.users, *users)),
        groups=frozenset(workspace.team.groups),
        queues=frozenset(workspace.team.queues),
        scenarios=frozenset(workspace.scenarios),
        categories=frozenset(_categories(workspace)),
        touched=touched(steps),
        enrolled=enrolled(steps),
    )
    unsure = doubted(workspace.sources, workspace.unread, _known(vocabulary))
    return replace(workspace, vocabulary=replace(vocabulary, doubted=unsure))


def _known(vocabulary: Vocabulary) -> dict[str, Collection[str]]:
    """Return the names by kind."""
    return {
        "field": vocabulary.fields,
        "user": vocabulary.users,
        "group": vocabulary.groups,
        "queue": vocabulary.queues,
        "list": vocabulary.lists,
        "campaign": vocabulary.campaigns,
        "form": vocabulary.forms,
        "scenario": vocabulary.scenarios,
    }


def _categories(workspace: Workspace) -> Iterator[str]:
    """Yield the score categories that a rule or a step gives points to."""
    yield from (rule.category for rule in workspace.scoring.rules if rule.category)
    for file in workspace.scenarios.values():
        for _, _, raw in walk(value_at(file.source.value, ("steps",)), ("steps",)):
            change = raw.get("adjust_score")
            if isinstance(change, dict) and "category" in change:
                yield str(change["category"])

"""Checks of dynamic lists, scoring rules and grading criteria."""

from __future__ import annotations

from collections.abc import Iterator

from engage.graph.circles import circles
from engage.language.criteria import Condition, Criteria
from engage.language.events import MAIL_EVENTS
from engage.language.load import Workspace
from engage.language.meaning import Reader
from engage.language.moment import Duration
from engage.language.source import Path
from engage.wording import sentence


def list_conditions(reader: Reader, workspace: Workspace) -> None:
    """Read the criteria of each dynamic list, and look for lists that name each other in a circle."""
    lists = workspace.lists.root
    named: list[tuple[str, str]] = []
    for name, word in lists.items():
        if word.where is not None:
            inner = Reader(reader.vocabulary, reader.source, opened=(name,))
            inner.condition(word.where, (name, "where"))
            reader.problems += inner.problems
            named += [(name, other) for other in _lists_in(word.where)]
    for circle in circles(named):
        if len(circle) > 1:
            shown = " → ".join((*circle, circle[0]))
            message = sentence("lists name each other in a circle: {names}", names=shown)
            reader.wrong((circle[0], "where"), message, key=True)


def _lists_in(word: Condition) -> Iterator[str]:
    """Yield the lists that a condition names."""
    for part in word if isinstance(word, tuple) else (word,):
        yield from part.list or ()
        for inner in (*(part.any or ()), *(part.all or ()), *((part.not_,) if part.not_ else ())):
            assert isinstance(inner, Criteria | tuple)
            yield from _lists_in(inner)


def scoring_rules(reader: Reader, workspace: Workspace) -> None:
    """Look up the events and targets of the scoring rules; their spans are elapsed time."""
    for place, rule in enumerate(workspace.scoring.rules):
        path: Path = ("rules", place)
        if reader.event(rule.activity, (*path, "activity")) and rule.target and "*" not in rule.target:
            reader.target(rule.activity, rule.target, (*path, "target"))
            if rule.activity in MAIL_EVENTS:
                reader.known("template", rule.target, reader.vocabulary.templates, (*path, "target"))
        _elapsed(rule.expires_after, (*path, "expires_after"), reader)
    if workspace.scoring.inactivity is not None:
        _elapsed(workspace.scoring.inactivity.every, ("inactivity", "every"), reader)


def _elapsed(span: Duration | None, path: Path, reader: Reader) -> None:
    if span is not None and span.business_days:
        reader.wrong(path, sentence("points are counted by calendar days; write for example 30 days"))


def grading_conditions(reader: Reader, workspace: Workspace) -> None:
    """Read the criteria of each profile, and who is graded by which."""
    grading = workspace.grading
    if reader.source.has(("profiles",)) and not reader.source.has(("profiles", "default")):
        reader.wrong(("profiles",), sentence("there must be a profile called default"), key=True)
    for name, criteria in grading.profiles.items():
        for place, criterion in enumerate(criteria):
            reader.condition(criterion.match, ("profiles", name, place, "match"))
    for place, choice in enumerate(grading.assign):
        path: Path = ("assign", place)
        reader.known("profile", choice.profile, grading.profiles, (*path, "profile"))
        reader.condition(choice.when, (*path, "when"))

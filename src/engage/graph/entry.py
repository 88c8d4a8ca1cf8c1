"""Checks of the events that let one enter a scenario."""

from __future__ import annotations

from collections.abc import Iterator

from engage.graph.build import Journey
from engage.graph.references import occurrence_names
from engage.language.events import MAIL_EVENTS
from engage.language.load import Workspace
from engage.language.meaning import Reader
from engage.language.source import Path
from engage.language.steps import MailTarget, Occurrence
from engage.problem import Problem


def entry_events(journey: Journey, workspace: Workspace) -> Iterator[Problem]:
    """Yield what is wrong with ``audience.on``: an e-mail's event names its template, for no run has sent it yet."""
    file = journey.file
    reader = Reader(workspace.vocabulary, file.source, file.id)
    several = isinstance(file.model.audience.on, tuple)
    for place, occurrence in enumerate(file.model.audience.occurrences):
        path: Path = ("audience", "on", place) if several else ("audience", "on")
        occurrence_names(occurrence, path, reader)
        if occurrence.event in MAIL_EVENTS:
            _templates(occurrence, (*path, occurrence.event), reader)
    yield from reader.problems


def _templates(occurrence: Occurrence, path: Path, reader: Reader) -> None:
    target = occurrence.target
    if isinstance(target, MailTarget):
        path, names = (*path, "email"), target.email
    else:
        names = target if isinstance(target, tuple) else (target,)
    for place, name in enumerate(names):
        if name != "any":
            reader.known("template", name, reader.vocabulary.templates, (*path, place) if len(names) > 1 else path)

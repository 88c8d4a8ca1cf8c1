"""Audiences that let nobody in, and goals, exits and suppressions that can never hold by their own words."""

from __future__ import annotations

from collections.abc import Iterator

from engage.graph.forestalled import forestalls
from engage.graph.inside import Asker, Inside
from engage.graph.narrowing import Conflict, because, narrowed
from engage.problem import Problem
from engage.wording import sentence


def entering(asker: Asker, known: Inside) -> Iterator[Problem]:
    """Yield a warning where nobody can enter, and for each end that never comes."""
    source = asker.journey.file.source
    for name, path, condition, _ in known.ends:
        found = narrowed({}, condition, True, name, asker.begin)
        if isinstance(found, Conflict) and source.has(path):
            message = sentence("{step} can never hold: {why}", step=name, why=because(found, name))
            yield Problem(source.place(path), message, "warning")
    place = source.place(("audience",), key=True)
    if isinstance(known.entry, Conflict):
        yield Problem(place, sentence("nobody can enter: {why}", why=because(known.entry, "")), "warning")
        return
    audience, file = asker.journey.file.model.audience, asker.journey.file
    if audience.occurrences and file.id not in asker.workspace.vocabulary.enrolled:
        names = [forestalls(known, occurrence) for occurrence in audience.occurrences]
        if all(names):
            why = sentence("the event that lets one enter meets {what}", what=", ".join(sorted({*map(str, names)})))
            yield Problem(place, sentence("nobody can enter: {why}", why=why), "warning")

"""The events that steps listen for, and the e-mails these name."""

from __future__ import annotations

from collections.abc import Iterator

from engage.graph.build import Journey, Placed
from engage.language.source import Path
from engage.language.steps import Heard, Occurrence, Repeat, SendEmail, Trigger


def heard(word: Trigger | Repeat, path: Path) -> Iterator[tuple[Occurrence, Path]]:
    """Yield the events that a trigger waits for or that end a loop, each with its place."""
    if isinstance(word, Trigger):
        here: Path = (*path, "trigger")
        several, found = isinstance(word.trigger, tuple), word.occurrences
    else:
        until = word.repeat.until
        here = (*path, "repeat", "until", *(("trigger",) if isinstance(until, Heard) else ()))
        several = isinstance(until.trigger if isinstance(until, Heard) else until, tuple)
        found = word.repeat.heard
    for place, occurrence in enumerate(found):
        yield occurrence, (*here, place) if several else here


def mails_meant(journey: Journey, placed: Placed, name: str) -> tuple[str, ...]:
    """Return the e-mail steps that a name means at a step: those of this id, else of this template, or ``any``.

    Inside a loop it is its own round's e-mail; for what ends a loop, any round's.
    """
    called = [one for one in journey.called.get(name, ()) if isinstance(one.word, SendEmail)]
    return tuple(one.key for one in called or journey.mailing.get(name, ()) if placed.sees(one))

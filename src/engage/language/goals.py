"""What counts as a conversion: events as on the command line, such as ``{form_submitted: demo}``."""

from __future__ import annotations

from engage.language.events import MAIL_EVENTS
from engage.language.meaning import Reader
from engage.language.model import Model
from engage.language.occurrences import MailTarget, Occurrence, Occurrences
from engage.language.reading import parse
from engage.language.source import read
from engage.language.vocabulary import Vocabulary
from engage.language.where import wrapped
from engage.language.zones import zone
from engage.problem import Problem, errors
from engage.wording import sentence

NAME = "--goal"


class _Goal(Model):
    """What the text is wrapped in."""

    goal: Occurrences


def read_goal(text: str, vocabulary: Vocabulary | None = None) -> tuple[tuple[Occurrence, ...], tuple[Problem, ...]]:
    """Return the events that a text in YAML names, and every mistake; names are checked against a vocabulary."""
    whole, back = wrapped("goal: ", text)
    source, problems = read(NAME, whole)
    word, wrong = parse(_Goal, source) if source is not None and not errors(problems) else (None, ())
    found: tuple[Occurrence, ...] = ()
    if word is not None and source is not None:
        several = isinstance(word.goal, tuple)
        found = word.goal if isinstance(word.goal, tuple) else (word.goal,)
        reader = Reader(vocabulary or Vocabulary(zone("UTC")), source)
        for place, occurrence in enumerate(found):
            _check(reader, occurrence, ("goal", place) if several else ("goal",))
        wrong += tuple(reader.problems)
    moved = tuple(Problem(back(each.place), each.message, each.severity) for each in (*problems, *wrong))
    return (() if errors(moved) else found), moved


def targets(occurrence: Occurrence) -> tuple[str, ...]:
    """Return the targets of an event; none where any is meant."""
    target = occurrence.target
    assert not isinstance(target, MailTarget)
    named = (target,) if isinstance(target, str) else target
    return () if "any" in named else named


def _check(reader: Reader, occurrence: Occurrence, path: tuple[str | int, ...]) -> None:
    name = occurrence.event
    here = (*path, name)
    if name in MAIL_EVENTS or isinstance(occurrence.target, MailTarget):
        reader.wrong(here, sentence("opens and clicks decide by --winner; a goal is what a reader does elsewhere"))
        return
    reader.event(name, here, key=True)
    for target in targets(occurrence):
        reader.target(name, target, here)

"""Checks of what tests expect: steps, outcomes, owners, fields and lists that there are."""

from __future__ import annotations

from engage.graph.addressees import addressee
from engage.graph.build import Journey, Placed
from engage.language import cases as words
from engage.language.meaning import Reader
from engage.language.source import Path
from engage.language.values import typed
from engage.problem import unknown
from engage.wording import sentence

#: Steps that are no part of a path in a test.
FLOW = ("wait", "repeat", "go_to", "end")
#: Fields that are kept nowhere.
DERIVED = ("full_name", "mailable")
#: How any step can end besides its own outcomes.
ANYWAY = ("skipped", "failed")


def expected(case: words.Case, path: Path, journey: Journey, reader: Reader) -> None:
    """Note what cannot be expected."""
    expect = case.expect
    if not any(event.apply is not None for event in case.events):
        _steps(expect, path, journey, reader)
    for place, todo in enumerate(expect.todos or ()):
        if todo.to is not None:
            addressee(todo.to, ("user", "queue"), (*path, "todos", place, "to"), reader)
    if expect.owner is not None:
        addressee(expect.owner, ("user", "queue"), (*path, "owner"), reader)
    for name, value in (expect.fields or {}).items():
        _field(name, value, (*path, "fields", name), reader)
    lists = reader.vocabulary.lists
    for place, name in enumerate(expect.lists or ()):
        here: Path = (*path, "lists", place)
        if reader.known("list", name, lists, here) and lists.get(name) is not None:
            message = "the list {name} is dynamic; only static lists are compared"
            reader.wrong(here, sentence(message, name=name))


def _steps(expect: words.Expectation, path: Path, journey: Journey, reader: Reader) -> None:
    """Check the names of steps in a test of this version."""
    for place, text in enumerate(expect.path or ()):
        _passed(text, (*path, "path", place), journey, reader)
    for moment, step in (expect.at or {}).items():
        if step is not None and step not in journey.called:
            _known(step, (*path, "at", moment), journey, reader)
    for place, mail in enumerate(expect.emails or ()):
        here: Path = (*path, "emails", place, "step")
        rounds = journey.called.get(mail.step or "", ())
        placed = rounds[0] if rounds else _known(mail.step, here, journey, reader) if mail.step else None
        if placed is not None and placed.kind != "send_email":
            reader.wrong(here, sentence("{step} sends no e-mail, it is a {kind}", step=mail.step, kind=placed.kind))


def _known(step: str, path: Path, journey: Journey, reader: Reader) -> Placed | None:
    """Return a step by its id, rounds of a loop (``id#2``) too; note it where there is none."""
    placed = journey.steps.get(step) or journey.steps.get(step.partition("#")[0])
    if placed is None:
        reader.wrong(path, unknown("step", step, journey.steps))
    return placed


def _passed(text: str, path: Path, journey: Journey, reader: Reader) -> None:
    """Check one part of a path: a step and, after a dot, its outcome."""
    step, _, outcome = text.partition(".")
    placed = _known(step, path, journey, reader)
    if placed is None:
        return
    if placed.kind in FLOW:
        reader.wrong(
            path, sentence("{step} is a {kind}: flow steps are left out of a path", step=step, kind=placed.kind)
        )
        return
    ways = [way for _, _, way in journey.graph.out_edges(placed.key, keys=True) if way]
    if not outcome and ways:
        shown = ", ".join(f"{step}.{way}" for way in ways)
        reader.wrong(path, sentence("{step} has outcomes; write one of {ways}", step=step, ways=shown))
    elif outcome and outcome not in (*ways, *ANYWAY):
        reader.wrong(path, unknown("outcome", outcome, (*ways, *ANYWAY)))


def _field(name: str, value: object, path: Path, reader: Reader) -> None:
    """Check a field and what it is to be."""
    fields = reader.vocabulary.fields
    if not reader.known("field", name, fields, path, key=True) or name not in fields:
        return
    field = fields[name]
    if name in words.Expectation.model_fields:
        reader.wrong(path, sentence("write {field} beside fields, not below it", field=name), key=True)
    elif name in DERIVED:
        reader.wrong(path, sentence("{field} follows from other things; expect those", field=name), key=True)
    elif isinstance(value, words.TextTest):
        if field.type != "text":
            fitting = sentence("{field} is a field of type {type}; write the value itself", field=name, type=field.type)
            reader.wrong(path, fitting)
    elif value is not None:
        typed(field, value, path, reader)

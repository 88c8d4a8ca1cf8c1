"""Who may enter a scenario and when becomes values: its audience, the window, and running again."""

from __future__ import annotations

from datetime import datetime, timedelta

from engage.language.conditions import AllOf, AnyOf, Condition
from engage.language.meaning import Reader
from engage.language.scenario import Scenario
from engage.language.vocabulary import Vocabulary
from engage.language.zones import local_instant
from engage.plan import moves


def window_of(model: Scenario, vocabulary: Vocabulary) -> moves.Window:
    """Return the entry window as moments: whole local days, both included."""
    schedule = model.schedule
    if schedule is None:
        return moves.Window()
    midnight = datetime.min.time()
    start = local_instant(schedule.from_, midnight, vocabulary.zone) if schedule.from_ else None
    after = schedule.until + timedelta(days=1) if schedule.until else None
    return moves.Window(start, local_instant(after, midnight, vocabulary.zone) if after else None)


def reentry_of(model: Scenario) -> moves.Reentry | None:
    """Return when one may run through a scenario again."""
    match model.reentry:
        case "never":
            return None
        case "always":
            return moves.Reentry()
        case again:
            return moves.Reentry(again.after, again.max)


def audience_of(model: Scenario, reader: Reader) -> Condition:
    """Return who matches a scenario."""
    audience, parts = model.audience, []
    if audience.lists:
        parts.append(reader.on_lists(audience.lists, ("audience", "lists")))
    if audience.where:
        parts.append(reader.condition(audience.where, ("audience", "where")))
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def suppress_of(model: Scenario, reader: Reader) -> Condition | None:
    """Return who is suppressed."""
    suppress, parts = model.audience.suppress, []
    if suppress is None:
        return None
    if suppress.lists:
        parts.append(reader.on_lists(suppress.lists, ("audience", "suppress", "lists")))
    if suppress.where:
        parts.append(reader.condition(suppress.where, ("audience", "suppress", "where")))
    return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))


def lists_of(model: Scenario, reader: Reader) -> tuple[tuple[str, Condition], ...]:
    """Return the lists that make one match, with what it means to be on each."""
    return tuple((name, reader.on_lists((name,), ("audience", "lists"))) for name in model.audience.lists or ())

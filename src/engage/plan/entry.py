"""When one may enter a scenario becomes values: the window, and running again."""

from __future__ import annotations

from datetime import datetime, timedelta

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

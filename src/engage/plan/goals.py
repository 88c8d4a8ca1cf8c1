"""What counts as a conversion becomes events: of any of some types, on targets as folded globs."""

from __future__ import annotations

from engage.language.fields import fold
from engage.language.goals import read_goal, targets
from engage.plan.acts import Event


def events_of(goal: str | None) -> tuple[Event, ...]:
    """Return the events of a goal as it was written; it was checked when it was.

    >>> events_of("{form_submitted: Demo}")[0].targets
    ('demo',)
    """
    words = read_goal(goal)[0] if goal else ()
    return tuple(Event((word.event,), tuple(map(fold, targets(word)))) for word in words)

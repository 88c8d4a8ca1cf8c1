"""Two versions of a scenario: what was added, removed and changed, and where those who wait go on."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from engage.plan.moves import Plan, Step

_REPEAT = re.compile(r"^(.*?)(?:-\d+)?$")


@dataclass(frozen=True, slots=True)
class Difference:
    """What a new version changes."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    #: steps whose act, stay or name changed
    changed: tuple[str, ...]
    #: where waiters of a removed step go on; None ends the run
    targets: Mapping[str, str | None]
    #: removed branching steps: their waiters need ``moved``
    branching: tuple[str, ...]
    #: steps without an id of their own whose meaning changed
    doubtful: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """Whether no step differs."""
        return not (self.added or self.removed or self.changed)


def difference(old: Plan, new: Plan, moved: Mapping[str, str], given: Iterable[str]) -> Difference:
    """Return what changes from one version to the next.

    ``moved`` says where waiters of removed steps go; ``given`` are the ids that were written, not made.
    """
    before = {step.key: step for step in old.steps}
    after = {step.key: step for step in new.steps}
    moved = by_round(moved, before, after)
    removed = tuple(key for key in before if key not in after)
    changed = tuple(key for key in before if key in after and _content(before[key]) != _content(after[key]))
    targets = {key: _target(key, before, after, moved) for key in removed}
    branching = tuple(key for key in removed if before[key].branches and key not in moved)
    written = frozenset(given)
    renumbered = frozenset(
        key
        for key in before
        if key in after and _family(key, before) != _family(key, after)
        if key in changed or _ways(before[key], before, after, moved) != after[key].ways
    )
    exchanged = _exchanged((key for key in changed if key not in written), before, after)
    doubtful = tuple(key for key in before if key in exchanged or (key in renumbered and key not in written))
    added = tuple(key for key in after if key not in before)
    return Difference(added, removed, changed, targets, branching, doubtful)


def unread(waiting: Iterable[str], new: Plan, moved: Mapping[str, str]) -> Difference:
    """Return what is known to change from a version that cannot be read any more: where some wait, and it is gone.

    Nobody knows where those would have gone on, so ``moved`` must say it.
    """
    after = {step.key for step in new.steps}
    removed = tuple(key for key in waiting if key not in after)
    targets = {key: moved.get(key) for key in removed}
    return Difference((), removed, (), targets, tuple(key for key in removed if key not in moved), ())


def by_round(moved: Mapping[str, str], before: Iterable[str], after: Collection[str]) -> dict[str, str]:
    """Return where waiters of removed steps go, a step of a loop by each of its rounds.

    They go to the same round of the new step, else to its first.

    >>> by_round({"old": "new"}, ["old#1", "old#2"], ["new#1"])
    {'old#1': 'new#1', 'old#2': 'new#1'}
    """
    found: dict[str, str] = {}
    for key in before:
        base, mark, turn = key.partition("#")
        new = moved.get(key) or moved.get(base)
        if new is not None:
            tried = (new, f"{new}{mark}{turn}", f"{new}#1")
            found[key] = next((one for one in tried if one in after), new)
    return found


def _content(step: Step) -> Step:
    """Return a step without where it leads: that may change without changing the step."""
    return replace(step, ways=())


def _ways(
    step: Step, before: Mapping[str, Step], after: Mapping[str, Step], moved: Mapping[str, str]
) -> tuple[tuple[str, str | None], ...]:
    """Return where a step's outcomes led, past what was removed."""
    return tuple((outcome, _target(key, before, after, moved) if key else None) for outcome, key in step.ways)


def _target(key: str, before: Mapping[str, Step], after: Mapping[str, Step], moved: Mapping[str, str]) -> str | None:
    """Return the next surviving step after a removed one, by the old version's ways or ``moved``."""
    seen: set[str] = set()
    at: str | None = key
    while at is not None and at not in after and at not in seen:
        seen.add(at)
        at = moved[at] if at in moved else before[at].ways[-1][1] if at in before else None
    return at


def _exchanged(changed: Iterable[str], before: Mapping[str, Step], after: Mapping[str, Step]) -> frozenset[str]:
    """Return the changed steps of which each is now what another one was: ``wait`` stands at ``wait-2``."""
    now = {key: _nameless(after[key]) for key in changed}
    were = {key: _nameless(before[key]) for key in now}
    return frozenset(key for key in now if any(now[other] == were[key] for other in now if other != key))


def _nameless(step: Step) -> Step:
    """Return a step without its id, the name made of that, and where it leads."""
    return replace(step, key="", name="" if step.name == step.key else step.name, ways=())


def _family(key: str, steps: Iterable[str]) -> int:
    """Return how many steps bear a made id of the same beginning: ``wait``, ``wait-2`` and so on."""
    key = key.partition("#")[0]
    steps = dict.fromkeys(one.partition("#")[0] for one in steps)
    found = _REPEAT.match(key)
    start = found[1] if found and found[1] in steps else key
    return sum(1 for other in steps if other == start or re.fullmatch(re.escape(start) + r"-\d+", other))

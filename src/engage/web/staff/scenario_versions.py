"""The applied versions of a scenario, and what differs between two of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from engage.plan.difference import Difference
from engage.stepping.applied import Applied
from engage.stepping.versions import Version, alone, steps_between, versions_of
from engage.web.staff.answers import Answer, Shown
from engage.web.staff.ask import Ask, positive
from engage.web.staff.scenario_at import scenario_at
from engage.wording import Sentence, sentence

#: So many lines that are the same stand around those that differ.
_AROUND = 3
#: So many of the latest versions are listed.
_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a comparison, with its number in the older and the newer text."""

    #: added, removed, same, or gap: so many lines that are the same are left out
    kind: str
    old: int | None
    new: int | None
    text: str


def versions(ask: Ask) -> Answer:
    """Show the versions, and what differs between the two that are asked for, else the last two."""
    found = scenario_at(ask, "/versions")
    kept = versions_of(ask.connection, found.row.key)
    numbers = {each.number: each for each in kept}
    new = numbers.get(positive(ask.query.get("new", "")) or 0, kept[-1])
    before = [each for each in kept if each.number < new.number]
    old = numbers.get(positive(ask.query.get("old", "")) or 0, before[-1] if before else None)
    values: dict[str, object] = {
        "scenario": found,
        "versions": list(reversed(kept[-_SHOWN:])),
        "last": kept[-1].number,
        "old": old,
        "new": new,
        "rows": [],
        "words": [],
        "source": kept[-1].source,
    }
    if old is not None and old.number != new.number:
        values["rows"] = compared(old.source, new.source)
        values["words"] = list(_words(ask.running.applied, found.row.key, old, new))
    return Shown("scenario-versions.html", sentence("{name}: versions", name=found.name), values)


def compared(old: str, new: str) -> Sequence[Row]:
    """Return the lines of two texts that differ, with some around them.

    >>> [(row.kind, row.text) for row in compared("a\\nb", "a\\nc")]
    [('same', 'a'), ('removed', 'b'), ('added', 'c')]
    """
    before, after = old.splitlines(), new.splitlines()
    rows: list[Row] = []
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    last = 0
    for group in matcher.get_grouped_opcodes(_AROUND):
        if group[0][1] > last:
            rows.append(Row("gap", None, None, str(group[0][1] - last)))
        for tag, a, b, c, d in group:
            if tag == "equal":
                rows += [Row("same", a + n + 1, c + n + 1, before[a + n]) for n in range(b - a)]
                continue
            rows += [Row("removed", n + 1, None, before[n]) for n in range(a, b)]
            rows += [Row("added", None, n + 1, after[n]) for n in range(c, d)]
        last = group[-1][2]
    if rows and last < len(before):
        rows.append(Row("gap", None, None, str(len(before) - last)))
    return rows


def _words(applied: Applied, key: str, old: Version, new: Version) -> Iterator[Sentence]:
    """Yield which steps differ, and where those who waited at a removed one went on."""
    known = key in applied.workspace.scenarios
    older, newer = (alone(applied, key, version.source) if known else None for version in (old, new))
    if older is None or newer is None:
        yield sentence("One of the versions cannot be read any more; only the texts are compared.")
        return
    yield from _said(steps_between(older, newer, key))


def _said(steps: Difference) -> Iterator[Sentence]:
    for step in steps.added:
        yield sentence("the step {step} was added", step=step)
    for step in steps.removed:
        target = steps.targets.get(step)
        if target is None:
            yield sentence("the step {step} was removed", step=step)
        else:
            yield sentence("the step {step} was removed; who waits there goes on at {target}", step=step, target=target)
    for step in steps.changed:
        yield sentence("the step {step} was changed", step=step)
    if steps.empty:
        yield sentence("no step differs")

"""A plan of changes as people and scripts read it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from engage.cli.session import Session
from engage.wording import Sentence, sentence

if TYPE_CHECKING:
    from engage.stepping.effect import Effect
    from engage.stepping.preview import Changes, ScenarioChange


def show(session: Session, changes: Changes) -> None:
    """Print a plan; what refuses it goes to stderr, a line each."""
    if changes.empty:
        session.say(sentence("nothing to apply: what runs is what the files say"))
    for path in changes.reworded:
        session.say(sentence("{path}: only its tests, description or layout differ; its version stays", path=path))
    for line in _lines(changes):
        session.say(line)
    for user in changes.left:
        text = "{user} is no longer in team.yaml and can still log in; engage user disable {user} takes it away"
        session.warn(sentence(text, user=user))
    for warning in changes.sends:
        session.warn(warning)
    for refusal in changes.refusals:
        session.warn(refusal)


def _lines(changes: Changes) -> Iterator[Sentence]:
    for change in changes.scenarios:
        yield from _scenario(change, changes.effects.of(change.after.key))
    yield from _models(changes)
    for sign, paths in (("+", changes.added), ("~", changes.changed), ("-", changes.removed)):
        for path in paths:
            if not path.startswith("scenarios/"):
                yield sentence("{sign} {path}", sign=sign, path=path)


def _models(changes: Changes) -> Iterator[Sentence]:
    """Yield what changed models do, to scores and grades and to scenarios."""
    found = changes.effects
    if changes.scoring:
        yield sentence("the scoring rules change: {count} scores would be others", count=found.rescored)
    if changes.grading or found.regraded:
        yield sentence("{count} grades would be others", count=found.regraded)
    edited = {change.after.key for change in changes.scenarios}
    for key, effect in found.scenarios.items():
        if key not in edited and not effect.empty:
            yield sentence("  scenario {key}:", key=key)
            yield from _effect(effect)


def _effect(effect: Effect) -> Iterator[Sentence]:
    """Yield what the next look would do, a line for each that is not nothing."""
    for count, text in (
        (effect.entering, "    {count} would enter"),
        (effect.goal, "    {count} would leave, their goal reached"),
        (effect.leaving, "    {count} would leave by exit, or because they no longer match"),
        (effect.held, "    {count} would be held"),
        (effect.released, "    {count} would be released"),
    ):
        if count:
            yield sentence(text, count=count)


def _scenario(change: ScenarioChange, effect: Effect) -> Iterator[Sentence]:
    after = change.after
    if change.new:
        text = "+ scenario {key} ({name}): {count} steps, new; it runs after: engage start {key}"
        yield sentence(text, key=after.key, name=after.name, count=len(after.steps))
        return
    old, new = after.version - change.edited, after.version
    text = "~ scenario {key} ({name}), {state}: version {old} → {new}"
    if not change.edited:
        text = "~ scenario {key} ({name}), {state}: other files change it, its version stays {new}"
    yield sentence(text, key=after.key, name=after.name, state=sentence(change.state), old=old, new=new)
    yield from _steps(change)
    if change.audience_now is not None:
        yield sentence("    audience: {now} → {then}", now=change.audience_now, then=change.audience_then)
    yield from _effect(effect)
    if change.mails:
        yield sentence("    e-mails that the next tick would queue at once: up to {count}", count=change.mails)


def _steps(change: ScenarioChange) -> Iterator[Sentence]:
    steps, waiting = change.steps, change.waiting or {}
    if steps is None:
        return
    for key in steps.added:
        yield sentence("    + step {step}", step=key)
    for key in steps.removed:
        count, target = waiting.get(key, 0), steps.targets.get(key)
        if not count:
            yield sentence("    - step {step}", step=key)
        elif key in change.moved:
            text = "    - step {step}: {count} wait there, moved to {target}"
            yield sentence(text, step=key, count=count, target=target)
        elif target is None:
            yield sentence("    - step {step}: {count} wait there, their runs end", step=key, count=count)
        else:
            text = "    - step {step}: {count} wait there, they go on at {target}"
            yield sentence(text, step=key, count=count, target=target)
    for key in steps.changed:
        yield sentence("    ~ step {step}: {count} wait there", step=key, count=waiting.get(key, 0))


def as_data(changes: Changes, session: Session) -> dict[str, object]:
    """Return a plan for scripts."""
    return {
        "changes": not changes.empty,
        "files": {
            "added": changes.added,
            "changed": changes.changed,
            "removed": changes.removed,
            "reworded": changes.reworded,
        },
        "scoring": changes.scoring,
        "grading": changes.grading,
        "rescored": changes.effects.rescored,
        "regraded": changes.effects.regraded,
        "scenarios": [_scenario_data(change, session) for change in changes.scenarios],
        "effects": {key: asdict(effect) for key, effect in changes.effects.scenarios.items()},
        "left": changes.left,
        "sends": [warning.read(session.locale) for warning in changes.sends],
        "refusals": [refusal.read(session.locale) for refusal in changes.refusals],
    }


def _scenario_data(change: ScenarioChange, session: Session) -> dict[str, object]:
    steps = change.steps
    return {
        "id": change.after.key,
        "name": change.after.name,
        "new": change.new,
        "state": change.state,
        "version": change.after.version,
        "edited": change.edited,
        "steps": {
            "added": steps.added if steps else tuple(step.key for step in change.after.steps),
            "removed": steps.removed if steps else (),
            "changed": steps.changed if steps else (),
        },
        "moved": dict(steps.targets) if steps else {},
        "waiting": dict(change.waiting or {}),
        "audience": {"now": change.audience_now, "then": change.audience_then},
        "mails": change.mails,
        "refusals": [refusal.read(session.locale) for refusal in change.refusals],
    }

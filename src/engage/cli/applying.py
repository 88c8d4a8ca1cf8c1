"""``engage plan`` and ``engage apply``: what differs between the files and what runs, and carrying it out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from engage.cli.session import DataFormat, Now, Session, Yes
from engage.wording import Sentence, sentence

if TYPE_CHECKING:
    from engage.stepping.preview import Changes, ScenarioChange

#: What ``plan --exit-code`` ends with when there is something to apply.
CHANGED = 4


def plan(
    session: Session,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="End with 4 when there are changes.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    form: Annotated[DataFormat, typer.Option("--format", help="json is stable, for scripts.")] = "table",
    now: Now = None,
) -> None:
    """Show what applying the files would change; nothing is changed."""
    from engage.app import preview, valid_workspace

    app = session.app()
    changes, _, _ = preview(app, valid_workspace(app), session.moment(now))
    if as_json or form == "json":
        session.write_json(as_data(changes, session))
    else:
        show(session, changes)
    if changes.refusals:
        raise typer.Exit(1)
    if exit_code and not changes.empty:
        raise typer.Exit(CHANGED)


def apply(
    session: Session,
    yes: Yes = False,
    keep_waits: Annotated[
        bool, typer.Option("--keep-waits", help="Those who wait already keep their due time where a wait changed.")
    ] = False,
    now: Now = None,
) -> None:
    """Make what runs the same as the files; asks at a terminal."""
    from engage.app import apply as carry_out
    from engage.app import preview, valid_workspace

    app = session.app()
    workspace, moment = valid_workspace(app), session.moment(now)
    changes, _, _ = preview(app, workspace, moment)
    show(session, changes)
    if changes.empty:
        return
    if changes.refusals:
        raise typer.Exit(1)
    if not yes and session.is_terminal and not session.asks(sentence("Apply this?")):
        session.say(sentence("nothing was changed"))
        return
    carry_out(app, workspace, moment, keep_waits=keep_waits)
    session.say(sentence("applied"))


def show(session: Session, changes: Changes) -> None:
    """Print a plan; what refuses it goes to stderr, a line each."""
    if changes.empty:
        session.say(sentence("nothing to apply: what runs is what the files say"))
    for line in _lines(changes):
        session.say(line)
    for refusal in changes.refusals:
        session.warn(refusal)


def _lines(changes: Changes) -> Iterator[Sentence]:
    for change in changes.scenarios:
        yield from _scenario(change)
    for sign, paths in (("+", changes.added), ("~", changes.changed), ("-", changes.removed)):
        for path in paths:
            if not path.startswith("scenarios/"):
                yield sentence("{sign} {path}", sign=sign, path=path)
    if changes.scoring:
        yield sentence("the scoring rules change: every score is worked out again")
    if changes.grading:
        yield sentence("the grading changes: everybody is graded again")


def _scenario(change: ScenarioChange) -> Iterator[Sentence]:
    after = change.after
    if change.before is None:
        text = "+ scenario {key} ({name}): {count} steps, new; it runs after: engage start {key}"
        yield sentence(text, key=after.key, name=after.name, count=len(after.steps))
        return
    text = "~ scenario {key} ({name}), {state}: version {old} → {new}"
    yield sentence(
        text, key=after.key, name=after.name, state=change.state, old=change.before.version, new=after.version
    )
    yield from _steps(change)
    if change.audience_now is not None:
        yield sentence("    audience: {now} → {then}", now=change.audience_now, then=change.audience_then)
    if change.mails:
        yield sentence("    e-mails queued by the next tick for those who are moved: {count}", count=change.mails)


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
        "files": {"added": changes.added, "changed": changes.changed, "removed": changes.removed},
        "scoring": changes.scoring,
        "grading": changes.grading,
        "scenarios": [_scenario_data(change, session) for change in changes.scenarios],
        "refusals": [refusal.read(session.locale) for refusal in changes.refusals],
    }


def _scenario_data(change: ScenarioChange, session: Session) -> dict[str, object]:
    steps = change.steps
    return {
        "id": change.after.key,
        "name": change.after.name,
        "new": change.before is None,
        "state": change.state,
        "version": change.after.version,
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

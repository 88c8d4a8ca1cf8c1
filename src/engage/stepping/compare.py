"""What runs now and what would run: all that applying a workspace would change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, Engine, select

from engage.errors import Refused
from engage.graph.build import build
from engage.language.conditions import facets
from engage.language.load import ScenarioFile, Workspace
from engage.plan import moves
from engage.plan.difference import difference, unread
from engage.sql import tables as t
from engage.sql.asked import Now
from engage.sql.connect import reading
from engage.stepping.applied import Applied, compiled
from engage.stepping.at_once import mails_at_once, overdue
from engage.stepping.effect import effects
from engage.stepping.journeys import standing_conditions
from engage.stepping.one_off import stranded
from engage.stepping.preview import Changes, ScenarioChange, audience_size, refusals_of, waiting_at
from engage.stepping.states import lock_scenario


def compare(
    engine: Engine, before: Applied, workspace: Workspace, now: datetime, *, keep_waits: bool
) -> tuple[Changes, Applied, Applied]:
    """Return what applying a workspace would change, what runs now, and what would run then."""
    old_texts, new_texts = before.workspace.texts, workspace.texts
    after = _after(before, workspace)
    other = tuple(path for path in new_texts if path in old_texts and new_texts[path] != old_texts[path])
    reworded = tuple(file.file for file in workspace.scenarios.values() if file.file in other and _same(before, file))
    changes = Changes(
        added=tuple(path for path in new_texts if path not in old_texts),
        changed=tuple(path for path in other if path not in reworded),
        reworded=reworded,
        removed=tuple(p for p in old_texts if p not in new_texts and not p.startswith("scenarios/")),
        scoring=before.plans.scoring.rules != after.plans.scoring.rules,
        grading=before.plans.grading != after.plans.grading,
    )
    if changes.empty:
        return changes, before, after
    with reading(engine).connect() as connection, connection.begin():
        found = tuple(
            change
            for key, plan in after.plans.scenarios.items()
            if (change := _change_of(connection, key, plan, before, after, now)) is not None
        )
        left = _left(connection, before.workspace, workspace)
        sends = stranded(connection, after.plans, Now.of(after.plans.house, now))
    concerned = _concerned(changes, found, before.plans, after.plans)
    effect = effects(
        engine, before.plans, after.plans, now, concerned, scoring=changes.scoring, grading=changes.grading
    )
    with reading(engine).connect() as connection, connection.begin():
        at_once = {
            change.after.key: overdue(connection, before.plans, after.plans, change, now, keep_waits=keep_waits)
            for change in found
        }
    mailed = tuple(
        replace(change, mails=mails_at_once(change, at_once[change.after.key], effect.of(change.after.key)))
        for change in found
    )
    return replace(changes, scenarios=mailed, effects=effect, left=left, sends=sends), before, after


def _left(connection: Connection, before: Workspace, after: Workspace) -> tuple[str, ...]:
    """Return the users whom the files no longer name, and who can still log in: no file takes that away."""
    u, gone = t.users, before.team.users.keys() - after.team.users.keys()
    return tuple(connection.scalars(select(u.c.id).where(u.c.id.in_(gone), u.c.enabled).order_by(u.c.id)))


def _after(before: Applied, workspace: Workspace) -> Applied:
    """Return what would run: a scenario that its own text changes has a new version, one without a file stays."""
    same = frozenset(key for key, file in workspace.scenarios.items() if _same(before, file))
    last = {key: before.versions.get(key, 0) for key in workspace.scenarios}
    after = compiled(workspace, {key: number + (key not in same or not number) for key, number in last.items()})
    if after.plans.broken:
        raise AssertionError(f"valid scenarios cannot be compiled: {after.plans.broken}")
    kept = {key: plan for key, plan in before.plans.scenarios.items() if key not in workspace.scenarios}
    return replace(after, plans=replace(after.plans, scenarios={**kept, **after.plans.scenarios}))


def _same(before: Applied, file: ScenarioFile) -> bool:
    """Tell whether a text says the same journey as the one applied: tests, comments and layout are no part of it."""
    old = before.workspace.scenarios.get(file.id)
    return old is not None and (old.text == file.text or _journey(old) == _journey(file))


def _journey(file: ScenarioFile) -> str:
    """Return what a text says of the journey; the order in which it is said counts."""
    return file.model.model_dump_json(exclude={"tests", "description", "moved"})


def _change_of(
    connection: Connection, key: str, plan: moves.Plan, before: Applied, after: Applied, now: datetime
) -> ScenarioChange | None:
    """Return what changes in one scenario, or None where it is as it was.

    A list, a template or the company's hours can change a scenario whose own text did not: its version stays.
    """
    old = before.plans.scenarios.get(key)
    if old == plan:
        return None
    if old is None and key not in before.versions:
        return ScenarioChange(plan)
    file = after.workspace.scenarios[key]
    moved = file.model.moved or {}
    waiting = waiting_at(connection, key)
    given = tuple(step.key for step in build(file).steps.values() if step.given)
    steps = difference(old, plan, moved, given) if old is not None else unread(waiting, plan, moved)
    state = connection.scalar(select(t.scenarios.c.state).where(t.scenarios.c.key == key)) or "draft"
    return ScenarioChange(
        after=plan,
        before=old,
        state=state,
        steps=steps,
        moved={key: target for key, target in moved.items() if key in steps.targets},
        waiting=waiting,
        audience_now=audience_size(connection, before.plans, old.audience, now) if old is not None else None,
        audience_then=audience_size(connection, after.plans, plan.audience, now),
        refusals=refusals_of(steps, waiting, key),
    )


def _concerned(
    changes: Changes, found: Iterable[ScenarioChange], old: moves.Plans, new: moves.Plans
) -> tuple[str, ...]:
    """Return the scenarios that may take in or let go others: changed ones, and readers of scores and grades."""
    changed = {change.after.key for change in found if change.before is not None}
    for key, plan in new.scenarios.items():
        read = frozenset().union(*(facets(condition) for condition in standing_conditions(plan)))
        rescored = changes.scoring and {"score", "grade"} & read
        if key in old.scenarios and (rescored or (changes.grading and "grade" in read)):
            changed.add(key)
    return tuple(sorted(changed))


def confirmed(connection: Connection, changes: Changes) -> Changes:
    """Return the changes as they are now, with their scenarios' rows locked: nobody moves until the commit.

    Raises Refused where somebody has come to wait meanwhile at a step that cannot go.
    """
    fresh = []
    for change in sorted(changes.scenarios, key=lambda change: change.after.key):
        if change.steps is None:
            fresh.append(change)
            continue
        row = lock_scenario(connection, change.after.key)
        waiting = waiting_at(connection, change.after.key)
        refusals = refusals_of(change.steps, waiting, change.after.key)
        if refusals:
            raise Refused(refusals[0])
        fresh.append(replace(change, waiting=waiting, state=row.state))
    return replace(changes, scenarios=tuple(fresh))

"""Applying a workspace: what runs becomes what the files say, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, tuple_, update

from engage.accounts.appointing import appointed, roles_of
from engage.accounts.audit import command_line
from engage.clock import micros
from engage.language.fields import fold
from engage.language.load import Workspace
from engage.plan import moves
from engage.sql import tables as t
from engage.sql.codes import TimerKind
from engage.sql.interning import upsert
from engage.stepping.edit import move_waiters
from engage.stepping.naming import name_outcomes
from engage.stepping.preview import Changes, ScenarioChange
from engage.stepping.rescore import rescore_all
from engage.stepping.states import look_at_everybody


def publish(
    connection: Connection,
    workspace: Workspace,
    old: moves.Plans,
    new: moves.Plans,
    changes: Changes,
    now: datetime,
    *,
    keep_waits: bool = False,
) -> None:
    """Carry out changes that were previewed; the caller has asked the user and begun the transaction."""
    users = workspace.team.users.keys()
    roles = roles_of(connection, users)
    _team(connection, workspace)
    _lists(connection, workspace)
    _campaigns(connection, workspace)
    for change in changes.scenarios:
        if change.edited:
            _scenario(connection, workspace, change, now)
        if not change.new:
            move_waiters(connection, new, change, now, keep_waits=keep_waits)
    if changes.scoring:
        rescore_all(connection, new, now)
    if _inactivity(old) != _inactivity(new):
        _time_inactivity_anew(connection)
    if changes.grading or _inactivity(old) != _inactivity(new):
        look_at_everybody(connection, None, micros(now))
    for path in changes.reworded:
        _reword(connection, workspace, path)
    _files(connection, workspace.texts, now)
    appointed(connection, users, roles, command_line(), now)


def _inactivity(plans: moves.Plans) -> moves.Inactivity | None:
    return plans.scoring.inactivity


def _time_inactivity_anew(connection: Connection) -> None:
    connection.execute(delete(t.timers).where(t.timers.c.kind == int(TimerKind.INACTIVE)))
    connection.execute(update(t.standings).values(inactivity_timed=False))


def _replace(connection: Connection, table: Any, keys: Iterable[str], rows: list[dict[str, object]]) -> None:
    """Insert rows, or bring those with the same keys up to date."""
    if not rows:
        return
    made = upsert(connection.dialect.name, table)
    keys = tuple(keys)
    changed = {name: made.excluded[name] for name in rows[0] if name not in keys}  # type: ignore[attr-defined]
    connection.execute(made.on_conflict_do_update(index_elements=list(keys), set_=changed), rows)  # type: ignore[attr-defined]


def _team(connection: Connection, workspace: Workspace) -> None:
    users: list[dict[str, object]] = [
        {
            "id": key, "name": user.name, "name_folded": fold(user.name), "email": user.email, "role": user.role,
            "department": user.department, "job_title": user.job_title,
        }
        for key, user in workspace.team.users.items()
    ]  # fmt: skip
    _replace(connection, t.users, ["id"], users)
    for table, name, groups in (
        (t.group_members, "group_key", workspace.team.groups),
        (t.queue_members, "queue_key", workspace.team.queues),
    ):
        for key, members in groups.items():
            gone = table.c[name] == key, table.c.user_id.not_in(members)
            connection.execute(delete(table).where(*gone))
            rows: list[dict[str, object]] = [
                {name: key, "user_id": user, "position": n} for n, user in enumerate(members)
            ]
            _replace(connection, table, [name, "user_id"], rows)


def _lists(connection: Connection, workspace: Workspace) -> None:
    rows: list[dict[str, object]] = [
        {"key": key, "name": word.name, "dynamic": word.where is not None, "public": word.public}
        for key, word in workspace.lists.root.items()
    ]
    _replace(connection, t.lists, ["key"], rows)


def _campaigns(connection: Connection, workspace: Workspace) -> None:
    rows: list[dict[str, object]] = [
        {"key": key, "name": word.name, "cost": word.cost, "parent": word.parent}
        for key, word in workspace.campaigns.root.items()
    ]
    _replace(connection, t.campaigns, ["key"], rows)


def _scenario(connection: Connection, workspace: Workspace, change: ScenarioChange, now: datetime) -> None:
    """Write a scenario's new version and number its steps."""
    s, plan = t.scenarios, change.after
    if change.new:
        values = {"key": plan.key, "name": plan.name, "state": "draft", "version": 1}
        connection.execute(insert(s).values(values))
    else:
        connection.execute(update(s).values(name=plan.name, version=plan.version).where(s.c.key == plan.key))
    number: int = connection.scalars(select(s.c.id).where(s.c.key == plan.key)).one()
    source = workspace.scenarios[plan.key].text
    version = {"scenario_id": number, "version": plan.version, "source": source, "applied_at": now}
    connection.execute(insert(t.versions).values(version))
    rows: list[dict[str, object]] = [
        {"scenario_id": number, "key": step.key, "kind": step.kind, "name": step.name} for step in plan.steps
    ]
    _replace(connection, t.steps, ["scenario_id", "key"], rows)
    name_outcomes(connection, number, plan)


def _reword(connection: Connection, workspace: Workspace, path: str) -> None:
    """Keep another text of the version that runs."""
    file = next(file for file in workspace.scenarios.values() if file.file == path)
    s, v = t.scenarios, t.versions
    running = select(s.c.id, s.c.version).where(s.c.key == file.id)
    connection.execute(update(v).values(source=file.text).where(tuple_(v.c.scenario_id, v.c.version).in_(running)))


def _files(connection: Connection, texts: Mapping[str, str], now: datetime) -> None:
    rows: list[dict[str, object]] = [{"path": path, "text": text, "applied_at": now} for path, text in texts.items()]
    _replace(connection, t.applied_files, ["path"], rows)
    gone = select(t.applied_files.c.path).where(
        t.applied_files.c.path.not_in(list(texts)), t.applied_files.c.path.not_like("scenarios/%")
    )
    connection.execute(delete(t.applied_files).where(t.applied_files.c.path.in_(gone)))

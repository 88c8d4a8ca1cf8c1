"""The application, put together once, by hand: database, applied plans, workspace, channel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DBAPIError, OperationalError

from engage.effects.delivery import deliver
from engage.effects.outbox import OutboxFolder
from engage.effects.post import Delivered, Post, Progress
from engage.errors import Invalid, Outside, Refused
from engage.graph.build import build
from engage.graph.folder import read_workspace
from engage.language.load import Workspace, load, with_vocabulary
from engage.plan import moves
from engage.plan.compile import compile_grading, compile_house, compile_plan, compile_scoring
from engage.plan.difference import difference
from engage.problem import errors
from engage.settings import Settings
from engage.sql import tables as t
from engage.sql.codes import CHUNK
from engage.sql.connect import connect, reading
from engage.sql.locks import exclusive
from engage.sql.schema import check as check_schema
from engage.sql.schema import create
from engage.stepping.journeys import PlanChanged
from engage.stepping.preview import (
    Changes,
    ScenarioChange,
    audience_size,
    mails_at_once,
    refusals_of,
    waiting_at,
)
from engage.stepping.publish import publish
from engage.stepping.tick import Ticked, tick
from engage.stepping.transact import Hook
from engage.wording import sentence


@dataclass(frozen=True, slots=True)
class Applied:
    """What runs: the workspace as it was applied, and its plans."""

    workspace: Workspace
    plans: moves.Plans

    @property
    def custom(self) -> dict[str, str]:
        """The types of custom fields, by name."""
        return {name: field.type for name, field in self.workspace.company.fields.items()}


Value = TypeVar("Value")
Pairs = tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class App:
    """A workspace's database and settings."""

    settings: Settings
    engine: Engine

    def applied(self) -> Applied:
        """Return what was applied to the database."""
        with reading(self.engine).connect() as connection:
            files = dict(connection.execute(select(t.applied_files.c.path, t.applied_files.c.text)).all())
            versions = _versions(connection)
            users = tuple(connection.scalars(select(t.users.c.id)).all())
        return _applied(tuple(sorted(files.items())), tuple(sorted(versions.items())), tuple(sorted(users)))

    def tick(self, now: datetime, chunk: int = CHUNK, hook: Hook = lambda _: None) -> Ticked:
        """Tick once, alone: who comes while another ticks waits for its turn.

        ``hook`` is called with a name before and after each commit; what it raises after one ends the tick
        there, and whoever ticks next goes on with it.
        """
        with exclusive(self.engine, "tick"), self.engine.connect() as connection:
            for _ in range(20):
                applied = self.applied()
                try:
                    return tick(connection, applied.plans, now, chunk=chunk, custom=applied.custom, hook=hook)
                except PlanChanged:
                    continue
        raise Outside(sentence("the scenarios were changed again and again while this tick began; try again"))

    def last_tick(self) -> datetime | None:
        """Return the moment of the last tick."""
        with reading(self.engine).connect() as connection:
            return connection.scalar(select(t.ticks.c.at))

    def deliver(self, now: datetime, progress: Progress | None = None) -> Delivered:
        """Hand over what is queued: without a mail server, each mail becomes a file in ``outbox/``.

        Raises Refused where the workspace names no sender, Outside where the channel is away.
        """
        if self.settings.smtp_url is not None:
            message = (
                "this version cannot send by a mail server yet; unset ENGAGE_SMTP_URL to have mail written to outbox/"
            )
            raise Refused(sentence(message))
        return deliver(self.engine, _post(self.settings, self.applied()), now, progress)


def _post(settings: Settings, applied: Applied) -> Post:
    """Return what a delivery needs to know."""
    plans, workspace = applied.plans, applied.workspace
    return Post(
        house=plans.house,
        company=workspace.company,
        templates=workspace.templates,
        base_url=settings.base_url.rstrip("/"),
        secret_key=settings.secret_key,
        channel=OutboxFolder(settings.workspace / "outbox"),
        suppress={key: plan.suppress for key, plan in plans.scenarios.items() if plan.suppress is not None},
    )


@lru_cache(maxsize=2)
def _applied(files: Pairs[str], versions: Pairs[int], users: tuple[str, ...]) -> Applied:
    """Return what was applied; a daemon's ticks find the same again and again.

    A scenario that this version of engage cannot read is broken, and not run by half.
    """
    workspace, problems = load(dict(files))
    wrong = [problem for problem in errors(problems) if problem.place.file.startswith("scenarios/")]
    unreadable = {Path(problem.place.file).stem: str(problem) for problem in reversed(wrong)}
    readable = {key: version for key, version in versions if key not in unreadable}
    found = compiled(with_vocabulary(workspace, users), readable)
    why = {key: unreadable[key] for key, _ in versions if key in unreadable}
    return replace(found, plans=replace(found.plans, broken={**found.plans.broken, **why}))


def _versions(connection: Connection) -> dict[str, int]:
    """Return the version of each applied scenario."""
    return dict(connection.execute(select(t.scenarios.c.key, t.scenarios.c.version)).all())


def compiled(workspace: Workspace, versions: Mapping[str, int]) -> Applied:
    """Return a workspace with the plans of the scenarios that have a version."""
    plans, broken = {}, {}
    for key, version in versions.items():
        try:
            plans[key] = compile_plan(build(workspace.scenarios[key]), workspace, version)
        except Exception as error:
            broken[key] = f"this version of engage cannot read what was applied: {type(error).__name__} {error}"
    house, scoring, grading = compile_house(workspace), compile_scoring(workspace), compile_grading(workspace)
    return Applied(workspace, moves.Plans(house, plans, scoring, grading, broken))


def open_app(settings: Settings, *, checked: bool = True) -> App:
    """Return the application; a missing SQLite file is made.

    Raises OldSchema when the database was made by another version, Outside when it cannot be reached.
    """
    engine = connect(settings.database_url)
    try:
        with outside():
            if _is_new(engine):
                create(engine)
            elif checked:
                check_schema(engine)
    except BaseException:
        engine.dispose()
        raise
    return App(settings, engine)


def _is_new(engine: Engine) -> bool:
    if engine.dialect.name == "sqlite":
        name = engine.url.database
        return not name or name == ":memory:" or not Path(name).exists() or Path(name).stat().st_size == 0
    from sqlalchemy import inspect

    return not inspect(engine).has_table("alembic_version")


@contextmanager
def outside() -> Iterator[None]:
    """Turn a database that cannot be reached into a sentence."""
    try:
        yield
    except (OperationalError, DBAPIError) as error:
        raise Outside(sentence("the database failed: {why}", why=str(error.orig).strip().splitlines()[0])) from error


def known_users(app: App) -> tuple[str, ...]:
    """Return the ids of the users in the database: of files, commands, imports and pages."""
    with reading(app.engine).connect() as connection:
        return tuple(connection.scalars(select(t.users.c.id)).all())


def running(app: App) -> Workspace:
    """Return the workspace that was applied; before the first time, what the files say."""
    workspace = app.applied().workspace
    return workspace if workspace.texts else valid_workspace(app)


def valid_workspace(app: App) -> Workspace:
    """Return the workspace of the settings' folder.

    Raises Invalid with every mistake when there is any.
    """
    workspace, problems = read_workspace(app.settings.workspace, known_users(app))
    if errors(problems):
        raise Invalid(errors(problems))
    return workspace


def preview(app: App, workspace: Workspace, now: datetime) -> tuple[Changes, Applied, Applied]:
    """Return what applying a workspace would change, what runs now, and what would run then."""
    before = app.applied()
    old_texts, new_texts = before.workspace.texts, workspace.texts
    added = tuple(path for path in new_texts if path not in old_texts)
    changed = tuple(path for path in new_texts if path in old_texts and new_texts[path] != old_texts[path])
    removed = tuple(p for p in old_texts if p not in new_texts and not p.startswith("scenarios/"))
    with app.engine.connect() as connection, connection.begin():
        versions = _versions(connection)
        after = compiled(workspace, {key: versions.get(key, 0) + 1 for key in workspace.scenarios})
        if after.plans.broken:
            raise AssertionError(f"valid scenarios cannot be compiled: {after.plans.broken}")
        scenarios = tuple(
            change
            for key, plan in after.plans.scenarios.items()
            if (change := _change_of(connection, key, plan, before, after, now)) is not None
        )
    plans = {change.after.key: change.after for change in scenarios}
    kept = {key: plan for key, plan in before.plans.scenarios.items() if key not in plans}
    rest = {key: replace(plan, version=versions[key]) for key, plan in after.plans.scenarios.items() if key in kept}
    final = replace(after, plans=replace(after.plans, scenarios={**kept, **rest, **plans}))
    changes = Changes(
        added, changed, removed, scenarios,
        scoring=before.plans.scoring.rules != after.plans.scoring.rules,
        grading=before.plans.grading != after.plans.grading,
    )  # fmt: skip
    return changes, before, final


def _change_of(
    connection: Connection, key: str, plan: moves.Plan, before: Applied, after: Applied, now: datetime
) -> ScenarioChange | None:
    """Return what changes in one scenario, or None where its text is as it was."""
    old = before.plans.scenarios.get(key)
    if old is None:
        return ScenarioChange(plan)
    file = after.workspace.scenarios[key]
    if before.workspace.scenarios[key].text == file.text:
        return None
    journey = build(file)
    given = tuple(step.key for step in journey.steps.values() if step.given)
    steps = difference(old, plan, file.model.moved or {}, given)
    waiting = waiting_at(connection, key)
    state = connection.scalar(select(t.scenarios.c.state).where(t.scenarios.c.key == key)) or "draft"
    return ScenarioChange(
        after=plan,
        before=old,
        state=state,
        steps=steps,
        waiting=waiting,
        audience_now=audience_size(connection, before.plans, old.audience, now),
        audience_then=audience_size(connection, after.plans, plan.audience, now),
        mails=mails_at_once(steps, plan, waiting),
        refusals=refusals_of(steps, waiting, key),
    )


def apply(app: App, workspace: Workspace, now: datetime, *, keep_waits: bool = False) -> Changes:
    """Apply a valid workspace in one transaction; return what was changed.

    Raises Refused, with nothing changed, when waiters would be stranded.
    """
    with exclusive(app.engine, "apply"):
        changes, before, after = preview(app, workspace, now)
        if changes.refusals:
            raise Refused(changes.refusals[0])
        if not changes.empty:
            with app.engine.connect() as connection, connection.begin():
                publish(connection, workspace, before.plans, after.plans, changes, now, keep_waits=keep_waits)
        return changes

"""The application, put together once, by hand: database, applied plans, workspace, channel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DBAPIError, OperationalError

from engage.effects import delivery
from engage.effects.beside import Beside
from engage.effects.delivery import Course, deliver
from engage.effects.digest import write_digests
from engage.effects.hold import marked, notice, release
from engage.effects.home import make_home
from engage.effects.post import Delivered, Progress
from engage.effects.public import public_address
from engage.effects.smtp import SmtpChannel
from engage.effects.stale import Stale
from engage.errors import Invalid, Outside, Refused
from engage.graph.folder import read_workspace
from engage.language.load import Workspace
from engage.outgoing import post_of, way_out
from engage.problem import errors
from engage.reports.health import Hold, open_hold
from engage.settings import Settings
from engage.sql import tables as t
from engage.sql.codes import CHUNK
from engage.sql.connect import connect, reading
from engage.sql.locks import exclusive
from engage.sql.schema import check as check_schema
from engage.sql.schema import create
from engage.stepping.applied import Applied, compiled, read_applied
from engage.stepping.compare import compare, confirmed
from engage.stepping.journeys import PlanChanged
from engage.stepping.preview import Changes
from engage.stepping.publish import publish
from engage.stepping.tick import Ticked, tick
from engage.stepping.transact import Hook
from engage.wording import sentence

__all__ = ["App", "Applied", "apply", "compiled", "open_app", "preview"]


@dataclass(frozen=True, slots=True)
class App:
    """A workspace's database and settings."""

    settings: Settings
    engine: Engine

    def applied(self) -> Applied:
        """Return what was applied to the database."""
        with reading(self.engine).connect() as connection:
            return read_applied(connection)

    def tick(self, now: datetime, chunk: int = CHUNK, hook: Hook = lambda _: None) -> Ticked:
        """Tick once, alone: who comes while another ticks waits for its turn.

        ``hook`` is called with a name before and after each commit; what it raises after one ends the tick
        there, and whoever ticks next goes on with it. That the database was restored or copied
        is noticed before: what it queues then bears new numbers.
        """
        notice(self.engine, self.settings.workspace, now)
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

    def deliver(self, now: datetime, progress: Progress | None = None, *, patient: bool = False) -> Delivered:
        """Hand over what is queued: without a mail server, each mail becomes a file in ``outbox/``.

        ``patient``: a mail server that refused us is left alone until its pause is over.
        Raises Refused while a restored or copied database is in hold and where the workspace names no sender,
        Outside where the channel is away.
        """
        held = self.hold(now)
        if held is not None:
            raise Refused(held.sentence)
        with way_out(self.settings) as channel, marked(self.engine, self.settings.workspace, now) as moves:
            post = post_of(self.settings, self.applied(), channel)
            told = _each(moves, progress)
            if not isinstance(channel, SmtpChannel):
                return deliver(self.engine, post, now, told, patient=patient)
            with closing(Beside(self.engine, self.settings, channel, now)) as beside:
                done = deliver(self.engine, post, now, lambda mine: told(beside.done(mine)), patient=patient)
                return beside.finish(done)

    def digest(self, now: datetime) -> int:
        """Queue this morning's digests of ToDos for the team, where they are not written yet; return how many."""
        applied = self.applied()
        if applied.workspace.company.sender is None:
            return 0
        with self.engine.begin() as connection:
            return write_digests(connection, applied.plans.house, public_address(self.settings), now)

    def hold(self, now: datetime) -> Hold | None:
        """Return since when and why nothing goes out, if so; that the database is a copy is noticed here."""
        notice(self.engine, self.settings.workspace, now)
        with reading(self.engine).begin() as connection:
            return open_hold(connection)

    def release(self, now: datetime, stale_before: datetime | None = None) -> Stale:
        """End the hold, giving up what was queued before a moment; return how much that was."""
        return release(self.engine, self.settings.workspace, now, stale_before)


def _each(first: Progress, second: Progress | None) -> Progress:
    """Return a function that tells of progress to one, then to another."""

    def told(done: Delivered) -> None:
        first(done)
        if second is not None:
            second(done)

    return told


def deliver_beside(settings: Settings, now: datetime, course: Course, progress: Progress) -> None:
    """Hand queued messages over beside another delivery, which began this one."""
    app = open_app(settings)
    try:
        with way_out(settings) as channel:
            delivery.deliver_beside(app.engine, post_of(settings, app.applied(), channel), now, course, progress)
    finally:
        app.engine.dispose()


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
            if checked:
                make_home(engine)
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


def preview(
    app: App, workspace: Workspace, now: datetime, *, keep_waits: bool = False
) -> tuple[Changes, Applied, Applied]:
    """Return what applying a workspace would change, what runs now, and what would run then."""
    return compare(app.engine, app.applied(), workspace, now, keep_waits=keep_waits)


def apply(
    app: App,
    workspace: Workspace,
    now: datetime,
    *,
    keep_waits: bool = False,
    noted: Callable[[Connection, Changes], object] = lambda *_: None,
) -> Changes:
    """Apply a valid workspace in one transaction, in which ``noted`` writes down that it was; return what was changed.

    Raises Refused, with nothing changed, when waiters would be stranded.
    """
    with exclusive(app.engine, "apply"):
        changes, before, after = preview(app, workspace, now, keep_waits=keep_waits)
        if changes.refusals:
            raise Refused(changes.refusals[0])
        if not changes.empty or changes.reworded:
            with app.engine.connect() as connection, connection.begin():
                changes = confirmed(connection, changes)
                publish(connection, workspace, before.plans, after.plans, changes, now, keep_waits=keep_waits)
                noted(connection, changes)
        return changes

"""``engage doctor`` and ``engage db``: is all well, and making it so."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engage.cli.mail_health import mail
from engage.cli.session import Format, Session
from engage.errors import EngageError
from engage.problem import errors
from engage.wording import sentence

if TYPE_CHECKING:
    from engage.app import App
    from engage.reports.health import Finding

#: A running workspace whose last tick is older than this is not ticked.
STALE = timedelta(hours=1)
_SIGNS = {"ok": "✓", "note": "!", "bad": "✗"}


def doctor(session: Session, form: Format = "table") -> None:
    """Look at the installation, the database, the files and the engine; end with 1 where something is bad."""
    findings = list(_findings(session, session.clock()))
    if form == "json":
        session.write_json([{"state": state, "message": said.read(session.locale)} for state, said in findings])
    else:
        for state, said in findings:
            session.say(f"{_SIGNS[state]} {said.read(session.locale)}")
    if any(state == "bad" for state, _ in findings):
        raise typer.Exit(1)


def _findings(session: Session, now: datetime) -> Iterator[Finding]:
    from engage import __version__

    yield "ok", sentence("engage {version}, Python {python}", version=__version__, python=platform.python_version())
    yield from _files(session)
    if (weak := session.settings.weak_key) is not None:
        yield "note", weak
    app = session.app(checked=False)
    try:
        yield from _database(app)
    except EngageError as error:
        yield "bad", error.message
        return
    yield from _applied(app, now)
    yield from _engine(session, app, now)
    yield from mail(session, app, now)


def _files(session: Session) -> Iterator[Finding]:
    from engage.graph.folder import read_workspace

    _, problems = read_workspace(session.workspace)
    wrong = len(errors(problems))
    if wrong:
        text = "the workspace {folder} has mistakes ({count}); run: engage validate"
        yield "bad", sentence(text, folder=session.workspace, count=wrong)
    else:
        yield "ok", sentence("the workspace {folder} has no mistakes", folder=session.workspace)


def _database(app: App) -> Iterator[Finding]:
    from engage.reports.health import server
    from engage.sql.connect import reading
    from engage.sql.schema import check, version

    with reading(app.engine).connect() as connection:
        found = server(connection)
    yield "ok", sentence("the database answers: {version}", version=found["version"])
    if "journal" in found:
        sound = found["journal"] == "wal" and found["synchronous"] in ("full", "extra")
        text = "journal {journal}, synchronous {synchronous}"
        yield "ok" if sound else "bad", sentence(text, journal=found["journal"], synchronous=found["synchronous"])
    check(app.engine)
    yield "ok", sentence("the schema is up to date: {version}", version=version(app.engine))


def _applied(app: App, now: datetime) -> Iterator[Finding]:
    from engage.app import preview, valid_workspace

    try:
        changes, _, _ = preview(app, valid_workspace(app), now)
    except EngageError:
        return
    if changes.empty:
        yield "ok", sentence("what runs is what the files say")
    else:
        count = len(changes.added) + len(changes.changed) + len(changes.removed)
        yield "note", sentence("{count} files differ from what runs; run: engage plan", count=count)


def _engine(session: Session, app: App, now: datetime) -> Iterator[Finding]:
    from engage.reports.health import strange_zones
    from engage.reports.status import status
    from engage.sql.connect import reading
    from engage.stepping.retention import overdue

    with reading(app.engine).begin() as connection:
        found, strange, late = status(connection, now), strange_zones(connection), overdue(connection, now)
    running = any(scenario.state == "running" for scenario in found.scenarios)
    yield from _last_tick(session, found.last_tick, now, running=running, finished=not found.tick_open)
    if found.overdue or found.unlearnt:
        text = "{overdue} timers are past due, {unlearnt} activities are not learnt: the next tick does them"
        yield "note", sentence(text, overdue=found.overdue, unlearnt=found.unlearnt)
    for send in found.stuck_sends:
        yield "note" if send.fault is None else "bad", send.sentence
    if late:
        text = "{count} traces of logins, links and mails are kept too long: engage run removes them each night"
        yield "note", sentence(text, count=late)
    else:
        yield "ok", sentence("traces of logins, links and mails are kept no longer than they should be")
    if strange:
        text = "{count} time zones of prospects are unknown, the workspace's is used: {names}"
        yield "note", sentence(text, count=len(strange), names=", ".join(strange[:10]))


def _last_tick(
    session: Session, last: datetime | None, now: datetime, *, running: int, finished: bool
) -> Iterator[Finding]:
    if last is None:
        yield "note" if running else "ok", sentence("no tick yet; run: engage tick, or engage run")
        return
    at = session.shown(last)
    if last > now:
        text = "the last tick, {at}, lies in the future: was the clock set back?"
        yield "bad", sentence(text, at=at)
    elif running and now - last > STALE:
        yield "note", sentence("the last tick was at {at}; nothing ticks: run: engage run", at=at)
    else:
        yield "ok", sentence("the last tick was at {at}", at=at)
    if not finished:
        yield "note", sentence("the last tick was interrupted; the next one finishes it")


def upgrade(session: Session) -> None:
    """Bring the database's schema to this version; what is there stays."""
    from engage.app import outside
    from engage.sql.schema import create, newest, version

    app = session.app(checked=False)
    with outside():
        before = version(app.engine)
        create(app.engine)
    if before != newest():
        _note(session, app, "database_upgraded", old=before or "-", new=newest())
    if before == newest():
        session.say(sentence("the schema is up to date: {version}", version=newest()))
    else:
        session.say(sentence("the schema is upgraded: {old} → {new}", old=before or "-", new=newest()))


def backup(
    session: Session, file: Annotated[Path, typer.Argument(metavar="FILE", help="The copy, a new file.")]
) -> None:
    """Copy a SQLite database while it is in use."""
    from engage.sql.backup import backup as copy
    from engage.sql.schema import newest, version

    app = session.app(checked=False)
    size = copy(app.engine, file)
    if version(app.engine) == newest():
        _note(session, app, "database_copied", file=file.name)
    session.say(sentence("{file}: {size} bytes", file=file, size=size))


def check(
    session: Session,
    repair: Annotated[bool, typer.Option("--repair", help="Time those again whom no timer would wake.")] = False,
    form: Format = "table",
) -> None:
    """Prove that figures, ledger and runs agree; end with 1 where they do not."""
    from engage.reports.invariants import check as find
    from engage.sql.connect import reading
    from engage.stepping.repair import repair as time_again

    app = session.app()
    if repair:
        with app.engine.connect() as connection:
            repaired = time_again(connection, app.applied().plans)
        _note(session, app, "timers_repaired", count=str(repaired))
        session.warn(sentence("{count} runs or prospects had no timer and have one now", count=repaired))
    with reading(app.engine).begin() as connection:
        found = find(connection, app.applied().plans)
    if form == "json":
        session.write_json(
            [{"check": f.check, "count": f.count, "message": f.message.read(session.locale)} for f in found]
        )
    else:
        for each in found:
            session.say(f"✗ {each.message.read(session.locale)}")
        if not found:
            session.say(sentence("everything agrees"))
    if found:
        raise typer.Exit(1)


def _note(session: Session, app: App, deed: str, **detail: str | None) -> None:
    """Write into the audit log what was done to the database."""
    from engage.accounts import audit

    with app.engine.begin() as connection:
        audit.note(connection, audit.command_line(), deed, "database", session.clock(), detail)

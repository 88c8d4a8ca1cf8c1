"""``engage tick``, ``deliver`` and ``run``: what makes the engine go."""

from __future__ import annotations

import os
import re
import signal
import sys
from datetime import datetime
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

from engage.cli.progress import progress
from engage.cli.session import Format, Now, Session
from engage.clock import pause
from engage.wording import sentence

if TYPE_CHECKING:
    from engage.app import App

_EVERY = re.compile(r"([0-9]{1,6})\s*(s|m|h)?")
_SECONDS = {"s": 1, "m": 60, "h": 3600}


def tick(session: Session, now: Now = None, form: Format = "table") -> None:
    """Bring everything up to a moment, once."""
    app = session.app()
    moment = session.moment(now) if now is not None else _with_clicks(session, app)
    with progress(session.read("chunks of work")) as told:
        count = 0

        def hook(name: str) -> None:
            nonlocal count
            if name.endswith(".after_commit"):
                count += 1
                told(count)

        done = app.tick(moment, hook=hook)
    if done.zones:
        text = "the rules of time zones have changed ({zones}); who waits for a local time was timed anew"
        session.warn(sentence(text, zones=", ".join(done.zones)))
    if form == "json":
        session.write_json({"at": done.at, "done": done.done, "chunks": done.chunks})
    elif done.done:
        session.say(sentence("tick at {at}: {chunks} chunks of work", at=session.shown(done.at), chunks=done.chunks))
    else:
        session.say(sentence("nothing was changed: {at} lies before the last tick", at=session.shown(done.at)))


def _with_clicks(session: Session, app: App) -> datetime:
    """Return the present moment; clicks of the last seconds are waited for: what made them is not known before."""
    from engage.intake.settling import settled_at
    from engage.sql.connect import reading

    with reading(app.engine).begin() as connection:
        until, now = settled_at(connection), session.moment(None)
    seconds = (until - now).total_seconds() if until is not None else 0
    if until is None or not 0 < seconds <= 10:
        return now
    text = "clicks of the last 10 s are waited for: who follows many links at once is a machine"
    session.warn(sentence(text))
    pause(seconds)
    return max(session.moment(None), until)


def deliver(session: Session, now: Now = None, form: Format = "table") -> None:
    """Render and send what is queued."""
    app, moment = session.app(), session.moment(now)
    with progress(session.read("messages")) as told:
        done = app.deliver(moment, lambda so_far: told(so_far.sent + so_far.cancelled + so_far.failed))
    if form == "json":
        counts = {"sent": done.sent, "cancelled": done.cancelled, "failed": done.failed, "deferred": done.deferred}
        session.write_json({**counts, "notifications": done.notifications, "actions": done.actions})
        return
    text = "{sent} sent, {cancelled} cancelled, {failed} failed, {notifications} notifications to the team"
    session.say(
        sentence(text, sent=done.sent, cancelled=done.cancelled, failed=done.failed, notifications=done.notifications)
    )
    if done.deferred:
        session.say(sentence("{count} messages were refused for now and are tried again later", count=done.deferred))
    if done.actions:
        session.say(sentence("{actions} actions done", actions=done.actions))


def run(
    session: Session,
    every: Annotated[str, typer.Option("--every", metavar="60s", help="How often to tick: 30s, 5m, 1h.")] = "60s",
) -> None:
    """Tick, send and do the nightly work until stopped; a second daemon stands by."""
    from engage.daemon.lead import run as lead_or_stand_by
    from engage.daemon.log import make_log
    from engage.daemon.state import Rhythm

    seconds = read_every(session, every)
    app, stopping = session.app(), Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda _, __: stopping.set())
    drained = lead_or_stand_by(app, Rhythm(every=seconds), session.clock, stopping, make_log(sys.stdout))
    if not drained:
        # A chunk that never ends would keep the process: the database rolls it back.
        sys.stdout.flush()
        os._exit(0)


def read_every(session: Session, text: str) -> float:
    """Return how many seconds ``--every`` says."""
    found = _EVERY.fullmatch(text.strip())
    seconds = int(found[1]) * _SECONDS[found[2] or "s"] if found else 0
    if seconds < 1:
        message = session.read("{text} is not a span of time; write for example 60s, 5m or 1h", text=repr(text))
        raise typer.BadParameter(message, param_hint="--every")
    return float(seconds)

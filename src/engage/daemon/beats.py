"""The heartbeats: each does its work once and lives through whatever goes wrong."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError

from engage.clock import monotonic
from engage.daemon.log import first_line
from engage.daemon.state import Daemon, Stopped
from engage.effects.post import Delivered
from engage.errors import EngageError
from engage.language.zones import local_day
from engage.stepping.nightly import tidy


def beat(daemon: Daemon, name: str, work: Callable[[Daemon], None]) -> None:
    """Do a job once; whatever goes wrong is said and the daemon lives on."""
    try:
        daemon.check()
        work(daemon)
    except Stopped:
        return
    except EngageError as error:
        if isinstance(error.__cause__, DBAPIError) and is_away(error.__cause__):
            _step_down(daemon, error.__cause__)
        else:
            _complain(daemon, name, str(error))
    except DBAPIError as error:
        if is_away(error):
            _step_down(daemon, error)
        else:
            _complain(daemon, name, first_line(error.orig))
    except Exception as error:
        if daemon.complaints.get(name) != repr(error):
            daemon.log.error("failed", job=name, exc_info=error)
            daemon.complaints[name] = repr(error)
    else:
        daemon.complaints.pop(name, None)
        if daemon.failures:
            daemon.failures = 0
            daemon.log.info("database_back")


def is_away(error: DBAPIError) -> bool:
    """Tell an absent database from a statement it did not like."""
    return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError | InternalError)


def _step_down(daemon: Daemon, error: DBAPIError) -> None:
    daemon.lost = daemon.lost or error
    daemon.leaving.set()


def _complain(daemon: Daemon, name: str, why: str) -> None:
    if daemon.complaints.get(name) != why:
        daemon.log.warning("refused", job=name, why=why)
        daemon.complaints[name] = why


def tick(daemon: Daemon) -> None:
    """Bring everything up to the present."""
    begun, paused_at = monotonic(), monotonic()

    def hook(name: str) -> None:
        nonlocal paused_at
        if name.endswith(".after_commit"):
            daemon.check()
            if daemon.app.engine.dialect.name == "sqlite":
                # SQLite has one writer: whoever waits is let in.
                daemon.stopping.wait((monotonic() - paused_at) / 8)
                paused_at = monotonic()

    done = daemon.app.tick(daemon.now(), hook=hook)
    if not done.done:
        daemon.catch_up()
    if done.zones:
        daemon.log.warning("time_zones_changed", zones=list(done.zones))
    if done.chunks:
        daemon.log.info("tick", at=done.at.isoformat(), chunks=done.chunks, seconds=round(monotonic() - begun, 3))


def deliver(daemon: Daemon) -> None:
    """Send what is queued."""
    done = daemon.app.deliver(daemon.now(), daemon.check, patient=True)
    if done != Delivered():
        daemon.log.info(
            "deliver",
            sent=done.sent,
            cancelled=done.cancelled,
            failed=done.failed,
            deferred=done.deferred,
            notifications=done.notifications,
            actions=done.actions,
        )


def digest(daemon: Daemon) -> None:
    """Tell the team of their ToDos, once each business morning."""
    written = daemon.app.digest(daemon.now())
    if written:
        daemon.log.info("digest", written=written)


def bounces(daemon: Daemon) -> None:
    """Note what came back into the box that the settings name."""
    from engage.postbox.box import bounce_box, read_box

    box = bounce_box(daemon.app.settings)
    if box is None:
        return
    noted = read_box(daemon.app, box, daemon.now)
    if noted.total:
        counts = {kind.name.lower(): count for kind, count in sorted(noted.counts.items())}
        daemon.log.info("bounces", **counts)


def nightly(daemon: Daemon) -> None:
    """Tidy up when the daemon begins to lead, and at each new local day."""
    now = daemon.now()
    today = local_day(now, daemon.app.applied().workspace.hours.zone)
    if today != daemon.tidied_on:
        done = tidy(daemon.app.engine, now)
        daemon.tidied_on = today
        daemon.log.info("nightly", repaired=done.repaired, folded=done.folded, removed=dict(done.removed))

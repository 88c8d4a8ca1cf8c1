"""The daemon: APScheduler's heartbeats tick, send and tidy up; one daemon leads, others stand by.

Nothing here knows business time: a heartbeat only asks the engine to bring everything up to the present. A stop
ends the tick between two chunks; the open tick is finished at the next start. When the database goes away the
leader steps down, waits, and leads again.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from threading import Event, Lock, Thread
from typing import Any, TextIO

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError

from engage.app import App
from engage.clock import Clock, NeverBack, monotonic, system_clock
from engage.effects.post import Delivered
from engage.errors import EngageError
from engage.language.zones import local_day
from engage.sql.locks import tried
from engage.stepping.nightly import tidy

#: Seconds to wait before the database is tried again, the last for ever: less than 30, so that is the longest
#: that work stands still after the database is back.
BACKOFF = (1.0, 2.0, 5.0, 10.0, 20.0)
#: A clock that falls behind the steady one by more than this was set back, in seconds.
SET_BACK = 1.0


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often the daemon does what, in seconds."""

    every: float = 60.0
    #: between two tries to lead, while another daemon does
    standby: float = 5.0
    #: how long a stop waits for the chunk at hand
    drain: float = 30.0
    #: between two looks at whether a new day has begun
    nightly: float = 600.0


class Stopped(Exception):
    """Work was asked to end between two chunks; whoever comes next goes on."""


@dataclass
class Daemon:
    """A running daemon."""

    app: App
    rhythm: Rhythm
    wall: Clock
    stopping: Event
    log: Any
    #: set when the leader must step down
    leaving: Event = field(default_factory=Event)
    #: what made the leader step down
    lost: DBAPIError | None = None
    #: how often in a row the database was away
    failures: int = 0
    tidied_on: date | None = None
    #: the last complaint of each job, so that it is not made each minute
    complaints: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._clock, self._lock = NeverBack(self.wall), Lock()

    def now(self) -> datetime:
        """Return the present moment, which never goes back."""
        with self._lock:
            return self._clock()

    def catch_up(self) -> None:
        """Go on from the last tick, which lies ahead of the machine's clock."""
        last = self.app.last_tick()
        if last is not None:
            self.log.warning("clock_went_back", last_tick=last.isoformat(), now=self.now().isoformat())
            with self._lock:
                self._clock.not_before(last)

    def check(self, done: object = None) -> None:  # noqa: ARG002 - a hook is told what was done
        """Raise Stopped where work is to end."""
        if self.stopping.is_set() or self.leaving.is_set():
            raise Stopped


def make_log(stream: TextIO = sys.stdout) -> Any:
    """Return a logger that writes JSON, or colours on a terminal."""
    terminal = stream.isatty()
    last = structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer(ensure_ascii=False)
    steps: list[Any] = [structlog.processors.add_log_level, _stamp, structlog.processors.format_exc_info, last]
    return structlog.wrap_logger(structlog.PrintLogger(stream), processors=steps)


def _stamp(logger: object, name: str, event: Any) -> Any:  # noqa: ARG001
    return {"at": f"{system_clock():%Y-%m-%dT%H:%M:%SZ}", **event}


def run(app: App, rhythm: Rhythm, wall: Clock, stopping: Event, log: Any) -> bool:
    """Lead or stand by until stopped; return whether everything at hand was finished."""
    daemon = Daemon(app, rhythm, wall, stopping, log)
    log.info("started", database=app.engine.dialect.name, every=rhythm.every)
    drained, standing_by = True, False
    while not stopping.is_set():
        try:
            with tried(app.engine, "daemon") as first:
                if first:
                    standing_by = False
                    drained = lead(daemon)
                elif not standing_by:
                    standing_by = True
                    log.info("standing_by")
            if not first:
                daemon.failures = 0
                stopping.wait(rhythm.standby)
        except DBAPIError as error:
            _wait_for_database(daemon, error)
    log.info("stopped", drained=drained)
    app.engine.dispose()
    return drained


def _wait_for_database(daemon: Daemon, error: DBAPIError) -> None:
    """Say once for each try that the database is away, and wait."""
    seconds = BACKOFF[min(daemon.failures, len(BACKOFF) - 1)]
    daemon.failures += 1
    daemon.app.engine.dispose()
    daemon.log.warning("database_away", why=_first_line(error.orig), again_in=seconds)
    daemon.stopping.wait(seconds)


def _first_line(error: object) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def lead(daemon: Daemon) -> bool:
    """Run the heartbeats until stopped; return whether all work at hand was finished.

    Raises DBAPIError when the database went away.
    """
    daemon.leaving.clear()
    daemon.lost = None
    scheduler = _scheduler()
    _offer(daemon, scheduler)
    scheduler.start()
    if not daemon.failures:
        daemon.log.info("leading")
    try:
        _watch(daemon, scheduler)
    finally:
        daemon.leaving.set()
        drained = _drain(scheduler, daemon.rhythm.drain)
    if daemon.lost is not None and not daemon.stopping.is_set():
        raise daemon.lost
    return drained


def _scheduler() -> BackgroundScheduler:
    """Return a scheduler with UTC heartbeats in memory and nothing else."""
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
    defaults = {"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
    return BackgroundScheduler(
        timezone=UTC, job_defaults=defaults, executors={"default": ThreadPoolExecutor(max_workers=3)}
    )


def _offer(daemon: Daemon, scheduler: BackgroundScheduler) -> None:
    """Add the heartbeats; each beats at once, then at its interval."""
    rhythm = daemon.rhythm
    beats: tuple[tuple[str, Callable[[Daemon], None], float], ...] = (
        ("tick", tick, rhythm.every),
        ("deliver", deliver, rhythm.every),
        ("nightly", nightly, rhythm.nightly),
    )
    for name, work, seconds in beats:
        trigger = IntervalTrigger(seconds=seconds, timezone=UTC)
        scheduler.add_job(beat, trigger, (daemon, name, work), id=name, next_run_time=system_clock())


def _watch(daemon: Daemon, scheduler: BackgroundScheduler) -> None:
    """Wait for the end; a clock that is set back would stall the heartbeats, so they beat anew."""
    offset = _offset(daemon)
    while not daemon.stopping.wait(0.5) and not daemon.leaving.is_set():
        fresh = _offset(daemon)
        if fresh < offset - SET_BACK:
            daemon.log.warning("clock_went_back", seconds=round(offset - fresh, 3))
            for job in scheduler.get_jobs():
                job.modify(next_run_time=system_clock())
        offset = fresh


def _offset(daemon: Daemon) -> float:
    """Return how far the wall clock is ahead of the steady one, in seconds; only changes mean something."""
    return daemon.wall().timestamp() - monotonic()


def _drain(scheduler: BackgroundScheduler, seconds: float) -> bool:
    """Wait for the work at hand; return whether it ended in time."""
    ending = Thread(target=scheduler.shutdown, daemon=True)
    ending.start()
    ending.join(seconds)
    return not ending.is_alive()


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
            _complain(daemon, name, _first_line(error.orig))
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
    if done.chunks:
        daemon.log.info("tick", at=done.at.isoformat(), chunks=done.chunks, seconds=round(monotonic() - begun, 3))


def deliver(daemon: Daemon) -> None:
    """Send what is queued."""
    done = daemon.app.deliver(daemon.now(), daemon.check)
    if done != Delivered():
        daemon.log.info(
            "deliver", sent=done.sent, cancelled=done.cancelled, failed=done.failed, notifications=done.notifications
        )


def nightly(daemon: Daemon) -> None:
    """Tidy up when the daemon begins to lead, and at each new local day."""
    today = local_day(daemon.now(), daemon.app.applied().workspace.hours.zone)
    if today != daemon.tidied_on:
        done = tidy(daemon.app.engine)
        daemon.tidied_on = today
        daemon.log.info("nightly", repaired=done.repaired, folded=done.folded)

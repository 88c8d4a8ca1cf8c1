"""Leading and standing by: who holds the lock runs the heartbeats, the others wait for their turn."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC
from threading import Event, Thread
from typing import Any

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy.exc import DBAPIError

from engage.app import App
from engage.clock import Clock, monotonic, system_clock
from engage.daemon.beats import beat, bounces, deliver, digest, nightly, tick
from engage.daemon.log import first_line
from engage.daemon.state import Daemon, Rhythm
from engage.sql.locks import tried

#: Seconds to wait before the database is tried again, the last for ever: less than 30, so that is the longest
#: that work stands still after the database is back.
BACKOFF = (1.0, 2.0, 5.0, 10.0, 20.0)
#: A clock that falls behind the steady one by more than this was set back, in seconds.
SET_BACK = 1.0


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
    daemon.log.warning("database_away", why=first_line(error.orig), again_in=seconds)
    daemon.stopping.wait(seconds)


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
        timezone=UTC, job_defaults=defaults, executors={"default": ThreadPoolExecutor(max_workers=4)}
    )


def _offer(daemon: Daemon, scheduler: BackgroundScheduler) -> None:
    """Add the heartbeats; each beats at once, then at its interval."""
    rhythm = daemon.rhythm
    beats: tuple[tuple[str, Callable[[Daemon], None], float], ...] = (
        ("tick", tick, rhythm.every),
        ("deliver", deliver, rhythm.every),
        ("digest", digest, rhythm.every),
        ("nightly", nightly, rhythm.nightly),
        *((("bounces", bounces, rhythm.every),) if daemon.app.settings.bounce_box else ()),
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

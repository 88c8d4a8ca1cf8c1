"""``engage start``, ``pause``, ``resume`` and ``stop``: the life of scenarios."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from engage.cli.session import Now, Session, Yes
from engage.wording import sentence

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from engage.plan.moves import Plans

Keys = Annotated[list[str], typer.Argument(metavar="SCENARIO…", help="One or several scenarios.")]


def start(session: Session, scenarios: Keys, now: Now = None) -> None:
    """Let scenarios run: from now on prospects enter them."""
    from engage.stepping import states

    _each(session, "start", scenarios, now, states.start)
    for key in scenarios:
        session.say(sentence("{key} runs; the next tick lets prospects in", key=key))


def pause(session: Session, scenarios: Keys, now: Now = None) -> None:
    """Pause scenarios: nobody enters or leaves, durations stand still."""
    from engage.stepping import states

    _each(session, "pause", scenarios, now, lambda connection, _, key, at: states.pause(connection, key, at))
    for key in scenarios:
        session.say(sentence("{key} is paused; go on with: engage resume {key}", key=key))


def resume(session: Session, scenarios: Keys, now: Now = None) -> None:
    """Let paused scenarios go on: what was left of each wait is left still."""
    from engage.stepping import states

    _each(session, "resume", scenarios, now, states.resume)
    for key in scenarios:
        session.say(sentence("{key} goes on", key=key))


def stop(session: Session, scenarios: Keys, yes: Yes = False, now: Now = None) -> None:
    """End scenarios and all their runs; shows how many, and asks at a terminal."""
    from engage.accounts import audit
    from engage.sql.codes import CHUNK
    from engage.stepping import states

    app = session.app()
    with app.engine.begin() as connection:
        counts = {key: states.open_runs(connection, key) for key in scenarios}
    for key, count in counts.items():
        session.say(sentence("{key}: {count} runs would end", key=key, count=count))
    if not yes and session.is_terminal and not session.asks(sentence("Stop for good?")):
        session.warn(sentence("nothing was changed"))
        raise typer.Exit(1)
    moment, plans = session.moment(now), app.applied().plans
    with app.engine.begin() as connection:
        ended = {key: states.stop(connection, plans, key, moment, CHUNK) for key in scenarios}
        for key, count in ended.items():
            detail = {"ended": count}
            audit.note(connection, audit.command_line(), "scenario_stop", f"scenario:{key}", moment, detail)
    for key, count in ended.items():
        session.say(sentence("{key} is stopped: {count} runs ended", key=key, count=count))


def _each(
    session: Session,
    deed: str,
    keys: list[str],
    now: str | None,
    change: Callable[[Connection, Plans, str, datetime], None],
) -> None:
    """Change the state of scenarios, all or none, and note it in the audit log."""
    from engage.accounts import audit

    app, moment = session.app(), session.moment(now)
    plans = app.applied().plans
    with app.engine.begin() as connection:
        for key in dict.fromkeys(keys):
            change(connection, plans, key, moment)
            audit.note(connection, audit.command_line(), f"scenario_{deed}", f"scenario:{key}", moment)

"""``engage release``: what a restored or copied database would send, and letting it go."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from engage.cli.session import Now, Session, Yes
from engage.wording import sentence

if TYPE_CHECKING:
    from engage.app import App
    from engage.effects.stale import Stale
    from engage.reports.going_out import GoingOut
    from engage.reports.health import Hold

_AGE = re.compile(r"([0-9]{1,4})\s*(h|d|w)")
_HOURS = {"h": 1, "d": 24, "w": 168}
#: What is older is pointed out in the preview.
_OLD = timedelta(days=2)
Older = Annotated[
    str | None, typer.Option("--drop-older", metavar="2d", help="Give up what was queued longer ago: 12h, 2d, 1w.")
]


def release(session: Session, yes: Yes = False, drop_older: Older = None, now: Now = None) -> None:
    """Let mail go out of a database that was restored or copied; shows what would go and asks."""
    moment = session.moment(now)
    age = None if drop_older is None else _age(session, drop_older)
    app = session.app()
    hold = app.hold(moment)
    if hold is None:
        session.say(sentence("nothing is in hold: the next delivery hands over what is queued"))
        return
    _show(session, app, hold, moment, age)
    session.agrees(sentence("Let this go out?"), yes=yes)
    dropped = app.release(moment, None if age is None else moment - age)
    if age is not None:
        session.say(_dropped(session, dropped))
    session.say(sentence("released: the next delivery hands over what is queued"))


def _age(session: Session, text: str) -> timedelta:
    """Return the age that ``2d`` says."""
    found = _AGE.fullmatch(text.strip())
    if found is None:
        message = session.read("{text} is no age; write for example 12h, 2d or 1w", text=repr(text))
        raise typer.BadParameter(message, param_hint="--drop-older")
    return timedelta(hours=int(found[1]) * _HOURS[found[2]])


def _show(session: Session, app: App, hold: Hold, now: datetime, age: timedelta | None) -> None:
    """Print what would go out, and what would be given up."""
    from engage.effects.stale import count_stale
    from engage.reports.going_out import going_out
    from engage.sql.connect import reading

    with reading(app.engine).begin() as connection:
        found = going_out(connection, now)
        old = count_stale(connection, now - (age or _OLD))
    session.say(sentence("in hold since {at}", at=session.shown(hold.since)))
    session.say(hold.sentence)
    session.say("")
    if found.mails:
        session.say(_table(session, found))
        session.say("")
    text = "at once: {messages} messages, {notices} notifications, {actions} actions · later: {later} messages"
    counts = {"messages": found.at_once, "notices": found.notices, "actions": found.actions, "later": found.later}
    session.say(sentence(text, **counts))
    if age is not None:
        text = "given up before that: {messages} messages, {notices} notifications, {calls} calls that are older"
        session.say(sentence(text, messages=old.messages, notices=old.notices, calls=old.calls))
    elif old.messages:
        text = "{count} messages are older than 2 days; --drop-older 2d gives such up"
        session.say(sentence(text, count=old.messages))
    if found.in_doubt:
        text = "{count} messages are in doubt and stay so; see: engage messages --status in_doubt"
        session.say(sentence(text, count=found.in_doubt))
    text = "e-mails that went out elsewhere since this state was saved are not known here: they would go out again"
    session.warn(sentence(text))
    text = "nor are opt-outs: first engage import unsubscribes FILE, then engage tick, which queues all that is due"
    session.warn(sentence(text))


def _table(session: Session, found: GoingOut) -> str:
    from engage.cli.tables import table

    shown = dict(zip(("queued", "in_doubt"), session.words("queued", "in doubt"), strict=True))
    header = session.words("template", "status", "messages", "oldest queued", "newest queued")
    rows = [
        (one.template, shown[one.status], one.count, session.shown(one.oldest), session.shown(one.newest))
        for one in found.mails
    ]
    return table(header, rows, right=(2,))


def _dropped(session: Session, dropped: Stale) -> str:
    text = "given up: {messages} messages, {notices} notifications, {calls} calls"
    return session.read(text, messages=dropped.messages, notices=dropped.notices, calls=dropped.calls)

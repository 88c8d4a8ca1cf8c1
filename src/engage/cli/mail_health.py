"""What ``engage doctor`` says of mail: what holds it up, what waits, and whether the mail server would take it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from engage.cli.session import Session
from engage.errors import EngageError
from engage.reports.words import returned_words
from engage.wording import sentence

if TYPE_CHECKING:
    from engage.app import App
    from engage.reports.health import Finding

#: A certificate that is good for fewer days than this is to be renewed.
SOON = 14


def mail(session: Session, app: App, now: datetime) -> Iterator[Finding]:
    """Yield what is to be said of mail."""
    from engage.reports.health import mail_findings, mail_health
    from engage.reports.returned import counts
    from engage.sql.connect import reading

    app.hold(now)
    with reading(app.engine).begin() as connection:
        health = mail_health(connection, now)
        came = counts(connection, now)
    yield from mail_findings(health, now, session.shown)
    for way in (_way_out(session, now), _way_back(session)):
        try:
            yield from way
        except EngageError as error:
            yield "bad", error.message
    if came:
        shown = returned_words(session)
        told = ", ".join(f"{shown[kind]} {count}" for kind, count in came.items())
        yield "ok", sentence("what came back in 30 days: {counts}", counts=told)


def _way_out(session: Session, now: datetime) -> Iterator[Finding]:
    """Yield how the mail server is. Raises what a delivery would raise."""
    from engage.effects.mail_server import mail_server
    from engage.effects.probe import reach
    from engage.effects.public import is_reached_here_only, public_address
    from engage.effects.return_path import bounce_address

    bounce_address(session.settings)
    address = public_address(session.settings)
    server = mail_server(session.settings)
    if server is None:
        folder = session.workspace / "outbox"
        yield "ok", sentence("no mail server is set: each message becomes a file in {folder}", folder=folder)
        return
    if is_reached_here_only(address):
        text = "the links of mails lead to {address}, which no reader can reach: set ENGAGE_BASE_URL"
        yield "note", sentence(text, address=address)
    if session.settings.secret_key is None:
        yield (
            "note",
            sentence(
                "the links of mails are signed without a key of yours and nothing is tracked: set ENGAGE_SECRET_KEY"
            ),
        )
    reached = reach(server)
    days = reached.days_left(now)
    if days is None:
        yield "ok", sentence("the mail server {server} is ready, without encryption", server=reached.server)
    elif days < SOON:
        text = "the mail server {server} is ready, but its certificate is good for {days} days only"
        yield "note", sentence(text, server=reached.server, days=days)
    else:
        text = "the mail server {server} is ready, its certificate is good for {days} days"
        yield "ok", sentence(text, server=reached.server, days=days)


def _way_back(session: Session) -> Iterator[Finding]:
    """Yield how the way back of mail is set. Raises what a wrong setting raises."""
    from engage.effects.return_path import opt_out_address
    from engage.intake.returned.in_words import require
    from engage.postbox.box import bounce_box

    settings = session.settings
    opt_out_address(settings)
    told = settings.bounce_address or settings.ses_topics or settings.sendgrid_key or settings.mailgun_key
    if settings.smtp_url is not None and not told:
        yield "note", sentence("bounces go to the sender and count nowhere: set ENGAGE_BOUNCE_ADDRESS")
    if bounce_box(settings) is not None:
        require()

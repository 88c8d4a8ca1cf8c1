"""``engage listen-bounces``: mail that came back is taken by LMTP or SMTP, or read from a box, and noted."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

from engage.cli.session import Session
from engage.cli.ticking import read_every
from engage.errors import EngageError, Refused
from engage.wording import Sentence, sentence

if TYPE_CHECKING:
    from engage.app import App
    from engage.intake.returned.judging import Back
    from engage.postbox.box import Box
    from engage.postbox.listener import Place
    from engage.postbox.noted import Noted

_WHERE = "PORT of this machine as 127.0.0.1:10024, or a socket as unix:/run/engage/bounces."


def listen_bounces(
    session: Session,
    lmtp: Annotated[str | None, typer.Option("--lmtp", metavar="PLACE", help=f"Listen by LMTP at a {_WHERE}")] = None,
    smtp: Annotated[str | None, typer.Option("--smtp", metavar="PLACE", help=f"Listen by SMTP at a {_WHERE}")] = None,
    maildir: Annotated[
        Path | None, typer.Option("--maildir", metavar="DIR", help="Read the new mails of a maildir.")
    ] = None,
    imap: Annotated[
        str | None,
        typer.Option(
            "--imap", metavar="URL", help="Read the unseen mails of imaps://user@host/FOLDER; the password comes from "
            "ENGAGE_BOUNCE_PASSWORD."
        ),
    ] = None,
    every: Annotated[
        str | None, typer.Option("--every", metavar="5m", help="Read the box again and again; else once.")
    ] = None,
) -> None:  # fmt: skip
    """Take bounces, complaints and opt-outs by mail: listen for them, or read them from a box."""
    ways = [way for way in (lmtp, smtp, maildir, imap) if way is not None]
    if len(ways) > 1:
        raise Refused(sentence("one way at a time: --lmtp, --smtp, --maildir or --imap"))
    if lmtp is not None or smtp is not None:
        if every is not None:
            raise Refused(sentence("--every is for a box; a listener listens until it is stopped"))
        _listen(session, session.app(), lmtp, smtp)
        return
    box = _box(session, maildir, imap)
    seconds = None if every is None else read_every(session, every)
    app, stopping = session.app(), _stop_signals()
    if seconds is None:
        _say(session, _read(session, app, box))
    while seconds is not None and not stopping.is_set():
        try:
            _say(session, _read(session, app, box), quiet=True)
        except EngageError as error:
            session.warn(error.message)
        stopping.wait(seconds)


def _box(session: Session, maildir: Path | None, imap: str | None) -> Box:
    """Return the box to read: of an option, else of the settings."""
    from engage.postbox.box import bounce_box
    from engage.postbox.imap import imap_box

    if maildir is not None:
        return session.here / maildir
    if imap is not None:
        return imap_box(imap, session.settings.bounce_password)
    box = bounce_box(session.settings)
    if box is None:
        text = "where do bounces come to? Name --lmtp, --smtp, --maildir or --imap, or set ENGAGE_BOUNCE_BOX"
        raise Refused(sentence(text))
    return box


def _read(session: Session, app: App, box: Box) -> Noted:
    from engage.app import outside
    from engage.postbox.box import read_box

    with outside():
        return read_box(app, box, session.clock)


def _stop_signals() -> Event:
    stopping = Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda _, __: stopping.set())
    return stopping


def _listen(session: Session, app: App, lmtp: str | None, smtp: str | None) -> None:
    """Listen until stopped; then the mails at hand are finished."""
    from engage.intake.returned.in_words import require
    from engage.postbox.listener import Listener, listen, place_of
    from engage.postbox.names import names
    from engage.postbox.noted import Noted, write

    require()
    source = "smtp" if lmtp is None else "lmtp"
    place = place_of("smtp" if lmtp is None else "lmtp", lmtp or smtp or "")

    def written(backs: Sequence[Back]) -> Noted:
        return write(app.engine, backs, source, session.clock)

    def told(found: Noted | Exception) -> None:
        if isinstance(found, Noted):
            _say(session, found, quiet=True)
        else:
            session.warn(sentence("a mail could not be noted; its server tries again: {why}", why=_first_line(found)))

    def ready(found: Place) -> None:
        session.say(sentence("listening for bounces by {way} at {place}", way=source.upper(), place=found.name))

    async def run() -> None:
        stopping, loop = asyncio.Event(), asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stopping.set)
        await listen(place, Listener(names(session.settings), written, told), stopping, ready)

    asyncio.run(run())


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _say(session: Session, noted: Noted, *, quiet: bool = False) -> None:
    """Print what was noted; ``quiet``: nothing where that is nothing."""
    if not noted.total:
        if not quiet:
            session.say(sentence("nothing new came back"))
    else:
        session.say(sentence("noted: {counts}", counts=_counts(session, noted)))
    if noted.strange and not quiet:
        session.say(
            sentence("{count} mails in the box are not about mail of ours and were left alone", count=noted.strange)
        )


def _counts(session: Session, noted: Noted) -> Sentence | str:
    from engage.reports.words import returned_words

    shown = returned_words(session)
    return ", ".join(f"{shown[kind]} {count}" for kind, count in sorted(noted.counts.items()) if count)

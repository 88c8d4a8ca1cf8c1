"""``engage serve``: the staff pages, and the public pages for whoever gets our mails."""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from engage.cli.session import Session
from engage.settings import environment
from engage.wording import sentence

if TYPE_CHECKING:
    from engage.app import App
    from engage.web.exchange import Application


def serve(
    session: Session,
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any that is free.")] = 8000,
    workers: Annotated[int, typer.Option("--workers", min=1, max=64, help="How many processes answer.")] = 1,
    trusted: Annotated[
        str,
        typer.Option(
            "--trusted-proxies",
            metavar="ADDRESSES",
            help="Proxies in front whose X-Forwarded-For is believed: addresses and networks, divided by commas.",
        ),
    ] = "127.0.0.1,::1",
) -> None:
    """Serve the staff pages, and answer the links of mails: pixel, clicks, view, unsubscribing, preferences."""
    from engage.effects.public import public_address
    from engage.web.serving import Place, listen
    from engage.web.serving import serve as answer
    from engage.web.site import check

    check(session.settings)
    if (weak := session.settings.weak_key) is not None:
        session.warn(weak)
    app, public = session.app(), public_address(session.settings)
    app.hold(session.clock())
    first = _first_link(session, app)
    app.engine.dispose()
    place = Place(host, port, workers, _addresses(session, trusted))
    listening = listen(place)
    # The processes that answer find the workspace as this one did, whatever option named it.
    os.environ["ENGAGE_WORKSPACE"] = str(session.workspace.resolve())

    def begun() -> None:
        shown = f"[{host}]" if ":" in host else host
        text = "engage listens on http://{host}:{port} (processes: {workers}); the links of mails lead to {public}"
        where = {"host": shown, "port": listening.getsockname()[1], "workers": workers}
        session.say(sentence(text, **where, public=public))
        if first is not None:
            session.say(sentence("become the first administrator (works once, for a day): {link}", link=first))
        sys.stdout.flush()

    with _counts(workers):
        answer(place, listening, "engage.cli.serving:worker", begun)


@contextmanager
def _counts(workers: int) -> Iterator[None]:
    """Have several processes count their requests where each finds the others' counts, for as long as they run."""
    from engage.web.counting import FOLDER

    if workers == 1 or os.environ.get(FOLDER):
        yield
        return
    with TemporaryDirectory(prefix="engage-counts-") as folder:
        os.environ[FOLDER] = folder
        try:
            yield
        finally:
            del os.environ[FOLDER]


def _first_link(session: Session, app: App) -> str | None:
    """Return the link by which the first administrator comes in, as long as none can."""
    from engage.accounts.invitations import come_in, invite
    from engage.accounts.proving import is_settled

    settings = app.settings
    with app.engine.begin() as connection:
        if is_settled(connection):
            return None
        number = invite(connection, "first", None, session.clock())
    return come_in(settings.base_url, settings.secret_key or "", number)


def worker() -> Application:
    """Return the application of one process."""
    from engage.daemon.log import make_log
    from engage.web.application import application
    from engage.web.site import Site

    session = Session(environment(), Path.cwd())
    return application(Site(session.app(), make_log(sys.stdout), session.clock))


def _addresses(session: Session, text: str) -> tuple[str, ...]:
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    for part in found:
        try:
            ipaddress.ip_network(part, strict=False)
        except ValueError:
            message = session.read("{text} is no address and no network, such as 10.0.0.0/8", text=repr(part))
            raise typer.BadParameter(message, param_hint="--trusted-proxies") from None
    return found

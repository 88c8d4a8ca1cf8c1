"""The web pages after a demo: served on this machine, with a clock that goes on from the demo's last day."""

from __future__ import annotations

import secrets
import sys
from datetime import datetime
from pathlib import Path

from engage.cli.session import Session
from engage.clock import later_on
from engage.errors import Outside
from engage.wording import sentence

HOST = "127.0.0.1"
#: Where they listen; if somebody does there already, anywhere.
PORT = 8000


def serve_demo(session: Session, folder: Path, ended: datetime) -> None:
    """Serve the pages of a demo's workspace until somebody ends it."""
    from engage.accounts.invitations import come_in, invite
    from engage.app import open_app
    from engage.daemon.log import make_log
    from engage.settings import read_settings
    from engage.web.application import application
    from engage.web.serving import Place, listen, serve
    from engage.web.site import Site

    place = Place(HOST, PORT, 1, ())
    try:
        listening = listen(place)
    except Outside:
        listening = listen(Place(HOST, 0, 1, ()))
    address, key = f"http://localhost:{listening.getsockname()[1]}", secrets.token_urlsafe()
    app = open_app(read_settings({"ENGAGE_SECRET_KEY": key, "ENGAGE_BASE_URL": address}, folder))
    clock = later_on(ended)
    with app.engine.begin() as connection:
        link = come_in(address, key, invite(connection, "first", None, clock()))

    def begun() -> None:
        session.say("")
        session.say(sentence("the web pages: open {link} and become the administrator (Ctrl+C ends)", link=link))
        sys.stdout.flush()

    serve(place, listening, application(Site(app, make_log(sys.stderr), clock)), begun)

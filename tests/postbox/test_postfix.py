"""The whole way through a real Postfix: a mail that it takes and cannot deliver comes back, and no more mail goes."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine

from engage.clock import system_clock
from engage.effects.delivery import deliver
from engage.effects.post import Delivered
from engage.postbox.maildir import read_maildir
from engage.postbox.names import names
from engage.postbox.noted import write
from engage.sql.codes import Returned
from tests.effects.mailroom import NOW, add_message, add_prospect, message_rows
from tests.effects.test_smtp import by_smtp
from tests.postbox.returning import BASE, BOUNCES, SECRET, SETTINGS, happened, listening, noted, workspace
from tests.support.mail_server import mail_server, only
from tests.support.postfix import postfix

WAIT = 30.0


def queued(engine: Engine) -> None:
    """Queue one mail to a person whose server will not have it, and one to a person who gets it."""
    add_prospect(engine, 1, email="gone@far.example")
    add_prospect(engine, 2, email="p2@example.com")
    for key in (1, 2):
        add_message(engine, key)


def delivered(engine: Engine, port: int, bounce_address: str, after: timedelta = timedelta()) -> Delivered:
    with by_smtp(port) as post:
        from dataclasses import replace

        own = replace(post, bounce_address=bounce_address, secret_key=SECRET, base_url=BASE)
        return deliver(engine, own, NOW + after)


def refused_from_now_on(engine: Engine, port: int, bounce_address: str) -> None:
    """Queue a second mail to both: only the living one gets it."""
    for key in (1, 2):
        add_message(engine, 10 + key, prospect=key, enrolment_id=10 + key)
    done = delivered(engine, port, bounce_address, timedelta(minutes=1))
    assert done == Delivered(sent=1, cancelled=1)
    assert message_rows(engine)[11] == ("cancelled", "do_not_email")


def test_a_report_comes_back_by_lmtp(engine: Engine, schema_url: str, tmp_path: Path) -> None:
    """R58, S72: what Postfix cannot deliver it hands to the listener, which suppresses the person and nobody else."""
    queued(engine)
    away = only("rcpt", "550 5.1.1 no such user", "gone@")
    with (
        listening(workspace(tmp_path), schema_url, "--lmtp", "127.0.0.1:0") as listener,
        mail_server(away) as far,
        postfix(far=f"smtp:[127.0.0.1]:{far.port}", back=f"lmtp:inet:127.0.0.1:{listener.port}") as server,
    ):
        assert delivered(engine, server.port, "bounces@back.example") == Delivered(sent=2)
        begun = system_clock()
        while not noted(engine) and (system_clock() - begun).total_seconds() < WAIT:
            threading.Event().wait(0.1)
        assert noted(engine) == [(1, "hard")], server.log()
        assert (1, "email_bounced") in happened(engine)
        refused_from_now_on(engine, server.port, "bounces@back.example")
        assert len(server.mails(2)) == 2
        # Nothing was answered: all that Postfix still has would be a mail of ours.
        assert "status=sent (250 2.0.0 noted)" in server.log()


def test_a_report_comes_back_into_a_maildir(engine: Engine) -> None:
    queued(engine)
    away = only("rcpt", "550 5.1.1 no such user", "gone@")
    with mail_server(away) as far, postfix(far=f"smtp:[127.0.0.1]:{far.port}") as server:
        assert delivered(engine, server.port, BOUNCES) == Delivered(sent=2)
        (mail,) = server.mails(1, "returned")
        assert b"gone@far.example" in mail
        done = read_maildir(
            server.returned, names(SETTINGS), lambda backs: write(engine, backs, "maildir", system_clock)
        )
        assert done.counts == {Returned.HARD: 1}
        refused_from_now_on(engine, server.port, BOUNCES)

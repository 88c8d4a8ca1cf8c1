"""Mail by SMTP, against a server that says no, or nothing, at each point: who got what, and what is told of it."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from engage.clock import monotonic
from engage.effects.delivery import deliver
from engage.effects.lane import Stop, make_lane, read_stop, stop, take_turns
from engage.effects.mail_server import Encryption, MailServer
from engage.effects.post import Delivered, Post
from engage.effects.smtp import SmtpChannel
from engage.effects.waiting import GIVEN_UP
from engage.errors import Outside
from engage.sql import tables as t
from tests.effects.mailroom import (
    NOW,
    add_message,
    add_people,
    add_prospect,
    add_users,
    message_rows,
    parsed,
    post,
)
from tests.support.mail_server import DROP, TAKE_AND_DROP, mail_server, only, usual

LATER = NOW + timedelta(minutes=10)


@contextmanager
def by_smtp(port: int, **changes: object) -> Iterator[Post]:
    """Give a post that goes to a server on this machine."""
    given: dict[str, object] = {"host": "127.0.0.1", "encryption": "none", "connections": 1, **changes}
    with closing(SmtpChannel(MailServer(port=port, **given))) as channel:  # type: ignore[arg-type]
        yield post(channel)


def sent(engine: Engine, port: int, now: datetime = NOW, **changes: object) -> Delivered | str:
    """Deliver by SMTP; return what was done, or what was said against it."""
    with by_smtp(port, **changes) as mail:
        try:
            return deliver(engine, mail, now)
        except Outside as error:
            return str(error)


def statuses(engine: Engine) -> list[str]:
    return [status for _, (status, _) in sorted(message_rows(engine).items())]


def stopped(engine: Engine) -> Stop | None:
    with engine.connect() as connection:
        return read_stop(connection)


@dataclass(frozen=True)
class Case:
    """A reply, and what becomes of the message it is given to and of the next one."""

    command: str
    answer: str
    first: str
    second: str
    #: what is said of the way out; None: it is open
    stops: str | None = None
    #: whether the first message was left to go later
    waits: bool = False

    def __str__(self) -> str:
        return f"{self.command} {self.answer}"


AWAY, REFUSES, DOUBT = "is away", "refuses us", "in doubt"
CASES = [
    # before there is a mail: it says nothing of any
    Case("connect", "554 5.7.1 your network is listed", "queued", "queued", REFUSES),
    Case("connect", "421 4.3.2 too busy", "queued", "queued", AWAY),
    Case("connect", DROP, "queued", "queued", AWAY),
    Case("ehlo", DROP, "queued", "queued", AWAY),
    # the sender
    Case("mail", "550 5.1.8 sender unknown", "queued", "queued", REFUSES, waits=True),
    Case("mail", "530 5.7.0 log in first", "queued", "queued", REFUSES, waits=True),
    Case("mail", "451 4.3.0 later", "queued", "queued", waits=True),
    Case("mail", DROP, "queued", "queued", AWAY, waits=True),
    # the recipient
    Case("rcpt", "550 5.1.1 no such user", "sent", "sent"),
    Case("rcpt", "550 no such user here", "sent", "sent"),
    Case("rcpt", "450 4.2.0 greylisted", "queued", "sent", waits=True),
    Case("rcpt", "552 5.2.2 mailbox full", "queued", "sent", waits=True),
    Case("rcpt", "550 5.7.1 relaying denied", "queued", "sent", waits=True),
    Case("rcpt", "550 relay not permitted", "queued", "sent", waits=True),
    Case("rcpt", "554 no", "queued", "sent", waits=True),
    Case("rcpt", "500 5.3.0 what", "queued", "sent", waits=True),
    Case("rcpt", "530 5.7.0 log in first", "queued", "queued", REFUSES, waits=True),
    Case("rcpt", DROP, "queued", "queued", AWAY, waits=True),
    # the content
    Case("data", "451 4.3.0 later", "queued", "sent", waits=True),
    Case("data", "552 5.3.4 too large", "failed", "sent"),
    Case("data", DROP, "queued", "queued", AWAY, waits=True),
    Case("content", DROP, "in_doubt", "queued", DOUBT),
    Case("dot", "421 4.3.0 going down", "queued", "sent", waits=True),
    Case("dot", "452 4.3.1 disk full", "queued", "sent", waits=True),
    Case("dot", "550 5.1.1 no such user", "sent", "sent"),
    Case("dot", "554 5.6.0 cannot read this", "failed", "sent"),
    Case("dot", "554 5.7.1 this is spam", "queued", "sent", waits=True),
    Case("dot", "what?", "in_doubt", "queued", DOUBT),
    Case("dot", DROP, "in_doubt", "queued", DOUBT),
    Case("dot", TAKE_AND_DROP, "in_doubt", "queued", DOUBT),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_a_server_says_decides_what_becomes_of_a_message(sqlite_engine: Engine, case: Case) -> None:
    """FAULTS R02, R04, R54: nothing is lost, nothing goes twice, and who is at fault is told apart."""
    add_people(sqlite_engine, 2)
    with mail_server(only(case.command, case.answer)) as server:
        told = sent(sqlite_engine, server.port)
        assert statuses(sqlite_engine) == [case.first, case.second]
        lane = stopped(sqlite_engine)
        if case.stops is None:
            assert lane is None
            assert isinstance(told, Delivered)
        else:
            assert lane is not None
            assert case.stops in lane.reason
            assert case.stops in str(told)
        with sqlite_engine.connect() as connection:
            row = connection.execute(select(t.messages).where(t.messages.c.id == 1)).one()
            assert (row.try_at is not None) == case.waits
            barred = connection.scalars(select(t.standings.c.do_not_email)).all()
        assert not any(barred)
        server.script = usual
        assert isinstance(sent(sqlite_engine, server.port, LATER), Delivered)
        assert not any(said.startswith("503") for said in server.said)
    after = ["sent" if status == "queued" else status for status in (case.first, case.second)]
    assert statuses(sqlite_engine) == after
    bounced = case.first == "sent"
    at_the_server = ["p1@example.com"] if (not bounced and after[0] == "sent") or case.answer == TAKE_AND_DROP else []
    assert server.recipients == [*at_the_server, "p2@example.com"]
    assert stopped(sqlite_engine) is None


def test_a_refused_recipient_is_as_good_as_bounced(engine: Engine) -> None:
    """The message counts as sent and as hard bounced, and nothing more goes to that prospect."""
    add_people(engine, 2)
    add_message(engine, 3, prospect=1, enrolment_id=9)
    with mail_server(only("rcpt", "550 5.1.1 no such user")) as server:
        assert sent(engine, server.port) == Delivered(sent=2, cancelled=1)
    assert message_rows(engine) == {
        1: ("sent", "550 5.1.1 no such user"),
        2: ("sent", None),
        3: ("cancelled", "do_not_email"),
    }
    a, w = t.activities.c, t.words.c
    with engine.connect() as connection:
        chosen = select(w.text, a.message_id, a.properties).join(t.words, w.id == a.type_id).order_by(a.id)
        rows = connection.execute(chosen).all()
    assert [row[:2] for row in rows] == [("email_sent", 1), ("email_bounced", 1), ("email_sent", 2)]
    assert '"hard"' in rows[1].properties


def minutes(span: timedelta) -> int:
    return round(span / timedelta(minutes=1))


def test_a_deferred_message_waits_longer_each_time_and_fails_after_five_days(sqlite_engine: Engine) -> None:
    """FAULTS R50: five minutes at first, then longer, never lost in silence."""
    add_people(sqlite_engine, 1)
    tries, at = list[datetime](), NOW
    with mail_server(only("rcpt", "450 4.2.0 greylisted")) as server:
        while statuses(sqlite_engine) == ["queued"]:
            tries.append(at)
            sent(sqlite_engine, server.port, at)
            with sqlite_engine.connect() as connection:
                row = connection.execute(select(t.messages)).one()
            if row.try_at is not None:
                before = row.try_at - timedelta(microseconds=1)
                assert sent(sqlite_engine, server.port, before) == Delivered()
                at = row.try_at
    # In minutes: the seconds that a delivery lasts count, and a busy machine may take one.
    pauses = [minutes(after - before) for before, after in pairwise(tries)]
    assert pauses[:4] == [5, 5, 10, 20]
    assert max(pauses) == 4 * 60
    assert minutes(tries[-1] - tries[0]) == minutes(GIVEN_UP)
    assert message_rows(sqlite_engine) == {1: ("failed", "450 4.2.0 greylisted")}


def test_a_server_that_refuses_us_is_left_alone_for_a_while(sqlite_engine: Engine) -> None:
    """The daemon is patient, a person at the command line is not; one mail tries for all."""
    add_people(sqlite_engine, 3)
    with mail_server(only("mail", "550 5.7.1 blocked")) as server, by_smtp(server.port, connections=4) as mail:
        with pytest.raises(Outside, match=r"refuses us: 550 5[.]7[.]1 blocked"):
            deliver(sqlite_engine, mail, NOW, patient=True)
        assert len([said for said in server.said if said.startswith("MAIL")]) == 1
        with pytest.raises(Outside, match="refuses us"):
            deliver(sqlite_engine, mail, NOW + timedelta(seconds=59), patient=True)
        assert len([said for said in server.said if said.startswith("MAIL")]) == 1
        with pytest.raises(Outside, match="refuses us"):
            deliver(sqlite_engine, mail, NOW + timedelta(seconds=59))
        assert len([said for said in server.said if said.startswith("MAIL")]) == 2
        server.script = usual
        assert deliver(sqlite_engine, mail, LATER, patient=True) == Delivered(sent=3)
    assert stopped(sqlite_engine) is None


def test_pauses_of_a_stopped_server_grow_to_five_minutes(sqlite_engine: Engine) -> None:
    at, pauses = NOW, list[int]()
    with sqlite_engine.begin() as connection:
        make_lane(connection)
        for _ in range(6):
            stop(connection, "no", at)
            found = read_stop(connection)
            assert found is not None
            pauses.append((found.try_at - at) // timedelta(minutes=1))
            at = found.try_at
    assert pauses == [1, 1, 2, 4, 5, 5]


def test_many_go_over_several_connections_each_once(engine: Engine) -> None:
    add_people(engine, 60)
    with mail_server() as server:
        assert sent(engine, server.port, connections=4) == Delivered(sent=60)
        assert 1 < server.connections <= 4
    assert server.recipients == sorted(f"p{key}@example.com" for key in range(1, 61))
    assert [mail.sender for mail in server.taken] == ["marketing@example.co.jp"] * 60


def test_two_deliveries_at_once_share_the_work(engine: Engine) -> None:
    add_people(engine, 40)
    done = list[Delivered | str]()
    with mail_server() as server:
        threads = [
            threading.Thread(target=lambda: done.append(sent(engine, server.port, connections=3))) for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sum(one.sent for one in done if isinstance(one, Delivered)) == 40
    assert server.recipients == sorted(f"p{key}@example.com" for key in range(1, 41))


def test_a_server_that_takes_few_mails_a_connection(sqlite_engine: Engine) -> None:
    add_people(sqlite_engine, 6)
    count = 0

    def two(command: str, about: str) -> str | None:
        nonlocal count
        if command == "connect":
            count = 0
        count += command == "mail"
        return "421 4.7.0 enough" if command == "mail" and count > 2 else None

    with mail_server(two) as server:
        assert sent(sqlite_engine, server.port) == Delivered(sent=6)
        assert server.connections == 3


def test_a_message_that_ends_every_connection_does_not_stop_the_others(sqlite_engine: Engine) -> None:
    add_people(sqlite_engine, 3)
    with mail_server(only("rcpt", DROP)) as server:
        assert "is away" in str(sent(sqlite_engine, server.port))
        assert sent(sqlite_engine, server.port, NOW + timedelta(minutes=1)) == Delivered(sent=2)
    assert statuses(sqlite_engine) == ["queued", "sent", "sent"]


def test_no_server_at_all(sqlite_engine: Engine) -> None:
    add_people(sqlite_engine, 2)
    with mail_server() as server:
        pass
    assert "is away" in str(sent(sqlite_engine, server.port))
    assert statuses(sqlite_engine) == ["queued", "queued"]


class Ending(Exception):
    """The daemon is told to end."""


def test_a_delivery_that_is_told_to_end_finishes_what_is_under_way(sqlite_engine: Engine) -> None:
    """FAULTS R07: nothing is in doubt afterwards."""
    add_people(sqlite_engine, 150)

    def end(done: Delivered) -> None:
        if done.sent >= 10:
            raise Ending

    with mail_server() as server, by_smtp(server.port, connections=4) as mail, pytest.raises(Ending):
        deliver(sqlite_engine, mail, NOW, end)
    assert "in_doubt" not in statuses(sqlite_engine)
    assert len(server.taken) == statuses(sqlite_engine).count("sent") < 150


def test_the_content_arrives_as_it_was_written(sqlite_engine: Engine) -> None:
    """Lines that begin with a dot, above all."""
    add_prospect(sqlite_engine, 1, last_name="佐藤")
    add_users(sqlite_engine, sato={})
    with sqlite_engine.begin() as connection:
        connection.execute(
            t.notifications.insert().values(
                id=1, prospect_id=1, addressee="user:sato", subject="Hot", text=".\n..\n.a\nb", status=0, queued_at=NOW
            )
        )
    with mail_server() as server:
        assert sent(sqlite_engine, server.port) == Delivered(notifications=1)
    assert parsed(server.taken[0].content).get_content() == ".\r\n..\r\n.a\r\nb\r\n"
    assert server.taken[0].recipients == ("sato@example.co.jp",)


@pytest.mark.parametrize(
    ("command", "answer", "status"),
    [
        ("rcpt", "550 5.1.1 no such user", "failed"),
        ("rcpt", "450 4.2.0 later", "queued"),
        ("mail", "550 5.7.1 blocked", "queued"),
        ("dot", DROP, "in_doubt"),
    ],
)
def test_mails_to_the_team(sqlite_engine: Engine, command: str, answer: str, status: str) -> None:
    add_prospect(sqlite_engine, 1)
    add_users(sqlite_engine, sato={})
    n = t.notifications
    row = {"id": 1, "prospect_id": 1, "addressee": "user:sato", "subject": "Hot", "text": "x", "status": 0}
    with sqlite_engine.begin() as connection:
        connection.execute(n.insert().values(**row, queued_at=NOW))
    with mail_server(only(command, answer, "sato@")) as server:
        sent(sqlite_engine, server.port)
        with sqlite_engine.connect() as connection:
            found = connection.execute(select(n.c.status, n.c.try_at)).one()
        assert found.status == {"queued": 0, "failed": 3, "in_doubt": 4}[status]
        assert (found.try_at is not None) == (status == "queued")
        server.script = usual
        again = sent(sqlite_engine, server.port, LATER)
    assert again == Delivered(notifications=int(status == "queued"))


def test_the_rate_holds_across_deliveries(sqlite_engine: Engine) -> None:
    add_people(sqlite_engine, 12)
    began = monotonic()
    with mail_server() as server:
        threads = [
            threading.Thread(target=sent, args=(sqlite_engine, server.port), kwargs={"per_second": 12.0})
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(server.taken) == 12
    assert monotonic() - began > 11 / 12


def test_turns_follow_one_another(engine: Engine) -> None:
    """FAULTS R53: the turns of all deliveries stand in one row."""
    with engine.begin() as connection:
        make_lane(connection)
        assert take_turns(connection, 1, 2.0, NOW) == 0
        assert take_turns(connection, 3, 2.0, NOW) == 0.5
        assert take_turns(connection, 1, 2.0, NOW + timedelta(seconds=1)) == 1.0
        assert take_turns(connection, 1, 2.0, NOW + timedelta(seconds=9)) == 0
        # The machine's clock was set back by a day: nobody waits so long.
        assert take_turns(connection, 1, 2.0, NOW - timedelta(days=1)) == 0


def encrypted(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.mark.parametrize(
    ("trusted", "host", "answer"),
    [
        (True, "localhost", None),
        (False, "localhost", "cannot be trusted"),
        (True, "127.0.0.1", "cannot be trusted"),
    ],
    ids=["good", "self-signed", "wrong name"],
)
def test_encryption_is_demanded_and_the_certificate_checked(
    sqlite_engine: Engine,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    trusted: bool,
    host: str,
    answer: str | None,
) -> None:
    """FAULTS S77."""
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    add_people(sqlite_engine, 1)
    with mail_server(certificate=encrypted(certificate)) as server:
        told = sent(sqlite_engine, server.port, host=host, encryption="starttls", user="me", password="secret")
        assert (told == Delivered(sent=1)) if answer is None else (answer in str(told))
        logins = [said for said in server.said if said.startswith("AUTH")]
    assert len(logins) == (answer is None)
    assert statuses(sqlite_engine) == ["sent" if answer is None else "queued"]


@pytest.mark.parametrize("encryption", ["starttls", "wrapped"])
def test_a_server_without_encryption_gets_nothing(sqlite_engine: Engine, encryption: Encryption) -> None:
    """FAULTS S77: STARTTLS taken out by somebody on the way."""
    add_people(sqlite_engine, 1)
    script = {"connect": DROP} if encryption == "wrapped" else {}
    with mail_server(lambda command, _: script.get(command)) as server:
        assert isinstance(sent(sqlite_engine, server.port, encryption=encryption), str)
        assert not any(said.startswith(("MAIL", "AUTH")) for said in server.said)
    assert statuses(sqlite_engine) == ["queued"]


def test_a_password_that_cannot_be_said_is_not_shown(sqlite_engine: Engine) -> None:
    add_people(sqlite_engine, 1)
    with mail_server() as server:
        told = sent(sqlite_engine, server.port, user="me", password="geheimé")
    assert "only plain letters and signs" in str(told)
    assert "é" not in str(told)


def test_a_wrong_password_stops_everything_and_marks_nobody(sqlite_engine: Engine) -> None:
    """FAULTS R52."""
    add_people(sqlite_engine, 2)
    with mail_server(only("auth", "535 5.7.8 wrong")) as server:
        told = sent(sqlite_engine, server.port, user="me", password="secret")
    assert "refuses us: 535 5.7.8 wrong" in str(told)
    assert "secret" not in str(told)
    assert message_rows(sqlite_engine) == {1: ("queued", None), 2: ("queued", None)}

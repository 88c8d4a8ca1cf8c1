"""Several mails over one connection, each begun with the end of the one before: what is said of one is no other's."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import Engine

from engage.effects.channel import Bounced, Closed, Deferred, Envelope
from engage.effects.mail_server import MailServer as Settings
from engage.effects.smtp import SmtpChannel
from engage.effects.smtp_faults import Unanswered
from engage.errors import Outside
from tests.effects.mailroom import NOW, add_people, message_rows
from tests.effects.test_smtp import sent
from tests.support.mail_server import DROP, TAKE_AND_DROP, MailServer, Script, mail_server, usual


def envelopes(count: int, *more: str) -> list[Envelope]:
    return [
        Envelope(f"m{key}", "me@example.com", (f"p{key}@example.com", *more), f"Subject: {key}\r\n\r\n.x\r\n".encode())
        for key in range(1, count + 1)
    ]


def handed_over(server: MailServer, mails: list[Envelope]) -> list[Exception | None]:
    """Hand mails over one after the other; return what came of each that was begun."""
    channel = SmtpChannel(Settings("127.0.0.1", server.port, "none", connections=1))
    try:
        channel.prepare(1)
        channel.begin(mails)
        ((_, run),) = channel.ended(0.0)
        return list(run.errors)
    finally:
        channel.close()


def answering(command: str, answer: str, *whom: str) -> Script:
    """Answer one command so for some recipients."""
    return lambda said, about: answer if said == command and any(f"{each}@" in about for each in whom) else None


def kinds(errors: list[Exception | None]) -> list[type[Exception] | None]:
    return [None if error is None else type(error) for error in errors]


def test_the_next_is_named_with_the_end_of_the_one_before() -> None:
    with mail_server() as server:
        assert handed_over(server, envelopes(3)) == [None] * 3
    assert [mail.content for mail in server.taken] == [mail.content for mail in envelopes(3)]
    assert [said.partition(" ")[0] for said in server.said] == ["ehlo", *["MAIL", "RCPT", "DATA"] * 3, "quit"]
    assert server.connections == 1


def test_a_server_that_takes_one_command_at_a_time_gets_one_at_a_time() -> None:

    def polite(command: str, about: str) -> str | None:
        return "250 test" if command == "ehlo" else None

    with mail_server(polite) as server:
        mails = envelopes(3, "other@example.com")
        assert handed_over(server, mails) == [None] * 3
    assert [mail.recipients for mail in server.taken] == [mail.recipients for mail in mails]


@pytest.mark.parametrize("pipelines", [True, False])
@pytest.mark.parametrize(
    ("command", "answer", "kind"),
    [
        ("rcpt", "550 5.1.1 no such user", Bounced),
        ("rcpt", "450 4.2.0 later", Deferred),
        ("data", "451 4.3.0 later", Deferred),
        ("dot", "452 4.3.1 disk full", Deferred),
        ("dot", "550 5.1.1 no such user", Bounced),
    ],
)
def test_a_refusal_is_of_its_own_mail_and_the_next_goes(
    command: str, answer: str, kind: type[Exception], pipelines: bool
) -> None:
    script = answering(command, answer, "p2", "p3")
    with mail_server(
        lambda said, about: "250 x" if said == "ehlo" and not pipelines else script(said, about)
    ) as server:
        assert kinds(handed_over(server, envelopes(5))) == [None, kind, kind, None, None]
        assert server.recipients == ["p1@example.com", "p4@example.com", "p5@example.com"]
        assert server.connections == 1


def test_a_server_that_wants_content_for_nobody_gets_none() -> None:
    """RFC 2920: DATA may be agreed to where each recipient was refused; the mail that is ended at once goes nowhere."""
    script = answering("rcpt", "550 5.1.1 no such user", "p2")

    def eager(command: str, about: str) -> str | None:
        if command == "early" and about == "DATA":
            return "354 go on"
        if command == "." and about == ".":
            return "554 5.5.1 no recipients"
        return script(command, about)

    with mail_server(eager) as server:
        assert kinds(handed_over(server, envelopes(3))) == [None, Bounced, None]
        assert server.recipients == ["p1@example.com", "p3@example.com"]
        assert server.said.count(".") == 1


def test_a_server_that_is_confused_by_its_own_refusal_is_asked_again() -> None:
    """The next mail's sender came before the refusal was said: a server may say that it was too early."""
    refused = False

    def confused(command: str, about: str) -> str | None:
        nonlocal refused
        if command == "dot" and about.startswith("p1@"):
            refused = True
            return "554 5.6.0 cannot read this"
        if refused and command == "mail":
            refused = False
            return "503 5.5.1 not now"
        return None

    with mail_server(confused) as server:
        errors = handed_over(server, envelopes(3))
        assert [error is None for error in errors] == [False, True, True]
        assert server.recipients == ["p2@example.com", "p3@example.com"]


@pytest.mark.parametrize(
    ("command", "answer", "ends", "taken"),
    [
        ("content", DROP, Unanswered, [1]),
        ("dot", DROP, Unanswered, [1]),
        ("dot", TAKE_AND_DROP, Unanswered, [1, 2]),
        ("rcpt", DROP, Closed, [1]),
        ("mail", "550 5.7.1 blocked", Closed, []),
    ],
)
def test_what_ends_everything_leaves_the_rest_unbegun(
    command: str, answer: str, ends: type[Exception], taken: list[int]
) -> None:
    script = answering(command, answer, "p2", "me")
    with mail_server(script) as server:
        errors = handed_over(server, envelopes(4))
        assert kinds(errors)[-1] is ends
        assert len(errors) == len(taken) + 1 - (answer == TAKE_AND_DROP)
        assert server.recipients == [f"p{key}@example.com" for key in taken]


def test_a_server_that_has_had_enough_gets_a_new_connection() -> None:
    count = 0

    def two(command: str, about: str) -> str | None:
        nonlocal count
        count = 0 if command == "connect" else count + (command == "mail")
        return "421 4.7.0 enough" if command == "mail" and count > 2 else None

    with mail_server(two) as server:
        assert handed_over(server, envelopes(7)) == [None] * 7
        assert server.connections == 4
    assert server.recipients == [f"p{key}@example.com" for key in range(1, 8)]


ANSWERS = {
    "mail": ["450 4.3.0 later", "421 4.3.2 enough", DROP],
    "rcpt": ["450 4.2.0 later", "550 5.1.1 no such user", "421 4.3.2 enough", DROP],
    "data": ["451 4.3.0 later", "421 4.3.2 enough", DROP],
    "content": [DROP],
    "dot": ["452 4.3.1 full", "550 5.1.1 no such user", "554 5.6.0 no", "421 4.3.0 down", "what?", DROP, TAKE_AND_DROP],
}


@pytest.mark.parametrize("seed", range(6))
def test_whatever_a_server_does_each_mail_goes_once_or_is_in_doubt(engine: Engine, seed: int) -> None:
    """Faults of every kind at random moments: what is sent has arrived once, what is queued has not."""
    count, dice = 120, random.Random(seed)
    add_people(engine, count)

    def moody(command: str, about: str) -> str | None:
        return dice.choice(ANSWERS[command]) if command in ANSWERS and dice.random() < 0.02 else None

    with mail_server(moody) as server:
        for hours in range(4):
            sent(engine, server.port, NOW + timedelta(hours=hours), connections=3)
            check(engine, server, count)
        server.script = usual
        assert not isinstance(sent(engine, server.port, NOW + timedelta(days=1), connections=3), Outside)
        check(engine, server, count)
    assert {status for status, _ in message_rows(engine).values()} <= {"sent", "in_doubt", "failed"}


def check(engine: Engine, server: MailServer, count: int) -> None:
    arrived, rows = Counter(server.recipients), message_rows(engine)
    assert set(arrived.values()) <= {1}
    assert len(rows) == count
    for key, (status, reason) in rows.items():
        there = f"p{key}@example.com" in arrived
        match status:
            case "sent":
                assert there != ("no such user" in (reason or "")), (key, reason)
            case "in_doubt":
                pass
            case _:
                assert not there, (key, status, reason)


def test_answers_are_counted_not_guessed() -> None:
    """Each recipient of each mail has an answer of its own."""
    script = answering("rcpt", "550 5.1.1 no such user", "p1", "p3", "p5")
    with mail_server(script) as server:
        assert handed_over(server, envelopes(6, "other@example.com")) == [None] * 6
    assert [mail.recipients[0] for mail in server.taken[:2]] == ["other@example.com", "p2@example.com"]
    assert all(len(one.recipients) != len(two.recipients) for one, two in pairwise(server.taken))

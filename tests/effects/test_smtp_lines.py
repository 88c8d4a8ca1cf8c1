"""Several connections at once in one thread: none waits for another, whatever its server does."""

from __future__ import annotations

import smtplib
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from engage.clock import monotonic
from engage.effects import smtp_session
from engage.effects.channel import Envelope
from engage.effects.mail_server import MailServer as Settings
from engage.effects.replies import Reply
from engage.effects.smtp import SmtpChannel
from engage.effects.smtp_faults import Unanswered
from engage.effects.smtp_lines import Lines
from engage.effects.smtp_session import Say, Talk
from engage.effects.smtp_wire import Wire
from tests.effects.test_pipelining import envelopes
from tests.effects.test_smtp import encrypted
from tests.support.mail_server import MailServer, mail_server


@contextmanager
def channel(server: MailServer, connections: int) -> Iterator[SmtpChannel]:
    with closing(SmtpChannel(Settings("127.0.0.1", server.port, "none", connections=connections))) as made:
        assert made.prepare(connections) == connections
        yield made


@pytest.fixture
def wire() -> Iterator[tuple[Wire, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Wire(ours), theirs


def test_a_slow_answer_holds_nobody_up() -> None:
    held = threading.Event()

    def slow(command: str, about: str) -> str | None:
        if command == "dot" and about.startswith("p1@"):
            held.wait(20)
        return None

    one, *others = envelopes(7)
    with mail_server(slow) as server, channel(server, 3) as mail:
        waiting = mail.begin([one])
        runs = {mail.begin(others[:3]): 3, mail.begin(others[3:]): 3}
        while runs:
            for number, run in mail.ended(0.0):
                assert list(run.errors) == [None] * runs.pop(number)
        assert mail.under_way == 1
        held.set()
        ((number, run),) = mail.ended(0.0)
        assert (number, list(run.errors)) == (waiting, [None])
        assert mail.ended(0.0) == []
    assert server.recipients == [f"p{key}@example.com" for key in range(1, 8)]


def test_what_is_under_way_goes_on_while_time_passes() -> None:
    """As a delivery waits for its turn where a rate is set."""
    with mail_server() as server, channel(server, 2) as mail:
        for some in (envelopes(3), envelopes(2)):
            mail.begin(some)
        began, last = monotonic(), monotonic() + 20
        while len(server.taken) < 5 and monotonic() < last:
            mail.attend(0.05)
        assert monotonic() - began >= 0.05
        assert len(server.taken) == 5
        assert [list(run.errors) for _, run in mail.ended(0.0)] in ([[None] * 3, [None] * 2], [[None] * 2, [None] * 3])


def test_a_server_that_never_answers_leaves_its_mail_in_doubt_and_the_others_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(smtp_session, "TAKING", 0.3)
    held = threading.Event()

    def silent(command: str, about: str) -> str | None:
        if command == "dot" and about.startswith("p2@"):
            held.wait(20)
        return None

    one, two, three, four = envelopes(4)
    with mail_server(silent) as server, channel(server, 2) as mail:
        doubtful, good = mail.begin([one, two, three]), mail.begin([four])
        runs = dict[int, list[Exception | None]]()
        while mail.under_way:
            runs |= {number: list(run.errors) for number, run in mail.ended(0.0)}
        held.set()
    assert runs[good] == [None]
    first, second = runs[doubtful]
    assert first is None
    assert isinstance(second, Unanswered)
    assert "timed out" in str(second)


@pytest.mark.parametrize("encryption", ["none", "starttls"])
def test_mails_that_no_pipe_holds_arrive_whole(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, encryption: str
) -> None:
    content = b"Subject: long\r\n\r\n" + b"".join(b"%070d\r\n" % line for line in range(40_000))
    mails = [Envelope(f"m{key}", "me@example.com", (f"p{key}@example.com",), content) for key in range(4)]
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with mail_server(certificate=encrypted(certificate)) as server:
        settings = Settings("localhost", server.port, encryption, connections=2)  # type: ignore[arg-type]
        with closing(SmtpChannel(settings)) as mail:
            mail.prepare(2)
            for some in (mails[:2], mails[2:]):
                mail.begin(some)
            while mail.under_way:
                assert all(list(run.errors) == [None, None] for _, run in mail.ended(0.0))
    assert [mail.content for mail in server.taken] == [content] * 4


def test_an_interrupt_leaves_the_mail_under_way_in_doubt(wire: tuple[Wire, socket.socket]) -> None:
    ours, theirs = wire

    def talk(errors: list[Exception | None]) -> Talk[None]:
        yield Say(ours, b"one\r\n")
        errors.append(None)
        raise KeyboardInterrupt

    lines, errors = Lines(), list[Exception | None]()
    lines.begin(talk(errors), errors)
    theirs.send(b"250 ok\r\n")
    with pytest.raises(KeyboardInterrupt):
        lines.ended(0.0)
    ((_, run),) = lines.ended(0.0)
    assert run.errors[0] is None
    assert isinstance(run.errors[1], Unanswered)
    lines.close()


def test_answers_come_whole_however_they_are_cut(wire: tuple[Wire, socket.socket]) -> None:
    ours, theirs = wire
    said = b"250-one\r\n250 two\r\n354 go on\r\n550-5.1.1 no\r\n550 5.1.1 such user\r\n"
    found = []
    for place in range(len(said)):
        theirs.send(said[place : place + 1])
        assert ours.hear()
        while (answer := ours.answer()) is not None:
            found.append(answer)
    assert found == [Reply(250, ""), Reply(354, ""), Reply(550, "5.1.1 no 5.1.1 such user")]
    assert not ours.hear()


@pytest.mark.parametrize("said", [b"250-and\r\n", b"25", b""])
def test_an_end_amid_an_answer_is_told(wire: tuple[Wire, socket.socket], said: bytes) -> None:
    ours, theirs = wire
    theirs.sendall(said)
    theirs.close()
    while not ours.ended:
        ours.hear()
    with pytest.raises(smtplib.SMTPServerDisconnected):
        ours.answer()


@pytest.mark.parametrize("piece", [b"2" * 1000, b"250-more and more and more\r\n" * 100])
def test_an_answer_without_end_is_not_kept(wire: tuple[Wire, socket.socket], piece: bytes) -> None:
    with pytest.raises(smtplib.SMTPServerDisconnected):
        flood(*wire, piece)


def flood(ours: Wire, theirs: socket.socket, piece: bytes) -> None:
    """Say something again and again, that is no whole answer."""
    for _ in range(10_000):
        theirs.sendall(piece)
        ours.hear()
        ours.answer()

"""``engage listen-bounces`` by LMTP and SMTP: taken means committed, whatever is killed, and whatever is sent."""

from __future__ import annotations

import smtplib
import socket
import stat
import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine

from engage.errors import Refused
from engage.postbox.listener import place_of
from tests.postbox.returning import (
    happened,
    letter,
    listening,
    noted,
    path_of,
    report,
    sent,
    stop_path_of,
    workspace,
)

WEB = "bounces@example.com"


def test_by_lmtp_each_recipient_is_answered_and_all_is_committed(
    engine: Engine, schema_url: str, tmp_path: Path
) -> None:
    sent(engine, 5)
    with listening(workspace(tmp_path), schema_url, "--lmtp", "127.0.0.1:0") as listener:
        with smtplib.LMTP("127.0.0.1", listener.port) as client:
            assert client.sendmail("", path_of(1), report(1)) == {}
            assert noted(engine) == [(1, "hard")]
            client.sendmail("p4@example.com", stop_path_of(4), letter(stop_path_of(4), "unsubscribe"))
            client.sendmail("", path_of(5), letter(path_of(5), Auto_Submitted="auto-replied"))
            client.sendmail("x@spam.example", WEB, letter(WEB))
        answers = spoken(listener.port, [path_of(2), path_of(3), WEB], report(2, "4.2.2"))
        assert answers == ["250 2.0.0 noted"] * 3
        # The same once more is known already.
        with smtplib.LMTP("127.0.0.1", listener.port) as client:
            client.sendmail("", path_of(1), report(1))
        code, said = listener.stop()
    assert code == 0
    assert "noted: hard bounces 1\n" in said
    # The second mail names the address of message 2: about message 3 it is a refusal from behind the address.
    assert sorted(noted(engine), key=str) == sorted(
        [(1, "hard"), (2, "soft"), (3, "soft"), (4, "opt_out"), (5, "autoreply"), (None, "foreign")], key=str
    )
    assert happened(engine) == [
        (1, "email_bounced"), (2, "email_bounced"), (3, "email_bounced"), (4, "email_unsubscribed"),
    ]  # fmt: skip


def spoken(port: int, recipients: list[str], content: bytes) -> list[str]:
    """Hand in a mail to several as a mail server does (RFC 2033); return the answers after its end."""
    with socket.create_connection(("127.0.0.1", port), 20) as connection, connection.makefile("rwb") as lines:
        said = ["LHLO x", "MAIL FROM:<>", *(f"RCPT TO:<{address}>" for address in recipients), "DATA"]
        lines.readline()
        for line in said:
            lines.write(f"{line}\r\n".encode())
            lines.flush()
            while lines.readline()[3:4] == b"-":
                pass
        lines.write(content + b".\r\n")
        lines.flush()
        return [lines.readline().decode().strip() for _ in recipients]


def test_by_smtp_and_at_a_socket(engine: Engine, schema_url: str, tmp_path: Path) -> None:
    sent(engine, 2)
    with (
        listening(workspace(tmp_path), schema_url, "--smtp", "127.0.0.1:0") as listener,
        smtplib.SMTP("127.0.0.1", listener.port) as client,
    ):
        client.sendmail("", [path_of(1)], report(1))
    path = tmp_path / "bounces"
    with listening(workspace(tmp_path), schema_url, "--lmtp", f"unix:{path}") as listener:
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        with smtplib.LMTP(str(path)) as client:
            client.sendmail("", path_of(2), report(2))
        listener.kill()
    # What a killed listener left is no hindrance; one that runs is.
    with (
        listening(workspace(tmp_path), schema_url, "--lmtp", f"unix:{path}"),
        pytest.raises(AssertionError, match="is there already"),
        listening(workspace(tmp_path), schema_url, "--lmtp", f"unix:{path}"),
    ):
        pass
    assert noted(engine) == [(1, "hard"), (2, "hard")]


def test_killed_in_the_midst_nothing_acknowledged_is_lost_and_each_counts_once(
    engine: Engine, schema_url: str, tmp_path: Path
) -> None:
    """R58, P4: kill -9 again and again while mail comes in; its server tries again what was not acknowledged."""
    count, taken, lock = 150, set[int](), threading.Lock()
    sent(engine, count)
    left = list(range(1, count + 1))
    for _ in range(3):
        with listening(workspace(tmp_path), schema_url, "--lmtp", "127.0.0.1:0") as listener:
            threads = [
                threading.Thread(target=hand_in, args=(listener.port, left[n::4], taken, lock)) for n in range(4)
            ]
            for thread in threads:
                thread.start()
            while len(taken) < count - len(left) + 40:
                threading.Event().wait(0.005)
            listener.kill()
            for thread in threads:
                thread.join(20)
        assert taken <= {message for message, _ in noted(engine) if message is not None}
        left = [key for key in left if key not in taken]
    assert 0 < len(left) < count
    with listening(workspace(tmp_path), schema_url, "--lmtp", "127.0.0.1:0") as listener:
        # Everything again, as a server does that was not told.
        hand_in(listener.port, list(range(1, count + 1)), taken, lock)
    assert noted(engine) == [(key, "hard") for key in range(1, count + 1)]
    assert happened(engine) == [(key, "email_bounced") for key in range(1, count + 1)]


def hand_in(port: int, keys: list[int], taken: set[int], lock: threading.Lock) -> None:
    """Hand in reports until the listener is gone, noting what it took."""
    try:
        with smtplib.LMTP("127.0.0.1", port, timeout=20) as client:
            for key in keys:
                client.sendmail("", path_of(key), report(key))
                with lock:
                    taken.add(key)
    except (OSError, smtplib.SMTPException):
        return


def test_without_its_database_it_takes_nothing(sqlite_engine: Engine, sqlite_schema_url: str, tmp_path: Path) -> None:
    """P4: no commit, no acknowledgement: the mail's server keeps it."""
    sent(sqlite_engine, 2)
    with (
        listening(workspace(tmp_path), sqlite_schema_url, "--lmtp", "127.0.0.1:0") as listener,
        smtplib.LMTP("127.0.0.1", listener.port, timeout=30) as client,
    ):
        with sqlite_engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE returned RENAME TO gone")
        with pytest.raises(smtplib.SMTPDataError) as refused:
            client.sendmail("", path_of(1), report(1))
        assert refused.value.smtp_code == 451
        with sqlite_engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE gone RENAME TO returned")
        client.sendmail("", path_of(1), report(1))
    assert noted(sqlite_engine) == [(1, "hard")]


def test_what_no_mail_server_says_does_not_stop_it(
    sqlite_engine: Engine, sqlite_schema_url: str, tmp_path: Path
) -> None:
    """B79, B83: rubbish, broken connections, lines and mails of any length; memory stays flat."""
    sent(sqlite_engine, 3)
    with listening(workspace(tmp_path), sqlite_schema_url, "--lmtp", "127.0.0.1:0") as listener:
        for rubbish in (
            b"\x00\xff" * 50_000,
            b"LHLO x\r\nDATA\r\n",
            b"GET / HTTP/1.1\r\n\r\n",
            b"",
            b"MAIL FROM:<>\r\n",
        ):
            with socket.create_connection(("127.0.0.1", listener.port), 10) as connection:
                connection.sendall(rubbish)
        with smtplib.LMTP("127.0.0.1", listener.port, timeout=60) as client:
            long = report(1).replace(b"Sorry.", b"Sorry." * 100_000)
            client.sendmail("", path_of(1), long)
            huge = report(2).rstrip(b"\r\n-b") + b"\r\n--b\r\n\r\n" + (b"x" * 998 + b"\r\n") * 50_000
            client.sendmail("", path_of(2), huge)
            client.sendmail("", path_of(3), b"..\r\n.\r\n. dots\r\n" + report(3))
        memory = int(Path(f"/proc/{listener.process.pid}/statm").read_text().split()[1]) * 4096
        with socket.create_connection(("127.0.0.1", listener.port), 10) as cut:
            cut.sendall(b"LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<" + path_of(3).encode() + b">\r\nDATA\r\n" + report(3))
        assert listener.stop()[0] == 0
    # The report of the first comes after more text than is read.
    assert noted(sqlite_engine) == [(1, "unknown"), (2, "hard"), (3, "unknown")]
    assert memory < 200_000_000


@pytest.mark.parametrize("text", ["", "x", "10024", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000", "unix:"])
def test_places_that_are_none(text: str) -> None:
    with pytest.raises(Refused, match="is neither HOST:PORT nor unix:PATH"):
        place_of("lmtp", text)


@pytest.mark.parametrize("text", ["0.0.0.0:24", "192.0.2.1:24", "[::]:24", "mail.example.com:24"])
def test_only_this_machine_is_listened_to(text: str) -> None:
    """S72: nobody logs in here, so nobody else may come."""
    with pytest.raises(Refused, match="takes mail from this machine only"):
        place_of("lmtp", text)
    assert place_of("smtp", "[::1]:25").host == "::1"

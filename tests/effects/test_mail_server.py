"""What the environment says of the mail server: what is meant, and what is refused without showing a password."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from engage.effects.mail_server import MailServer, mail_server
from engage.effects.return_path import bounce_address, read_return_path, return_path
from engage.errors import Refused
from engage.settings import Settings, read_settings


def settings(url: str = "smtp://mail.example.com", **environ: str) -> Settings:
    given = {f"ENGAGE_{name}": value for name, value in environ.items()}
    return read_settings({"ENGAGE_SMTP_URL": url, **given}, Path("shop"))


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("smtp://mail.example.com", MailServer("mail.example.com", 25, "starttls")),
        ("smtp://mail.example.com:2525/", MailServer("mail.example.com", 2525, "starttls")),
        (
            "smtp://me%40x.jp:p%40%2F%3A@mail.example.com",
            MailServer("mail.example.com", 587, "starttls", "me@x.jp", "p@/:"),
        ),
        ("smtps://me:pw@mail.example.com", MailServer("mail.example.com", 465, "wrapped", "me", "pw")),
        ("smtp://localhost", MailServer("localhost", 25, "none")),
        ("smtp://127.0.0.1:1025", MailServer("127.0.0.1", 1025, "none")),
        ("smtp://[::1]:1025", MailServer("::1", 1025, "none")),
        ("smtps://localhost", MailServer("localhost", 465, "wrapped")),
    ],
)
def test_addresses(url: str, meant: MailServer) -> None:
    found = mail_server(settings(url))
    assert found is not None
    assert replace(found, processes=1) == meant


def test_no_server() -> None:
    assert mail_server(read_settings({}, Path("shop"))) is None


@pytest.mark.parametrize(
    "url",
    ["mail.example.com", "http://mail.example.com", "smtp://", "smtp://me:geheim@host:port", "smtp://host/path",
     "smtp://host?tls=off", "smtp://[::1"],
)  # fmt: skip
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(Refused, match="ENGAGE_SMTP_URL is not of the form") as refusal:
        mail_server(settings(url))
    assert "geheim" not in str(refusal.value)


def test_encryption_is_chosen() -> None:
    found = mail_server(settings("smtp://localhost", SMTP_TLS="on"))
    assert found is not None
    assert found.encryption == "starttls"
    found = mail_server(settings(SMTP_TLS="off"))
    assert found is not None
    assert found.encryption == "none"
    with pytest.raises(Refused, match="a password is not sent without encryption"):
        mail_server(settings("smtp://me:pw@mail.example.com", SMTP_TLS="off"))
    with pytest.raises(Refused, match="neither on nor off"):
        mail_server(settings(SMTP_TLS="yes"))


@pytest.mark.parametrize(("name", "value"), [("SMTP_RATE", "fast"), ("SMTP_RATE", "0"), ("SMTP_RATE", "nan"),
    ("SMTP_RATE", "inf"), ("SMTP_CONNECTIONS", "0"), ("SMTP_CONNECTIONS", "65"),
    ("SMTP_CONNECTIONS", "½"), ("SMTP_PROCESSES", "0"), ("SMTP_PROCESSES", "17")])  # fmt: skip
def test_numbers_that_are_none(name: str, value: str) -> None:
    with pytest.raises(Refused, match=f"ENGAGE_{name}"):
        mail_server(settings(**{name: value}))


def test_numbers() -> None:
    found = mail_server(settings(SMTP_RATE="0.5", SMTP_CONNECTIONS="2", SMTP_PROCESSES="3"))
    assert found is not None
    assert (found.per_second, found.connections, found.processes) == (0.5, 2, 3)


@pytest.mark.parametrize(
    ("processors", "sqlite", "postgresql"), [(1, 1, 1), (2, 1, 2), (4, 2, 2), (8, 4, 4), (64, 4, 4), (None, 1, 1)]
)
def test_unless_told_otherwise_mail_leaves_by_one_process_for_two_processors_or_two_on_postgresql(
    monkeypatch: pytest.MonkeyPatch, processors: int | None, sqlite: int, postgresql: int
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: processors)
    found = [mail_server(settings(DATABASE_URL=f"{kind}://")) for kind in ("sqlite", "postgresql+psycopg")]
    assert [each.processes for each in found if each is not None] == [sqlite, postgresql]


def test_a_password_is_never_shown() -> None:
    given = settings("smtp://me:geheim@mail.example.com")
    assert "geheim" not in repr(given)
    assert "geheim" not in repr(mail_server(given))


def test_where_bounces_go() -> None:
    assert bounce_address(settings()) is None
    assert bounce_address(settings(BOUNCE_ADDRESS="b@m.example.com", SECRET_KEY="k")) == "b@m.example.com"
    with pytest.raises(Refused, match="needs ENGAGE_SECRET_KEY"):
        bounce_address(settings(BOUNCE_ADDRESS="b@m.example.com"))
    for wrong in ("b", "b+c@example.com"):
        with pytest.raises(Refused, match="ENGAGE_BOUNCE_ADDRESS is no mail address"):
            bounce_address(settings(BOUNCE_ADDRESS=wrong, SECRET_KEY="k"))
    assert bounce_address(settings(BOUNCE_ADDRESS=f"{'b' * 19}@m.example.com", SECRET_KEY="k"))
    with pytest.raises(Refused, match="too long: 20 signs before the @, and at most 19 leave room"):
        bounce_address(settings(BOUNCE_ADDRESS=f"{'b' * 20}@m.example.com", SECRET_KEY="k"))


@pytest.mark.parametrize("message_id", [1, 42, 2**63 - 1])
def test_a_return_path_names_its_message_and_no_other(message_id: int) -> None:
    """FAULTS S72."""
    path = return_path(f"{'b' * 19}@m.example.com", b"key", message_id)
    local = path.partition("@")[0]
    assert len(local) <= 64
    assert path == path.lower()
    assert read_return_path((b"key",), path) == message_id
    assert read_return_path((b"other",), path) is None
    assert read_return_path((b"key",), path.replace("+m", "+m1", 1)) is None
    assert read_return_path((b"key",), "b@m.example.com") is None


def test_no_sign_of_a_return_path_can_be_changed_left_out_or_added() -> None:
    """FAULTS S47: 128 bits are signed, and each counts."""
    path = return_path("bounces@m.example.com", b"key", 42)
    local, _, domain = path.partition("@")
    first = local.index("+")
    assert len(local.rpartition("-")[2]) * 5 >= 128
    for at in range(first + 1, len(local)):
        changed = (local[:at] + ("a" if local[at] != "a" else "b") + local[at + 1 :], local[:at] + local[at + 1 :])
        for forged in (*changed, local[:at] + "2" + local[at:]):
            assert read_return_path((b"key",), f"{forged}@{domain}") is None, forged

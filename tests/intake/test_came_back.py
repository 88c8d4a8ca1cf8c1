"""Bounces of real mail servers' formats, complaints, autoreplies and hostile mail: each is what its name says.

``came_back`` holds the mails, written after the RFCs and what servers write; a file's name begins with what it is. The
first line says to whom the message was sent; RETURN-PATH, OPT-OUT and UNSUBSCRIBE stand for signed addresses.
"""

from __future__ import annotations

import gc
import sys
import tracemalloc
from base64 import b64encode
from pathlib import Path

import pytest

from engage.clock import monotonic
from engage.effects.links import signing_key, url
from engage.effects.return_path import opt_out_path, return_path
from engage.errors import Refused
from engage.intake.returned.in_words import require
from engage.intake.returned.judging import Names, concerns_us, judge
from engage.intake.returned.meaning import refused
from engage.intake.returned.shallow import MOST, read
from engage.intake.returned.verdict import fitting
from engage.postbox.names import names
from engage.settings import Settings
from engage.sql.codes import Returned

FOLDER = Path(__file__).parent / "came_back"
MAILS = sorted(FOLDER.glob("*.eml"))
SETTINGS = Settings(
    workspace=Path(),
    database_url="",
    base_url="https://m.example.com",
    secret_key="key",
    bounce_address="bounces@example.co.jp",
    opt_out_address="stop@example.co.jp",
)
KEY = signing_key("key", "https://m.example.com")
MESSAGE = 42
PATH = return_path("bounces@example.co.jp", KEY, MESSAGE)
STOP = opt_out_path("stop@example.co.jp", KEY, MESSAGE)
LINK = url("https://m.example.com", KEY, "unsubscribe", MESSAGE)


@pytest.fixture(scope="module")
def ours() -> Names:
    return names(SETTINGS)


def filled(content: bytes) -> bytes:
    """Put the signed addresses into a mail."""
    for word, address in ((b"RETURN-PATH", PATH), (b"OPT-OUT", STOP), (b"UNSUBSCRIBE", LINK)):
        content = content.replace(word, address.encode())
    return content


def kind_of(path: Path) -> Returned:
    return Returned[path.name.split("-")[0].upper()]


def found(content: bytes, email: str, names: Names) -> tuple[Returned, int | None]:
    """Return what a mail is and which message it is about."""
    (back,) = judge(content, (), names)
    return fitting(back.verdicts, email).kind, back.message_id


def test_there_are_many() -> None:
    assert len(MAILS) >= 90
    assert {kind_of(path) for path in MAILS} == set(Returned)


@pytest.mark.parametrize("path", MAILS, ids=lambda path: path.stem)
def test_a_mail_is_what_its_name_says(path: Path, ours: Names) -> None:
    """B79, R57, S72: classified or unknown, about the message whose signed address it bears, and about no other."""
    head, _, mail = filled(path.read_bytes()).partition(b"\n")
    kind, message_id = found(mail, head.decode().partition(": ")[2], ours)
    assert kind is kind_of(path)
    assert message_id == (None if kind is Returned.FOREIGN else MESSAGE)


@pytest.mark.parametrize("path", MAILS, ids=lambda path: path.stem)
def test_broken_anywhere_it_is_about_nobody_else(path: Path, ours: Names) -> None:
    """B79: cut at many places, with other line ends, with bytes turned: never an exception, never another message."""
    _, _, mail = filled(path.read_bytes()).partition(b"\n")
    broken = [mail[: len(mail) * tenth // 10] for tenth in range(10)]
    broken += [mail.replace(b"\n", b"\r\n"), mail.replace(b"\n", b"\r"), mail.replace(b":", b""), mail.upper()]
    broken += [bytes(byte ^ 0x80 if place % 97 == 0 else byte for place, byte in enumerate(mail))]
    for content in broken:
        for back in judge(content, (), ours):
            assert back.message_id in (None, MESSAGE)


def test_with_the_line_ends_of_the_wire_it_is_the_same(ours: Names) -> None:
    for path in MAILS:
        head, _, mail = filled(path.read_bytes()).partition(b"\n")
        email = head.decode().partition(": ")[2]
        assert found(mail.replace(b"\n", b"\r\n"), email, ours)[0] is kind_of(path), path.name


def test_headers_alone_tell_what_may_be_ours(ours: Names) -> None:
    for path in MAILS:
        _, _, mail = filled(path.read_bytes()).partition(b"\n")
        head = mail.partition(b"\n\n")[0]
        assert concerns_us(head, ours) or kind_of(path) is Returned.FOREIGN, path.name


def dsn(*parts: str) -> bytes:
    """Make a report about the message with whatever else."""
    body = "\n".join(f"--b\n{part}" for part in parts)
    head = f'To: {PATH}\nFrom: MAILER-DAEMON@x\nContent-Type: multipart/report; boundary="b"\n\n'
    return f"{head}{body}\n--b--\n".encode()


STATUS = (
    "Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822; p1@example.com\nAction: failed\nStatus: 5.1.1\n"
)
DEEP = "".join(f'Content-Type: multipart/mixed; boundary="n{n}"\n\n--n{n}\n' for n in range(3_000))
HOSTILE = {
    "a thousand parts": (dsn(*(["Content-Type: text/plain\n\nx"] * 1_000), STATUS), Returned.UNKNOWN),
    "the report first of a thousand parts": (dsn(STATUS, *(["Content-Type: text/plain\n\nx"] * 1_000)), Returned.HARD),
    "three thousand deep": (dsn(DEEP), Returned.UNKNOWN),
    "mails in mails": (dsn("Content-Type: message/rfc822\n\n" * 5_000), Returned.UNKNOWN),
    "fifty megabytes": (dsn(STATUS, "Content-Type: text/plain\n\n" + "x" * 50_000_000), Returned.HARD),
    "fifty megabytes in front": (dsn("Content-Type: text/plain\n\n" + "x\n" * 25_000_000, STATUS), Returned.UNKNOWN),
    "fifty megabytes in base64": (
        dsn("Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n" + b64encode(b"a" * 37_000_000).decode()),
        Returned.UNKNOWN,
    ),
    "one line": (f"To: {PATH}\n\n{'@' * 5_000_000}".encode(), Returned.UNKNOWN),
    "a hundred thousand headers": (("X: y\n" * 100_000 + f"To: {PATH}\n\nx").encode(), Returned.FOREIGN),
    "a hundred thousand folds": ((f"To: {PATH}\nSubject: a" + "\n b" * 100_000 + "\n\nx").encode(), Returned.UNKNOWN),
    "a hundred thousand addresses": ((f"To: {PATH}, " + "a@b.c, " * 100_000 + "\n\nx").encode(), Returned.UNKNOWN),
    "brackets": ((f"To: {PATH}\nFrom: " + "<" * 60_000 + "(" * 60_000 + "\n\nx").encode(), Returned.UNKNOWN),
    "encoded words": ((f"To: {PATH}\nSubject: " + "=?utf-8?B?" * 6_000 + "\n\nx").encode(), Returned.UNKNOWN),
    "a slow codec": (
        f"To: {PATH}\nContent-Type: text/plain; charset=punycode\n\n{'a' * 200_000}-{'b' * 50_000}".encode(),
        Returned.UNKNOWN,
    ),
    "spaces": (f"To: {PATH}\nFrom: MAILER-DAEMON@x\n\n{' ' * 200_000}@".encode(), Returned.UNKNOWN),
    "almost addresses": (
        f"To: {PATH}\nFrom: MAILER-DAEMON@x\n\nfailed addresses follow:\n{('a' * 299 + chr(10)) * 800}".encode(),
        Returned.UNKNOWN,
    ),
    "boundaries": (
        f'To: {PATH}\nContent-Type: multipart/mixed; boundary="b"\n\n{"--b" * 80_000}'.encode(),
        Returned.UNKNOWN,
    ),
    "blocks": (
        dsn("Content-Type: message/delivery-status\n\n" + "Action: failed\n\n" * 20_000),
        Returned.SOFT,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mail_costs_little_time_and_memory(name: str, ours: Names) -> None:
    """B79: whatever is sent is read within 2 s of computing and some megabytes, and means nothing wrong."""
    content, kind = HOSTILE[name]
    gc.collect()
    tracemalloc.start()
    begun = monotonic()
    try:
        assert found(content, "p1@example.com", ours)[0] is kind
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # Tracing takes most of this time.
    assert monotonic() - begun < 5
    assert peak < 40_000_000


def test_no_more_than_the_beginning_is_read() -> None:
    assert len(read(b"Subject: x\n\n" + b"y" * 10_000_000).body) < MOST


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        ("5.1.1", "", Returned.HARD),
        ("5.1.1", "550 5.1.1 <spam@example.com>: Recipient address rejected: User unknown", Returned.HARD),
        ("5.0.0", "550 No such user here", Returned.HARD),
        ("5.0.0", "550 5.2.1 The email account that you tried to reach is disabled", Returned.HARD),
        ("5.0.0", "550 mailbox unavailable", Returned.HARD),
        ("5.0.0", "550 mailbox unavailable: quota exceeded", Returned.SOFT),
        ("5.2.1", "550 5.2.1 receiving mail at a rate that prevents more", Returned.POLICY),
        ("5.0.0", "550 error", Returned.SOFT),
        ("4.4.7", "delivery time expired", Returned.SOFT),
        ("5.1.1", "452 4.2.2 mailbox full", Returned.SOFT),
        ("5.1.1", "552 5.2.2 over quota", Returned.SOFT),
        ("", "", Returned.SOFT),
        ("5.999.999999", "", Returned.SOFT),
        ("1.2.3.4", "10.5.1.1 is no code", Returned.SOFT),
    ],
)
def test_what_a_refusal_means(status: str, said: str, kind: Returned) -> None:
    assert refused(status, said) is kind


def test_tokens_of_an_old_key_still_name_their_message(ours: Names) -> None:
    old = signing_key("old", "https://m.example.com")
    mail = f"To: {return_path('bounces@example.co.jp', old, 7)}\nFrom: MAILER-DAEMON@x\n\nx".encode()
    assert judge(mail, (), ours)[0].message_id is None
    from dataclasses import replace

    assert judge(mail, (), names(replace(SETTINGS, old_secret_keys=("old",))))[0].message_id == 7


def test_the_address_it_was_delivered_to_goes_before_what_it_claims(ours: Names) -> None:
    """S72: a header with another signed address changes nothing where the envelope is known."""
    other = return_path("bounces@example.co.jp", KEY, 43)
    mail = f"To: {other}\nFrom: MAILER-DAEMON@x\n\nx".encode()
    assert [back.message_id for back in judge(mail, (PATH,), ours)] == [MESSAGE]
    assert [back.message_id for back in judge(mail, (PATH, other, PATH), ours)] == [MESSAGE, 43]


def test_a_mail_that_breaks_its_reader_is_about_none_and_keeps_nobody_waiting() -> None:
    """B79, P3: no mail is known that does; if one is met, it must not stop a whole box or come back for ever."""

    def broken(_: str) -> None:
        raise RecursionError

    (back,) = judge(filled(MAILS[0].read_bytes()), (), broken)
    assert (back.message_id, back.verdicts[0].kind) == (None, Returned.UNKNOWN)
    assert not concerns_us(b"To: x@example.com\n\n", broken)


@pytest.mark.parametrize("missing", ["flufl.bounce", "aiosmtpd"])
def test_a_library_that_is_missing_is_named(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    require()
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(Refused, match=rf"{missing}, which is not installed; run: pip install"):
        require()

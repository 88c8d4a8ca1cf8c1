"""Maildirs and IMAP boxes: ours is noted once and then marked as read, whatever is killed; all else is left alone."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from sqlalchemy import Engine

from engage.app import App
from engage.clock import monotonic, system_clock
from engage.daemon.lead import run as lead_or_stand_by
from engage.daemon.log import make_log
from engage.daemon.state import Rhythm
from engage.errors import Outside, Refused
from engage.intake.returned.judging import Back
from engage.postbox.box import bounce_box, read_box
from engage.postbox.imap import ImapBox, imap_box, read_imap
from engage.postbox.maildir import read_maildir
from engage.postbox.names import names
from engage.postbox.noted import Noted, write
from engage.sql.codes import Returned
from engage.sql.connect import connect
from tests.postbox.returning import SETTINGS, happened, letter, noted, path_of, report, sent
from tests.support.certificates import authority
from tests.support.dovecot import Dovecot, dovecot

STRANGE = letter("somebody@example.com", "Dinner?")
SPOKEN = multiprocessing.get_context("spawn")
#: Reads a box with what writes down what came back.
Reading = Callable[[str, Callable[[Sequence[Back]], Noted]], Noted]


def written(engine: Engine) -> Callable[[Sequence[Back]], Noted]:
    return lambda backs: write(engine, backs, "test", system_clock)


def filled(folder: Path, *mails: bytes) -> Path:
    """Make a maildir with new mails."""
    for part in ("new", "cur", "tmp"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for number, mail in enumerate(mails):
        (folder / "new" / f"{number:04}.mail").write_bytes(mail)
    return folder


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_maildir(engine: Engine, tmp_path: Path) -> None:
    """R58: what is ours is read and moved, what is not stays new, and so do folders and other files."""
    sent(engine, 3)
    folder = filled(tmp_path / "box", report(1), STRANGE, report(2, "4.2.2"), letter(path_of(3)))
    (folder / "new" / "folder").mkdir()
    first = read_maildir(folder, names(SETTINGS), written(engine))
    assert first == Noted({Returned.HARD: 1, Returned.SOFT: 1, Returned.UNKNOWN: 1}, strange=1)
    assert names_in(folder / "new") == ["0001.mail", "folder"]
    assert names_in(folder / "cur") == ["0000.mail:2,S", "0002.mail:2,S", "0003.mail:2,S"]
    assert noted(engine) == [(1, "hard"), (2, "soft"), (3, "unknown")]
    assert read_maildir(folder, names(SETTINGS), written(engine)) == Noted(strange=1)


def test_a_maildir_that_is_none_or_closed(sqlite_engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="is no maildir"):
        read_maildir(tmp_path, names(SETTINGS), written(sqlite_engine))
    folder = filled(tmp_path / "box", report(1))
    (folder / "cur").rename(folder / "away")
    (folder / "cur").write_text("")
    with pytest.raises(Refused, match="is no maildir"):
        read_maildir(folder, names(SETTINGS), written(sqlite_engine))
    (folder / "cur").unlink()
    (folder / "away").rename(folder / "cur")
    (folder / "cur" / "0000.mail:2,S").mkdir()
    with pytest.raises(Outside, match="cannot be read"):
        read_maildir(folder, names(SETTINGS), written(sqlite_engine))


def die(url: str, where: str, when: str) -> None:
    """Read a box and be killed before the first commit, after it, or between the second and what follows."""
    engine, times = connect(url), 0

    def write_and_die(backs: Sequence[Back]) -> Noted:
        nonlocal times
        times += 1
        if when == "before":
            with engine.begin() as connection:
                from engage.intake.returned.noting import note

                note(connection, backs, "test", system_clock())
                os.kill(os.getpid(), signal.SIGKILL)
        done = write(engine, backs, "test", system_clock)
        if when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    _reading(where)(write_and_die)


def _reading(where: str) -> Callable[[Callable[[Sequence[Back]], Noted]], Noted]:
    if where.startswith("imap"):
        return lambda writing: read_imap(imap_box(where, None), names(SETTINGS), writing)
    return lambda writing: read_maildir(Path(where), names(SETTINGS), writing)


def killed(url: str, where: str, when: str) -> None:
    """Read a box in a process that is killed."""
    process = SPOKEN.Process(target=die, args=(url, where, when))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL


def test_killed_between_reading_a_maildir_and_the_commit_and_before_the_mark(
    engine: Engine, schema_url: str, tmp_path: Path
) -> None:
    """R58: each bounce once."""
    sent(engine, 3)
    folder = filled(tmp_path / "box", report(1), report(2), report(3), STRANGE)
    killed(schema_url, str(folder), "before")
    assert noted(engine) == []
    assert len(names_in(folder / "new")) == 4
    killed(schema_url, str(folder), "after")
    assert len(noted(engine)) == 3
    assert len(names_in(folder / "new")) == 4
    assert read_maildir(folder, names(SETTINGS), written(engine)) == Noted(strange=1)
    assert happened(engine) == [(key, "email_bounced") for key in (1, 2, 3)]
    assert names_in(folder / "new") == ["0003.mail"]


def url_of(server: Dovecot, folder: str = "INBOX") -> str:
    return f"imap://reader:secret@127.0.0.1:{server.port}/{folder}"


def flags(server: Dovecot, folder: str = "INBOX") -> list[bytes]:
    """Return the flags of each mail of a box."""
    import imaplib

    connection = imaplib.IMAP4("127.0.0.1", server.port)
    connection.login("reader", "secret")
    connection.select(folder, readonly=True)
    _, found = connection.fetch("1:*", "(FLAGS)")
    connection.logout()
    return sorted(line.partition(b"FLAGS")[2].replace(b"\\Recent", b"").strip(b" ()") for line in found)  # type: ignore[union-attr]


def test_an_imap_box(engine: Engine) -> None:
    """R58: ours is seen, foreign mail stays unseen, in a folder of any name, killed at any moment."""
    sent(engine, 60)
    with dovecot() as server:
        server.put(*(report(key) for key in range(1, 56)), STRANGE, letter(path_of(60)))
        url = str(engine.url.render_as_string(hide_password=False))
        killed(url, url_of(server), "before")
        assert noted(engine) == []
        assert flags(server) == [b""] * 57
        killed(url, url_of(server), "after")
        assert len(noted(engine)) == 1
        assert flags(server) == [b""] * 57
        done = read_imap(imap_box(url_of(server), None), names(SETTINGS), written(engine))
        assert (done.total, done.strange) == (55, 1)
        assert flags(server) == [b""] + [b"\\Seen"] * 56
        assert len(happened(engine)) == 55
        server.put(report(56), folder=".&kU1P4TCoMOkw,A-")
        japanese = imap_box(url_of(server, "%E9%85%8D%E4%BF%A1%E3%82%A8%E3%83%A9%E3%83%BC"), None)
        assert read_imap(japanese, names(SETTINGS), written(engine)).counts == {Returned.HARD: 1}
        again = read_imap(imap_box(url_of(server), None), names(SETTINGS), written(engine))
        assert (again.total, again.strange) == (0, 1)


def test_an_imap_box_over_tls_and_what_it_refuses(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S77: a certificate that is not good opens no box; a wrong password or folder is said without the password."""
    sent(sqlite_engine, 1)
    signer = authority(tmp_path)
    signer.signed("good")
    with dovecot(tmp_path / "good.pem") as server:
        server.put(report(1))

        def read(box: ImapBox) -> Noted:
            return read_imap(box, names(SETTINGS), written(sqlite_engine))

        safe = imap_box(f"imaps://reader@localhost:{server.safe_port}/", "secret")
        with pytest.raises(Outside, match="signed by nobody known here"):
            read(safe)
        monkeypatch.setenv("SSL_CERT_FILE", str(signer.file))
        with pytest.raises(Outside, match="certificate is not for"):
            read(replace(safe, host="127.0.0.1"))
        with pytest.raises(Outside, match=r"cannot be read: .*AUTHENTICATIONFAILED") as refused:
            read(replace(safe, password="wrong-word"))
        assert "wrong-word" not in str(refused.value)
        with pytest.raises(Outside, match=r"cannot be read: .*Mailbox doesn't exist"):
            read(replace(safe, folder="Nowhere"))
        assert read(safe).counts == {Returned.HARD: 1}
    with pytest.raises(Outside, match="cannot be read"):
        read(safe)


def test_the_box_of_the_settings(engine: Engine, schema_url: str, tmp_path: Path) -> None:
    sent(engine, 1)
    filled(tmp_path / "box", report(1))
    settings = replace(SETTINGS, workspace=tmp_path, bounce_box="maildir:box")
    box = bounce_box(settings)
    assert box == tmp_path / "box"
    assert read_box(App(settings, engine), box, system_clock).counts == {Returned.HARD: 1}
    assert noted(engine) == [(1, "hard")]
    assert "secret" not in repr(imap_box("imaps://a:secret@b.example", None))
    assert bounce_box(SETTINGS) is None


def test_the_daemon_reads_the_box_of_the_settings(engine: Engine, tmp_path: Path) -> None:
    """A real daemon, and a box that cannot be read at first: it says so and lives on."""
    sent(engine, 1)
    settings = replace(SETTINGS, workspace=tmp_path, bounce_box="maildir:box")
    stopping, said = threading.Event(), StringIO()
    daemon = threading.Thread(
        target=lead_or_stand_by,
        args=(App(settings, engine), Rhythm(every=0.2), system_clock, stopping, make_log(said)),
    )
    daemon.start()
    try:
        wait_for(lambda: "is no maildir" in said.getvalue())
        filled(tmp_path / "box", report(1))
        wait_for(lambda: noted(engine) == [(1, "hard")])
        wait_for(lambda: '"event": "bounces"' in said.getvalue())
    finally:
        stopping.set()
        daemon.join(60)
    assert '"hard": 1' in said.getvalue()


def wait_for(condition: Callable[[], bool], seconds: float = 30) -> None:
    begun = monotonic()
    while not condition():
        assert monotonic() - begun < seconds
        threading.Event().wait(0.05)

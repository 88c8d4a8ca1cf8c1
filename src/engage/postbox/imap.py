"""An IMAP box of mail that came back: what is ours is noted, then flagged as seen; all else stays unseen."""

from __future__ import annotations

import contextlib
import imaplib
import re
import ssl
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from engage.effects.mail_server import is_here
from engage.effects.trust import distrust
from engage.errors import Outside, Refused
from engage.intake.returned.judging import Names, concerns_us, judge
from engage.intake.returned.shallow import MOST, MOST_HEADERS, one_line
from engage.postbox.maildir import Write
from engage.postbox.noted import Noted
from engage.wording import Sentence, sentence

#: So many mails are asked for at once, and their headers looked at.
TOGETHER = 50
_TIMEOUT = 60.0
_UID = re.compile(rb"UID (\d+)")
_NOT_ASCII = re.compile(r"[^\x20-\x7e]+")


@dataclass(frozen=True, slots=True)
class ImapBox:
    """Where a box is and how it is opened."""

    host: str
    port: int
    user: str
    folder: str
    #: TLS from the first byte; else demanded by STARTTLS, but on this machine itself
    wrapped: bool
    password: str = field(default="", repr=False)


def imap_box(url: str, password: str | None) -> ImapBox:
    """Return the box that an address names; its sentence never shows a password. Raises Refused for what is none."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme not in ("imap", "imaps") or not host or not parts.username or parts.query or parts.fragment:
        raise Refused(sentence("an IMAP box is written as imaps://user@host/FOLDER, a sign such as @ in a name as %40"))
    given = unquote(parts.password) if parts.password else password
    if not given:
        raise Refused(sentence("the password of the IMAP box is missing: set ENGAGE_BOUNCE_PASSWORD"))
    wrapped = parts.scheme == "imaps"
    folder = unquote(parts.path.strip("/")) or "INBOX"
    if re.search(r"[\x00-\x1f\x7f]", folder + unquote(parts.username) + given):
        raise Refused(sentence("an IMAP box is written as imaps://user@host/FOLDER, a sign such as @ in a name as %40"))
    return ImapBox(host, port or (993 if wrapped else 143), unquote(parts.username), folder, wrapped, given)


def read_imap(box: ImapBox, names: Names, write: Write) -> Noted:
    """Note the unseen mails of a box that are ours; only then are they flagged as seen.

    Raises Outside with the server's words where it cannot be reached or does not let us.
    """
    done = Noted()
    with _opened(box) as connection:
        numbers = _asked(connection, "SEARCH", "UNSEEN", "UNDELETED")[0]
        uids = numbers.split() if isinstance(numbers, bytes) else []
        for start in range(0, len(uids), TOGETHER):
            done += _read(connection, uids[start : start + TOGETHER], names, write)
    return done


def _read(connection: imaplib.IMAP4, uids: Sequence[bytes], names: Names, write: Write) -> Noted:
    heads = dict(_fetched(connection, uids, f"BODY.PEEK[HEADER]<0.{MOST_HEADERS}>"))
    ours = [uid for uid, head in heads.items() if concerns_us(head, names)]
    done = Noted(strange=len(heads) - len(ours))
    for uid in ours:
        backs = [
            back
            for _, content in _fetched(connection, [uid], f"BODY.PEEK[]<0.{MOST}>")
            for back in judge(content, (), names)
        ]
        done += write(backs)
        _asked(connection, "STORE", uid.decode(), "+FLAGS.SILENT", r"(\Seen)")
    return done


def _fetched(connection: imaplib.IMAP4, uids: Sequence[bytes], what: str) -> Iterator[tuple[bytes, bytes]]:
    """Yield the numbers of mails and what was asked of each; mails that are gone are passed over."""
    for line in _asked(connection, "FETCH", b",".join(uids).decode(), f"(UID {what})"):
        if isinstance(line, tuple) and (uid := _UID.search(line[0])):
            yield uid[1], line[1]


def _asked(connection: imaplib.IMAP4, command: str, *arguments: str) -> list[bytes | tuple[bytes, bytes] | None]:
    word, answer = connection.uid(command, *arguments)
    if word != "OK":
        raise connection.error(_said(answer))
    return list(answer)


@contextlib.contextmanager
def _opened(box: ImapBox) -> Iterator[imaplib.IMAP4]:
    """Give a box, opened for reading and flagging."""
    connection: imaplib.IMAP4 | None = None
    try:
        connection = _connected(box)
        connection.login(box.user, box.password)
        word, answer = connection.select(quoted(box.folder))
        if word != "OK":
            raise connection.error(_said(answer))
        yield connection
    except ssl.SSLError as error:
        raise Outside(_failed(box, distrust(error, box.host))) from error
    except imaplib.IMAP4.error as error:
        raise Outside(_failed(box, _said(error.args))) from error
    except OSError as error:
        raise Outside(_failed(box, error.strerror or str(error) or type(error).__name__)) from error
    finally:
        if connection is not None:
            with contextlib.suppress(imaplib.IMAP4.error, OSError):
                connection.logout()


def _connected(box: ImapBox) -> imaplib.IMAP4:
    if box.wrapped:
        safe = ssl.create_default_context()
        return imaplib.IMAP4_SSL(box.host, box.port, ssl_context=safe, timeout=_TIMEOUT)
    connection = imaplib.IMAP4(box.host, box.port, timeout=_TIMEOUT)
    if not is_here(box.host):
        try:
            connection.starttls(ssl.create_default_context())
        except BaseException:
            connection.shutdown()
            raise
    return connection


def _failed(box: ImapBox, why: Sentence | str) -> Sentence:
    return sentence("the IMAP box at {host}:{port} cannot be read: {why}", host=box.host, port=box.port, why=why)


def _said(answer: object) -> str:
    pieces = answer if isinstance(answer, list | tuple) else [answer]
    return one_line(
        " ".join(each.decode("utf-8", "replace") if isinstance(each, bytes) else str(each) for each in pieces)
    )


def quoted(folder: str) -> str:
    """Return a folder's name as IMAP wants it: in quotes, letters of other scripts in its own form of UTF-7.

    >>> quoted("配信エラー"), quoted('a"b & c')
    ('"&kU1P4TCoMOkw,A-"', '"a\\\\"b &- c"')
    """
    name = _NOT_ASCII.sub(_shifted, folder.replace("&", "&-"))
    return '"{}"'.format(name.replace("\\", "\\\\").replace('"', '\\"'))


def _shifted(found: re.Match[str]) -> str:
    return f"&{b64encode(found[0].encode('utf-16-be'), b'+,').decode().rstrip('=')}-"

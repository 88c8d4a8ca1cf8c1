"""Bounces that follow no standard: those of qmail, Exim, old Exchange, carriers; told by flufl.bounce and by words."""

from __future__ import annotations

import logging
from email import message_from_bytes
from email.message import Message
from importlib import import_module

from engage.errors import Refused
from engage.intake.returned.automatic import is_from_daemon, is_warning
from engage.intake.returned.meaning import refused, says_refused
from engage.intake.returned.shallow import Part, one_line
from engage.intake.returned.verdict import Verdict, verdict
from engage.sql.codes import Returned
from engage.wording import sentence

#: flufl.bounce asks each line some fifty questions, some of which take longer the longer it is.
_LINES, _WIDTH = 300, 300
_HEADERS = ("From", "Subject", "X-Failed-Recipients", "X-Mailer")
_PARTS = ("text/plain", "text/html")
_MOST_PARTS = 6
#: Where the message itself begins, in servers' words.
_ORIGINAL = ("--- below this line", "----- original message", "original message follows", "--- original message")


def require() -> None:
    """Raise Refused, with what to install, where a library is missing that bounces are taken or read with."""
    for name in ("flufl.bounce", "aiosmtpd"):
        try:
            import_module(name)
        except ImportError:
            text = "bounces are read with {library}, which is not installed; run: pip install 'engage[bounce]'"
            raise Refused(sentence(text, library=name)) from None


def told(mail: Part) -> Verdict | None:
    """Return what a mail in a server's own words says of its recipients, or None where it is no bounce."""
    delayed, failed = _found(mail)
    text = _words(mail)
    if delayed or (failed and is_warning(mail)):
        return verdict(Returned.DELAYED, addresses=delayed or failed)
    if failed:
        return verdict(refused("", text), _reason(text), failed)
    if not is_from_daemon(mail):
        return None
    if is_warning(mail):
        return verdict(Returned.DELAYED)
    return verdict(refused("", text), _reason(text)) if says_refused(text) else None


def _found(mail: Part) -> tuple[list[str], list[str]]:
    """Return the addresses that flufl.bounce finds delayed, and failed."""
    from flufl.bounce import all_failures

    logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL + 1)
    try:
        delayed, failed = all_failures(_plain(mail))
    except Exception:
        return [], []
    return [each.decode("ascii", "replace") for each in delayed], [each.decode("ascii", "replace") for each in failed]


def _plain(mail: Part) -> Message:
    """Return a mail anew as its first lines of text, in the same kind of parts: nothing of it is deep or long."""
    texts = [(part, _cut(part.text)) for part in mail.walk() if part.kind in _PARTS][:_MOST_PARTS]
    head = [f"{name}: {value[:500]}" for name in _HEADERS if (value := one_line(mail.get(name)))]
    if not mail.parts:
        return _made([*head, "Content-Type: text/plain; charset=utf-8"], texts[0][1] if texts else "")
    kind = mail.kind if mail.kind in ("multipart/report", "multipart/mixed") else "multipart/mixed"
    pieces = [_piece(part, text) for part, text in texts]
    body = "".join(f"--=_p\n{piece}\n" for piece in pieces) + "--=_p--\n"
    return _made([*head, f'Content-Type: {kind}; boundary="=_p"'], body)


def _made(head: list[str], body: str) -> Message:
    return message_from_bytes("\n".join((*head, "", body)).encode("utf-8", "replace"))


def _piece(part: Part, text: str) -> str:
    description = one_line(part.get("Content-Description"))[:100]
    shown = text.replace("\n--=_p", "\n --=_p")
    return f"Content-Type: {part.kind}; charset=utf-8\nContent-Description: {description}\n\n{shown}"


def _cut(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[:_LINES]
    return "\n".join(line[:_WIDTH] for line in lines)


def _words(mail: Part) -> str:
    """Return what the server itself says: the first text, up to the message that it sends back."""
    texts = [_cut(part.text) for part in mail.walk() if part.kind in _PARTS]
    text = texts[0] if texts else ""
    low = text.lower()
    ends = [place for sign in _ORIGINAL if (place := low.find(sign)) > 0]
    return text[: min(ends)] if ends else text


def _reason(text: str) -> str:
    """Return the line of a text that says why, if one does."""
    for line in text.splitlines():
        if says_refused(line):
            return one_line(line)
    return ""

"""What a mail that came back means: a report of a server, a complaint, an opt-out, an autoreply, or unknown.

Only a signed address, or the signed link of a reported message, says which message a mail is about; who sent it and
what it claims never does. Pure: no database, no clock, bounded in time and memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b

from engage.intake.returned import automatic, in_words, status_report
from engage.intake.returned.feedback import feedback, is_feedback, named_in
from engage.intake.returned.shallow import MOST, Part, read
from engage.intake.returned.verdict import UNKNOWN, Verdict, verdict
from engage.sql.codes import Returned

#: Where the address stands that a mail was delivered to, the most reliable first.
_DELIVERED = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Delivered-To", "X-Envelope-To", "To", "Cc")
_MOST_HEADERS = 5
_OPT_OUT = verdict(Returned.OPT_OUT)


@dataclass(frozen=True, slots=True)
class Named:
    """A message that a signed address or link names; ``stops``: it was given for opting out."""

    message_id: int
    stops: bool = False


#: Reads the first signed address or link in a text, such as a header; None where there is none that we signed.
Names = Callable[[str], Named | None]


@dataclass(frozen=True, slots=True)
class Back:
    """A mail, or an event of a mail service, that is about one message, or about none of ours."""

    #: names it, so that it is noted once however often it is read
    key: bytes
    message_id: int | None
    verdicts: tuple[Verdict, ...]
    #: where given, it counts only if the message went to this address, made comparable
    recipient: str = ""


def judge(content: bytes, recipients: Iterable[str], names: Names) -> tuple[Back, ...]:
    """Return what a mail says of each message that it is about; one of no message where it is none of ours.

    ``recipients`` are the addresses that the mail was delivered to, where they are known; else its headers tell. A mail
    that breaks whatever reads it is about none: it must not come again and again, nor keep others waiting.
    """
    try:
        return _judged(content, tuple(recipients), names)
    except Exception:
        return (Back(_key(content, None), None, (UNKNOWN,)),)


def _judged(content: bytes, recipients: tuple[str, ...], names: Names) -> tuple[Back, ...]:
    mail = read(content)
    named = _named(mail, recipients, names)
    if not named:
        return (Back(_key(content, None), None, (verdict(Returned.FOREIGN),)),)
    report = feedback(mail)
    if report is not None:
        return tuple(Back(_key(content, one.message_id), one.message_id, (report,)) for one in named)
    found = _verdicts(mail)
    meant = _is_meant(mail, found)
    return tuple(
        Back(_key(content, one.message_id), one.message_id, (_OPT_OUT,) if one.stops and meant else found)
        for one in named
    )


def concerns_us(headers: bytes, names: Names) -> bool:
    """Return whether a mail may be ours by its headers alone: the rest of a strange box is not even read."""
    try:
        mail = read(headers)
        return is_feedback(mail) or bool(_named(mail, (), names))
    except Exception:
        return False


def _named(mail: Part, recipients: tuple[str, ...], names: Names) -> tuple[Named, ...]:
    """Return the messages that a mail is about, each once."""
    found = _first(recipients, names) or _first(_delivered_to(mail), names)
    if not found:
        # What a provider reports goes to one address for all: the message reported tells which it is.
        return _first(named_in(mail), names)[:1]
    return found if recipients else found[:1]


def _first(texts: Iterable[str], names: Names) -> tuple[Named, ...]:
    found = (names(text) for text in texts)
    return tuple(dict.fromkeys(one for one in found if one is not None))


def _delivered_to(mail: Part) -> Iterator[str]:
    for name in _DELIVERED:
        yield from mail.all(name)[:_MOST_HEADERS]


def _verdicts(mail: Part) -> tuple[Verdict, ...]:
    """Return what a mail to a return path says."""
    reported = status_report.verdicts(mail)
    if reported:
        return reported
    beside = automatic.beside(mail)
    if beside is not None and not automatic.is_from_daemon(mail):
        return (verdict(beside),)
    said = in_words.told(mail)
    if said is not None:
        return (said,)
    return (UNKNOWN if beside is None else verdict(beside),)


def _is_meant(mail: Part, found: tuple[Verdict, ...]) -> bool:
    """Return whether somebody, or a mail program for somebody, wrote a mail, so that it means what its address says."""
    kinds = (Returned.UNKNOWN, Returned.ECHO, Returned.AUTOREPLY)
    return all(each.kind in kinds for each in found) and not automatic.answers_itself(mail)


def _key(content: bytes, message_id: int | None) -> bytes:
    """Return a mail's own name: what it holds, and the message that it is about."""
    return blake2b(f"mail\0{message_id}\0{len(content)}\0".encode() + content[:MOST], digest_size=16).digest()

"""A rendered message becomes a mail: who it is from and to, and how one stops it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from urllib.parse import quote

from engage.effects.channel import Envelope
from engage.effects.failure import Unrenderable
from engage.effects.links import signing_key
from engage.effects.mime import (
    mail,
    mail_address,
    mail_body,
    mailboxes,
    moment_header,
    raw,
    unstructured,
)
from engage.effects.post import Post
from engage.effects.queued import Queued
from engage.effects.rendering import Printed
from engage.effects.return_path import opt_out_path, return_path
from engage.effects.services import service_headers
from engage.effects.team import Person
from engage.language.workspace import Sender
from engage.wording import Sentence, sentence


@dataclass(frozen=True, slots=True)
class Desk:
    """Who writes, and the moment."""

    post: Post
    sender: Sender
    #: the sender's address as mail programs take it
    address: str
    now: datetime
    #: tells the mails of this database from those of others; empty: no command ever opened it
    home: str = ""

    @property
    def date(self) -> str:
        """The header Date, in the house's time."""
        return moment_header(self.now, self.post.house.hours.zone)

    def message_id(self, name: str) -> str:
        """Return a mail's Message-ID: the same whenever it is written, and no other database's."""
        home = f".{self.home}" if self.home else ""
        return raw("Message-ID", f"<engage-{name}{home}@{self.address.rpartition('@')[2]}>")


def letter(desk: Desk, message: Queued, printed: Printed, owner: Person | None, test: str | None = None) -> Envelope:
    """Return a message's mail; ``test`` names one that is only tried, and says so in its headers.

    Raises Unrenderable for an address that no mail program takes.
    """
    prospect = message.prospect or {}
    to = mail_address(str(prospect.get("email") or ""))
    if to is None:
        raise Unrenderable(_no_address(str(prospect.get("email") or "")))
    headers = [
        _from(*_author(desk, message, owner)),
        mailboxes("To", [(str(prospect.get("full_name") or ""), to)]),
        unstructured("Subject", printed.subject),
        desk.date,
        desk.message_id(str(message.id) if test is None else f"test-{test}"),
        _feedback_id(desk, message),
        *service_headers(desk.post.services, message.id),
        *(() if test is None else ("X-Engage-Test: yes",)),
        *(_ways_to_stop(printed.unsubscribe_url, _opt_out_path(desk, message)) if message.marketing else ()),
    ]
    content = mail(headers, printed.body)
    name = f"message-{message.id:09d}" if test is None else f"test-{test}"
    return Envelope(name, _return_path(desk, message), (to,), content)


def _no_address(text: str) -> Sentence:
    """Return why nothing can be sent to an address."""
    if mail_address(f"x@{text.rpartition('@')[2]}") is not None and not text.rpartition("@")[0].isascii():
        said = "the part before the @ of {address} has letters outside ASCII, which engage cannot send to"
        return sentence(said, address=repr(text))
    return sentence("{address} is no mail address", address=repr(text))


def _return_path(desk: Desk, message: Queued) -> str:
    """Return where a bounce goes: to an address of the message's own where bounces are read."""
    post = desk.post
    if post.bounce_address is None:
        return desk.address
    return return_path(post.bounce_address, signing_key(post.secret_key, post.base_url), message.id)


def _feedback_id(desk: Desk, message: Queued) -> str:
    """Return the header by which mail providers tell of complaints: e-mail, scenario or send, kind and sender."""
    kind = "marketing" if message.marketing else "operational"
    origin = message.scenario_key or ("" if message.send_id is None else f"send-{message.send_id}")
    return _quoted(message.template, origin, kind, desk.address.rpartition("@")[2])


@lru_cache(maxsize=500)
def _quoted(*words: str) -> str:
    return raw("Feedback-ID", ":".join(quote(word, safe="") for word in words))


@lru_cache(maxsize=500)
def _from(name: str, address: str) -> str:
    return mailboxes("From", [(name, address)])


def _author(desk: Desk, message: Queued, owner: Person | None) -> tuple[str, str]:
    """Return whose name and address the mail bears; an owner who cannot sign leaves it to the sender."""
    if message.from_owner and owner is not None and owner.enabled:
        address = mail_address(owner.email)
        if address is not None:
            return owner.name, address
    return desk.sender.name, desk.address


def _opt_out_path(desk: Desk, message: Queued) -> str | None:
    """Return where one may write to opt out, if mail is read there."""
    post = desk.post
    if post.opt_out_address is None:
        return None
    return opt_out_path(post.opt_out_address, signing_key(post.secret_key, post.base_url), message.id)


def _ways_to_stop(unsubscribe_url: str, address: str | None) -> tuple[str, str]:
    """Return the headers of one-click unsubscribing (RFC 8058), and of opting out by mail (RFC 2369)."""
    ways = f"<{unsubscribe_url}>" if address is None else f"<{unsubscribe_url}>, <mailto:{address}?subject=unsubscribe>"
    return raw("List-Unsubscribe", ways), "List-Unsubscribe-Post: List-Unsubscribe=One-Click"


def notice(desk: Desk, notification_id: int, people: tuple[tuple[str, str], ...], subject: str, text: str) -> Envelope:
    """Return a notification's mail to the team; ``people`` are names and addresses."""
    headers = [
        mailboxes("From", [(desk.sender.name, desk.address)]),
        mailboxes("To", people),
        unstructured("Subject", subject),
        desk.date,
        desk.message_id(f"notice-{notification_id}"),
        "Auto-Submitted: auto-generated",
    ]
    recipients = tuple(address for _, address in people)
    return Envelope(f"notice-{notification_id:09d}", desk.address, recipients, mail(headers, mail_body(text)))

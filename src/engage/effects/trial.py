"""Trying e-mails before anybody gets them: what they say to somebody, and a test sent to one address.

A test is no message: no row is written, nothing is counted, and its links belong to nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, select

from engage.effects.channel import Channel, Envelope, Refusal, Unwanted
from engage.effects.composing import reason
from engage.effects.consent import refusal
from engage.effects.failure import Failure, Unrenderable
from engage.effects.letter import Desk, letter
from engage.effects.merge_fields import Plain, custom_values, plain_prospect
from engage.effects.mime import mail_address
from engage.effects.post import Post
from engage.effects.press import Press
from engage.effects.queued import Queued, field_columns
from engage.effects.rendering import Rendered
from engage.effects.team import Person, read_team
from engage.errors import Outside, Refused
from engage.language.fields import fold
from engage.language.templates import Template
from engage.language.workspace import Sender
from engage.sql import tables as t
from engage.wording import said, sentence


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom an e-mail is tried on."""

    prospect: Mapping[str, Plain]
    owner: Person | None = None


def known_reader(connection: Connection, post: Post, email: str) -> Reader | None:
    """Return the prospect of an address, with the owner; None where nobody is known by it."""
    p, s = t.prospects, t.standings
    chosen = select(p.c.id, *field_columns()).join(s, s.c.prospect_id == p.c.id)
    row = connection.execute(chosen.where(p.c.email_folded == fold(email.strip()))).one_or_none()
    if row is None:
        return None
    custom = custom_values(connection, post, [row.id]).get(row.id, {})
    prospect = plain_prospect(row._asdict(), custom, post.house)
    return Reader(prospect, read_team(connection).person(str(prospect.get("owner") or "")))


def tried(
    post: Post, sender: Sender, trials: Sequence[tuple[Template, Reader]], now: datetime
) -> list[Rendered | Failure]:
    """Return what each template says to its reader, whatever language they speak.

    Raises Outside when nothing can be rendered at all.
    """
    alone = {template.file: {template.language: template} for template, _ in trials}
    press = Press(replace(post, templates=alone), sender)
    try:
        messages = [(_message(template, reader, now, template.file), reader.owner) for template, reader in trials]
        return list(press.render(messages))
    finally:
        press.close()


def desk(post: Post, now: datetime) -> Desk:
    """Return who writes. Raises Refused where the workspace names nobody."""
    sender = post.company.sender
    address = mail_address(sender.email) if sender is not None else None
    if sender is None or address is None:
        raise Refused(sentence("engage.yaml names no sender with a mail address"))
    return Desk(post, sender, address, now)


def written(at: Desk, template: Template, reader: Reader, rendered: Rendered) -> Envelope:
    """Return the mail as a reader would get it. Raises Refused for an address that no mail program takes."""
    try:
        return letter(at, _message(template, reader, at.now, template.id), rendered.printed(), reader.owner)
    except Unrenderable as error:
        raise Refused(said(error)) from error


def test_letter(at: Desk, template: Template, reader: Reader, rendered: Rendered, to: str) -> Envelope:
    """Return a test to one address: marked in its subject and headers. Raises Refused for no address."""
    if mail_address(to) is None:
        raise Refused(sentence("{address} is no mail address", address=repr(to)))
    tester = Reader({"email": to, "full_name": None}, reader.owner)
    subject = sentence("[Test] {subject}", subject=rendered.subject).read(at.post.house.locale)
    message = _message(template, tester, at.now, template.id)
    return letter(at, message, replace(rendered, subject=subject).printed(), reader.owner, f"{at.now:%Y%m%d%H%M%S%f}")


def why_not(connection: Connection, post: Post, template: Template, address: str) -> str | None:
    """Return why an address must not be written to, even for a test; None where it may."""
    p, s = t.prospects, t.standings
    chosen = select(s.c.opted_out, s.c.do_not_email, p.c.consent_at).join(p, p.c.id == s.c.prospect_id)
    row = connection.execute(chosen.where(p.c.email_folded == fold(address.strip()))).one_or_none()
    if row is None:
        return None
    marketing = template.head.kind == "marketing"
    return refusal(marketing, row[0], row[1], row[2] is not None, post.house.require_consent)


def send(channel: Channel, envelope: Envelope) -> None:
    """Let a test go. Raises Refused when it was not taken, Outside when the channel is away or failed."""
    try:
        channel.hand_over(envelope)
        channel.flush()
    except Unwanted as error:
        raise error.closed from error
    except Refusal as error:
        raise Refused(error.why) from error
    except Outside:
        raise
    except Exception as error:
        message = sentence("{channel} failed while taking the test: {why}", channel=channel.name, why=reason(error))
        raise Outside(message) from error


def _message(template: Template, reader: Reader, now: datetime, name: str) -> Queued:
    """Return a message of nobody's: number 0, which no row ever has; it is not tracked."""
    return Queued(
        id=0,
        prospect_id=0,
        enrolment_id=None,
        step_id=None,
        scenario_id=None,
        scenario_key=None,
        scenario_name=None,
        template=name,
        marketing=template.head.kind == "marketing",
        from_owner=template.head.from_ == "owner",
        queued_at=now,
        deferred_at=None,
        try_at=None,
        prospect=reader.prospect,
        tracked=False,
    )

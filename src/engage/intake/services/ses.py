"""Amazon SES: bounces and complaints that it publishes to an SNS topic, as feedback or as events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from engage.intake.returned.judging import Back, Names
from engage.intake.returned.meaning import refused
from engage.intake.services.call import Call, Malformed, event, loaded, mapping, named, sequence, word
from engage.intake.services.sns import Certificates, Notice, read_notice
from engage.sql.codes import Returned

SERVICE = "ses"
#: Reports between servers, which no reader made.
_NO_COMPLAINT = {"not-spam", "auth-failure", "virus"}


def read(body: bytes, topics: tuple[str, ...], certificates: Certificates, names: Names | None, now: datetime) -> Call:
    """Return what SES reports, or the address by which a subscription is confirmed.

    ``names`` reads our return paths, where messages bear them: then their Message-ID is not needed. Raises Forged for
    what SNS did not sign or too long ago, Malformed for rubbish, OSError where Amazon's certificate cannot be had.
    """
    notice = read_notice(body, topics, certificates, now)
    key = named(SERVICE, f"notice {notice.id}")
    if notice.type != "Notification":
        return Call(key, confirm=notice.confirm)
    return Call(key, tuple(_events(notice, names)))


def _events(notice: Notice, names: Names | None) -> Iterator[Back]:
    try:
        told = mapping(loaded(notice.text))
    except Malformed:
        return  # SNS itself says in plain words that a topic was chosen
    mail, references = mapping(told.get("mail")), _references(mapping(told.get("mail")), names)
    what = word(told.get("eventType")) or word(told.get("notificationType"))
    for recipient, kind, why in _told(what, told):
        address = mapping(recipient).get("emailAddress")
        name = f"{word(mail.get('messageId'))} {what} {notice.id} {address}"
        yield event(SERVICE, name, kind, references, address, why)


def _told(what: str, told: Mapping[str, object]) -> Iterator[tuple[object, Returned, str]]:
    """Yield each recipient of an event with what it means; opens, clicks and deliveries are none of our business."""
    if what == "Bounce":
        bounce = mapping(told.get("bounce"))
        for recipient in sequence(bounce.get("bouncedRecipients")):
            why = word(mapping(recipient).get("diagnosticCode"))
            yield recipient, _bounced(bounce, mapping(recipient), why), why
    elif what == "Complaint":
        complaint = mapping(told.get("complaint"))
        kind = word(complaint.get("complaintFeedbackType")).lower()
        meant = Returned.REPORT if kind in _NO_COMPLAINT else Returned.COMPLAINT
        for recipient in sequence(complaint.get("complainedRecipients")):
            yield recipient, meant, kind
    elif what == "DeliveryDelay":
        for recipient in sequence(mapping(told.get("deliveryDelay")).get("delayedRecipients")):
            yield recipient, Returned.DELAYED, word(mapping(recipient).get("diagnosticCode"))


def _bounced(bounce: Mapping[str, object], recipient: Mapping[str, object], why: str) -> Returned:
    """Return what a bounce means. SES calls autoreplies passing bounces; nothing was refused by a server there."""
    kind, sort = word(bounce.get("bounceType")), word(bounce.get("bounceSubType"))
    status = word(recipient.get("status"))
    if sort in ("ContentRejected", "AttachmentRejected"):
        return Returned.POLICY
    if kind == "Permanent":
        return Returned.POLICY if refused(status, why) is Returned.POLICY else Returned.HARD
    if kind == "Transient" and sort == "General" and not why and not status:
        return Returned.AUTOREPLY
    if kind in ("Transient", "Undetermined"):
        return Returned.POLICY if refused(status, why) is Returned.POLICY else Returned.SOFT
    return Returned.UNKNOWN


def _references(mail: Mapping[str, object], names: Names | None) -> tuple[object, ...]:
    """Return what names the message: its return path, signed by us, else the Message-ID that it left with."""
    path = names(word(mail.get("source"))) if names is not None else None
    headers = [mapping(each) for each in sequence(mail.get("headers"))]
    given = [each.get("value") for each in headers if word(each.get("name")).lower() == "message-id"]
    common = mapping(mail.get("commonHeaders")).get("messageId")
    return (*(() if path is None else (str(path.message_id),)), *given[:1], common)

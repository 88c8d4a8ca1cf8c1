"""SendGrid's signed event webhook: an ECDSA signature over the moment and the bytes of the body."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Iterator
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from engage.errors import Refused
from engage.intake.returned.judging import Back
from engage.intake.returned.meaning import refused
from engage.intake.services.call import Call, Forged, Malformed, event, loaded, mapping, named, timely, word
from engage.sql.codes import Returned
from engage.wording import sentence

SERVICE = "sendgrid"
#: SendGrid tries for a day.
LONGEST = timedelta(hours=25)
_DROPPED = {
    "bounced address": Returned.HARD,
    "invalid": Returned.HARD,
    "spam reporting address": Returned.COMPLAINT,
    "unsubscribed address": Returned.OPT_OUT,
}


Key = EllipticCurvePublicKey


def public_key(text: str) -> Key:
    """Return the key that SendGrid shows for verification. Raises Refused for what is none."""
    try:
        key = load_der_public_key(b64decode(text, validate=True))
    except (ValueError, binascii.Error, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, EllipticCurvePublicKey):
        raise Refused(sentence("ENGAGE_SENDGRID_KEY is not the verification key that SendGrid shows (MFkwEwYH…)"))
    return key


def read(signature: str, at: str, body: bytes, key: Key, now: datetime) -> Call:
    """Return what SendGrid reports. Raises Forged for what it did not sign, or too long ago, Malformed for rubbish.

    ``signature`` and ``at`` are the headers X-Twilio-Email-Event-Webhook-Signature and -Timestamp.
    """
    try:
        # A signature can be written in two ways, so it is what was signed that names the call.
        key.verify(b64decode(signature, validate=True), at.encode() + body, ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        raise Forged from None
    timely(at, now, LONGEST)
    told = loaded(body)
    if not isinstance(told, list):
        raise Malformed
    return Call(named(SERVICE, f"{at} {body.hex()}"), tuple(_events(told)))


def _events(told: list[object]) -> Iterator[Back]:
    for each in told:
        data = mapping(each)
        why = word(data.get("reason")) or word(data.get("response"))
        kind = _kind(word(data.get("event")), word(data.get("type")), word(data.get("status")), why)
        if kind is not None:
            references = (data.get("engage"), data.get("smtp-id"))
            yield event(SERVICE, word(data.get("sg_event_id")), kind, references, data.get("email"), why)


def _kind(what: str, sort: str, status: str, why: str) -> Returned | None:
    """Return what an event means; None for opens, clicks and whatever else is none of our business."""
    match what:
        case "bounce" if sort == "blocked":
            return Returned.POLICY if refused(status, why) is Returned.POLICY else Returned.SOFT
        case "bounce":
            return refused(status, why)
        case "dropped":
            return _DROPPED.get(why.lower(), Returned.POLICY)
        case "deferred":
            return Returned.DELAYED
        case "spamreport":
            return Returned.COMPLAINT
        case "unsubscribe" | "group_unsubscribe":
            return Returned.OPT_OUT
        case _:
            return None

"""Mailgun's webhooks: an HMAC over a moment and a token that serves once."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta

from engage.intake.returned.judging import Back
from engage.intake.returned.meaning import refused
from engage.intake.services.call import Call, Forged, Malformed, event, loaded, mapping, named, timely, word
from engage.sql.codes import Returned

SERVICE = "mailgun"
#: Mailgun tries for eight hours.
LONGEST = timedelta(hours=9)
_SUPPRESSED = {
    "suppress-bounce": Returned.HARD,
    "suppress-complaint": Returned.COMPLAINT,
    "suppress-unsubscribe": Returned.OPT_OUT,
    "old": Returned.SOFT,
}


def read(body: bytes, key: str, now: datetime) -> Call:
    """Return what Mailgun reports. Raises Forged for what it did not sign, or too long ago, Malformed for rubbish.

    The signature does not cover the report, so a token must be taken once only: its key is the call's.
    """
    try:
        told = mapping(loaded(body))
    except Malformed:
        raise Forged from None
    signed = mapping(told.get("signature"))
    at, token, given = (word(signed.get(name)) for name in ("timestamp", "token", "signature"))
    good = hmac.new(key.encode(), f"{at}{token}".encode("utf-8", "replace"), "sha256").hexdigest()
    if not token or not hmac.compare_digest(good.encode(), given.encode("utf-8", "replace")):
        raise Forged
    timely(at, now, LONGEST)
    found = _event(mapping(told.get("event-data")))
    return Call(named(SERVICE, f"token {token}"), () if found is None else (found,))


def _event(told: object) -> Back | None:
    data = mapping(told)
    status = mapping(data.get("delivery-status"))
    why = word(status.get("message")) or word(status.get("description"))
    kind = _kind(word(data.get("event")), word(data.get("severity")), word(data.get("reason")), status.get("code"), why)
    if kind is None:
        return None
    headers = mapping(mapping(data.get("message")).get("headers"))
    references = (mapping(data.get("user-variables")).get("engage"), headers.get("message-id"))
    return event(SERVICE, f"event {word(data.get('id'))}", kind, references, data.get("recipient"), why)


def _kind(what: str, severity: str, reason: str, code: object, why: str) -> Returned | None:
    """Return what an event means; None for opens, clicks and whatever else is none of our business."""
    match what:
        case "complained":
            return Returned.COMPLAINT
        case "unsubscribed":
            return Returned.OPT_OUT
        case "failed" if severity == "temporary":
            return Returned.DELAYED
        case "failed":
            return _SUPPRESSED.get(reason) or refused("", f"{code} {why}")
        case _:
            return None

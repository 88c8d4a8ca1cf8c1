"""Which mail services may call, by the settings, and how Amazon is asked for what it signs with."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http.client import HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from engage.effects.return_path import bounce_address, opt_out_address
from engage.errors import Refused
from engage.intake.services import mailgun, sendgrid, ses
from engage.intake.services.call import Call
from engage.intake.services.sns import Certificates, Fetch, is_topic
from engage.postbox.names import names
from engage.settings import Settings
from engage.wording import sentence

#: Reads a call: its headers by their names in small letters, its body, the moment.
Read = Callable[[Mapping[str, str], bytes, datetime], Call]
#: Amazon answers within so many seconds, with no more bytes.
_SECONDS, _MOST = 10.0, 64 * 1024


@dataclass(frozen=True, slots=True)
class Services:
    """The services that may call, by name, and what gets an address of Amazon's."""

    readers: Mapping[str, Read]
    fetch: Fetch


def services(settings: Settings, fetch: Fetch | None = None) -> Services:
    """Return who may call. Raises Refused where a key or a topic is none."""
    get = fetch or fetched
    readers: dict[str, Read] = {}
    if settings.ses_topics:
        readers[ses.SERVICE] = _ses(settings, Certificates(get))
    if settings.sendgrid_key is not None:
        key = sendgrid.public_key(settings.sendgrid_key)
        readers[sendgrid.SERVICE] = partial(_sendgrid, key)
    if settings.mailgun_key is not None:
        readers[mailgun.SERVICE] = partial(_mailgun, settings.mailgun_key)
    return Services(readers, get)


def _ses(settings: Settings, certificates: Certificates) -> Read:
    wrong = [topic for topic in settings.ses_topics if not is_topic(topic)]
    if wrong:
        text = "ENGAGE_SES_TOPIC is no topic's ARN, such as arn:aws:sns:ap-northeast-1:123456789012:bounces: {topic}"
        raise Refused(sentence(text, topic=repr(wrong[0])))
    signed = bounce_address(settings) is not None or opt_out_address(settings) is not None
    known = names(settings) if signed else None
    return lambda _, body, now: ses.read(body, settings.ses_topics, certificates, known, now)


def _sendgrid(key: sendgrid.Key, headers: Mapping[str, str], body: bytes, now: datetime) -> Call:
    head = "x-twilio-email-event-webhook-"
    return sendgrid.read(headers.get(f"{head}signature", ""), headers.get(f"{head}timestamp", ""), body, key, now)


def _mailgun(key: str, headers: Mapping[str, str], body: bytes, now: datetime) -> Call:  # noqa: ARG001 - as others
    return mailgun.read(body, key, now)


def fetched(url: str) -> bytes:
    """Get an address by HTTPS, following nothing. Raises OSError where that fails.

    Which addresses may be got is decided before: those of Amazon SNS, and no others.
    """
    parts = urlsplit(url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    safe = ssl.create_default_context()
    connection = HTTPSConnection(parts.hostname or "", timeout=_SECONDS, context=safe)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        if answer.status != 200:
            raise OSError(f"{parts.hostname} answered {answer.status}")
        return answer.read(_MOST)
    except HTTPException as error:
        raise OSError(type(error).__name__) from error
    finally:
        connection.close()

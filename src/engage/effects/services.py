"""Headers by which a mail service learns a message's number, so that its events name it."""

from __future__ import annotations

from collections.abc import Collection

from engage.settings import Settings

#: What each service reads, and hands back with every event about the mail; it takes them out of the mail.
_HEADERS = {
    "sendgrid": 'X-SMTPAPI: {"unique_args":{"engage":"%d"}}',
    "mailgun": 'X-Mailgun-Variables: {"engage":"%d"}',
}


def told_services(settings: Settings) -> frozenset[str]:
    """Return the services that the settings let call us."""
    given = {"sendgrid": settings.sendgrid_key, "mailgun": settings.mailgun_key}
    return frozenset(name for name, key in given.items() if key is not None)


def service_headers(services: Collection[str], message_id: int) -> list[str]:
    """Return the headers of a message for some services.

    >>> service_headers({"mailgun"}, 42)
    ['X-Mailgun-Variables: {"engage":"42"}']
    """
    return [header % message_id for name, header in _HEADERS.items() if name in services]

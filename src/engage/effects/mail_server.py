"""Where the mail server is and how it is spoken to, as the environment says."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import SplitResult, unquote, urlsplit

from engage.errors import Refused
from engage.settings import Settings
from engage.wording import sentence

#: ``wrapped``: TLS from the first byte; ``starttls``: demanded; ``none``: plain text.
Encryption = Literal["wrapped", "starttls", "none"]
MOST_CONNECTIONS, MOST_PROCESSES = 64, 16
_USUAL_PROCESSES = 4


@dataclass(frozen=True, slots=True)
class MailServer:
    """A mail server and how it is spoken to."""

    host: str
    port: int
    encryption: Encryption
    user: str | None = None
    password: str = field(default="", repr=False)
    connections: int = 8
    #: how many processes hand over side by side when much is queued
    processes: int = 1
    #: mails in a second, of all deliveries together; None: no limit
    per_second: float | None = None

    @property
    def name(self) -> str:
        """The server as people know it, without the password."""
        return f"{self.host}:{self.port}"


def mail_server(settings: Settings) -> MailServer | None:
    """Return the mail server that the settings name, if any.

    Raises Refused where they cannot be understood; the sentence never shows a password.
    """
    if settings.smtp_url is None:
        return None
    try:
        parts = urlsplit(settings.smtp_url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme not in ("smtp", "smtps") or not host or parts.path.strip("/") or parts.query or parts.fragment:
        raise Refused(sentence("ENGAGE_SMTP_URL is not of the form smtp://user:password@host:port, or smtps://…"))
    encryption = _encryption(settings, parts, host)
    user = unquote(parts.username) if parts.username else None
    usual = 465 if encryption == "wrapped" else 587 if user else 25
    return MailServer(
        host=host,
        port=port or usual,
        encryption=encryption,
        user=user,
        password=unquote(parts.password or ""),
        connections=_connections(settings),
        processes=_processes(settings),
        per_second=_per_second(settings),
    )


def _encryption(settings: Settings, parts: SplitResult, host: str) -> Encryption:
    asked = settings.smtp_tls or ("off" if is_here(host) else "on")
    if asked not in ("on", "off"):
        raise Refused(sentence("ENGAGE_SMTP_TLS is neither on nor off"))
    if parts.scheme == "smtps":
        return "wrapped"
    if asked == "on":
        return "starttls"
    if parts.username and not is_here(host):
        raise Refused(sentence("a password is not sent without encryption: unset ENGAGE_SMTP_TLS"))
    return "none"


def is_here(host: str) -> bool:
    """Return whether a host is this machine: nobody listens on the way there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _connections(settings: Settings) -> int:
    text = settings.smtp_connections or "8"
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_CONNECTIONS):
        raise Refused(sentence("ENGAGE_SMTP_CONNECTIONS is not a number from 1 to {most}", most=MOST_CONNECTIONS))
    return int(text)


def _processes(settings: Settings) -> int:
    if settings.smtp_processes is None:
        # Each has another process that renders for it: together they keep two processors busy, but for the time in
        # which they wait for PostgreSQL to commit. SQLite commits in the process itself, and has one writer.
        cpus = os.cpu_count() or 1
        least = 2 if cpus > 1 and settings.database_url.startswith("postgresql") else 1
        return min(max(cpus // 2, least), _USUAL_PROCESSES)
    text = settings.smtp_processes
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_PROCESSES):
        raise Refused(sentence("ENGAGE_SMTP_PROCESSES is not a number from 1 to {most}", most=MOST_PROCESSES))
    return int(text)


def _per_second(settings: Settings) -> float | None:
    if settings.smtp_rate is None:
        return None
    try:
        rate = float(settings.smtp_rate)
    except ValueError:
        rate = 0.0
    if not 0.001 <= rate <= 1_000_000:
        raise Refused(sentence("ENGAGE_SMTP_RATE is not a number of messages in a second, such as 20 or 0.5"))
    return rate

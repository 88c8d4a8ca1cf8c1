"""How a connection to a mail server begins: greeting, encryption, login."""

from __future__ import annotations

import smtplib
import ssl

from engage.effects.channel import Closed
from engage.effects.mail_server import MailServer
from engage.effects.mime import one_line
from engage.effects.replies import Stage, reply
from engage.effects.smtp_faults import Declined, Gone
from engage.effects.trust import distrust
from engage.wording import sentence

#: Seconds to wait for a connection, and for an answer.
CONNECTING, ANSWERING = 30.0, 60.0


def greeted(server: MailServer, trust: ssl.SSLContext | None) -> smtplib.SMTP:
    """Return a connection on which mails can be handed over; ``trust`` tells good certificates from bad ones.

    Raises Gone, Declined, or Closed where the server's certificate or abilities are not good enough.
    """
    try:
        return _greeted(server, trust)
    except smtplib.SMTPResponseException as error:
        raise Declined(Stage.BEGINNING, reply(error.smtp_code, error.smtp_error)) from error
    except UnicodeError:
        # Its own sentence would show a letter of the password.
        text = "the mail server {server} takes no such user, password or host's name: only plain letters and signs"
        raise Closed(sentence(text, server=server.name)) from None
    except OSError as error:
        raise _unreachable(server, error) from error


def _greeted(server: MailServer, trust: ssl.SSLContext | None) -> smtplib.SMTP:
    """Return a connection on which mails can be handed over."""
    smtp: smtplib.SMTP
    # The name that is said in the greeting is that of the connection, see below: no look-up of our own.
    if server.encryption == "wrapped":
        smtp = smtplib.SMTP_SSL(server.host, server.port, "localhost", timeout=CONNECTING, context=trust)
    else:
        smtp = smtplib.SMTP(server.host, server.port, "localhost", timeout=CONNECTING)
    try:
        _introduce(smtp, server, trust)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _introduce(smtp: smtplib.SMTP, server: MailServer, trust: ssl.SSLContext | None) -> None:
    assert smtp.sock is not None
    smtp.sock.settimeout(ANSWERING)
    address = str(smtp.sock.getsockname()[0])
    smtp.local_hostname = f"[IPv6:{address}]" if ":" in address else f"[{address}]"
    smtp.ehlo_or_helo_if_needed()
    if server.encryption == "starttls":
        smtp.starttls(context=trust)
        smtp.ehlo_or_helo_if_needed()
    if server.user is not None:
        smtp.login(server.user, server.password)


def _unreachable(server: MailServer, error: OSError) -> Gone | Closed:
    """Return what it means that there is no connection; smtplib's own exceptions are OSErrors, too."""
    why = one_line(str(error)) or type(error).__name__
    if isinstance(error, ssl.SSLError):
        text = "the mail server {server} cannot be trusted: {why}"
        return Closed(sentence(text, server=server.name, why=distrust(error, server.host)))
    if isinstance(error, smtplib.SMTPException) and not isinstance(error, smtplib.SMTPServerDisconnected):
        text = "the mail server {server} cannot do what is needed for safety: {why}"
        return Closed(sentence(text, server=server.name, why=why))
    return Gone(why)

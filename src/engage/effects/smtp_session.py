"""One connection to a mail server, from its greeting to its end."""

from __future__ import annotations

import re
import smtplib
import ssl
from contextlib import suppress
from datetime import datetime

from engage.clock import moment
from engage.effects.channel import Closed, Envelope
from engage.effects.mail_server import MailServer
from engage.effects.mime import one_line, quoted_local
from engage.effects.replies import Reply, Stage, reply
from engage.effects.trust import distrust
from engage.wording import sentence

#: Seconds to wait for a connection, for an answer, and for the answer to a whole mail.
CONNECTING, ANSWERING, TAKING = 30.0, 60.0, 300.0
#: The service closes the connection (RFC 5321).
_CLOSING = 421
_DOT = re.compile(rb"^\.", re.MULTILINE)


class Gone(Exception):
    """The connection could not be made, or ended before the content of a mail was sent."""

    closed = True

    def __init__(self, why: str, *, of_mail: bool = False) -> None:
        #: whether a mail was under way: it waits, lest it stand in the way of all others
        self.of_mail = of_mail
        super().__init__(why)


class Declined(Exception):
    """The server said no, before or after it had the content; it did not take the mail."""

    def __init__(self, stage: Stage, said: Reply) -> None:
        self.stage, self.reply = stage, said
        super().__init__(str(said))

    @property
    def closed(self) -> bool:
        """Whether the server closes the connection, for no fault of the mail's."""
        return self.reply.code == _CLOSING and self.stage is not Stage.CONTENT

    @property
    def of_mail(self) -> bool:
        """Whether it was said of a mail and not of us before there was one."""
        return self.stage is not Stage.BEGINNING


class Unanswered(Exception):
    """The connection ended after the content had begun to leave: nobody knows whether the mail was taken."""


class Session:
    """A connection that is greeted, encrypted and logged in.

    To make one raises Gone, Declined, or Closed where the server's certificate or abilities are not good enough.
    """

    def __init__(self, server: MailServer) -> None:
        try:
            self._smtp = _greeted(server)
        except smtplib.SMTPResponseException as error:
            raise Declined(Stage.BEGINNING, reply(error.smtp_code, error.smtp_error)) from error
        except UnicodeError:
            # Its own sentence would show a letter of the password.
            text = "the mail server {server} takes no such user, password or host's name: only plain letters and signs"
            raise Closed(sentence(text, server=server.name)) from None
        except OSError as error:
            raise _unreachable(server, error) from error

    def hand_over(self, envelope: Envelope) -> None:
        """Hand one mail over; returns when the server has taken it.

        Raises Gone, Declined and Unanswered.
        """
        smtp = self._smtp
        try:
            self._address(envelope)
            said = reply(*smtp.docmd("DATA"))
        except OSError as error:
            raise Gone(one_line(str(error)), of_mail=True) from error
        if said.code != 354:
            raise Declined(Stage.CONTENT, said)
        try:
            assert smtp.sock is not None
            smtp.sock.settimeout(TAKING)
            smtp.send(_DOT.sub(b"..", envelope.content.removesuffix(b"\r\n")) + b"\r\n.\r\n")
            said = reply(*smtp.getreply())
            smtp.sock.settimeout(ANSWERING)
        except OSError as error:
            raise Unanswered(one_line(str(error))) from error
        if 400 <= said.code < 600:
            raise Declined(Stage.CONTENT, said)
        if not 200 <= said.code < 300:
            raise Unanswered(f"the answer makes no sense: {said}")

    def reset(self) -> bool:
        """Forget a mail that was refused; return whether the connection is still good."""
        try:
            return self._smtp.rset()[0] == 250
        except OSError:
            return False

    @property
    def good_until(self) -> datetime | None:
        """Until when the server's certificate is good, where the connection is encrypted."""
        shown = self._smtp.sock.getpeercert() if isinstance(self._smtp.sock, ssl.SSLSocket) else None
        return moment(ssl.cert_time_to_seconds(str(shown["notAfter"])) * 1_000_000) if shown else None

    def quit(self) -> None:
        """Take leave."""
        with suppress(OSError):
            self._smtp.quit()
        self.end()

    def end(self) -> None:
        """Close the connection without a word."""
        with suppress(OSError):
            self._smtp.close()

    def _address(self, envelope: Envelope) -> None:
        """Name the sender and the recipients, in one go where the server allows it; one of them must do."""
        size = f" SIZE={len(envelope.content)}" if self._smtp.has_extn("size") else ""
        commands = [f"MAIL FROM:<{quoted_local(envelope.sender)}>{size}"]
        commands += [f"RCPT TO:<{quoted_local(recipient)}>" for recipient in envelope.recipients]
        sender, *recipients = self._answers(commands)
        if not sender.good:
            raise Declined(Stage.SENDER, sender)
        if not any(each.good for each in recipients):
            raise Declined(Stage.RECIPIENT, recipients[0])

    def _answers(self, commands: list[str]) -> list[Reply]:
        if self._smtp.has_extn("pipelining"):
            self._smtp.send("".join(f"{command}\r\n" for command in commands))
            return [reply(*self._smtp.getreply()) for _ in commands]
        answers = list[Reply]()
        for command in commands:
            answers.append(reply(*self._smtp.docmd(command)))
            if not answers[0].good:
                break
        return answers


def _greeted(server: MailServer) -> smtplib.SMTP:
    """Return a connection on which mails can be handed over."""
    context = ssl.create_default_context()
    smtp: smtplib.SMTP
    # The name that is said in the greeting is that of the connection, see below: no look-up of our own.
    if server.encryption == "wrapped":
        smtp = smtplib.SMTP_SSL(server.host, server.port, "localhost", timeout=CONNECTING, context=context)
    else:
        smtp = smtplib.SMTP(server.host, server.port, "localhost", timeout=CONNECTING)
    try:
        _introduce(smtp, server, context)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _introduce(smtp: smtplib.SMTP, server: MailServer, context: ssl.SSLContext) -> None:
    assert smtp.sock is not None
    smtp.sock.settimeout(ANSWERING)
    address = str(smtp.sock.getsockname()[0])
    smtp.local_hostname = f"[IPv6:{address}]" if ":" in address else f"[{address}]"
    smtp.ehlo_or_helo_if_needed()
    if server.encryption == "starttls":
        smtp.starttls(context=context)
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

"""One connection to a mail server, from its greeting to its end."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from engage.clock import moment
from engage.effects.channel import Closed, Envelope
from engage.effects.mail_server import MailServer
from engage.effects.mime import one_line, quoted_local
from engage.effects.replies import Reply, Stage, reply
from engage.effects.smtp_faults import CLOSING, Declined, Gone, Unanswered
from engage.effects.trust import distrust
from engage.wording import sentence

#: Seconds to wait for a connection, for an answer, and for the answer to a whole mail.
CONNECTING, ANSWERING, TAKING = 30.0, 60.0, 300.0
#: Servers send less in a line of an answer (RFC 5321 says 512 bytes).
_LONGEST_LINE = 8192
#: It waits for the content.
_GO_ON = 354
#: What is said before the content, each with the stage it belongs to.
Commands = Sequence[tuple[Stage, str]]


class Session:
    """A connection that is greeted, encrypted and logged in; ``trust`` tells good certificates from bad ones.

    To make one raises Gone, Declined, or Closed where the server's certificate or abilities are not good enough.
    """

    def __init__(self, server: MailServer, trust: ssl.SSLContext | None) -> None:
        try:
            self._smtp = _greeted(server, trust)
        except smtplib.SMTPResponseException as error:
            raise Declined(Stage.BEGINNING, reply(error.smtp_code, error.smtp_error)) from error
        except UnicodeError:
            # Its own sentence would show a letter of the password.
            text = "the mail server {server} takes no such user, password or host's name: only plain letters and signs"
            raise Closed(sentence(text, server=server.name)) from None
        except OSError as error:
            raise _unreachable(server, error) from error
        self._pipelines, self._sizes = self._smtp.has_extn("pipelining"), self._smtp.has_extn("size")
        #: the mail that was named together with the end of the one before
        self._begun: Envelope | None = None
        #: the end of the mail before was refused
        self._shaken = False

    @property
    def expects_more(self) -> bool:
        """Whether a mail was begun whose content has not been sent."""
        return self._begun is not None

    def hand_over(self, envelope: Envelope, following: Envelope | None = None) -> None:
        """Hand one mail over; returns when the server has taken it.

        ``following`` goes next over this connection: where the server allows it, its sender and its recipients are
        named together with the end of this one's content. If it does not go next, the connection must be ended.
        Raises Gone, Declined and Unanswered.
        """
        try:
            declined = self._opened(envelope)
        except OSError as error:
            raise Gone(one_line(str(error)), of_mail=True) from error
        if declined is not None:
            raise declined
        self._say_content(envelope, following if self._pipelines else None)

    def reset(self) -> bool:
        """Forget a mail that was refused; return whether the connection is still good."""
        if self._begun is not None:
            # Its end came with the beginning of the next, which is not to be forgotten.
            return True
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

    def _opened(self, envelope: Envelope) -> Declined | None:
        """Name the sender and the recipients and ask to send; return why the server does not want it."""
        begun, self._begun = self._begun is envelope, None
        shaken, self._shaken = self._shaken, False
        commands = self._commands(envelope)
        if not begun:
            return self._asked(commands)
        declined = self._answered(commands)
        if declined is None or declined.closed or not shaken:
            return declined
        # The end of the mail before was refused: the server may not have been ready for this one.
        self._smtp.rset()
        return self._asked(commands)

    def _commands(self, envelope: Envelope) -> list[tuple[Stage, str]]:
        size = f" SIZE={len(envelope.content)}" if self._sizes else ""
        sender = (Stage.SENDER, f"MAIL FROM:<{quoted_local(envelope.sender)}>{size}")
        recipients = [(Stage.RECIPIENT, f"RCPT TO:<{quoted_local(each)}>") for each in envelope.recipients]
        return [sender, *recipients, (Stage.CONTENT, "DATA")]

    def _asked(self, commands: Commands) -> Declined | None:
        """Say all commands, at once where the server allows it; return why it does not want the mail."""
        if self._pipelines:
            self._smtp.send(_together(commands))
            return self._answered(commands)
        said: list[tuple[Stage, Reply]] = []
        for stage, command in commands:
            if (len(said) == 1 or stage is Stage.CONTENT) and (declined := _declined(said)) is not None:
                return declined
            self._smtp.send(f"{command}\r\n")
            said.append((stage, self._reply()))
        return _declined(said)

    def _answered(self, commands: Commands) -> Declined | None:
        """Read the answers to commands that were said at once."""
        said: list[tuple[Stage, Reply]] = []
        for stage, _ in commands:
            said.append((stage, self._reply()))
            if said[-1][1].code == CLOSING:
                return Declined(*said[-1])
        declined = _declined(said)
        if declined is not None and said[-1][1].code == _GO_ON:
            # It asks for the content of a mail that goes to nobody: there is none (RFC 2920).
            self._smtp.send(".\r\n")
            self._reply()
        return declined

    def _say_content(self, envelope: Envelope, following: Envelope | None) -> None:
        smtp = self._smtp
        said = _dotted(envelope.content.removesuffix(b"\r\n")) + b"\r\n.\r\n"
        if following is not None:
            said += _together(self._commands(following)).encode("ascii")
        try:
            assert smtp.sock is not None
            smtp.sock.settimeout(TAKING)
            smtp.send(said)
            self._begun = following
            answer = self._reply()
            smtp.sock.settimeout(ANSWERING)
        except OSError as error:
            raise Unanswered(one_line(str(error))) from error
        if 400 <= answer.code < 600:
            self._shaken = True
            raise Declined(Stage.CONTENT, answer)
        if not 200 <= answer.code < 300:
            raise Unanswered(f"the answer makes no sense: {answer}")

    def _reply(self) -> Reply:
        """Read an answer; what is said with a good one is not kept."""
        lines, source = list[bytes](), self._smtp.file
        assert source is not None
        while True:
            line = source.readline(_LONGEST_LINE)
            if not line.endswith(b"\n"):
                raise smtplib.SMTPServerDisconnected("the connection ended amid an answer")
            code = int(line[:3]) if line[:3].isdigit() else -1
            lines.append(line[4:].strip())
            if code == -1 or line[3:4] != b"-":
                break
        return Reply(code, "") if 200 <= code < 400 else reply(code, b" ".join(lines))


def _declined(said: Sequence[tuple[Stage, Reply]]) -> Declined | None:
    """Return why a mail is not wanted, as far as the server has answered; one recipient must do."""
    if not said[0][1].good:
        return Declined(*said[0])
    recipients = [answer for stage, answer in said if stage is Stage.RECIPIENT]
    if recipients and not any(answer.good for answer in recipients):
        return Declined(Stage.RECIPIENT, recipients[0])
    stage, last = said[-1]
    return Declined(stage, last) if stage is Stage.CONTENT and last.code != _GO_ON else None


def _dotted(content: bytes) -> bytes:
    """Return a mail's content with a dot before each line that begins with one."""
    said = content.replace(b"\n.", b"\n..")
    return b"." + said if said.startswith(b".") else said


def _together(commands: Commands) -> str:
    return "".join(f"{command}\r\n" for _, command in commands)


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

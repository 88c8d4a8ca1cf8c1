"""One connection to a mail server: what is said to hand mails over, and what its answers come to.

A talk is written down as a generator: it yields what is to be said next and gets the server's next answer, or the
OSError that there will be none. Who says it (engage.effects.smtp_lines) can have many talks going on at once.
"""

from __future__ import annotations

import ssl
from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from engage.clock import moment
from engage.effects.channel import Envelope
from engage.effects.mail_server import MailServer
from engage.effects.mime import one_line, quoted_local
from engage.effects.replies import Reply, Stage
from engage.effects.smtp_faults import CLOSING, Declined, Gone, Unanswered
from engage.effects.smtp_greeting import ANSWERING, greeted
from engage.effects.smtp_wire import Wire

#: Seconds to wait for the answer to a whole mail.
TAKING = 300.0
#: It waits for the content.
_GO_ON = 354
#: What is said before the content, each with the stage it belongs to.
Commands = Sequence[tuple[Stage, str]]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Say:
    """What is to be said on a connection, perhaps nothing, before its next answer is waited for."""

    wire: Wire
    words: bytes = b""
    #: how long nothing may happen
    seconds: float = ANSWERING


#: Says things and gets answers, and comes to something.
Talk = Generator[Say, Reply, T]


class Session:
    """A connection that is greeted, encrypted and logged in.

    To make one raises what ``smtp_greeting.greeted`` raises.
    """

    def __init__(self, server: MailServer, trust: ssl.SSLContext | None) -> None:
        self._smtp = greeted(server, trust)
        assert self._smtp.sock is not None
        self._wire = Wire(self._smtp.sock)
        self._pipelines, self._sizes = self._smtp.has_extn("pipelining"), self._smtp.has_extn("size")
        #: the mail that was named together with the end of the one before
        self._begun: Envelope | None = None
        #: the end of the mail before was refused
        self._shaken = False

    @property
    def expects_more(self) -> bool:
        """Whether a mail was begun whose content has not been sent."""
        return self._begun is not None

    def hand_over(self, envelope: Envelope, following: Envelope | None = None) -> Talk[None]:
        """Hand one mail over; ends when the server has taken it.

        ``following`` goes next over this connection: where the server allows it, its sender and its recipients are
        named together with the end of this one's content. If it does not go next, the connection must be ended.
        Raises Gone, Declined and Unanswered.
        """
        try:
            declined = yield from self._opened(envelope)
        except OSError as error:
            raise Gone(one_line(str(error)), of_mail=True) from error
        if declined is not None:
            raise declined
        yield from self._say_content(envelope, following if self._pipelines else None)

    def reset(self) -> Talk[bool]:
        """Forget a mail that was refused; return whether the connection is still good."""
        if self._begun is not None:
            # Its end came with the beginning of the next, which is not to be forgotten.
            return True
        try:
            return (yield self._say("RSET")).code == 250
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
            self._wire.sock.settimeout(ANSWERING)
            self._smtp.quit()
        self.end()

    def end(self) -> None:
        """Close the connection without a word."""
        with suppress(OSError):
            self._smtp.close()

    def _say(self, command: str) -> Say:
        return Say(self._wire, f"{command}\r\n".encode("ascii"))

    def _opened(self, envelope: Envelope) -> Talk[Declined | None]:
        """Name the sender and the recipients and ask to send; return why the server does not want it."""
        begun, self._begun = self._begun is envelope, None
        shaken, self._shaken = self._shaken, False
        commands = self._commands(envelope)
        if not begun:
            return (yield from self._asked(commands))
        declined = yield from self._answered(commands)
        if declined is None or declined.closed or not shaken:
            return declined
        # The end of the mail before was refused: the server may not have been ready for this one.
        yield self._say("RSET")
        return (yield from self._asked(commands))

    def _commands(self, envelope: Envelope) -> list[tuple[Stage, str]]:
        size = f" SIZE={len(envelope.content)}" if self._sizes else ""
        sender = (Stage.SENDER, f"MAIL FROM:<{quoted_local(envelope.sender)}>{size}")
        recipients = [(Stage.RECIPIENT, f"RCPT TO:<{quoted_local(each)}>") for each in envelope.recipients]
        return [sender, *recipients, (Stage.CONTENT, "DATA")]

    def _asked(self, commands: Commands) -> Talk[Declined | None]:
        """Say all commands, at once where the server allows it; return why it does not want the mail."""
        if self._pipelines:
            return (yield from self._answered(commands, _together(commands)))
        said: list[tuple[Stage, Reply]] = []
        for stage, command in commands:
            if (len(said) == 1 or stage is Stage.CONTENT) and (declined := _declined(said)) is not None:
                return declined
            said.append((stage, (yield self._say(command))))
        return _declined(said)

    def _answered(self, commands: Commands, words: bytes = b"") -> Talk[Declined | None]:
        """Hear the answers to commands that are said at once, or were."""
        said: list[tuple[Stage, Reply]] = []
        for place, (stage, _) in enumerate(commands):
            said.append((stage, (yield Say(self._wire, b"" if place else words))))
            if said[-1][1].code == CLOSING:
                return Declined(*said[-1])
        declined = _declined(said)
        if declined is not None and said[-1][1].code == _GO_ON:
            # It asks for the content of a mail that goes to nobody: there is none (RFC 2920).
            yield self._say(".")
        return declined

    def _say_content(self, envelope: Envelope, following: Envelope | None) -> Talk[None]:
        said = [_dotted(envelope.content.removesuffix(b"\r\n")), b"\r\n.\r\n"]
        if following is not None:
            said.append(_together(self._commands(following)))
        try:
            self._begun = following
            answer = yield Say(self._wire, b"".join(said), TAKING)
        except OSError as error:
            raise Unanswered(one_line(str(error))) from error
        if 400 <= answer.code < 600:
            self._shaken = True
            raise Declined(Stage.CONTENT, answer)
        if not 200 <= answer.code < 300:
            raise Unanswered(f"the answer makes no sense: {answer}")


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


def _together(commands: Commands) -> bytes:
    return "".join([f"{command}\r\n" for _, command in commands]).encode("ascii")

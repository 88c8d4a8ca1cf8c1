"""Mail by SMTP: some connections to one server, opened when they are needed and kept while they are good."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from datetime import datetime

from engage.effects.channel import Bounced, Closed, Deferred, Envelope, Refusal, Rejected, Run, Unwanted
from engage.effects.mail_server import MailServer
from engage.effects.replies import Meaning, meaning
from engage.effects.smtp_faults import Declined, Gone
from engage.effects.smtp_lines import Lines
from engage.effects.smtp_session import Session, Talk
from engage.errors import EngageError, Outside
from engage.wording import sentence


class SmtpChannel:
    """Hands mail to one mail server; what it answers decides what becomes of each mail.

    A connection that ends before the mail's content was sent is opened anew, once, for a server may close what
    stood idle. One that ends later leaves the mail in doubt: its exception passes.
    """

    repeatable = False

    def __init__(self, server: MailServer) -> None:
        self.server = server
        self.name = server.name
        self.connections = server.connections
        self.per_second = server.per_second
        self._lines, self._idle = Lines(), list[Session]()
        #: how many connections are open, idle or not
        self._open = 0
        self._trust: ssl.SSLContext | None = None

    def prepare(self, count: int) -> int:
        """Have connections ready; a server that grants fewer than are asked for is asked for no more later."""
        while len(self._idle) < count:
            try:
                session = self._connect()
            except EngageError:
                if not self._idle:
                    raise
                self.connections, count = self._open, len(self._idle)
            else:
                self._idle.append(session)
        return count

    def hand_over(self, envelope: Envelope) -> None:
        """Hand a mail to the server while no other is under way; see Channel for what is raised."""
        self.begin((envelope,))
        ((_, run),) = self.ended(0.0)
        if run.errors[0] is not None:
            raise run.errors[0]

    @property
    def under_way(self) -> int:
        """How many runs are under way; see Line."""
        return self._lines.under_way

    def begin(self, envelopes: Sequence[Envelope]) -> int:
        """Begin to hand mails to the server over one connection, each beginning with the end of the one before."""
        errors = list[Exception | None]()
        return self._lines.begin(self._handing_over(envelopes, errors), errors)

    def ended(self, patience: float) -> Sequence[tuple[int, Run]]:
        """Wait until a run has ended, and a while for others; see Line."""
        return self._lines.ended(patience)

    def attend(self, seconds: float) -> None:
        """Have what is under way go on for so long."""
        self._lines.attend(seconds)

    def narrow(self, count: int) -> None:
        """Use fewer connections from now on: others need them."""
        self.connections = min(self.connections, count)
        while len(self._idle) > self.connections and (session := self._kept()) is not None:
            self._leave(session)

    def good_until(self) -> datetime | None:
        """Return until when the server's certificate is good, as a connection that is ready has it."""
        return self._idle[0].good_until if self._idle else None

    def flush(self) -> None:
        """Do nothing: the server has what it has taken."""

    def close(self) -> None:
        """Take leave of the server on every connection."""
        while (session := self._kept()) is not None:
            self._leave(session)
        self._lines.close()

    def _handing_over(self, envelopes: Sequence[Envelope], errors: list[Exception | None]) -> Talk[None]:
        """Hand mails over until one meets what is no Refusal, and note what came of each."""
        session = self._kept()
        try:
            for envelope, following in zip(envelopes, (*envelopes[1:], None), strict=True):
                using, session = session, None
                error, session = yield from self._handed_over(using, envelope, following)
                errors.append(error)
                if error is not None and not isinstance(error, Refusal):
                    return
        except Exception as error:
            errors.append(error)
        finally:
            if session is not None:
                self._put_back(session)

    def _handed_over(
        self, session: Session | None, envelope: Envelope, following: Envelope | None
    ) -> Talk[tuple[Exception | None, Session | None]]:
        """Hand one mail over; return what came of it, and the connection if there is still a good one."""
        if session is not None:
            error, session = yield from self._tried(session, envelope, following)
            # A server ends a connection that it has had enough of: that says nothing of the mail.
            if not (isinstance(error, Gone | Declined) and error.closed):
                return self._told(error), session
        try:
            fresh = self._connect()
        except EngageError as fault:
            return fault, None
        error, session = yield from self._tried(fresh, envelope, following)
        return self._told(error), session

    def _tried(
        self, session: Session, envelope: Envelope, following: Envelope | None
    ) -> Talk[tuple[Exception | None, Session | None]]:
        good = False
        try:
            yield from session.hand_over(envelope, following)
            good = True
        except Declined as error:
            good = not error.closed and (yield from session.reset())
            return error, session if good else None
        except Exception as error:
            return error, None
        finally:
            if not good:
                self._drop(session)
        return None, session

    def _connect(self) -> Session:
        try:
            session = Session(self.server, self._trusting())
        except (Gone, Declined) as error:
            raise self._fault(error) from error
        self._open += 1
        return session

    def _trusting(self) -> ssl.SSLContext | None:
        """Return what tells good certificates from bad ones: reading all authorities takes a thirtieth of a second."""
        if self._trust is None and self.server.encryption != "none":
            self._trust = ssl.create_default_context()
        return self._trust

    def _drop(self, session: Session) -> None:
        session.end()
        self._open -= 1

    def _leave(self, session: Session) -> None:
        session.quit()
        self._open -= 1

    def _put_back(self, session: Session) -> None:
        """Keep a connection; not where the next mail was begun that will not come, nor where fewer are to be used."""
        if session.expects_more:
            self._drop(session)
        elif self._open > self.connections:
            self._leave(session)
        else:
            self._idle.append(session)

    def _kept(self) -> Session | None:
        return self._idle.pop() if self._idle else None

    def _told(self, error: Exception | None) -> Exception | None:
        """Return what came of a mail as the rest of the program knows it."""
        if not isinstance(error, Gone | Declined):
            return error
        told = self._fault(error)
        told.__cause__ = error
        return told

    def _fault(self, error: Gone | Declined) -> Exception:
        """Return what the rest of the program knows a failure by."""
        if isinstance(error, Gone):
            away = sentence("the mail server {server} is away: {why}", server=self.name, why=error)
            return Closed(away, waits=error.of_mail)
        said = str(error.reply)
        match meaning(error.stage, error.reply):
            case Meaning.MOMENT if not error.of_mail:
                return Outside(sentence("the mail server {server} is away: {why}", server=self.name, why=said))
            case Meaning.MOMENT:
                return Deferred(said)
            case Meaning.RECIPIENT:
                return Bounced(said)
            case Meaning.MAIL:
                return Rejected(said)
            case Meaning.US:
                text = "the mail server {server} refuses us: {why}"
                closed = Closed(sentence(text, server=self.name, why=said), waits=error.of_mail)
                return Unwanted(said, closed) if error.of_one else closed

"""Mail by SMTP: some connections to one server, opened when they are needed and kept while they are good."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime

from engage.effects.channel import Bounced, Closed, Deferred, Envelope, Refusal, Rejected
from engage.effects.mail_server import MailServer
from engage.effects.replies import Meaning, meaning
from engage.effects.smtp_faults import Declined, Gone
from engage.effects.smtp_session import Session
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
        self._lock, self._idle = threading.Lock(), list[Session]()
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
                self._keep(session)
        return count

    def hand_over(self, envelope: Envelope) -> None:
        """Hand a mail to the server; see Channel for what is raised."""
        for error in self.hand_over_all((envelope,)):
            if error is not None:
                raise error

    def hand_over_all(self, envelopes: Sequence[Envelope]) -> Iterator[Exception | None]:
        """Hand mails to the server over one connection, each beginning with the end of the one before."""
        session = self._kept()
        try:
            for envelope, following in zip(envelopes, (*envelopes[1:], None), strict=True):
                error, session = self._handed_over(session, envelope, following)
                yield error
                if error is not None and not isinstance(error, Refusal):
                    return
        finally:
            if session is not None:
                self._put_back(session)

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

    def _handed_over(
        self, session: Session | None, envelope: Envelope, following: Envelope | None
    ) -> tuple[Exception | None, Session | None]:
        """Hand one mail over; return what came of it, and the connection if there is still a good one."""
        if session is not None:
            error, session = self._tried(session, envelope, following)
            # A server ends a connection that it has had enough of: that says nothing of the mail.
            if not (isinstance(error, Gone | Declined) and error.closed):
                return self._told(error), session
        try:
            fresh = self._connect()
        except EngageError as fault:
            return fault, None
        error, session = self._tried(fresh, envelope, following)
        return self._told(error), session

    def _tried(
        self, session: Session, envelope: Envelope, following: Envelope | None
    ) -> tuple[Exception | None, Session | None]:
        good = False
        try:
            session.hand_over(envelope, following)
            good = True
        except Declined as error:
            good = not error.closed and session.reset()
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
        with self._lock:
            self._open += 1
        return session

    def _trusting(self) -> ssl.SSLContext | None:
        """Return what tells good certificates from bad ones: reading all authorities takes a thirtieth of a second."""
        if self._trust is None and self.server.encryption != "none":
            self._trust = ssl.create_default_context()
        return self._trust

    def _drop(self, session: Session) -> None:
        session.end()
        with self._lock:
            self._open -= 1

    def _leave(self, session: Session) -> None:
        session.quit()
        with self._lock:
            self._open -= 1

    def _put_back(self, session: Session) -> None:
        """Keep a connection; not where the next mail was begun that will not come, nor where fewer are to be used."""
        if session.expects_more:
            self._drop(session)
        elif self._open > self.connections:
            self._leave(session)
        else:
            self._keep(session)

    def _keep(self, session: Session) -> None:
        with self._lock:
            self._idle.append(session)

    def _kept(self) -> Session | None:
        with self._lock:
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
                return Closed(sentence(text, server=self.name, why=said), waits=error.of_mail)

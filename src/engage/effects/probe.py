"""Whether the mail server would take mail now: asked without sending any."""

from __future__ import annotations

import math
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta

from engage.effects.mail_server import MailServer
from engage.effects.smtp import SmtpChannel


@dataclass(frozen=True, slots=True)
class Reached:
    """A mail server that greeted us, let us in, and showed a good certificate where encryption is asked for."""

    server: str
    encrypted: bool
    #: until when its certificate is good
    good_until: datetime | None

    def days_left(self, now: datetime) -> int | None:
        """Return how many whole days its certificate is still good, if it showed one."""
        return None if self.good_until is None else math.floor((self.good_until - now) / timedelta(days=1))


def reach(server: MailServer) -> Reached:
    """Open a connection as a delivery does and take leave again.

    Raises Outside where the server is away, refuses us, or cannot be trusted.
    """
    with closing(SmtpChannel(server)) as channel:
        channel.prepare(1)
        return Reached(server.name, server.encryption != "none", channel.good_until())

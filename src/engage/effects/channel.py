"""A channel hands mail over to the world; the outbox folder is one, a mail server another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from engage.wording import Sentence


@dataclass(frozen=True, slots=True)
class Envelope:
    """One mail, ready to go."""

    #: names the mail for ever, safe in a file's name: ``message-000000042``
    name: str
    #: where a bounce goes
    sender: str
    recipients: tuple[str, ...]
    #: the whole mail: headers and body, lines end by CRLF
    content: bytes


class Rejected(Exception):
    """This mail was refused for good and certainly did not leave; others may."""

    def __init__(self, why: Sentence) -> None:
        self.why = why
        super().__init__(str(why))


class Channel(Protocol):
    """A way out.

    ``hand_over`` returns when the mail has left. It raises Rejected when this mail never will, and
    engage.errors.Outside when the channel is away and the mail certainly did not leave: it stays queued.
    After any other exception of a channel that is not repeatable nobody knows, so the mail is in doubt.
    """

    @property
    def name(self) -> str:
        """What the channel is called in messages to people."""
        ...

    @property
    def repeatable(self) -> bool:
        """Whether handing the same mail over twice has the effect of once."""
        ...

    def hand_over(self, envelope: Envelope) -> None:
        """Let a mail go."""
        ...

    def flush(self) -> None:
        """Make lasting what was handed over; called before a batch is marked, if the channel is repeatable.

        May raise Outside: the batch stays queued and is handed over again.
        """
        ...

"""A channel hands mail over to the world; the outbox folder is one, a mail server another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from engage.errors import Outside
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


class Refusal(Exception):
    """A channel did not take this mail, which certainly did not leave."""

    def __init__(self, why: Sentence | str) -> None:
        self.why = why
        super().__init__(str(why))


class Rejected(Refusal):
    """This mail was refused for good; others may go."""


class Bounced(Refusal):
    """The recipient was refused for good: as if the mail had come back."""


class Deferred(Refusal):
    """This mail was refused for now; it is tried again later."""


class Closed(Outside):
    """The channel refuses us, whoever the mail is for; nobody is to be blamed for it but ourselves.

    ``waits``: it was said of this mail, which waits like a deferred one, so that another is tried first.
    """

    def __init__(self, message: Sentence | str, *, waits: bool = False) -> None:
        self.waits = waits
        super().__init__(message)


class Channel(Protocol):
    """A way out.

    ``hand_over`` returns when the mail has left. It raises a Refusal when this mail was not taken, and
    engage.errors.Outside (Closed is one) when no mail is taken and this one certainly did not leave: it stays
    queued. After any other exception of a channel that is not repeatable nobody knows, so the mail is in doubt.
    """

    @property
    def name(self) -> str:
        """What the channel is called in messages to people."""
        ...

    @property
    def repeatable(self) -> bool:
        """Whether handing the same mail over twice has the effect of once."""
        ...

    @property
    def connections(self) -> int:
        """How many mails may be handed over at once, each by a thread; one if the channel is repeatable."""
        ...

    @property
    def per_second(self) -> float | None:
        """How many mails all deliveries together may hand over in a second; None where there is no limit."""
        ...

    def prepare(self, count: int) -> int:
        """Make ready to hand over some mails at once, and return how many it may be, at least one.

        Raises Outside where none can go. Called before the mails are marked: what fails here leaves none in doubt.
        """
        ...

    def hand_over(self, envelope: Envelope) -> None:
        """Let a mail go."""
        ...

    def flush(self) -> None:
        """Make lasting what was handed over; called before a batch is marked, if the channel is repeatable.

        May raise Outside: the batch stays queued and is handed over again.
        """
        ...


@runtime_checkable
class Line(Protocol):
    """A channel that takes several mails faster one after the other than one by one."""

    def hand_over_all(self, envelopes: Sequence[Envelope]) -> Iterator[Exception | None]:
        """Let mails go one after the other, and give for each what ``hand_over`` would have raised, or None.

        It ends early after what is no Refusal: the mails behind that one have not been begun.
        """
        ...


def one_by_one(channel: Channel, envelopes: Sequence[Envelope]) -> Iterator[Exception | None]:
    """Do the same with a channel that takes one mail at a time."""
    for envelope in envelopes:
        try:
            channel.hand_over(envelope)
        except Refusal as error:
            yield error
        except Exception as error:
            yield error
            return
        else:
            yield None

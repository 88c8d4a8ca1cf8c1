"""A channel hands mail over to the world; the outbox folder is one, a mail server another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from engage.clock import monotonic, pause
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


class Unwanted(Deferred):
    """This mail was refused for good, by what concerns us or may concern it alone; others tell which it is.

    ``closed`` is to be raised where it concerns us.
    """

    def __init__(self, why: Sentence | str, closed: Closed) -> None:
        self.closed = closed
        super().__init__(why)


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
        """How many mails may be under way at once; one where the channel is no Line."""
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


@dataclass(frozen=True, slots=True)
class Run:
    """What came of some mails that were to go one after the other, in their order; those behind were not begun."""

    #: for each what ``hand_over`` would have raised, or None
    errors: Sequence[Exception | None]
    #: how long they were waited for
    seconds: float


@runtime_checkable
class Line(Protocol):
    """A channel that has several mails under way at once, some of them one after the other over one connection."""

    @property
    def under_way(self) -> int:
        """How many runs have begun and were not told of by ``ended``."""
        ...

    def begin(self, envelopes: Sequence[Envelope]) -> int:
        """Begin to let mails go, one after the other; return the number of this run.

        It ends early after what is no Refusal: the mails behind that one have not been begun.
        """
        ...

    def ended(self, patience: float) -> Sequence[tuple[int, Run]]:
        """Wait until a run has ended, if any is under way, and ``patience`` seconds longer for others; return them.

        Where this raises, the mails of a run of which nothing is told any more may have left.
        """
        ...

    def attend(self, seconds: float) -> None:
        """Have what is under way go on for so long."""
        ...


class OneByOne:
    """A channel that takes one mail at a time, as a Line."""

    def __init__(self, channel: Channel) -> None:
        self._channel, self._begun = channel, 0
        self._waiting: list[tuple[int, Sequence[Envelope]]] = []

    @property
    def under_way(self) -> int:
        """How many runs have begun and were not told of."""
        return len(self._waiting)

    def begin(self, envelopes: Sequence[Envelope]) -> int:
        """Keep mails until somebody asks what became of them."""
        self._begun += 1
        self._waiting.append((self._begun, envelopes))
        return self._begun

    def ended(self, patience: float) -> Sequence[tuple[int, Run]]:  # noqa: ARG002 - nothing goes on by itself
        """Hand the mails over; return the runs."""
        waiting, self._waiting = self._waiting, []
        return [(number, self._run(envelopes)) for number, envelopes in waiting]

    def attend(self, seconds: float) -> None:
        """Wait: nothing goes on by itself."""
        pause(seconds)

    def _run(self, envelopes: Sequence[Envelope]) -> Run:
        began, errors = monotonic(), list[Exception | None]()
        for envelope in envelopes:
            try:
                self._channel.hand_over(envelope)
            except Exception as error:
                errors.append(error)
                if not isinstance(error, Refusal):
                    break
            else:
                errors.append(None)
        return Run(errors, monotonic() - began)

"""Handing mails over to a channel that is not repeatable: intention, act, result, several at once.

The intention is committed as ``in_doubt``, so that after a crash nobody sends the mail again without a user's
word. One transaction writes the results of the mails that have ended and the intentions of those that begin. Each
connection gets a few mails at a time, which go one after the other: the fewer, the longer the server takes for one,
so that a killed process leaves few in doubt and a quick server does not wait for the disk.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection, Engine

from engage.clock import monotonic, system_clock
from engage.effects.ahead import Ahead
from engage.effects.channel import Envelope, Line, OneByOne, Refusal, Run, Unwanted
from engage.effects.composing import Composed, Office, reason
from engage.effects.doubt import Doubt, recipients
from engage.effects.fates import fate
from engage.effects.handing import asked
from engage.effects.lane import go_on, read_stop, stop, take_turns
from engage.effects.queued import still_queued
from engage.effects.results import Result, write_results
from engage.errors import Outside
from engage.sql import tables as t
from engage.sql.codes import MessageStatus
from engage.sql.connect import reading
from engage.wording import sentence

#: With a rate, so much of a second's mails is taken at once.
_SHARE = 0.1
#: Seconds that a mail which has ended waits for others to end.
_PATIENCE = 0.015
#: One connection gets no more mails at a time than it hands over in so many seconds, and all together no more than so
#: many, beside one for each.
TOGETHER, IN_HAND = 0.04, 64
#: Seconds after which that mail goes out is noted again: another delivery may have stopped the way out meanwhile.
_AGAIN = 1.0
#: As many connections are usual: where several deliveries share them, they share what may be in hand as well.
_USUAL = 8


class Hands:
    """What hands over, and what it has in hand.

    Until one mail was answered for there is but one at a time: a channel that takes nothing is not tried by all. So it
    is after a refusal that may concern us, until somebody is accepted: others are tried then, as unlike it as can be.
    """

    def __init__(self, engine: Engine, office: Office) -> None:
        self._engine, self._office = engine, office
        self._channel = office.desk.post.channel
        together = isinstance(self._channel, Line)
        self._line: Line = self._channel if isinstance(self._channel, Line) else OneByOne(self._channel)
        #: how many mails one connection gets at a time, now and at most
        self._together, self._most = 1, max(IN_HAND // max(self._channel.connections, _USUAL), 1) if together else 1
        self._began = monotonic()
        self._waiting = deque[Composed]()
        #: the mails of each run that is under way
        self._busy: dict[int, Sequence[Composed]] = {}
        self._ended: list[Result] = []
        #: mails whose intention was noted and whose turn did not come
        self._unbegun: list[Composed] = []
        #: how many hands are free and their connections open
        self._ready = 0
        #: whether the channel took a mail, or refused one for its own sake
        self._proven = False
        self._doubt = Doubt()
        #: the message that was begun alone because of a doubt
        self._witness: int | None = None
        self._fault: Outside | None = None
        #: whether that the way out is open, and the fault, stand in the database
        self._open_noted, self._fault_noted = False, False
        self._noted_at = self._began

    @property
    def now(self) -> datetime:
        """The moment of the delivery and the seconds it has lasted."""
        return self._office.desk.now + timedelta(seconds=int(monotonic() - self._began))

    def hand_over(self, batches: Ahead) -> Generator[list[Result]]:
        """Hand messages over and give, from time to time, what became of some; a batch is asked for when it is needed.

        Raises Outside when the channel is away, refuses us, or left a mail in doubt: after all in hand has ended.
        """
        with reading(self._engine).begin() as connection:
            self._doubt = Doubt(stopped=read_stop(connection) is not None)
        try:
            while self._is_going_on(batches):
                if self._channel.per_second is not None:
                    # What has ended is noted before the next turn is waited for.
                    yield self._write([])
                self._prefer(batches)
                yield self._write([self._waiting.popleft() for _ in range(self._free())])
                self._look_ahead(batches)
                self._collect()
            self._fault = self._fault or self._doubt.conclude(self._engine)
        finally:
            # Also when the delivery is told to end here: what is under way is waited for and noted.
            while self._line.under_way:
                self._collect()
            self._write([])
        if self._fault is not None:
            raise self._fault

    def _is_going_on(self, batches: Ahead) -> bool:
        """Tell whether there is anything to do, and have mails ready where hands will be free.

        A batch that is still being made is waited for when nothing else is left to do: what has ended is noted before.
        """
        while self._fault is None and len(self._waiting) < self._room():
            if not batches.is_ready() and (self._busy or self._ended or self._waiting):
                break
            if not (batch := batches.take()):
                break
            self._waiting.extend(batch)
        return bool(self._busy or self._ended or self._unbegun or (self._waiting and self._fault is None))

    def _prefer(self, batches: Ahead) -> None:
        """Where it is in doubt whether all are refused, have the mail go next that tells most."""
        if self._proven or self._busy or not self._waiting or not (self._doubt.is_open or self._doubt.stopped):
            return
        self._waiting = deque(self._doubt.in_order(self._waiting, batches.take_far))

    def _look_ahead(self, batches: Ahead) -> None:
        """Have the next mails ready while servers answer for those that are under way."""
        next_round = self._channel.connections * self._together
        if self._fault is None and self._busy and len(self._waiting) < next_round and batches.is_ready():
            self._waiting.extend(batches.take())

    def _hands(self) -> int:
        return (self._channel.connections if self._proven else 1) - len(self._busy)

    def _each(self) -> int:
        return 1 if self._doubt.is_open else self._together

    def _room(self) -> int:
        return self._hands() * self._each()

    def _free(self) -> int:
        """Return how many mails may begin now; where a rate is set, wait for their turn."""
        if self._fault is not None:
            return 0
        free = min(self._room(), len(self._waiting))
        rate = self._channel.per_second
        if free > 0 and rate is not None:
            free = min(free, max(int(rate * _SHARE), 1))
            with self._engine.begin() as connection:
                seconds = take_turns(connection, free, rate, system_clock())
            self._line.attend(seconds)
            free = self._present(free)
        try:
            self._ready = self._channel.prepare(min(self._hands(), free)) if free > 0 else 0
        except Outside as error:
            self._fault, self._ready = error, 0
        return min(free, self._ready * self._each())

    def _present(self, count: int) -> int:
        """Let go of mails that another delivery took while this one waited: no turn is lost on them.

        Return how many of so many may begin.
        """
        here = list[Composed]()
        while len(here) < count and self._waiting:
            some = [self._waiting.popleft() for _ in range(min(max(count, IN_HAND), len(self._waiting)))]
            with reading(self._engine).begin() as connection:
                queued = still_queued(connection, t.messages, [one.message.id for one in some], self.now)
            here += [one for one in some if one.message.id in queued]
        self._waiting.extendleft(reversed(here))
        return min(count, len(here))

    def _write(self, beginning: Sequence[Composed]) -> list[Result]:
        """Note what has ended and what begins, and let that begin; return what is settled or tried again later."""
        closing = self._fault is not None and not self._fault_noted
        if not (beginning or self._ended or self._unbegun or closing):
            return []
        ended, now = self._ended, self.now
        office = replace(self._office, desk=replace(self._office.desk, now=now))
        write = partial(write_results, now=now, house=office.desk.post.house, words=office.words)
        with self._engine.begin() as connection:
            write(connection, [*ended, *map(_unbegun, self._unbegun)], was=MessageStatus.IN_DOUBT)
            self._note_lane(connection, now)
            verdicts = asked(connection, office, beginning) if beginning else []
            write(connection, [_intention(result) for _, result in verdicts])
        self._ended, self._unbegun = [], []
        self._fault_noted = self._fault is not None
        self._begin([one for one, result in verdicts if result.status == MessageStatus.QUEUED])
        refused = [result for _, result in verdicts if result.status != MessageStatus.QUEUED]
        return [result for result in ended if result.status != MessageStatus.QUEUED or result.try_at] + refused

    def _begin(self, going: Sequence[Composed]) -> None:
        """Give mails to the free hands, to each as many."""
        count = min(self._ready, len(going))
        self._witness = going[0].message.id if going and self._doubt.is_open else None
        for place in range(count):
            mails = going[place::count]
            envelopes = [one.envelope for one in mails if isinstance(one.envelope, Envelope)]
            self._busy[self._line.begin(envelopes)] = mails

    def _note_lane(self, connection: Connection, now: datetime) -> None:
        """Note that the way out is stopped, or open again, where that is new."""
        if self._fault is not None:
            if not self._fault_noted:
                stop(connection, str(self._fault), now)
        elif self._proven and (not self._open_noted or (self._ended and monotonic() - self._noted_at > _AGAIN)):
            go_on(connection)
            self._noted_at, self._open_noted = monotonic(), True

    def _collect(self) -> None:
        """Wait until something has ended, where anything is under way, and note it.

        What ends the process, such as an interrupt, passes: its mail stays in doubt.
        """
        now = self.now
        # A moment's patience, and one transaction serves them all.
        for number, run in self._line.ended(_PATIENCE):
            self._note(self._busy.pop(number), run, now)

    def _note(self, mails: Sequence[Composed], run: Run, now: datetime) -> None:
        for one, error in zip(mails, run.errors, strict=False):
            self._settle(one, error, now)
        self._unbegun += mails[len(run.errors) :]
        if run.errors:
            quick = int(TOGETHER * len(run.errors) / max(run.seconds, 1e-6))
            self._together = max(min(quick, 2 * self._together, self._most), 1)

    def _settle(self, one: Composed, error: Exception | None, now: datetime) -> None:
        counts = one.message.id == self._witness
        sure = self._doubt.heard(recipients(one), error, counts=counts)
        answered = error is None or (isinstance(error, Refusal) and not isinstance(error, Unwanted))
        self._proven = (self._proven or answered) and not self._doubt.is_open
        result = fate(one, error, now)
        self._ended.append(result)
        if isinstance(error, Outside) or sure is not None:
            self._fault = self._fault or (error if isinstance(error, Outside) else sure)
        elif result.status == MessageStatus.IN_DOUBT and error is not None:
            self._fault = self._in_doubt(one, error)

    def _in_doubt(self, one: Composed, error: Exception) -> Outside:
        text = "message {id} is in doubt: {channel} failed while taking it: {why}"
        doubt = Outside(sentence(text, id=one.message.id, channel=self._channel.name, why=reason(error)))
        doubt.__cause__ = error
        return doubt


def _unbegun(one: Composed) -> Result:
    """Return a message to the queue as it was."""
    message = one.message
    return Result(message, MessageStatus.QUEUED, deferred_at=message.deferred_at, try_at=message.try_at)


def _intention(result: Result) -> Result:
    if result.status != MessageStatus.QUEUED:
        return result
    return Result(result.message, MessageStatus.IN_DOUBT, result.subject)

"""Handing mails over to a channel that is not repeatable: intention, act, result, several at once.

The intention is committed as ``in_doubt``, so that after a crash nobody sends the mail again without a user's
word. One transaction writes the results of the mails that have ended and the intentions of those that begin, so
that at most one mail of each connection is in doubt, and the disk is not waited for twice a mail.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from engage.clock import monotonic, pause, system_clock
from engage.effects.channel import Envelope, Refusal
from engage.effects.composing import Composed, Office, reason
from engage.effects.fates import fate
from engage.effects.handing import asked
from engage.effects.lane import go_on, stop, take_turns
from engage.effects.results import Result, write_results
from engage.errors import Outside
from engage.sql.codes import MessageStatus
from engage.wording import sentence

#: With a rate, so much of a second's mails is taken at once.
_SHARE = 0.1
#: Seconds that a mail which has ended waits for others to end.
_PATIENCE = 0.005


class Hands:
    """The threads that hand over, and what each has in hand.

    Until one mail was answered for there is but one at a time: a channel that takes nothing is not tried by all.
    """

    def __init__(self, engine: Engine, office: Office) -> None:
        self._engine, self._office = engine, office
        self._channel = office.desk.post.channel
        self._pool = ThreadPoolExecutor(self._channel.connections)
        self._began = monotonic()
        self._busy: dict[Future[None], Composed] = {}
        self._ended: list[Result] = []
        #: whether the channel took a mail, or refused one for its own sake
        self._proven = False
        self._fault: Outside | None = None
        #: whether that the way out is open, and the fault, stand in the database
        self._open_noted, self._fault_noted = False, False

    @property
    def now(self) -> datetime:
        """The moment of the delivery and the seconds it has lasted."""
        return self._office.desk.now + timedelta(seconds=int(monotonic() - self._began))

    def close(self) -> None:
        """Let the threads end."""
        self._pool.shutdown()

    def hand_over(self, batch: Sequence[Composed]) -> Generator[list[Result]]:
        """Hand messages over and give, from time to time, what became of some.

        Raises Outside when the channel is away, refuses us, or left a mail in doubt: after all in hand has ended.
        """
        waiting = deque(batch)
        try:
            while self._busy or self._ended or (waiting and self._fault is None):
                if self._channel.per_second is not None:
                    # What has ended is noted before the next turn is waited for.
                    yield self._write([])
                yield self._write([waiting.popleft() for _ in range(self._free(len(waiting)))])
                self._collect()
        finally:
            # Also when the delivery is told to end here: what is under way is waited for and noted.
            while self._busy:
                self._collect()
            self._write([])
        if self._fault is not None:
            raise self._fault

    def _free(self, waiting: int) -> int:
        """Return how many mails may begin now; where a rate is set, wait for their turn."""
        if self._fault is not None:
            return 0
        hands = self._channel.connections if self._proven else 1
        free = min(hands - len(self._busy), waiting)
        rate = self._channel.per_second
        if free > 0 and rate is not None:
            free = min(free, max(int(rate * _SHARE), 1))
            with self._engine.begin() as connection:
                seconds = take_turns(connection, free, rate, system_clock())
            pause(seconds)
        try:
            return self._channel.prepare(free) if free > 0 else 0
        except Outside as error:
            self._fault = error
            return 0

    def _write(self, beginning: Sequence[Composed]) -> list[Result]:
        """Note what has ended and what begins, and let that begin; return what is settled or tried again later."""
        closing = self._fault is not None and not self._fault_noted
        if not (beginning or self._ended or closing):
            return []
        ended, now = self._ended, self.now
        office = replace(self._office, desk=replace(self._office.desk, now=now))
        house, words = office.desk.post.house, office.words
        with self._engine.begin() as connection:
            write_results(connection, ended, now=now, house=house, words=words, was=MessageStatus.IN_DOUBT)
            self._note_lane(connection, now)
            verdicts = asked(connection, office, beginning) if beginning else []
            write_results(connection, [_intention(result) for _, result in verdicts], now=now, house=house, words=words)
        self._ended, self._fault_noted, self._open_noted = [], self._fault is not None, self._proven
        for one, result in verdicts:
            if result.status == MessageStatus.QUEUED:
                assert isinstance(one.envelope, Envelope)
                self._busy[self._pool.submit(self._channel.hand_over, one.envelope)] = one
        refused = [result for _, result in verdicts if result.status != MessageStatus.QUEUED]
        return [result for result in ended if result.status != MessageStatus.QUEUED or result.try_at] + refused

    def _note_lane(self, connection: Connection, now: datetime) -> None:
        """Note that the way out is stopped, or open again, where that is new."""
        if self._fault is not None:
            if not self._fault_noted:
                stop(connection, str(self._fault), now)
        elif self._proven and not self._open_noted:
            go_on(connection)

    def _collect(self) -> None:
        """Wait until something has ended, where anything is under way, and note it.

        What ends the process, such as an interrupt, passes: its mail stays in doubt.
        """
        done = wait(self._busy, return_when=FIRST_COMPLETED).done if self._busy else set()
        if 0 < len(done) < len(self._busy):
            # A moment's patience, and one transaction serves them all.
            done = wait(self._busy, _PATIENCE).done
        for future in done:
            one, error = self._busy.pop(future), future.exception()
            if error is not None and not isinstance(error, Exception):
                raise error
            self._proven = self._proven or error is None or isinstance(error, Refusal)
            result = fate(one, error, self.now)
            self._ended.append(result)
            if isinstance(error, Outside):
                self._fault = self._fault or error
            elif result.status == MessageStatus.IN_DOUBT and error is not None:
                self._fault = self._in_doubt(one, error)

    def _in_doubt(self, one: Composed, error: Exception) -> Outside:
        text = "message {id} is in doubt: {channel} failed while taking it: {why}"
        doubt = Outside(sentence(text, id=one.message.id, channel=self._channel.name, why=reason(error)))
        doubt.__cause__ = error
        return doubt


def _intention(result: Result) -> Result:
    if result.status != MessageStatus.QUEUED:
        return result
    return Result(result.message, MessageStatus.IN_DOUBT, result.subject)

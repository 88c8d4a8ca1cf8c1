"""Many talks with mail servers at once, in one thread: each goes on when its server has answered.

Threads would do the same and spend a good part of their time on waking one another.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector

from engage.clock import monotonic, pause
from engage.effects.channel import Run
from engage.effects.replies import Reply
from engage.effects.smtp_faults import Unanswered
from engage.effects.smtp_session import Say, Talk
from engage.effects.smtp_wire import Wire


@dataclass(slots=True, eq=False)
class _Line:
    """A talk that is going on."""

    number: int
    talk: Talk[None]
    #: what came of each mail so far
    errors: list[Exception | None]
    #: how long had been waited for servers when it began
    waited: float
    wire: Wire | None = None
    #: what is left to be said, how long nothing may happen, and until when
    words: memoryview = field(default_factory=lambda: memoryview(b""))
    seconds: float = 0.0
    until: float = 0.0
    #: what is waited for on the wire
    events: int = 0


class Lines:
    """The talks that are going on, and the runs that have ended since somebody asked."""

    def __init__(self) -> None:
        self._selector = DefaultSelector()
        self._going: dict[int, _Line] = {}
        self._ended: list[tuple[int, Run]] = []
        self._begun, self._waited = 0, 0.0

    @property
    def under_way(self) -> int:
        """How many talks are going on, or have ended unheard."""
        return len(self._going) + len(self._ended)

    def begin(self, talk: Talk[None], errors: list[Exception | None]) -> int:
        """Begin a talk, which adds to ``errors`` what came of each mail; return its number."""
        self._begun += 1
        line = self._going[self._begun] = _Line(self._begun, talk, errors, self._waited)
        self._go_on(line)
        return line.number

    def ended(self, patience: float) -> list[tuple[int, Run]]:
        """Wait until a talk has ended, if any is going on, and ``patience`` longer for others; return the runs."""
        while self._going and not self._ended:
            self._turn(None)
        self._attend(patience)
        ended, self._ended = self._ended, []
        return ended

    def attend(self, seconds: float) -> None:
        """Have the talks go on for so long."""
        until = monotonic() + seconds
        self._attend(seconds)
        pause(max(until - monotonic(), 0.0))

    def close(self) -> None:
        """End; no talk is going on any more."""
        self._selector.close()

    def _attend(self, seconds: float) -> None:
        """Have the talks go on until all have ended, so long at most."""
        until = monotonic() + seconds
        while self._going and (left := until - monotonic()) > 0:
            self._turn(left)

    def _turn(self, seconds: float | None) -> None:
        """Have those talks go on whose servers have answered, or had their time; wait so long at most."""
        began = monotonic()
        first = min(line.until for line in self._going.values()) - began
        ready = self._selector.select(max(first if seconds is None else min(first, seconds), 0.0))
        # What we do ourselves in the meantime is not the servers' time.
        self._waited += monotonic() - began
        for key, _ in ready:
            self._attended(key.data)
        now = monotonic()
        for line in [line for line in self._going.values() if line.until <= now]:
            self._go_on(line, error=TimeoutError("timed out"))

    def _attended(self, line: _Line) -> None:
        """Hear what a server says, and say what is left."""
        try:
            answer = self._heard(line)
        except OSError as error:
            self._go_on(line, error=error)
        else:
            if answer is not None:
                self._go_on(line, answer)
            else:
                self._watch(line)

    def _heard(self, line: _Line) -> Reply | None:
        """Return the answer to what was said, if it has come. Raises OSError where none will come."""
        assert line.wire is not None
        moved = line.wire.hear()
        if line.words:
            sent = line.wire.say(line.words)
            line.words, moved = line.words[sent:], moved or sent > 0
        if moved:
            line.until = monotonic() + line.seconds
        return line.wire.answer() if not line.words or line.wire.ended else None

    def _go_on(self, line: _Line, answer: Reply | None = None, error: OSError | None = None) -> None:
        """Tell a talk its answer, or why there is none, and say what it says next, until it must be waited for."""
        while True:
            try:
                if error is not None:
                    say = line.talk.throw(error)
                else:
                    say = next(line.talk) if answer is None else line.talk.send(answer)
            except StopIteration:
                self._end(line)
                return
            except BaseException:
                # What ends the process, such as an interrupt: nobody knows what became of the mail under way.
                line.errors.append(Unanswered("interrupted"))
                self._end(line)
                raise
            answer, error = self._said(line, say)
            if answer is None and error is None:
                self._watch(line)
                return

    def _said(self, line: _Line, say: Say) -> tuple[Reply | None, OSError | None]:
        """Begin to say something; return the answer, or why there is none, where that is known already."""
        if say.wire is not line.wire:
            self._forget(line)
        line.wire, line.words = say.wire, memoryview(say.words)
        line.seconds, line.until = say.seconds, monotonic() + say.seconds
        try:
            if say.words:
                line.words = line.words[say.wire.say(line.words) :]
            return None if line.words else say.wire.answer(), None
        except OSError as error:
            return None, error

    def _watch(self, line: _Line) -> None:
        assert line.wire is not None
        events = EVENT_READ | EVENT_WRITE if line.words else EVENT_READ
        if not line.events:
            self._selector.register(line.wire.sock, events, line)
        elif line.events != events:
            self._selector.modify(line.wire.sock, events, line)
        line.events = events

    def _forget(self, line: _Line) -> None:
        if line.events and line.wire is not None:
            self._selector.unregister(line.wire.sock)
        line.events = 0

    def _end(self, line: _Line) -> None:
        self._forget(line)
        del self._going[line.number]
        self._ended.append((line.number, Run(line.errors, self._waited - line.waited)))

"""The pressroom: a child process renders, so that a template which never ends stops itself and no other mail.

One child renders many messages. Its system ends it when a message takes too long; then that message has failed,
another child takes the next, and a template that fails so again and again is set aside for the rest of the delivery.
The child has no secrets: it gets texts and values, and gives texts back. Of a message that is tracked it gets the key
of that message's clicks alone.

Jobs go to it in groups and its answers come so: one by one, both would do little but wait for each other. Where a
child is lost, the answers of its group are lost with it, and that group is tried message by message: only so does it
show which one is to blame.
"""

from __future__ import annotations

import signal
import sys
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import asdict

from engage.effects.failure import Failure
from engage.effects.pressing import LIMIT, packed, packet
from engage.effects.pressman import Pressman
from engage.effects.rendering import Printed, Rendered, Sheet
from engage.effects.tracking import Track
from engage.language.shelf import Shelf
from engage.wording import sentence

#: After so many children lost to it, one after the other, a template is set aside.
STRIKES = 3
#: So many messages are a group.
_GROUP = 20

#: A sheet, the values of its names, and how the message is tracked.
Job = tuple[Sheet, Mapping[str, object], Track | None]
Outcome = Rendered | Printed | Failure
#: The places where a group begins and ends.
Group = tuple[int, int]


class Pressroom:
    """Renders in a child process, begun when it is needed and replaced when it is lost; for one thread at a time.

    ``printed``: give what goes into mails, not what people read.
    """

    def __init__(self, zone: str, shelf: Shelf, *, printed: bool = False) -> None:
        self._head = packet({"zone": zone, "shelf": shelf.files, "printed": printed})
        self._child: Pressman | None = None
        self._strikes: Counter[Sheet] = Counter()
        #: how many answers are to come
        self._asked = 0

    def attempts(self, jobs: Sequence[Job]) -> Generator[Outcome]:
        """Begin some jobs at once; give what came of each, in their order.

        Outcomes of earlier jobs can be taken no more. Raises Outside when no child can be begun.
        """
        self._drop()
        groups = _groups(0, 0, len(jobs))
        self._send(jobs, groups)
        return self._taken(jobs, groups)

    def is_ready(self) -> bool:
        """Tell whether the outcomes of the jobs that were begun need not be waited for."""
        return not self._asked or self._child is None or self._child.has_said(self._asked)

    def close(self) -> None:
        """Let the child go."""
        self._drop()
        self._buried()

    def _taken(self, jobs: Sequence[Job], groups: Sequence[Group]) -> Generator[Outcome]:
        try:
            yield from self._outcomes(jobs, groups)
        finally:
            self._drop()

    def _outcomes(self, jobs: Sequence[Job], groups: Sequence[Group]) -> Iterator[Outcome]:
        place = careful = 0
        suspect = -1
        while place < len(jobs):
            if (outcome := self._outcome(jobs[place])) is None:
                begin, end = next(group for group in groups if place < group[1])
                alone, again = end - begin == 1, place == suspect
                code, careful, suspect = self._buried(), max(careful, end), place
                outcome = _blame(code, again=again) if alone else None
                self._strikes[jobs[place][0]] += outcome is not None
                groups = _groups(place + (outcome is not None), careful, len(jobs))
                self._send(jobs, groups)
            if outcome is not None:
                yield outcome
                place += 1

    def _outcome(self, job: Job) -> Outcome | None:
        """Return what came of the next job; None where its child is lost."""
        if self._is_set_aside(job):
            return Failure(sentence("its template never came to an end, {count} times", count=STRIKES))
        assert self._child is not None
        outcome = self._child.hear()
        if outcome is not None:
            self._asked -= 1
            self._strikes.pop(job[0], None)
        return outcome

    def _is_set_aside(self, job: Job) -> bool:
        return bool(self._strikes) and self._strikes[job[0]] >= STRIKES

    def _send(self, jobs: Sequence[Job], groups: Sequence[Group]) -> None:
        """Tell a child some jobs, in groups."""
        if not groups:
            return
        child = self._child = self._child or Pressman(self._head)
        packets = list[bytes]()
        for begin, end in groups:
            group = [job for job in jobs[begin:end] if not self._is_set_aside(job)]
            packets += _sheets(child, group)
            packets.append(packet([_plain(child, *job) for job in group]))
            self._asked += len(group)
        child.tell(packets)

    def _drop(self) -> None:
        """End a child whose answers were not all taken: they would pass for those of the next jobs."""
        if self._asked and self._child is not None:
            self._child.process.kill()
            self._buried()

    def _buried(self) -> int | None:
        """Return how the child ended, if there was one."""
        child, self._child, self._asked = self._child, None, 0
        return None if child is None else child.end()


def _blame(code: int | None, *, again: bool) -> Failure | None:
    """Return why the job failed that a child was lost with; None where it is to be tried once more."""
    if code in _TIMED_OUT:
        return Failure(sentence("it takes longer than {limit} s", limit=f"{LIMIT:g}"))
    if again:
        return Failure(sentence("it ends the process that renders it (exit code {code})", code=code))
    return None


def _groups(begin: int, careful: int, count: int) -> list[Group]:
    """Return the groups of jobs from ``begin`` to ``count``, each alone up to ``careful``.

    >>> _groups(1, 3, 30)
    [(1, 2), (2, 3), (3, 23), (23, 30)]
    """
    alone = [(place, place + 1) for place in range(begin, careful)]
    return alone + [(place, min(place + _GROUP, count)) for place in range(max(begin, careful), count, _GROUP)]


def _sheets(child: Pressman, jobs: Sequence[Job]) -> Iterator[bytes]:
    """Yield what tells the child those sheets that it does not know, once each."""
    for sheet, _, _ in jobs:
        if sheet not in child.sheets:
            child.sheets[sheet] = len(child.sheets)
            yield packet(asdict(sheet))


def _plain(child: Pressman, sheet: Sheet, names: Mapping[str, object], track: Track | None) -> tuple[object, ...]:
    return child.sheets[sheet], packed(names), None if track is None else track.told()


def _timed_out() -> frozenset[int]:
    """Return the exit codes of a child that its system ended for its time."""
    if sys.platform == "win32":
        return frozenset()
    return frozenset((-signal.SIGPROF, -signal.SIGALRM, -signal.SIGXCPU))


_TIMED_OUT = _timed_out()

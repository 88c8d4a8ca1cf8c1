"""Many tests on all processors: each process has a private database of its own."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection, wait

from engage.errors import EngageError, Outside
from engage.language.whole import Workspace
from engage.rehearse.runs import Means, Verdict, run_tests
from engage.rehearse.script import Script
from engage.wording import sentence

#: Fewer tests than this for each process are not worth its start.
WORTH = 20


def run_many(workspace: Workspace, chosen: Sequence[Script], means: Means) -> Iterator[Verdict]:
    """Yield the verdict of each test of a valid workspace, in order; several processes share many tests."""
    hands = min(os.cpu_count() or 1, len(chosen) // WORTH)
    if hands < 2 or "fork" not in multiprocessing.get_all_start_methods():
        yield from run_tests(workspace, chosen, means)
        return
    context = multiprocessing.get_context("fork")
    # Neighbours go to one process: the tests of a scenario share its statements.
    spans = [(len(chosen) * hand // hands, len(chosen) * (hand + 1) // hands) for hand in range(hands)]
    pipes = [context.Pipe(duplex=False) for _ in spans]
    processes = [
        context.Process(target=_work, args=(theirs, workspace, chosen[first:end], means), daemon=True)
        for (_, theirs), (first, end) in zip(pipes, spans, strict=True)
    ]
    try:
        for process, (_, theirs) in zip(processes, pipes, strict=True):
            process.start()
            theirs.close()
        yield from _in_order(chosen, {ours: iter(range(*span)) for (ours, _), span in zip(pipes, spans, strict=True)})
    finally:
        for process in processes:
            process.terminate()
            process.join()


def _in_order(chosen: Sequence[Script], places: dict[Connection, Iterator[int]]) -> Iterator[Verdict]:
    """Yield the verdicts in the order of the tests, whichever comes first; ``places`` are each process's tests."""
    found: dict[int, Verdict] = {}
    for place in range(len(chosen)):
        while place not in found:
            for ready in wait(list(places)):
                assert isinstance(ready, Connection)
                mine = next(places[ready], None)
                if mine is None:
                    del places[ready]
                else:
                    found[mine] = _received(ready, chosen[mine])
        yield found.pop(place)


def _work(told: Connection, workspace: Workspace, mine: Sequence[Script], means: Means) -> None:
    """Run some tests and tell what each showed; a fault is told too, and ends the work."""
    try:
        for verdict in run_tests(workspace, mine, means):
            told.send((verdict.differences, verdict.seconds))
    except EngageError as error:
        told.send(error.message)
    except Exception as error:
        told.send(sentence("{why}", why=f"{type(error).__name__}: {error}"))


def _received(mine: Connection, script: Script) -> Verdict:
    """Return what a process tells next. Raises Outside where it fails or is gone."""
    try:
        told = mine.recv()
    except EOFError:
        told = sentence("a process that ran tests was ended from outside")
    if not isinstance(told, tuple):
        raise Outside(told)
    differences, seconds = told
    return Verdict(script, differences, seconds)

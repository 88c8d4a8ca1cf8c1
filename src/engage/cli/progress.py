"""Progress of long work: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

from engage.clock import monotonic

#: Seconds between two lines where there is no terminal.
PAUSE = 10.0


@contextmanager
def progress(label: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Give a function that is told how many are done so far; all goes to stderr."""
    if not sys.stderr.isatty():
        yield _lines(label)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total)

        def told(done: int) -> None:
            bar.update(task, completed=done, total=None if total is None else max(total, done))

        yield told


def _lines(label: str) -> Callable[[int], None]:
    last = monotonic()

    def told(done: int) -> None:
        nonlocal last
        if monotonic() - last >= PAUSE:
            last = monotonic()
            typer.echo(f"{label}: {done}", err=True)

    return told

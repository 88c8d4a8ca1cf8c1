"""Tables for people: aligned, double-width characters counted as two."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from io import StringIO

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

#: Columns of a line where there is no terminal: nothing is cut, pipes do not wrap.
_WIDE = 10_000


def table(
    header: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "", right: Iterable[int] = ()
) -> str:
    """Return a table as text; ``right`` are the places of columns of figures."""
    figures = frozenset(right)
    made = Table(box=SIMPLE_HEAD, title=Text(title) if title else None, title_justify="left", pad_edge=False)
    for place, name in enumerate(header):
        made.add_column(Text(name), justify="right" if place in figures else "left", overflow="fold")
    for row in rows:
        made.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    return rendered(made)


def width(elsewhere: int) -> int:
    """Return the terminal's width in characters, or another where there is none."""
    return Console().width if sys.stdout.isatty() else elsewhere


def rendered(renderable: object) -> str:
    """Return what rich would print on this terminal, or plain text elsewhere."""
    terminal = sys.stdout.isatty()
    stream = StringIO()
    console = Console(
        file=stream, width=width(_WIDE), force_terminal=terminal, highlight=False, emoji=False, markup=False
    )
    console.print(renderable)
    lines = [line.rstrip() for line in stream.getvalue().split("\n")]
    full = [place for place, line in enumerate(lines) if line]
    return "\n".join(lines[full[0] : full[-1] + 1]) if full else ""

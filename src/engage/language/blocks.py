"""Lines of a YAML text put in another order: entries of block mappings move whole, with the comments above them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import yaml

from engage.language.key_order import Ordered

_ASIDE = re.compile(r"\s*(#.*)?")


@dataclass(frozen=True, slots=True)
class _Entry:
    """One key of a mapping with its value: its first line, and the one after its last."""

    key: str
    start: int
    end: int


def ordered_blocks(text: str, order: Ordered) -> str:
    """Return a text whose block mappings have their keys in order; every line stays, only its place changes."""
    root = yaml.compose(text, yaml.CSafeLoader)
    lines = text.splitlines(keepends=True)
    if root is not None and lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    _put_in_order(root, order, lines)
    return "".join(lines)


def _put_in_order(node: yaml.Node | None, order: Ordered, lines: list[str]) -> None:
    """Order a node's mappings, the inner ones first: those keep to the lines of their entry."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _put_in_order(item, order.items, lines)
    elif isinstance(node, yaml.MappingNode):
        keys = [str(key.value) for key, _ in node.value]
        for key, value in node.value:
            _put_in_order(value, order.under(str(key.value), keys), lines)
        wanted = order.order(keys)
        if not node.flow_style and wanted != tuple(keys):
            _move(node, wanted, lines)


def _move(node: yaml.MappingNode, wanted: Sequence[str], lines: list[str]) -> None:
    """Put the entries of a mapping in order. What stands before the first key on its line stays there."""
    column = node.start_mark.column
    entries = [_Entry(str(key.value), key.start_mark.line, max(_end(key), _end(value))) for key, value in node.value]
    first, last = entries[0].start, entries[-1].end
    head = lines[first][:column]
    pieces: dict[str, list[str]] = {}
    above = first
    for entry in entries:
        comments, body = lines[above : entry.start], lines[entry.start : entry.end]
        pieces[entry.key] = [*comments, " " * column + body[0][column:], *body[1:]]
        above = entry.end
    moved = [line for key in wanted for line in pieces[key]]
    place = next(n for n, line in enumerate(moved) if not _ASIDE.fullmatch(line.rstrip("\n")))
    moved[place] = head + moved[place][column:]
    lines[first:last] = moved


def _end(node: yaml.Node) -> int:
    """Return the line after the last one of a node; comments below it are not its own."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return max(map(_end, last)) if isinstance(last, tuple) else _end(last)
    mark = node.end_mark
    return mark.line if mark.column == 0 and mark.line > node.start_mark.line else mark.line + 1

"""The parts of a YAML file as a tree: scalars, lists and mappings, each with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from engage.language.scalars import Plain
from engage.problem import Place


@dataclass(frozen=True, slots=True)
class Scalar:
    """One text, number, truth value or nothing."""

    place: Place
    #: as written in the file, without quotes
    text: str
    value: Plain
    #: written without quotes and tag
    bare: bool
    size: ClassVar[int] = 1
    height: ClassVar[int] = 0


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    place: Place
    nodes: tuple[Node, ...]
    #: how many nodes it has, itself and those behind aliases included
    size: int
    #: levels below it, at least 1
    height: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A key's place and its value."""

    key: Place
    node: Node


@dataclass(frozen=True, slots=True)
class Entries:
    """A mapping, after merging."""

    place: Place
    entries: Mapping[str, Entry]
    size: int
    height: int


Node = Scalar | Items | Entries


def plain_data(node: Node) -> object:
    """Return a node as dictionaries, lists and scalars; its depth was bounded when it was read."""
    match node:
        case Scalar():
            return node.value
        case Items():
            return [plain_data(item) for item in node.nodes]
        case Entries():
            return {key: plain_data(entry.node) for key, entry in node.entries.items()}

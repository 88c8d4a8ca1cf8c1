"""Names that a file gives and that could not be read: what uses them is no second mistake."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePosixPath

from engage.language.reading import value_at
from engage.language.source import Path, Source

#: A kind of name (``list``, ``field`` …) whose whole file could not be read, or a kind and one name.
Doubted = str | tuple[str, str]

#: Where each kind of name is written: the file, and the keys above the names.
_WRITTEN: Mapping[str, tuple[str, Path]] = {
    "field": ("engage.yaml", ("fields",)),
    "user": ("team.yaml", ("users",)),
    "group": ("team.yaml", ("groups",)),
    "queue": ("team.yaml", ("queues",)),
    "list": ("lists.yaml", ()),
    "campaign": ("campaigns.yaml", ()),
    "form": ("forms.yaml", ()),
}


def doubted(
    sources: Mapping[str, Source], unread: Collection[str], known: Mapping[str, Collection[str]]
) -> frozenset[Doubted]:
    """Return the names that files give and nobody knows; ``known`` holds the names read, by kind.

    ``unread`` are the files that are there and are not even YAML.
    """
    return frozenset(_doubted(sources, unread, known))


def _doubted(
    sources: Mapping[str, Source], unread: Collection[str], known: Mapping[str, Collection[str]]
) -> Iterator[Doubted]:
    for kind, (file, path) in _WRITTEN.items():
        if file in unread:
            yield kind
        given = value_at(sources[file].value, path) if file in sources else None
        names = (unicodedata.normalize("NFC", str(name)) for name in given) if isinstance(given, dict) else ()
        yield from ((kind, name) for name in names if name not in known[kind])
    for file in (*sources, *unread):
        if file.startswith("scenarios/"):
            yield from (("scenario", stem) for stem in [scenario_name(file)] if stem not in known["scenario"])


def scenario_name(file: str) -> str:
    """Return the id of the scenario that a file holds.

    >>> scenario_name("scenarios/welcome.yaml")
    'welcome'
    """
    return unicodedata.normalize("NFC", PurePosixPath(file).stem)

"""A YAML file as plain data that knows where each key and value was written.

>>> source, problems = read("engage.yaml", "name: Example\\nhours: {days: [mon]}")
>>> str(source.place(("hours", "days", 0)))
'engage.yaml:2:16'
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path as FilePath

from engage.language.characters import decoded, forbidden, look_alikes
from engage.language.composing import Composed, compose
from engage.language.nodes import Entries, Items, Node, Scalar, plain_data
from engage.problem import Place, Problem
from engage.wording import Sentence, sentence

#: Keys and list indexes from the top of a file.
Path = tuple[str | int, ...]

#: Bytes a file may have.
LIMIT = 10_000_000


@dataclass(frozen=True, slots=True)
class Source:
    """A file's content and the place of every part of it."""

    file: str
    #: dictionaries with text keys, lists, texts, numbers, truth values and None
    value: object
    root: Node

    def place(self, path: Path, key: bool = False) -> Place:
        """Return where a value stands, or its key; else the nearest part around it that is there.

        Parts that are not in the file are passed over: pydantic puts the tags of its unions into paths.
        """
        at = self.root.place
        node = self.root
        for part in path:
            if step := _step(node, part):
                at, node = step
        return at if key else node.place

    def has(self, path: Path) -> bool:
        """Return whether the file has all parts of a path."""
        return self._node(path) is not None

    def text(self, path: Path) -> str | None:
        """Return a scalar as it is written, so that a text field can keep ``1.10``; None for all else."""
        node = self._node(path)
        return node.text if isinstance(node, Scalar) else None

    def _node(self, path: Path) -> Node | None:
        """Return the node at exactly a path."""
        node = self.root
        for part in path:
            step = _step(node, part)
            if step is None:
                return None
            node = step[1]
        return node


def read(file: str, text: bytes | str) -> tuple[Source | None, tuple[Problem, ...]]:
    """Return a file's content and all that is wrong with it as YAML.

    With problems there may still be a source: the rest of the file is then worth checking. A value that could
    not be used stands in it as text, so another complaint about the same line says nothing new.
    """
    if len(text) > LIMIT:
        return None, (Problem(Place(file), _too_large()),)
    content = decoded(file, text) if isinstance(text, bytes) else text.removeprefix("\ufeff")
    if isinstance(content, Problem):
        return None, (content,)
    if problems := forbidden(file, content):
        return None, problems
    composed = compose(file, content)
    problems = tuple(sorted(_problems(file, content, composed), key=lambda problem: problem.place))
    root = composed.root
    if root is None or (isinstance(root, Scalar) and root.bare and not root.text):
        return None, problems or (Problem(Place(file), _nothing(content)),)
    return Source(file, plain_data(root), root), problems


def read_file(path: FilePath, shown_as: str, inside: FilePath) -> tuple[Source | None, tuple[Problem, ...]]:
    """Return the content of an ordinary file inside a folder; all else is refused, never waited for."""
    content, problems = read_bytes(path, shown_as, inside)
    return (None, problems) if content is None else read(shown_as, content)


def read_bytes(path: FilePath, shown_as: str, inside: FilePath) -> tuple[bytes | None, tuple[Problem, ...]]:
    """Return the bytes of an ordinary file inside a folder, unless there are too many, or why not."""
    content = _bytes(path, inside)
    if isinstance(content, bytes) and len(content) > LIMIT:
        content = _too_large()
    return (content, ()) if isinstance(content, bytes) else (None, (Problem(Place(shown_as), content),))


def _problems(file: str, content: str, composed: Composed) -> Iterator[Problem]:
    """Yield all mistakes, without the parser's complaint where a look-alike above it is the reason."""
    yield from composed.problems
    strange = look_alikes(file, content, composed.quoted)
    yield from strange
    broken = composed.broken
    if broken and not any(problem.place.line <= broken.place.line for problem in strange):
        yield broken


def _step(node: Node, part: str | int) -> tuple[Place, Node] | None:
    """Return the place of a key or item and its value, or None if it is not there."""
    match node:
        case Entries(entries=entries) if str(part) in entries:
            entry = entries[str(part)]
            return entry.key, entry.node
        case Items(nodes=nodes) if isinstance(part, int) and 0 <= part < len(nodes):
            return nodes[part].place, nodes[part]
        case _:
            return None


def _nothing(content: str) -> Sentence:
    """Return the sentence for a file in which nothing stands."""
    if any(line.lstrip().startswith("#") for line in content.splitlines()):
        return sentence("the file holds only comments; write at least one key, or delete the file")
    return sentence("the file is empty; write at least one key, or delete the file")


def _bytes(path: FilePath, inside: FilePath) -> bytes | Sentence:
    """Return a file's bytes, one more than the limit at most, or why it is not read."""
    try:
        real = path.resolve(strict=True)
        if not real.is_relative_to(inside.resolve()):
            return sentence("the file lies outside of the folder {folder}; copy it into the folder", folder=inside)
        if not stat.S_ISREG(real.stat().st_mode):
            return sentence("this is not a file but a folder or a device; put an ordinary file there")
        return _contents(real)
    except FileNotFoundError:
        return sentence("there is no such file; make it, or correct its name")
    except (OSError, RuntimeError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        return sentence("the file cannot be read ({reason}); correct that and run again", reason=reason or error)


def _contents(real: FilePath) -> bytes | Sentence:
    """Read an ordinary file without waiting, even if a pipe has taken its place since it was looked at."""
    # Windows knows neither flag, and no pipes in folders.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(real, flags), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            return sentence("this is not a file but a folder or a device; put an ordinary file there")
        return stream.read(LIMIT + 1)


def _too_large() -> Sentence:
    """Return the sentence for a file over the limit."""
    return sentence("the file is larger than {limit} MB; split it into several", limit=LIMIT // 1_000_000)

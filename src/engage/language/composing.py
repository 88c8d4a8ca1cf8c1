"""YAML text becomes a tree of nodes, bounded while it is read.

The tree is put together from the parser's events without recursion, so nothing deep, cyclic or many times
repeated is ever built: aliases share their node, and every one counts as if it had been written out.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import yaml
from yaml import events

from engage.language.characters import FORBIDDEN, not_allowed
from engage.language.mapping import entries
from engage.language.nodes import Entries, Items, Node, Scalar
from engage.language.scalars import SCALAR_TAGS, STANDARD, Plain, plain, shortened, tagged
from engage.language.syntax import complaint, place
from engage.problem import Place, Problem
from engage.wording import Sentence, sentence

#: Keys and values a file may have, aliases and merge keys written out.
NODES = 100_000
#: Levels of nesting a file may have.
DEPTH = 100


@dataclass(frozen=True, slots=True)
class Composed:
    """What was read: a tree unless the file is empty or could not be read to its end, and all mistakes."""

    root: Node | None
    problems: tuple[Problem, ...]
    #: what stopped the parser
    broken: Problem | None
    #: the numbers of the lines that continue a quoted or block text
    quoted: frozenset[int]


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end was not yet read."""

    place: Place
    anchor: str | None
    mapping: bool
    #: how many nodes were counted before it
    before: int
    children: list[Node] = field(default_factory=list)


class _TooMuch(Exception):
    """The file passes a limit, which was noted; reading on would help nobody."""


def compose(file: str, text: str) -> Composed:
    """Return a file's tree with all its mistakes; never slower or larger than the limits allow."""
    composer, broken, whole = _Composer(file), None, True
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            composer.take(event)
            if composer.documents > 1:
                break
    except _TooMuch:
        whole = False
    except yaml.YAMLError as error:
        whole, broken = False, complaint(file, text, error)
    root = composer.root if whole else None
    return Composed(root, tuple(composer.problems), broken, frozenset(composer.quoted))


class _Composer:
    """The reading of one file."""

    def __init__(self, file: str) -> None:
        self.root: Node | None = None
        self.problems: list[Problem] = []
        self.quoted: set[int] = set()
        self.documents = 0
        self._file = file
        self._open: list[_Open] = []
        #: a list or mapping still open stands here as None
        self._anchors: dict[str, Node | None] = {}
        self._count = 0

    def take(self, event: events.Event) -> None:
        """Add one of the parser's events to the tree."""
        at = place(self._file, event.start_mark)
        match event:
            case events.ScalarEvent():
                self._scalar(event, at)
            case events.AliasEvent():
                self._alias(event.anchor or "", at)
            case events.CollectionStartEvent():
                self._begin(event, at)
            case events.CollectionEndEvent():
                self._end()
            case events.DocumentStartEvent():
                self._document(at)
            case _:
                pass

    def _scalar(self, event: events.ScalarEvent, at: Place) -> None:
        """Read a scalar."""
        self._counted(1, at)
        end = place(self._file, event.end_mark).line
        if event.style and end > at.line:
            # A block text ends where the next line begins, a quoted one on the line of its last mark.
            self.quoted.update(range(at.line + 1, end if event.style in "|>" else end + 1))
        if found := FORBIDDEN.search(event.value):
            self._complain(at, not_allowed(found.group()))
        bare = event.tag is None and not event.style
        self._keep(Scalar(at, event.value, self._value(event, at), bare), event.anchor)

    def _value(self, event: events.ScalarEvent, at: Place) -> Plain:
        """Return what a scalar stands for: text as a key, and text where it is reported as no good."""
        text = event.value
        within = self._open[-1] if self._open else None
        is_key = within is not None and within.mapping and len(within.children) % 2 == 0
        if not self._tag_allowed(event.tag, SCALAR_TAGS, at) or is_key:
            return text
        try:
            if event.tag:
                return tagged(event.tag, text)
            return text if event.style else plain(text)
        except ValueError as error:
            self._complain(at, error.args[0])
            return text

    def _tag_allowed(self, tag: str | None, allowed: frozenset[str], at: Place) -> bool:
        """Refuse every tag but the standard ones: elsewhere a tag may stand for code."""
        if tag is None or (tag.startswith(STANDARD) and tag.removeprefix(STANDARD) in allowed):
            return True
        shown = shortened(tag.replace(STANDARD, "!!"))
        self._complain(at, sentence("the tag {tag} is not allowed here; leave it out", tag=shown))
        return False

    def _alias(self, name: str, at: Place) -> None:
        """Put the node of an anchor here, counted as if it were written out."""
        if name not in self._anchors:
            self._complain(at, sentence(_NO_ANCHOR, name=name))
        elif self._anchors[name] is None:
            self._complain(at, sentence(_IN_ITSELF, name=name))
        node = self._anchors.get(name) or Scalar(at, f"*{name}", None, bare=False)
        self._counted(node.size, at)
        self._deep(node.height, at)
        self._add(replace(node, place=at))

    def _begin(self, event: events.CollectionStartEvent, at: Place) -> None:
        """Open a list or a mapping."""
        mapping = isinstance(event, events.MappingStartEvent)
        self._counted(1, at)
        self._deep(1, at)
        self._tag_allowed(event.tag, frozenset({"map" if mapping else "seq"}), at)
        if event.anchor:
            self._anchors[event.anchor] = None
        self._open.append(_Open(at, event.anchor, mapping, self._count - 1))

    def _end(self) -> None:
        """Close the innermost list or mapping."""
        closed = self._open.pop()
        size = self._count - closed.before
        height = 1 + max((child.height for child in closed.children), default=0)
        node: Node
        if closed.mapping:
            found, problems = entries(closed.children)
            self.problems += problems
            node = Entries(closed.place, found, size, height)
        else:
            node = Items(closed.place, tuple(closed.children), size, height)
        self._keep(node, closed.anchor)

    def _keep(self, node: Node, anchor: str | None) -> None:
        """Remember an anchored node, and add it."""
        if anchor:
            self._anchors[anchor] = node
        self._add(node)

    def _add(self, node: Node) -> None:
        """Add a node to what is open, or make it the root."""
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node

    def _document(self, at: Place) -> None:
        """Count the documents; the second is refused."""
        self.documents += 1
        if self.documents > 1:
            self._complain(at, sentence("a second document begins here (---); keep one document in a file"))

    def _counted(self, nodes: int, at: Place) -> None:
        """Count nodes; stop at the limit."""
        self._count += nodes
        if self._count > NODES:
            self._complain(at, sentence(_TOO_MANY, limit=NODES))
            raise _TooMuch

    def _deep(self, levels: int, at: Place) -> None:
        """Stop at the limit of nesting."""
        if len(self._open) + levels > DEPTH:
            self._complain(at, sentence("the nesting is deeper than {limit} levels; write it flatter", limit=DEPTH))
            raise _TooMuch

    def _complain(self, at: Place, message: Sentence) -> None:
        """Note a mistake."""
        self.problems.append(Problem(at, message))


_NO_ANCHOR = "no anchor &{name} stands above; put a text that begins with * in quotes"
_IN_ITSELF = "the alias *{name} stands inside its own anchor; write the value out"
_TOO_MANY = "the file has more than {limit} keys and values, aliases written out; split it or use fewer aliases"

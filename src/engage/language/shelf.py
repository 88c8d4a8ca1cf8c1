"""The shelf of partials: pieces of templates in ``templates/partials`` that others include, extend or import.

A template reaches nothing else: the names it can load are those of this shelf, so no file outside the folder is ever
read for one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from jinja2 import TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from engage.language.nesting import tree_of

FOLDER = "templates/"
PARTIALS = "templates/partials/"
#: The endings of files that are templates.
ENDINGS = (".html", ".mjml")
#: What loads another file.
Loading = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)


@dataclass(frozen=True)
class Shelf:
    """The partials of a workspace; each is named by its path in ``templates``, such as ``partials/footer.html``."""

    #: pairs of name and text, sorted: equal shelves are equal
    files: tuple[tuple[str, str], ...] = ()
    #: what stands before each name in messages
    shown: str = field(default=FOLDER, compare=False)

    @classmethod
    def of(cls, texts: Mapping[str, str], shown: str = "") -> Shelf:
        """Return the shelf of a workspace's files, by their paths."""
        found = ((path.removeprefix(FOLDER), text) for path, text in texts.items() if is_partial(path))
        return cls(tuple(sorted(found)), f"{shown}{FOLDER}")

    @cached_property
    def texts(self) -> dict[str, str]:
        """Each partial's text, by its name."""
        return dict(self.files)

    @cached_property
    def trees(self) -> dict[str, nodes.Template | TemplateSyntaxError]:
        """Each partial as Jinja2 reads it, or why it cannot."""
        return {name: parsed(text) for name, text in self.files}

    def loaded(self, tree: nodes.Template | TemplateSyntaxError) -> tuple[str, ...]:
        """Return the partials that a tree loads by itself, those that are there."""
        names = (loaded_name(node) for node in loadings(tree))
        return tuple(dict.fromkeys(name for name in names if name in self.trees))

    def reached(self, tree: nodes.Template | TemplateSyntaxError) -> tuple[str, ...]:
        """Return all partials that a tree leads to, itself or by others."""
        found: dict[str, None] = {}
        waiting = list(self.loaded(tree))
        while waiting:
            name = waiting.pop()
            if name not in found:
                found[name] = None
                waiting += self.loaded(self.trees[name])
        return tuple(found)


def is_partial(path: str) -> bool:
    """Tell whether a file of the workspace is a partial."""
    return path.startswith(PARTIALS)


def parsed(text: str) -> nodes.Template | TemplateSyntaxError:
    """Return a text as Jinja2 reads it, or why it cannot."""
    try:
        return tree_of(ImmutableSandboxedEnvironment(autoescape=True), text)
    except TemplateSyntaxError as error:
        return error


def loadings(tree: nodes.Template | TemplateSyntaxError) -> Iterator[nodes.Stmt]:
    """Yield what loads other files in a tree."""
    if isinstance(tree, nodes.Template):
        yield from tree.find_all(Loading)


def loaded_name(node: nodes.Node) -> str | None:
    """Return the name that is written where another file is loaded; None where it is no plain text."""
    written = getattr(node, "template", None)
    return written.value if isinstance(written, nodes.Const) and isinstance(written.value, str) else None


def own_names(trees: Iterable[nodes.Template | TemplateSyntaxError]) -> frozenset[str]:
    """Return the names that templates give themselves: by set, for, with, macros and imports."""
    found: set[str] = set()
    for tree in trees:
        if isinstance(tree, nodes.Template):
            found |= {name.name for name in tree.find_all(nodes.Name) if name.ctx in ("store", "param")}
            found |= {macro.name for macro in tree.find_all(nodes.Macro)}
            found |= {load.target for load in tree.find_all(nodes.Import)}
            found |= {
                name if isinstance(name, str) else name[1]
                for load in tree.find_all(nodes.FromImport)
                for name in load.names
            }
    return frozenset(found)

"""Every mistake in a template's text: its syntax, names, filters, calls, and the partials it loads."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from jinja2 import TemplateSyntaxError, nodes
from jinja2.tests import TESTS

from engage.language.shelf import PARTIALS, Shelf, loaded_name, loadings, own_names, parsed
from engage.language.spotting import Spotter, syntax
from engage.language.template_links import check_links
from engage.language.template_words import DATE_STYLES, FILTERS, NAMES, OWN
from engage.problem import Problem, nearest, unknown
from engage.wording import Sentence, sentence

Tree = nodes.Template | TemplateSyntaxError


@dataclass(frozen=True, slots=True)
class Known:
    """What a text may name."""

    fields: Collection[str]
    #: names that the template and its partials give themselves
    own: frozenset[str]
    shelf: Shelf
    #: the text is MJML
    mjml: bool = False


def check_body(
    file: str,
    body: str,
    fields: Collection[str],
    offset: int,
    shelf: Shelf | None = None,
    lines: Collection[str] | None = None,
) -> tuple[Problem, ...]:
    """Return every mistake in a Jinja2 text.

    ``offset`` lines stand before it in its file, whose ``lines`` tell the columns. Partials are checked apart.
    """
    shelf = shelf or Shelf()
    tree = parsed(body)
    own = own_names((tree, *(shelf.trees[name] for name in shelf.reached(tree))))
    spotter = Spotter(file, tuple(body.split("\n") if lines is None else lines), offset)
    return tuple(_mistakes(tree, Known(fields, own, shelf, file.endswith(".mjml")), spotter))


def check_shelf(shelf: Shelf, bodies: Mapping[str, str], fields: Collection[str]) -> tuple[Problem, ...]:
    """Return every mistake in the partials; ``bodies`` are the texts of the templates, by their files.

    A name must be given by each template that leads to a partial.
    """
    if not shelf.files:
        return ()
    given = _given(shelf, bodies)
    found: list[Problem] = []
    for name, text in shelf.files:
        spotter = Spotter(f"{shelf.shown}{name}", text.split("\n"))
        tree = shelf.trees[name]
        known = Known(fields, given.get(name, own_names([tree])), shelf, name.endswith(".mjml"))
        found += (*_mistakes(tree, known, spotter), *check_links(spotter.file, text))
        for node in loadings(tree):
            loaded = loaded_name(node)
            if (
                loaded is not None
                and loaded in shelf.trees
                and (loaded == name or name in shelf.reached(shelf.trees[loaded]))
            ):
                place = spotter.place(node.lineno, rf"['\"]({re.escape(loaded)})['\"]")
                found.append(Problem(place, sentence("{name} loads itself, by {other}", name=name, other=loaded)))
    return tuple(found)


def _given(shelf: Shelf, bodies: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """Return the names that every template which leads to a partial gives it."""
    given: dict[str, frozenset[str]] = {}
    for body in bodies.values():
        tree = parsed(body)
        reached = shelf.reached(tree)
        own = own_names((tree, *(shelf.trees[name] for name in reached)))
        for name in reached:
            given[name] = given.get(name, own) & own
    return given


def _mistakes(tree: Tree, known: Known, spotter: Spotter) -> Iterator[Problem]:
    if isinstance(tree, TemplateSyntaxError):
        why = tree.message or ""
        message = sentence("this expression cannot be read: {why}", why=syntax(why))
        yield Problem(spotter.stumble(tree.lineno, why), message)
        return
    found = [*_names(tree, known, spotter), *_words(tree, spotter), *_calls(tree, known, spotter)]
    found += _loadings(tree, known, spotter)
    yield from sorted(found, key=lambda problem: problem.place)


def _names(tree: nodes.Template, known: Known, spotter: Spotter) -> Iterator[Problem]:
    for name in tree.find_all(nodes.Name):
        if name.ctx == "load" and name.name not in known.own and name.name not in ("prospect", *NAMES, *OWN):
            yield Problem(spotter.name(name.lineno, name.name), unknown("name", name.name, ("prospect", *NAMES)))
    for access in tree.find_all((nodes.Getattr, nodes.Getitem)):
        yield from _part(access, known, spotter)


def _words(tree: nodes.Template, spotter: Spotter) -> Iterator[Problem]:
    for used in tree.find_all(nodes.Filter):
        if used.name not in FILTERS:
            yield Problem(spotter.filter(used.lineno, used.name), unknown("filter", used.name, FILTERS))
        elif used.name == "date" and (style := _style(used)) not in DATE_STYLES:
            place = spotter.filter(used.lineno, used.name)
            yield Problem(place, unknown("style of dates", style, [name for name in DATE_STYLES if name]))
    for asked in tree.find_all(nodes.Test):
        if asked.name not in TESTS:
            yield Problem(spotter.name(asked.lineno, asked.name), unknown("test", asked.name, TESTS))


def _style(used: nodes.Filter) -> str:
    """Return the style that is written after ``date``; the plain one where it is none or no plain text."""
    style = used.args[0] if used.args else None
    return str(style.value) if isinstance(style, nodes.Const) else ""


def _calls(tree: nodes.Template, known: Known, spotter: Spotter) -> Iterator[Problem]:
    for call in tree.find_all(nodes.Call):
        if not _harmless(call.node, known.own):
            message = sentence("nothing can be called here but range and a loop's own; filters change a value: | upper")
            yield Problem(spotter.place(call.lineno, r"([\w.]+)\s*\("), message)


def _harmless(called: nodes.Node, own: frozenset[str]) -> bool:
    """Tell whether a call is of ``range``, of a macro, or of something of the loop or an imported partial."""
    if isinstance(called, nodes.Getattr):
        return isinstance(called.node, nodes.Name) and called.node.name in ("loop", *own)
    return isinstance(called, nodes.Name) and called.name in ("range", "super", "caller", *own)


def _loadings(tree: nodes.Template, known: Known, spotter: Spotter) -> Iterator[Problem]:
    for node in loadings(tree):
        name = loaded_name(node)
        place = spotter.place(node.lineno, r"\b(?:include|extends|import|from)\s+([^\s%]+)")
        if name is None:
            yield Problem(place, sentence('a partial is named by a plain text: "partials/footer.html"'))
        elif name not in known.shelf.texts:
            yield Problem(place, _no_partial(name, known.shelf))
        elif name.endswith(".mjml") and not known.mjml:
            yield Problem(place, sentence("{name} is MJML; a template that is not cannot load it", name=name))


def _no_partial(name: str, shelf: Shelf) -> Sentence:
    if shelf.texts:
        return unknown("partial", name, shelf.texts)
    return sentence("partial {name} is not known: there are no files in {folder}", name=repr(name), folder=PARTIALS)


def _part(access: nodes.Node, known: Known, spotter: Spotter) -> Iterator[Problem]:
    thing = getattr(access, "node", None)
    if not isinstance(thing, nodes.Name) or thing.name in known.own:
        return
    part = access.attr if isinstance(access, nodes.Getattr) else getattr(getattr(access, "arg", None), "value", None)
    parts = tuple(known.fields) if thing.name == "prospect" else NAMES.get(thing.name, ())
    if thing.name in ("prospect", *NAMES) and part not in parts:
        # Compared without what stands before the dot, which is the same in all.
        near = nearest(str(part), parts)
        message = unknown("merge field", f"{thing.name}.{part}", [f"{thing.name}.{near}"] if near else [])
        yield Problem(spotter.part(access.lineno, thing.name, str(part)), message)

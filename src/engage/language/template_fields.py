"""Which fields of a prospect an e-mail reads: a delivery need fetch no others."""

from __future__ import annotations

from collections.abc import Iterable

from jinja2 import TemplateSyntaxError, nodes

from engage.language.shelf import loaded_name, loadings, parsed
from engage.language.templates import Template


def fields_read(templates: Iterable[Template]) -> frozenset[str] | None:
    """Return the fields that templates name; None where one may read any, by handing the prospect on as a whole.

    >>> from engage.language.workspace import FrontMatter
    >>> head = FrontMatter(subject="For {{ prospect.company }}")
    >>> sorted(fields_read([Template("a", None, "a.html", head, "Dear {{ prospect['last_name'] }}")]))
    ['company', 'last_name']
    >>> fields_read([Template("a", None, "a.html", head, "{{ card(prospect) }}")]) is None
    True
    """
    found: set[str] = set()
    for template in templates:
        head = template.head
        for text in (head.subject, head.preheader or "", *template.texts):
            named = _named(parsed(text))
            if named is None:
                return None
            found |= named
    return frozenset(found)


def _named(tree: nodes.Template | TemplateSyntaxError) -> frozenset[str] | None:
    """Return the fields that a text names; None where it may read any."""
    if isinstance(tree, TemplateSyntaxError) or any(loaded_name(node) is None for node in loadings(tree)):
        return None
    asked: list[nodes.Getattr | nodes.Getitem] = [*tree.find_all(nodes.Getattr), *tree.find_all(nodes.Getitem)]
    found = [_part(access) for access in asked if _is_prospect(access.node)]
    mentioned = sum(name.name == "prospect" for name in tree.find_all(nodes.Name))
    named = frozenset(part for part in found if part is not None)
    return named if mentioned == len(found) and None not in found else None


def _part(access: nodes.Getattr | nodes.Getitem) -> str | None:
    """Return the field that is asked for; None where only rendering would show it."""
    if isinstance(access, nodes.Getattr):
        return access.attr
    return access.arg.value if isinstance(access.arg, nodes.Const) and isinstance(access.arg.value, str) else None


def _is_prospect(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Name) and node.name == "prospect"

"""Expressions in the texts of steps: ``{{ prospect.FIELD }}`` and a few more, read with Jinja2's parser.

Only what compiles to SQL is allowed here: ``prospect.FIELD``, ``owner.name``, ``scenario.name`` with the
filters ``default`` and ``date`` (SPEC section 5). Templates of e-mails have all of Jinja2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from jinja2 import Environment, TemplateSyntaxError, nodes

from engage.language.nesting import tree_of
from engage.wording import Sentence, sentence


@dataclass(frozen=True, slots=True)
class Merge:
    """One merge field: ``prospect.last_name``, what to print when it is empty, and whether as a date."""

    thing: str
    field: str
    default: str | None = None
    as_date: bool = False


#: A text with merge fields, in order.
Parts = tuple[str | Merge, ...]

_THINGS = {"prospect": None, "owner": ("name",), "scenario": ("name",)}
_environment = Environment(autoescape=False, keep_trailing_newline=True)  # noqa: S701 - only parses, never renders


class BadExpression(ValueError):
    """A text whose expressions are not allowed; ``message`` says why, ``line`` counts from 1 in the text."""

    def __init__(self, message: Sentence, line: int = 1) -> None:
        self.message, self.line = message, line
        super().__init__(str(message))


def read_text(text: str) -> Parts:
    """Return the parts of a text.

    Raises BadExpression for anything but a merge field.

    >>> read_text("Call {{ prospect.last_name | default('them') }}")
    ('Call ', Merge(thing='prospect', field='last_name', default='them', as_date=False))
    """
    if "{" not in text:
        return (text,) if text else ()
    try:
        tree = tree_of(_environment, text)
    except TemplateSyntaxError as error:
        raise BadExpression(
            sentence("this expression cannot be read: {why}", why=error.message or ""), error.lineno
        ) from None
    return tuple(_parts(tree))


def _parts(tree: nodes.Template) -> Iterator[str | Merge]:
    for node in tree.body:
        if not isinstance(node, nodes.Output):
            raise BadExpression(
                sentence("only {{ prospect.FIELD }} and the like can stand here, no {% … %} blocks"),
                node.lineno,
            )
        for part in node.nodes:
            yield part.data if isinstance(part, nodes.TemplateData) else _merge(part)


def _merge(node: nodes.Node) -> Merge:
    match node:
        case nodes.Getattr(node=nodes.Name(name=thing), attr=field) if thing in _THINGS:
            allowed = _THINGS[thing]
            if allowed is not None and field not in allowed:
                raise BadExpression(
                    sentence("{thing} has only {fields}", thing=thing, fields=", ".join(allowed)), node.lineno
                )
            return Merge(thing, field)
        case nodes.Filter(name="default", node=inner, args=[nodes.Const(value=str() as text)], kwargs=[]) if (
            inner is not None
        ):
            return replace(_merge(inner), default=text)
        case nodes.Filter(name="date", node=inner, args=[], kwargs=[]) if inner is not None:
            return replace(_merge(inner), as_date=True)
        case nodes.Filter(name=name):
            raise BadExpression(
                sentence("the filter {name} cannot stand here; there are default('text') and date", name=name),
                node.lineno,
            )
        case _:
            raise BadExpression(
                sentence("only prospect.FIELD, owner.name and scenario.name can stand here"),
                getattr(node, "lineno", 1),
            )

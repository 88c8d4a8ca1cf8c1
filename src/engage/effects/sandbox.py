"""The Jinja2 environment of templates: sandboxed, plain data only, bounded.

Attributes belong to mappings alone: ``prospect.items`` is the field ``items``, never the method of dict, and
``prospect.email.format`` is nothing. A key whose value is None is Undefined, so that ``default`` works and
it prints nothing otherwise; a key that is not there fails the rendering.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any

from jinja2 import StrictUndefined, Template, Undefined, nodes
from jinja2.filters import FILTERS as ALL_FILTERS
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment, safe_range

from engage.effects import bounds
from engage.effects.printing import date_filter, number_filter, printed
from engage.language.templates import FILTERS
from engage.plan.moves import House


class Sandbox(ImmutableSandboxedEnvironment):
    """The environment of all templates of a house."""

    intercepted_binops = frozenset(("*", "**", "%", "+"))

    def __init__(self, house: House, *, autoescape: bool) -> None:
        super().__init__(autoescape=autoescape, finalize=printed, keep_trailing_newline=True, cache_size=0)
        self.globals = {"range": safe_range}
        self.filters = {name: ALL_FILTERS[name] for name in FILTERS & ALL_FILTERS.keys()}
        self.filters |= {"date": date_filter(house), "number": number_filter, "join": bounds.join}
        self.filters |= {"replace": bounds.replace, "round": bounds.round_, "urlencode": bounds.urlencode}
        self.filters |= {bounds.ITEMS: bounds.bounded_items, bounds.TEXT: bounds.bounded_text}

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree: nodes.Template = bounds.Bounding().visit(super()._parse(source, name, filename))
        tree.set_environment(self)
        return tree

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return a part of a mapping, or what a loop tells of itself."""
        if type(obj) is dict:
            return self._part(obj, attribute)
        if isinstance(obj, LoopContext):
            return super().getattr(obj, attribute)
        return self._missing(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return a part of a mapping, an item or a slice of a list or text."""
        if type(obj) is dict:
            return self._part(obj, argument)
        if isinstance(obj, str | list | tuple) and isinstance(argument, int | slice):
            return super().getitem(obj, argument)
        return self._missing(obj, argument)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Calculate, if the result is of bearable size."""
        bounds.check_operation(operator, left, right)
        return super().call_binop(context, operator, left, right)

    def _part(self, mapping: Mapping[Any, Any], key: Any) -> Any:
        if key not in mapping:
            return self._missing(mapping, key)
        value = mapping[key]
        return self.undefined(name=str(key)) if value is None else value

    def _missing(self, obj: Any, key: Any) -> Undefined:
        if isinstance(obj, Undefined):
            return obj
        hint = f"{key!r} is not known here" if isinstance(obj, dict) else f"a value has no {key!r}"
        return StrictUndefined(hint=hint, name=str(key))


#: Returns the text of a compiled template for the values of its names.
Render = Callable[[Mapping[str, object]], str]


@lru_cache(maxsize=8)
def sandbox(house: House, *, autoescape: bool) -> Sandbox:
    """Return the environment of a house, made once."""
    return Sandbox(house, autoescape=autoescape)


@lru_cache(maxsize=500)
def compiled(environment: Sandbox, text: str) -> Render:
    """Return a template made ready to render.

    Raises jinja2.TemplateError for a text that is no template.
    """
    return partial(_render, environment.from_string(text))


def _render(template: Template, names: Mapping[str, object]) -> str:
    context = template.new_context({**names, bounds.ALLOWANCE: bounds.Allowance()})
    pieces, length = [], 0
    for piece in template.root_render_func(context):
        length += len(piece)
        bounds.check_size(length)
        pieces.append(piece)
    return "".join(pieces)

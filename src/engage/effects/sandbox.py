"""The Jinja2 environment of templates: sandboxed, plain data only, bounded.

Attributes belong to mappings alone: ``prospect.items`` is the field ``items``, never the method of dict, and
``prospect.email.format`` is nothing. A key whose value is None is Undefined, so that ``default`` works and
it prints nothing otherwise; a key that is not there fails the rendering.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import tzinfo
from functools import lru_cache, partial
from typing import Any

from jinja2 import FunctionLoader, StrictUndefined, Template, Undefined, nodes
from jinja2.environment import TemplateModule
from jinja2.filters import FILTERS as ALL_FILTERS
from jinja2.runtime import Context, LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment, safe_range

from engage.effects import bounds
from engage.effects.printing import (
    date_filter,
    honorific,
    number_filter,
    onchu,
    percent_filter,
    printed,
    time_filter,
    yen_filter,
)
from engage.language.shelf import Shelf
from engage.language.template_words import FILTERS


class Sandbox(ImmutableSandboxedEnvironment):
    """The environment of all templates of a house that are in one language."""

    intercepted_binops = frozenset(("*", "**", "%", "+"))

    def __init__(self, locale: str, zone: tzinfo, shelf: Shelf, *, autoescape: bool) -> None:
        loader = FunctionLoader(shelf.texts.get)
        super().__init__(
            autoescape=autoescape, finalize=printed, keep_trailing_newline=True, loader=loader, auto_reload=False
        )
        self.globals = {"range": safe_range}
        self.filters = {name: ALL_FILTERS[name] for name in FILTERS.keys() & ALL_FILTERS.keys()}
        self.filters |= {"date": date_filter(locale, zone), "time": time_filter(zone), "number": number_filter}
        self.filters |= {"yen": yen_filter(locale), "percent": percent_filter}
        self.filters |= {"honorific": honorific, "様": honorific, "御中": onchu}
        self.filters |= {"replace": bounds.replace, "round": bounds.round_, "urlencode": bounds.urlencode}
        self.filters |= {bounds.ITEMS: bounds.bounded_items, bounds.TEXT: bounds.bounded_text, "join": bounds.join}

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
        if isinstance(obj, TemplateModule) and isinstance(found := vars(obj).get(attribute), Macro):
            return found
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


@lru_cache(maxsize=16)
def sandbox(locale: str, zone: tzinfo, shelf: Shelf, *, autoescape: bool) -> Sandbox:
    """Return the environment of mails in a language, made once."""
    return Sandbox(locale, zone, shelf, autoescape=autoescape)


@lru_cache(maxsize=500)
def compiled(environment: Sandbox, text: str, name: str | None = None) -> Render:
    """Return a template made ready to render; ``name`` is told with its errors.

    Raises jinja2.TemplateError for a text that is no template.
    """
    if "{" not in text:
        return partial(_constant, text)
    return partial(_render, _template(environment, text, name))


@lru_cache(maxsize=500)
def in_pieces(environment: Sandbox, text: str) -> Callable[[Mapping[str, object]], list[str]]:
    """Return a template made ready to render in pieces: its own, and values, which are Markup where it escapes.

    Raises jinja2.TemplateError for a text that is no template.
    """
    return partial(_pieces, _template(environment, text, None))


def _template(environment: Sandbox, text: str, name: str | None) -> Template:
    code = environment.compile(text, name)
    return environment.template_class.from_code(environment, code, environment.make_globals(None))


def _constant(text: str, _: Mapping[str, object]) -> str:
    return text


def _render(template: Template, names: Mapping[str, object]) -> str:
    return "".join(_pieces(template, names))


def _pieces(template: Template, names: Mapping[str, object]) -> list[str]:
    known = {**template.environment.globals, **names, bounds.ALLOWANCE: bounds.Allowance()}
    context = template.new_context(known, shared=True)
    pieces, length = [], 0
    for piece in template.root_render_func(context):
        length += len(piece)
        bounds.check_size(length)
        pieces.append(piece)
    return pieces

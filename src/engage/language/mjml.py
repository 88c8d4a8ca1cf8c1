"""MJML: the words of its elements. What is drawn from them is the affair of whoever renders."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from importlib.util import find_spec

from engage.problem import Place, Problem, unknown
from engage.wording import sentence

#: The elements of MJML that can be rendered.
ELEMENTS = frozenset((
    "mj-accordion", "mj-accordion-element", "mj-accordion-text", "mj-accordion-title", "mj-all", "mj-attributes",
    "mj-body", "mj-breakpoint", "mj-button", "mj-carousel", "mj-carousel-image", "mj-class", "mj-column", "mj-divider",
    "mj-font", "mj-group", "mj-head", "mj-hero", "mj-image", "mj-navbar", "mj-navbar-link", "mj-preview", "mj-raw",
    "mj-section", "mj-social", "mj-social-element", "mj-spacer", "mj-style", "mj-table", "mj-text", "mj-title",
    "mj-wrapper",
))  # fmt: skip
#: The library that makes HTML of it.
LIBRARY = "mrml"
_ELEMENT = re.compile(r"<(mj-[a-z0-9-]*)", re.IGNORECASE)


def not_installed(file: str) -> Iterator[Problem]:
    """Yield a problem for a template where the library is missing: it could be sent to nobody."""
    if find_spec(LIBRARY) is None:
        yield Problem(Place(file), sentence("MJML needs the package mrml: pip install 'engage[mjml]'"))


def check_mjml(file: str, lines: Sequence[str], offset: int = 0) -> Iterator[Problem]:
    """Yield a problem for each element that MJML does not have; renderers pass over such in silence."""
    for number, line in enumerate(lines[offset:], offset + 1):
        for found in _ELEMENT.finditer(line):
            name = found[1].lower()
            if name == "mj-include":
                message = sentence("mj-include is not known here; load partials as Jinja2 does, by include")
                yield Problem(Place(file, number, found.start(1) + 1), message)
            elif name not in ELEMENTS:
                yield Problem(Place(file, number, found.start(1) + 1), unknown("element", name, ELEMENTS))

"""Where in a workspace's files a template failed."""

from __future__ import annotations

from engage.effects.failure import Failure
from engage.effects.rendering import PREHEADER, SUBJECT
from engage.language.templates import Template
from engage.problem import Place


def place_of(template: Template, failure: Failure) -> Place:
    """Return where in the files a template failed."""
    if failure.partial in (SUBJECT, PREHEADER):
        return Place(template.file)
    if failure.partial is not None:
        return Place(f"{template.shelf.shown}{failure.partial}", max(failure.line, 1))
    return Place(template.file, template.offset + failure.line if failure.line else 1)

"""E-mail templates: YAML front matter and a Jinja2 body, HTML or MJML, read and checked, not rendered."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from engage.language.mjml import check_mjml, not_installed
from engage.language.reading import parse
from engage.language.shelf import Shelf, parsed
from engage.language.source import read
from engage.language.template_checks import check_body
from engage.language.template_links import check_links
from engage.language.workspace import FrontMatter
from engage.problem import Place, Problem
from engage.wording import sentence

_FENCE = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)(?:^---[ \t]*(?:\r?\n|\Z))", re.DOTALL | re.MULTILINE)
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:[-_][a-z0-9]{2,8})*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Template:
    """A template as it is written: one variant of an e-mail."""

    #: the e-mail's id: the file's name before its first dot
    id: str
    #: the language of a variant, or None for the main file
    language: str | None
    file: str
    head: FrontMatter
    body: str
    #: how many lines of the file stand before the body
    offset: int = 0
    #: the partials that it can load
    shelf: Shelf = field(default_factory=Shelf, compare=False, repr=False)

    @property
    def mjml(self) -> bool:
        """Whether the body is MJML."""
        return self.file.endswith(".mjml")

    @property
    def texts(self) -> tuple[str, ...]:
        """The body, and the partials that it leads to."""
        if not self.shelf.files:
            return (self.body,)
        return (self.body, *(self.shelf.texts[name] for name in self.shelf.reached(parsed(self.body))))


def template_name(file: str) -> tuple[str, str | None]:
    """Return the id and the language of a template's file name.

    >>> template_name("templates/welcome.en.html")
    ('welcome', 'en')
    """
    parts = unicodedata.normalize("NFC", PurePosixPath(file).name).split(".")
    return parts[0], parts[1] if len(parts) == 3 else None


def read_template(
    file: str, text: str, fields: Collection[str], shelf: Shelf | None = None
) -> tuple[Template | None, tuple[Problem, ...]]:
    """Return the template of a file, and every mistake in its name, head and body.

    ``fields`` are the names of the prospect's fields; ``shelf`` holds the partials, which are checked apart.
    """
    shelf = shelf or Shelf()
    match = _FENCE.match(text)
    if match is None:
        return None, (Problem(Place(file), sentence("a template begins with front matter: --- subject: … ---")),)
    source, found = read(file, "\n" + match[1])
    head, wrong = parse(FrontMatter, source) if source is not None else (None, ())
    offset = text[: match.end()].count("\n")
    body, lines = text[match.end() :], text.split("\n")
    problems = [*_misnamed(file), *found, *wrong, *check_body(file, body, fields, offset, shelf, lines)]
    problems += check_links(file, body, offset)
    if file.endswith(".mjml"):
        problems += (*not_installed(file), *check_mjml(file, lines, offset))
    said = source.value if source is not None and isinstance(source.value, dict) else {}
    for key in ("subject", "preheader"):
        if source is not None and isinstance(line := said.get(key), str):
            problems += check_body(file, line, fields, source.place((key,)).line - 1, None, lines)
    if head is None:
        return None, tuple(problems)
    template_id, language = template_name(file)
    return Template(template_id, language, file, head, body, offset, shelf), tuple(problems)


def body_of(text: str) -> str:
    """Return a template's text without its head."""
    match = _FENCE.match(text)
    return text[match.end() :] if match else text


def _misnamed(file: str) -> Iterator[Problem]:
    """Yield what is wrong with a template's file name; the id itself is checked with all others."""
    parts = PurePosixPath(file).name.split(".")
    if len(parts) > 3:
        yield Problem(Place(file), sentence("a template is called NAME.html or NAME.ja.html, with no more dots"))
    elif len(parts) == 3 and not _LANGUAGE.fullmatch(parts[1]):
        message = sentence("{text} is no language; write for example NAME.ja.html", text=repr(parts[1]))
        yield Problem(Place(file), message)

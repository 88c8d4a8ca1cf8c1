"""E-mail templates: YAML front matter and a Jinja2 body, read and checked, not rendered."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from jinja2 import TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from engage.language.reading import parse
from engage.language.source import read
from engage.language.workspace import FrontMatter
from engage.problem import Place, Problem, nearest, unknown
from engage.wording import sentence

_FENCE = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)(?:^---[ \t]*(?:\r?\n|\Z))", re.DOTALL | re.MULTILINE)
#: What a template can name besides ``prospect``: the thing and its parts; () stands for plain text.
NAMES: dict[str, tuple[str, ...]] = {
    "sender": ("name", "email", "address"),
    "owner": ("name", "email", "job_title", "department"),
    "scenario": ("name",),
    "unsubscribe_url": (),
    "preferences_url": (),
    "view_url": (),
}
#: The filters of templates, ours and Jinja2's harmless ones.
FILTERS = frozenset((
    "default", "d", "date", "number", "upper", "lower", "title", "trim", "escape", "e", "replace", "length",
    "join", "first", "last", "round", "int", "float", "truncate", "capitalize", "urlencode", "striptags",
))  # fmt: skip


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


def template_name(file: str) -> tuple[str, str | None]:
    """Return the id and the language of a template's file name.

    >>> template_name("templates/welcome.en.html")
    ('welcome', 'en')
    """
    parts = unicodedata.normalize("NFC", PurePosixPath(file).name).split(".")
    return parts[0], parts[1] if len(parts) == 3 else None


def read_template(file: str, text: str, fields: Collection[str]) -> tuple[Template | None, tuple[Problem, ...]]:
    """Return the template of a file, and every mistake in its head and body.

    ``fields`` are the names of the prospect's fields.
    """
    match = _FENCE.match(text)
    if match is None:
        return None, (Problem(Place(file), sentence("a template begins with front matter: --- subject: … ---")),)
    source, found = read(file, "\n" + match[1])
    head, wrong = parse(FrontMatter, source) if source is not None else (None, ())
    offset = text[: match.end()].count("\n")
    body = text[match.end() :]
    problems = [*found, *wrong, *check_body(file, body, fields, offset)]
    if head is None or source is None:
        return None, tuple(problems)
    for key in ("subject", "preheader"):
        line = source.place((key,)).line - 1
        problems += check_body(file, getattr(head, key) or "", fields, line)
    template_id, language = template_name(file)
    return Template(template_id, language, file, head, body), tuple(problems)


def check_body(file: str, body: str, fields: Collection[str], offset: int) -> tuple[Problem, ...]:
    """Return every mistake in a Jinja2 text: its syntax, unknown merge fields and filters."""
    environment = ImmutableSandboxedEnvironment(autoescape=True)
    try:
        tree = environment.parse(body)
    except TemplateSyntaxError as error:
        place = Place(file, offset + error.lineno)
        return (Problem(place, sentence("this expression cannot be read: {why}", why=error.message or "")),)
    return tuple(_merge_fields(tree, file, fields, offset))


def _merge_fields(tree: nodes.Template, file: str, fields: Collection[str], offset: int) -> Iterator[Problem]:
    own = {name.name for name in tree.find_all(nodes.Name) if name.ctx in ("store", "param")}
    own |= {macro.name for macro in tree.find_all(nodes.Macro)}
    for name in tree.find_all(nodes.Name):
        if name.ctx == "load" and name.name not in own and name.name not in ("prospect", *NAMES, "loop", "range"):
            yield Problem(Place(file, offset + name.lineno), unknown("name", name.name, ("prospect", *NAMES)))
    for access in tree.find_all((nodes.Getattr, nodes.Getitem)):
        yield from _part(access, file, fields, offset, own)
    for used in tree.find_all(nodes.Filter):
        if used.name not in FILTERS:
            yield Problem(Place(file, offset + used.lineno), unknown("filter", used.name, FILTERS))
    for call in tree.find_all(nodes.Call):
        if not _harmless(call.node, own):
            message = sentence("nothing can be called here but range and a loop's own; filters change a value: | upper")
            yield Problem(Place(file, offset + call.lineno), message)
    for other in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
        yield Problem(Place(file, offset + other.lineno), sentence("templates cannot load other files yet"))


def _harmless(called: nodes.Node, own: set[str]) -> bool:
    """Tell whether a call is of ``range``, of the template's own macro, or of something of the loop."""
    if isinstance(called, nodes.Getattr):
        return isinstance(called.node, nodes.Name) and called.node.name == "loop"
    return isinstance(called, nodes.Name) and called.name in ("range", *own)


def _part(access: nodes.Node, file: str, fields: Collection[str], offset: int, own: set[str]) -> Iterator[Problem]:
    thing = getattr(access, "node", None)
    if not isinstance(thing, nodes.Name) or thing.name in own:
        return
    part = access.attr if isinstance(access, nodes.Getattr) else getattr(getattr(access, "arg", None), "value", None)
    known = tuple(fields) if thing.name == "prospect" else NAMES.get(thing.name, ())
    if thing.name in ("prospect", *NAMES) and part not in known:
        # Compared without what stands before the dot, which is the same in all.
        near = nearest(str(part), known)
        message = unknown("merge field", f"{thing.name}.{part}", [f"{thing.name}.{near}"] if near else [])
        yield Problem(Place(file, offset + access.lineno), message)

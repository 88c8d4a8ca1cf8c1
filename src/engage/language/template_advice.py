"""Advice on a template: what is no mistake and yet not good in a mail, seen in its text alone."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from jinja2 import nodes

from engage.language.shelf import Shelf, parsed
from engage.language.templates import Template
from engage.problem import Place, Problem
from engage.wording import Sentence, sentence

#: Elements that mail programs take out.
_UNSEEN = frozenset(("script", "form", "iframe", "video", "audio", "object", "embed"))
_TAG = re.compile(r"""<(mj-)?([a-z][a-z0-9-]*)((?:[^<>"']++|"[^"]*+"|'[^']*+')*+)>""", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([a-z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_WHOLE = re.compile(r"[a-z][a-z0-9+.-]*:|//|#|\{[{%]", re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?-->|\{#.*?#\}", re.DOTALL)


def advice(template: Template) -> Iterator[Problem]:
    """Yield a warning for each thing in a template that its readers would miss."""
    if template.head.kind == "marketing" and not _names(template, "unsubscribe_url"):
        message = sentence("no link to unsubscribe: a footer with one is added; write it yourself: unsubscribe_url")
        yield Problem(Place(template.file), message, "warning")
    yield from _elements(template.file, template.body, template.offset)


def partial_advice(shelf: Shelf) -> Iterator[Problem]:
    """Yield a warning for each such thing in the partials."""
    for name, text in shelf.files:
        yield from _elements(f"{shelf.shown}{name}", text, 0)


def missing_variants(templates: Mapping[str, Mapping[str | None, Template]], locale: str) -> Iterator[Problem]:
    """Yield a warning for each e-mail without a variant that others have, or without a main file.

    A main file is in the workspace's language.
    """
    languages = {language or locale for kinds in templates.values() for language in kinds}
    for kinds in templates.values():
        there = {language or locale for language in kinds}
        first = next(iter(kinds.values()), None)
        if first is None:
            continue
        if missing := sorted(languages - there):
            yield Problem(Place(first.file), _missing(missing), "warning")
        if None not in kinds:
            message = sentence("no main file {file}: who speaks another language gets this one", file=_main(first))
            yield Problem(Place(first.file), message, "warning")


def _missing(languages: Collection[str]) -> Sentence:
    return sentence("no variant in {languages}, which other e-mails have", languages=", ".join(languages))


def _main(template: Template) -> str:
    return f"{template.id}.{template.file.rpartition('.')[2]}"


def _names(template: Template, name: str) -> bool:
    """Tell whether a template or a partial of it uses a name."""
    tree = parsed(template.body)
    trees = (tree, *(template.shelf.trees[key] for key in template.shelf.reached(tree)))
    found = (node for each in trees if isinstance(each, nodes.Template) for node in each.find_all(nodes.Name))
    return any(node.name == name for node in found)


def _elements(file: str, text: str, offset: int) -> Iterator[Problem]:
    """Yield what is not good in the elements of a text."""
    bare = _COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    for tag in _TAG.finditer(bare):
        name = tag[2].lower()
        attributes = {key.lower(): a or b or c for key, a, b, c in _ATTRIBUTE.findall(tag[3])}
        for message in _told(name, attributes):
            line = bare.count("\n", 0, tag.start())
            column = tag.start() - (bare.rfind("\n", 0, tag.start()) + 1)
            yield Problem(Place(file, offset + line + 1, column + 1), message, "warning")


def _told(name: str, attributes: Mapping[str, str]) -> Iterator[Sentence]:
    if name in ("img", "image") and "alt" not in attributes:
        yield sentence('an image without alt: who sees no images sees nothing; write alt="" for mere decoration')
    if name in _UNSEEN:
        yield sentence("mail programs take out {element}", element=f"<{name}>")
    if name == "link" and attributes.get("rel", "").lower() == "stylesheet":
        yield sentence("styles are not fetched from elsewhere: write them between <style> and </style>")
    for key in ("href", "src", "background", "background-url"):
        if key in attributes:
            yield from _address(attributes[key].strip(), key)


def _address(address: str, key: str) -> Iterator[Sentence]:
    if address in ("", "#"):
        yield sentence("a link that leads nowhere") if key == "href" else sentence("an image from nowhere")
    elif not _WHOLE.match(address):
        yield sentence("{address} is no whole address: a mail lies in no folder; write https://…", address=address[:40])

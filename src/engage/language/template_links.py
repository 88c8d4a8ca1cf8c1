"""Links in a template's text: none may be a script, and what keeps one from being tracked has one spelling."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engage.language.web_addresses import ADDRESSES, attribute_text, is_script
from engage.problem import Place, Problem
from engage.wording import Sentence, sentence

#: Keeps a link as it is.
UNTRACKED = "data-engage-track"
_NAMES = "|".join(map(re.escape, sorted((*ADDRESSES, UNTRACKED), key=len, reverse=True)))
_WRITTEN = re.compile(rf"""(?<![\w:-])({_NAMES})\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_TAG = re.compile(r"""<(?:[^<>"']++|"[^"]*+"|'[^']*+')*+>""")
#: A comment; one without an end takes all that follows.
_HIDDEN = re.compile(r"<!--(?:.*?-->|.*)|\{#(?:.*?#\}|.*)", re.DOTALL)


def check_links(file: str, text: str, offset: int = 0) -> Iterator[Problem]:
    """Yield a problem for each address of a text that a browser would run, and each wrong mark of a link.

    ``offset`` lines stand before the text in its file.
    """
    bare = _HIDDEN.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    for tag in _TAG.finditer(bare):
        for found in _WRITTEN.finditer(tag[0]):
            for message in _wrong(found[1].lower(), found[2] or found[3] or found[4] or ""):
                start = tag.start() + found.start()
                line = bare.count("\n", 0, start)
                column = start - (bare.rfind("\n", 0, start) + 1)
                yield Problem(Place(file, offset + line + 1, column + 1), message)


def _wrong(name: str, value: str) -> Iterator[Sentence]:
    if name == UNTRACKED:
        if value != "no":
            text = '{name} is "no" or left out, not {value}'
            yield sentence(text, name=UNTRACKED, value=repr(value))
    elif is_script(attribute_text(value), picture=name != "href"):
        yield sentence("this address is a script, not a link: {address}; write https://…", address=value.strip()[:40])

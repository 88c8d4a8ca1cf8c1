"""What the YAML parser complains about, in sentences that also say what would be right."""

from __future__ import annotations

from typing import Protocol

import yaml

from engage.problem import Place, Problem
from engage.wording import Sentence, sentence


class Mark(Protocol):
    """Where the parser stands; it counts from 0."""

    @property
    def line(self) -> int:
        """Return the line."""

    @property
    def column(self) -> int:
        """Return the column."""


#: The parser's words, or a part of them, and the sentence shown instead; the first that fits is taken.
_INSTEAD: tuple[tuple[str, Sentence], ...] = (
    (
        "mapping values are not allowed",
        sentence('no key can stand here; indent keys of one level alike, or put a text with ": " in quotes'),
    ),
    (
        "block sequence entries are not allowed",
        sentence("a list cannot begin here; write its first dash on a line of its own, below the key"),
    ),
    (
        "could not find expected ':'",
        sentence('the line above has no colon after its key; write "key: value", or indent a longer text'),
    ),
    (
        "did not find expected key",
        sentence("this line fits no key above it; begin it at the same column as its neighbours"),
    ),
    (
        "did not find expected '-' indicator",
        sentence("this line is not part of the list above; begin it with a dash, or indent it differently"),
    ),
    (
        "found invalid Unicode character escape code",
        sentence("this character code stands for no character; correct it, or use single quotes"),
    ),
    (
        "did not find expected node content",
        sentence("a value is missing here; write one, or put the text in quotes if it begins with a bracket"),
    ),
    (
        "did not find expected alphabetic or numeric",
        sentence('a text that begins with * or & needs quotes; write it between two "'),
    ),
    (
        "cannot start any token",
        sentence("no text can begin with this character; put the text in quotes"),
    ),
    (
        "found unknown escape character",
        sentence("a backslash in double quotes needs a partner; write two of them, or use single quotes"),
    ),
    (
        "did not find expected hexdecimal number",
        sentence('a character code is not complete; write for example "\\u00e9", or use single quotes'),
    ),
    (
        "found undefined tag handle",
        sentence("tags (!name) are not allowed; leave it out, or put the text in quotes"),
    ),
    (
        "a tab character where an indentation space is expected",
        sentence("a tab stands in the indentation; indent with spaces, two for each level"),
    ),
    (
        "did not find expected <document start>",
        sentence("this line does not continue what stands above; begin it at the same column as the first key"),
    ),
    (
        "did not find expected comment or line break",
        sentence("nothing may follow | or > on its line; begin the text on the next one, indented"),
    ),
)
_NOT_CLOSED = sentence("the quotation mark that opens here is never closed; write a second one after the text")
_BRACKET = "a comma is missing before this, or the bracket opened on line {line} is not closed; write one"
_BRACES = sentence('a value that begins with two braces needs quotes; write for example "{{ prospect.email }}"')


def complaint(file: str, text: str, error: yaml.YAMLError) -> Problem:
    """Return the problem for what stopped the parser."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return Problem(Place(file), sentence("the file is not YAML: {error}; correct it", error=error))
    mark = error.problem_mark or error.context_mark
    said = error.problem or ""
    if error.context_mark and "quoted scalar" in (error.context or "") and "unexpected" in said:
        return Problem(place(file, error.context_mark), _NOT_CLOSED)
    if mark is None:
        return Problem(Place(file), sentence("the file is not YAML: {error}; correct it", error=said))
    if braces := _braces(file, text, mark):
        return braces
    if error.context_mark and "did not find expected ',' or" in said:
        opened = error.context_mark.line + 1
        return Problem(place(file, mark), sentence(_BRACKET, line=opened))
    message = next((shown for words, shown in _INSTEAD if words in said), None)
    return Problem(
        place(file, mark),
        message or sentence("this is not YAML: {said}; compare it with the lines above", said=said),
    )


def place(file: str, mark: Mark | None) -> Place:
    """Return the parser's mark as a place, counted from 1."""
    return Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)


def _braces(file: str, text: str, mark: Mark) -> Problem | None:
    """Return the problem of an expression without quotes, the likeliest in ``to: {{ x }} y``."""
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    column = line.find(": {{")
    return Problem(Place(file, mark.line + 1, column + 3), _BRACES) if column >= 0 else None

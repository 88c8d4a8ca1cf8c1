"""The characters of a YAML file: its encoding, what may not stand in it, and look-alikes of YAML's own signs.

A Japanese keyboard writes ``：`` for ``:`` and a wide space for a space. Inside a text they are ordinary
characters; where YAML expects its own sign they make one long text of two keys, or an error far below.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import islice

from engage.problem import Place, Problem
from engage.wording import Sentence, sentence

#: What may stand neither in a file nor, escaped, in one of its texts. U+0085, U+2028 and U+2029 would end a
#: line for the parser but not for the editor, and U+FEFF is not to be seen; U+202E and its kin turn what follows
#: around, so that one reads what is not written.
FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
#: More of them say nothing new: the file is not text, or was written with another keyboard throughout.
MANY = 200

_LINE_END = re.compile("\r\n|\r|\n")
# A line that opens a block text (`key: |`); group 1 is as long as the indentation its lines must exceed.
_BLOCK = re.compile(r"( *(?:- +)*?)(?:- +|[^ -].*?: +)(?:[&!]\S+ +)*[|>][-+0-9]{0,2} *(?:#.*)?$")
_HEAD = r" *(?:- +)*"
_BEFORE_VALUE = rf"{_HEAD}(?:- +|[\w-]+: +)"
#: Where a look-alike counts as one, in the order asked: the pattern (group 1 is the sign) and what to write.
_LOOK_ALIKES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile("[ \t]*([\u3000\u00a0])"), " "),
    (re.compile(rf"{_HEAD}(?:-|[\w-]+:)([\u3000\u00a0])"), " "),
    (re.compile(" *([－−ー])(?=[ \u3000])| *(－)(?=[a-z])"), "-"),
    (re.compile(" *(＃)"), "#"),
    (re.compile(r" *[\w-]+ ?(：)(?=\s|$)"), ":"),
    (re.compile(rf"{_HEAD}[a-z_][a-z0-9_]* ?(：)"), ":"),
    (re.compile(rf"{_BEFORE_VALUE}(?=[\[{{])[^\"'#]*?[{{,] *[a-z_]\w*(：)"), ":"),
    (re.compile(rf"{_BEFORE_VALUE}\[[^\]\"'#]*?(，)"), ","),
    (re.compile(rf"{_BEFORE_VALUE}(，)"), ","),
    (re.compile(rf"{_BEFORE_VALUE}(＂)"), '"'),
    (re.compile(rf"{_BEFORE_VALUE}([“”])[^“”]*[“”] *(?:#.*)?$"), '"'),
    (re.compile(rf"{_BEFORE_VALUE}(＇)"), "'"),
    (re.compile(rf"{_BEFORE_VALUE}(［)"), "["),
    (re.compile(rf"{_BEFORE_VALUE}(｛)"), "{"),
    (re.compile(rf"{_BEFORE_VALUE}(｜)[-+]? *$"), "|"),
    (re.compile(rf"{_BEFORE_VALUE}(＞)[-+]? *$"), ">"),
)
_STRANGE = re.compile("[\t\u3000\u00a0－−ー＃：，＂“”＇［｛｜＞]")
_TAB = re.compile(r" *(\t)\s*\S")


def decoded(file: str, data: bytes) -> str | Problem:
    """Return the text of a UTF-8 file without its byte order mark, or what is wrong with the encoding."""
    try:
        wide = _wide(data)
        return Problem(Place(file), wide) if wide else data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        place = Place(file, before.count(b"\n") + 1, len(before.rpartition(b"\n")[2].decode("utf-8")) + 1)
        return Problem(place, _narrow(data))


def forbidden(file: str, text: str) -> tuple[Problem, ...]:
    """Return a problem for each character that may not stand in a file."""
    found = islice(FORBIDDEN.finditer(text), MANY)
    return tuple(Problem(_place(file, text, match.start()), not_allowed(match.group())) for match in found)


def not_allowed(character: str) -> Sentence:
    """Return the sentence for a character that may not stand in a text."""
    return sentence("the character U+{code} cannot be seen and is not allowed; delete it", code=f"{ord(character):04X}")


def look_alikes(file: str, text: str, quoted: frozenset[int]) -> tuple[Problem, ...]:
    """Return a problem for each line on which a tab or a full-width sign stands where YAML needs its own.

    ``quoted`` holds the numbers of lines that continue a quoted text, where every character is text.
    """
    if not _STRANGE.search(text):
        return ()
    found = (
        problem
        for number, line in _lines(text)
        if number not in quoted and _STRANGE.search(line)
        for problem in _strange(file, number, line)
    )
    return tuple(islice(found, MANY))


def _strange(file: str, number: int, line: str) -> Iterator[Problem]:
    """Yield the first mistake of a line, if it has one."""
    if tab := _TAB.match(line):
        message = sentence("a tab stands in the indentation; indent with spaces, two for each level")
        yield Problem(Place(file, number, tab.start(1) + 1), message)
        return
    for pattern, right in _LOOK_ALIKES:
        if match := pattern.match(line):
            sign = next(group for group in match.groups() if group)
            yield Problem(
                Place(file, number, line.index(sign, match.end() - len(match.group())) + 1),
                _instead(sign, right),
            )
            return


def _instead(sign: str, right: str) -> Sentence:
    """Return the sentence that names a look-alike and the sign that was meant."""
    return sentence(
        "{sign} ({name}, U+{code}) is not a sign of YAML; write {right}, or put the whole text in quotes",
        sign=repr(sign) if sign.isprintable() else "this space",
        name=unicodedata.name(sign).lower(),
        code=f"{ord(sign):04X}",
        right="a plain space" if right == " " else repr(right),
    )


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the numbered lines that are YAML rather than block text, comment or blank."""
    block: int | None = None
    for number, line in enumerate(_LINE_END.split(text), start=1):
        content = line.lstrip(" ")
        if not content or (block is not None and len(line) - len(content) > block):
            continue
        block = None
        if content.startswith("#") or not line.strip(" \t"):
            continue
        yield number, line
        if ("|" in line or ">" in line) and (opening := _BLOCK.match(line)):
            block = len(opening.group(1))


def _wide(data: bytes) -> Sentence | None:
    """Return the sentence for UTF-16 and UTF-32, with and without a byte order mark."""
    head = data[:64]
    if head.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")):
        return sentence("the file is written in UTF-16 or UTF-32; save the file as UTF-8")
    if len(head) >= 4 and max(head[::2].count(0), head[1::2].count(0)) * 3 >= len(head):
        return sentence("the file looks like UTF-16; save the file as UTF-8")
    return None


def _narrow(data: bytes) -> Sentence:
    """Return the sentence for bytes that are not UTF-8."""
    try:
        data.decode("cp932")
    except UnicodeDecodeError:
        return sentence("the file is not UTF-8; save the file as UTF-8")
    return sentence("the file is not UTF-8 (it may be Shift_JIS); save the file as UTF-8")


def _place(file: str, text: str, index: int) -> Place:
    """Return the line and column of a character."""
    before = _LINE_END.split(text[:index])
    return Place(file, len(before), len(before[-1]) + 1)

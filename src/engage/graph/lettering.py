"""How wide a text is when it is drawn: letters of Chinese, Japanese and Korean are as wide as they are high."""

from __future__ import annotations

import unicodedata

#: The width of most Latin letters, as a share of the font's size.
_NARROW = 0.57


def width(text: str, size: float) -> float:
    """Return the width of a text in pixels, a little generous.

    >>> width("営業", 12)
    24.0
    """
    return sum((size if _is_wide(char) else size * _narrow(char) for char in text), 0.0)


def cut(text: str, room: float, size: float) -> str:
    """Return a text that fits into the room, with … where it was cut."""
    if width(text, size) <= room:
        return text
    while text and width(text, size) + size > room:
        text = text[:-1]
    return text.rstrip() + "…"


def wrapped(text: str, room: float, size: float) -> tuple[str, ...]:
    """Return a text in lines that fit into the room; Latin words stay whole, Japanese breaks anywhere."""
    lines, line = [], ""
    for piece in _pieces(text):
        if line and width(line + piece.rstrip(), size) > room:
            lines.append(line.rstrip())
            line = ""
        line += piece
    return tuple([*lines, line.rstrip()] if line.strip() else lines)


def _pieces(text: str) -> list[str]:
    """Return the parts between which a line may break."""
    pieces, word = [], ""
    for char in text:
        word += char
        if char == " " or _is_wide(char):
            pieces.append(word)
            word = ""
    return [*pieces, word] if word else pieces


def _is_wide(char: str) -> bool:
    return unicodedata.east_asian_width(char) in "WF"


def _narrow(char: str) -> float:
    if unicodedata.combining(char):
        return 0
    if char in "iljtfrI.,:;'|!()[] ·":
        return 0.36
    if char in "mwMW@%—…":
        return 0.88
    return 0.68 if char.isupper() else _NARROW

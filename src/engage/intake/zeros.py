"""Leading zeros that a spreadsheet took from Japanese telephone numbers and postal codes (FAULTS B45).

The values are kept as they are, for nobody can tell for sure; the summary tells of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engage.wording import Sentence, sentence

#: How many digits a value of a field has that lost its first: numbers in Japan begin with 0, and have 10 digits or,
#: of mobiles, 11; postal codes have 7.
_LENGTHS: Mapping[str, tuple[int, ...]] = {"phone": (9, 10), "mobile": (10,), "fax": (9, 10), "zip": (6,)}
FIELDS = frozenset(_LENGTHS)


@dataclass(slots=True)
class LostZeros:
    """What was seen of one column."""

    field: str
    column: str
    count: int = 0
    #: the line and the text of the first
    line: int = 0
    text: str = ""

    def add(self, cell: str, line: int) -> None:
        """Count a cell that seems to have lost a zero.

        >>> seen = LostZeros("phone", "電話")
        >>> for line, cell in enumerate(("03-1234-5678", "312345678", "+81312345678"), 2):
        ...     seen.add(cell, line)
        >>> seen.count, seen.line
        (1, 3)
        """
        text = cell.strip()
        if text.isascii() and text.isdecimal() and text[0] != "0" and len(text) in _LENGTHS[self.field]:
            self.count += 1
            if not self.text:
                self.line, self.text = line, text

    def doubt(self) -> Sentence:
        """Return the sentence of the summary."""
        message = "column {column}: {count} values seem to have lost a leading zero; the first is {text} on line {line}"
        return sentence(message, column=self.column, count=self.count, text=self.text, line=self.line)

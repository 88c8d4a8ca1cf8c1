"""The fields of a prospect: the standard ones, and the types a custom one can have."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Literal

FieldType = Literal["text", "number", "integer", "boolean", "date", "datetime"]


@dataclass(frozen=True, slots=True)
class StandardField:
    """A field that every prospect has."""

    name: str
    type: FieldType
    #: kept in the table of prospects; False: elsewhere or derived
    stored: bool = True
    #: True: no step, form or import may set it
    read_only: bool = False


def _texts(*names: str) -> tuple[StandardField, ...]:
    return tuple(StandardField(name, "text") for name in names)


#: Every standard field, in the order of the export (SPEC sections 2 and 15).
STANDARD: tuple[StandardField, ...] = (
    StandardField("email", "text", stored=False),
    *_texts("first_name", "last_name", "first_name_kana", "last_name_kana", "company", "department", "job_title"),
    *_texts("industry"),
    StandardField("employees", "integer"),
    StandardField("annual_revenue", "number"),
    *_texts("website", "phone", "mobile", "fax", "country", "prefecture", "city", "address", "zip", "source"),
    *_texts("language", "timezone", "notes"),
    StandardField("do_not_call", "boolean"),
    StandardField("consent_at", "datetime"),
    *_texts("consent_source"),
    StandardField("full_name", "text", stored=False, read_only=True),
    StandardField("score", "integer", stored=False, read_only=True),
    StandardField("grade", "text", stored=False, read_only=True),
    StandardField("owner", "text", stored=False, read_only=True),
    StandardField("created_at", "datetime", stored=False, read_only=True),
    StandardField("last_activity_at", "datetime", stored=False, read_only=True),
    StandardField("mailable", "boolean", stored=False, read_only=True),
    StandardField("opted_out", "boolean", stored=False, read_only=True),
    StandardField("do_not_email", "boolean", stored=False, read_only=True),
)

#: The thirteen grades, worst first; a grade is stored as its place here.
GRADES = ("F", "D-", "D", "D+", "C-", "C", "C+", "B-", "B", "B+", "A-", "A", "A+")


def fold(text: str) -> str:
    """Return a text as comparisons see it: NFKC, case folded.

    >>> fold("ＳＡＬＥＳ")
    'sales'
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())

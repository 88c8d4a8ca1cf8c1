"""The export of prospects: every field, then what the engine knows of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, select

from engage.clock import moment
from engage.language.fields import GRADES, STANDARD
from engage.language.vocabulary import FieldMeaning, Vocabulary
from engage.reports.csvout import Value
from engage.reports.export_kind import ExportKind, Question, Span, Values, spans, within
from engage.sql import tables as t
from engage.sql.predicates import Who, mailable

_STORED = tuple(field.name for field in STANDARD if field.stored)
#: What follows the fields.
_KNOWN = (
    "score", "grade", "owner", "tags", "lists", "mailable", "opted_out", "do_not_email", "created_at",
    "last_activity_at",
)  # fmt: skip


def columns(vocabulary: Vocabulary) -> Sequence[str]:
    """Return the columns: the address, standard fields, custom fields, what is known."""
    return ("email", *_STORED, "full_name", *(field.name for field in custom_fields(vocabulary)), *_KNOWN)


def custom_fields(vocabulary: Vocabulary) -> tuple[FieldMeaning, ...]:
    """Return the workspace's own fields in the order of its file."""
    return tuple(field for field in vocabulary.fields.values() if field.custom)


def rows(question: Question) -> Iterator[Values]:
    """Yield a row for each prospect, by key."""
    fields = custom_fields(question.vocabulary)
    p, s = t.prospects, t.standings
    names = (
        p.c.id,
        p.c.email,
        *(p.c[name] for name in _STORED),
        *(column for column in s.c if column.name != "prospect_id"),
    )
    people = select(*names, mailable(Who(s, p), question.now).label("mailable")).join_from(
        p, s, s.c.prospect_id == p.c.id
    )
    for span in spans(question, p.c.id):
        chosen = people.where(within(p.c.id, span), question.asked_for(p.c.id)).order_by(p.c.id)
        found = question.rows(chosen)
        tags, lists, custom = _tags(question, span), _lists(question, span), _custom(question, span, fields)
        for person in found:
            own = custom.get(person.id, {})
            yield (
                person.email,
                *(getattr(person, name) for name in _STORED),
                full_name(person.first_name, person.last_name, question.vocabulary.locale),
                *(own.get(field.name) for field in fields),
                *_known(person, ";".join(tags[person.id]), ";".join(lists[person.id])),
            )


def _known(person: Row[Any], tags: str, lists: str) -> Values:
    return (
        person.score,
        None if person.grade is None else GRADES[person.grade],
        person.owner,
        tags,
        lists,
        bool(person.mailable),
        person.opted_out,
        person.do_not_email,
        person.created_at,
        person.last_activity_at,
    )


def full_name(first: str | None, last: str | None, locale: str) -> str:
    """Return a person's full name, the family name first under ``ja``.

    >>> full_name("花子", "佐藤", "ja")
    '佐藤 花子'
    """
    names = (last, first) if locale == "ja" else (first, last)
    return " ".join(name for name in names if name)


def _tags(question: Question, span: Span) -> Mapping[int, list[str]]:
    own, w = t.prospect_tags, t.words
    pairs = select(own.c.prospect_id, w.c.text.label("name")).join_from(own, w, w.c.id == own.c.tag_id)
    return _gathered(question, pairs.where(within(own.c.prospect_id, span)).order_by(w.c.text))


def _lists(question: Question, span: Span) -> Mapping[int, list[str]]:
    own, names = t.list_members, t.lists
    pairs = select(own.c.prospect_id, names.c.key.label("name")).join_from(own, names, names.c.id == own.c.list_id)
    return _gathered(question, pairs.where(within(own.c.prospect_id, span)).order_by(names.c.key))


def _gathered(question: Question, pairs: Any) -> Mapping[int, list[str]]:
    found: defaultdict[int, list[str]] = defaultdict(list)
    for row in question.rows(pairs):
        found[row.prospect_id].append(row.name)
    return found


def _custom(question: Question, span: Span, fields: tuple[FieldMeaning, ...]) -> Mapping[int, dict[str, Value]]:
    if not fields:
        return {}
    f, w = t.field_values, t.words
    types = {field.name: field.type for field in fields}
    joined = select(f.c.prospect_id, w.c.text.label("name"), f.c.text, f.c.number, f.c.whole).join_from(
        f, w, w.c.id == f.c.field_id
    )
    key: ColumnElement[int] = f.c.prospect_id
    found: defaultdict[int, dict[str, Value]] = defaultdict(dict)
    for row in question.rows(joined.where(within(key, span), w.c.text.in_(list(types)))):
        found[row.prospect_id][row.name] = kept_value(row, types[row.name])
    return found


def kept_value(row: Row[Any], kind: str) -> Value:
    """Return the value of a custom field from its columns ``text``, ``number`` and ``whole``."""
    match kind:
        case "text" | "date":
            return str(row.text) if row.text is not None else None
        case "number":
            return row.number  # type: ignore[no-any-return]
        case "boolean":
            return None if row.whole is None else bool(row.whole)
        case "datetime":
            return None if row.whole is None else moment(row.whole)
        case _:
            return row.whole  # type: ignore[no-any-return]


PROSPECTS = ExportKind(columns, rows)

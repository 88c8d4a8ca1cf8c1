"""Setting prospects' fields, with the folded twins that criteria read."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Executable, Integer, Text, cast, delete, func, literal, null, select, update

from engage.language.fields import fold
from engage.plan.moves import FieldChange
from engage.sql import tables as t
from engage.sql.cohort import cohort
from engage.sql.interning import upsert, word
from engage.sql.outbox import HERE, Site, joined_people, prospects_here
from engage.sql.outbox import rows as rows_here
from engage.sql.standing import standing
from engage.sql.texts import Texts

Column = ColumnElement[Any]


@standing
def set_field(site: Site, change: FieldChange, texts: Texts, field_id: int | None) -> list[Executable]:
    """Return the statements that set one field for all; ``field_id`` numbers a custom field."""
    if change.custom:
        assert field_id is not None
        return _custom(site, change, texts, field_id)
    p = t.prospects
    new: dict[str, Column] = {change.field: _value(change, texts)}
    if change.type == "text":
        new[f"{change.field}_folded"] = _value(change, texts, folded=True)
    if change.parts is None:
        return [update(p).values(new).where(p.c.id == cohort.c.prospect_id, HERE)]
    values = select(
        cohort.c.prospect_id.label("key"), *(column.label(f"v{n}") for n, column in enumerate(new.values()))
    )
    source = values.select_from(joined_people(site.database)).where(HERE).subquery()
    made = {name: source.c[f"v{n}"] for n, name in enumerate(new)}
    return [update(p).values(made).where(p.c.id == source.c.key)]


def _value(change: FieldChange, texts: Texts, *, folded: bool = False) -> Column:
    if change.parts is None:
        if change.value is None:
            return null()
        return literal(fold(str(change.value)) if folded else change.value)
    if change.copy is not None and change.type != "text":
        return _copied(change.copy, texts)
    whole = texts.text(change.parts, folded=folded)
    if change.type == "text":
        return func.nullif(whole, "")
    return whole


def _copied(name: str, texts: Texts) -> Column:
    """Return another field's value: text, a number, a truth value, or microseconds."""
    if name in texts.custom:
        v = t.field_values.alias()
        kept = {"date": v.c.text, "number": v.c.number, "text": v.c.text}.get(texts.custom[name], v.c.whole)
        chosen = select(kept).where(
            v.c.prospect_id == texts.standing.c.prospect_id, v.c.field_id == word("field", name)
        )
        found = chosen.scalar_subquery()
        return found == 1 if texts.custom[name] == "boolean" else found
    table = texts.standing if name in texts.standing.c else texts.prospect
    return table.c[name]


def _custom(site: Site, change: FieldChange, texts: Texts, field_id: int) -> list[Executable]:
    v = t.field_values
    cleared = delete(v).where(v.c.field_id == field_id, v.c.prospect_id.in_(prospects_here()))
    if change.value is None and change.parts is None:
        return [cleared]
    value = _value(change, texts)
    kept: dict[str, Column] = {}
    match change.type:
        case "text":
            kept = {"text": value, "folded": _value(change, texts, folded=True)}
        case "date":
            kept = {"text": cast(value, Text())}
        case "number":
            kept = {"number": value}
        case "boolean":
            kept = {"whole": literal(int(bool(change.value))) if change.parts is None else cast(value, Integer())}
        case _:
            kept = {"whole": value}
    first = next(iter(kept.values()))
    people = joined_people(site.database)
    rows = rows_here(cohort.c.prospect_id, literal(field_id), *kept.values(), joined=people).where(first.is_not(null()))
    made = upsert(site.database, v).from_select(["prospect_id", "field_id", *kept], rows)
    return [cleared, made]

"""Prospects and what is known of them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Computed,
    Float,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    false,
    text,
)
from sqlalchemy.types import TypeEngine

from engage.language.fields import STANDARD, StandardField
from engage.sql.columns import Instant, Key, metadata

FIELDS = STANDARD

_TYPES: dict[str, type[TypeEngine[Any]]] = {
    "text": Text,
    "integer": BigInteger,
    "number": Float,
    "boolean": Boolean,
}


def _columns(field: StandardField) -> list[Column[Any]]:
    """Return a field's column and, for text, its folded twin that criteria read."""
    kind: TypeEngine[Any] = Instant() if field.type == "datetime" else _TYPES[field.type]()
    columns: list[Column[Any]] = [Column(field.name, kind)]
    if field.type == "text":
        columns.append(Column(f"{field.name}_folded", Text))
    return columns


#: What people are looked for by: address, name, company, name as it is read; folded, family name first, divided by
#: spaces. SQLite scans an index of it, a tenth of the table; PostgreSQL, whose indexes take no long texts, the table.
_SEARCHED = (
    "email_folded || ' ' || coalesce(last_name_folded, '') || coalesce(first_name_folded, '') || ' ' || "
    "coalesce(company_folded, '') || ' ' || coalesce(last_name_kana_folded, '') || coalesce(first_name_kana_folded, '')"
)

#: One row a person: what they told us. ``email_folded`` is the address case-folded; it names the person.
prospects = Table(
    "prospects",
    metadata,
    Column("id", Key, primary_key=True),
    Column("email", Text, nullable=False),
    Column("email_folded", Text, nullable=False, unique=True),
    *(column for field in FIELDS if field.stored for column in _columns(field)),
    Column("searched", Text, Computed(_SEARCHED, persisted=True)),
    sqlite_autoincrement=True,
)
Index("ix_prospects_searched", prospects.c.searched).ddl_if(dialect="sqlite")

#: One narrow row a prospect: what changes often. ``grade`` counts from 0 (F) to 12 (A+). ``lot`` is drawn for life;
#: splits mix it.
standings = Table(
    "standings",
    metadata,
    Column("prospect_id", Key, primary_key=True, autoincrement=False),
    Column("score", BigInteger, nullable=False, server_default=text("0")),
    Column("grade", SmallInteger),
    Column("lot", Integer, nullable=False, server_default=text("0")),
    Column("owner", Text),
    Column("opted_out", Boolean, nullable=False, server_default=false()),
    Column("do_not_email", Boolean, nullable=False, server_default=false()),
    Column("created_at", Instant, nullable=False),
    Column("last_activity_at", Instant),
    Column("inactive_periods", Integer, nullable=False, server_default=text("0")),
    Column("inactivity_timed", Boolean, nullable=False, server_default=false()),
    Index(None, "created_at"),
    Index(
        "ix_standings_owner",
        "owner",
        "created_at",
        sqlite_where=text("owner IS NOT NULL"),
        postgresql_where=text("owner IS NOT NULL"),
    ),
    postgresql_with={"fillfactor": 50},
)

#: Custom fields, one row a value: ``text`` and ``folded``; ``number``; ``whole`` for integers, booleans and
#: datetimes (microseconds); a date is ISO text.
field_values = Table(
    "field_values",
    metadata,
    Column("prospect_id", Key, primary_key=True, autoincrement=False),
    Column("field_id", Integer, primary_key=True, autoincrement=False),
    Column("text", Text),
    Column("folded", Text),
    Column("number", Float),
    Column("whole", BigInteger),
    sqlite_with_rowid=False,
)

lists = Table(
    "lists",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("dynamic", Boolean, nullable=False, server_default=false()),
    Column("public", Boolean, nullable=False, server_default=false()),
)

#: Members of static lists; dynamic ones are their criteria.
list_members = Table(
    "list_members",
    metadata,
    Column("prospect_id", Key, primary_key=True, autoincrement=False),
    Column("list_id", Integer, primary_key=True, autoincrement=False),
    Column("since", Instant, nullable=False),
    Index(None, "list_id", "prospect_id"),
    sqlite_with_rowid=False,
)

prospect_tags = Table(
    "prospect_tags",
    metadata,
    Column("prospect_id", Key, primary_key=True, autoincrement=False),
    Column("tag_id", Integer, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

#: Every opt-out and every consent, for ever: ``kind`` is opt_out, opt_in, do_not_email. ``list_id`` names one list.
consents = Table(
    "consents",
    metadata,
    Column("id", Key, primary_key=True),
    Column("prospect_id", Key, nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("kind", Text, nullable=False),
    Column("list_id", Integer),
    Column("source", Text, nullable=False),
    Index(
        "ix_consents_list",
        "list_id",
        sqlite_where=text("list_id IS NOT NULL"),
        postgresql_where=text("list_id IS NOT NULL"),
    ),
)

campaigns = Table(
    "campaigns",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("cost", Float),
    Column("parent", Text),
)

campaign_members = Table(
    "campaign_members",
    metadata,
    Column("prospect_id", Key, primary_key=True, autoincrement=False),
    Column("campaign_id", Integer, primary_key=True, autoincrement=False),
    Column("status", Text),
    Column("since", Instant, nullable=False),
    Index(None, "campaign_id", "prospect_id"),
    sqlite_with_rowid=False,
)

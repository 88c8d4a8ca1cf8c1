"""Accounts and opportunities: companies, and what may be sold to a prospect."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Table, Text, UniqueConstraint

from engage.sql.columns import Instant, Key, metadata

#: Companies as the CRM knows them; ``key`` is the CRM's id, ``owner`` an addressee.
accounts = Table(
    "accounts",
    metadata,
    Column("id", Key, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    *(Column(name, Text) for name in ("industry", "website", "phone", "country", "prefecture", "city", "address")),
    Column("zip", Text),
    Column("employees", BigInteger),
    Column("annual_revenue", Float),
    Column("owner", Text),
    Column("created_at", Instant, nullable=False),
)

#: One row for each prospect of an opportunity; ``key`` is the CRM's id. ``status``: open, won, lost. ``account`` and
#: ``campaign`` are ids; the campaign is the primary source.
opportunities = Table(
    "opportunities",
    metadata,
    Column("id", Key, primary_key=True),
    Column("prospect_id", Key, nullable=False),
    Column("key", Text, nullable=False),
    Column("name", Text),
    Column("status", Text, nullable=False),
    Column("stage", Text),
    Column("stage_folded", Text),
    Column("amount", Float),
    Column("account", Text),
    Column("campaign", Text),
    Column("created_at", Instant),
    Column("closed_at", Instant),
    UniqueConstraint("prospect_id", "key"),
)

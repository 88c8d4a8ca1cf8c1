"""Lots in SQL: whether a prospect, as a split mixes them, falls into its first arms."""

from __future__ import annotations

from sqlalchemy import BigInteger, ColumnElement, literal, select, type_coerce

from engage.language.lots import PRIME, Mixer
from engage.sql import tables as t


def drawn_below(mixer: Mixer, limit: int, prospect_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Return whether a prospect's mixed lot lies below a limit; whole numbers of 63 bits on every database."""
    s = t.standings.alias()
    lot = type_coerce(s.c.lot, BigInteger()) * literal(mixer.factor, BigInteger()) + literal(mixer.shift, BigInteger())
    mixed = select(lot % literal(PRIME, BigInteger())).where(s.c.prospect_id == prospect_id)
    return mixed.scalar_subquery() < literal(limit, BigInteger())

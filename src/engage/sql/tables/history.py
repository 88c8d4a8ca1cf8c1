"""What prospects were like before: changes, kept append-only, from which any past moment is told."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, SmallInteger, Table, Text, text

from engage.sql.columns import Instant, Key, metadata

#: One row a change, with what was *before* it: what is now stands in the other tables, so that new prospects cost
#: no rows here and the past is told backwards. ``kind`` is a ChangeKind, and says what ``ref`` and the values are:
#:
#: - FIELD: ``ref`` is the field's word; ``text``, ``number``, ``whole`` as in ``field_values``; owner, grade,
#:   opted_out and do_not_email are fields too
#: - LIST, TAG: ``ref`` is the list or the tag's word, ``whole`` 1 where one was on it or had it
#: - CAMPAIGN: ``ref`` is the campaign, ``whole`` 1 where one was a member, ``text`` the status
#: - OPPORTUNITY: ``ref`` is its row, ``whole`` 1 where it was there, ``text`` the status, ``detail`` the stage,
#:   ``number`` the amount
#: - HELD: ``ref`` is the enrolment, ``whole`` 1 where it was held
#:
#: ``at`` is the moment of the tick or of the import; ``enrolment_id`` and ``step_id`` tell a step's action.
changes = Table(
    "changes",
    metadata,
    Column("id", Key, primary_key=True),
    Column("prospect_id", Key, nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("kind", SmallInteger, nullable=False),
    Column("ref", Key, nullable=False),
    Column("enrolment_id", Key),
    Column("step_id", Integer),
    Column("text", Text),
    Column("number", Float),
    Column("whole", BigInteger),
    Column("detail", Text),
    # When a field was filled that had been empty: both are written out where this is to serve.
    Index(
        "ix_changes_filled",
        "ref",
        "at",
        sqlite_where=text("kind = 0 AND text IS NULL"),
        postgresql_where=text("kind = 0 AND text IS NULL"),
    ),
    sqlite_autoincrement=True,
)

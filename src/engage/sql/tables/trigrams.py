"""An index of every three signs in a row of what people are looked for by; SQLite's own, kept by its triggers."""

from __future__ import annotations

from sqlalchemy import Connection, Table, event

from engage.sql.tables.people import prospects

#: A pair of signs begins a trigram wherever it stands, as two spaces follow the text.
_PADDED = "{row}.searched || '  '"
_FORGET = (
    "INSERT INTO prospect_trigrams (prospect_trigrams, rowid, searched) "
    f"VALUES ('delete', old.id, {_PADDED.format(row='old')})"
)
_KEEP = f"INSERT INTO prospect_trigrams (rowid, searched) VALUES (new.id, {_PADDED.format(row='new')})"
#: The index keeps no text and no places: what it finds is looked at again. Its terms can be read in their order.
_MADE = (
    (
        "CREATE VIRTUAL TABLE prospect_trigrams USING fts5("
        "searched, content='', columnsize=0, detail=none, tokenize='trigram case_sensitive 1')"
    ),
    "CREATE VIRTUAL TABLE prospect_trigram_terms USING fts5vocab(prospect_trigrams, row)",
    f"CREATE TRIGGER prospect_trigrams_insert AFTER INSERT ON prospects BEGIN {_KEEP}; END",
    (
        "CREATE TRIGGER prospect_trigrams_update AFTER UPDATE ON prospects WHEN old.searched <> new.searched "
        f"BEGIN {_FORGET}; {_KEEP}; END"
    ),
    f"CREATE TRIGGER prospect_trigrams_delete AFTER DELETE ON prospects BEGIN {_FORGET}; END",
)


@event.listens_for(prospects, "after_create")
def _index(table: Table, connection: Connection, **_: object) -> None:  # noqa: ARG001 - as events call
    """Make the index where the database is SQLite; it is part of the table of prospects and lives with it."""
    if connection.dialect.name == "sqlite":
        for statement in _MADE:
            connection.exec_driver_sql(statement)

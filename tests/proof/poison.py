"""A prospect whose data make a statement fail, on both databases."""

from __future__ import annotations

from sqlalchemy import Engine, text


def refuse(engine: Engine, table: str, column: str, value: object) -> None:
    """Make every insert into a table fail that brings a value in a column, as a broken rule of the data would."""
    said = f"'{value}'" if isinstance(value, str) else str(value)
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            body = "BEGIN SELECT RAISE(ABORT, 'poisoned'); END"
            when = f"WHEN NEW.{column} = {said}"
            connection.execute(text(f"CREATE TRIGGER poison_{table} BEFORE INSERT ON {table} {when} {body}"))
        else:
            condition = f"{column} IS DISTINCT FROM {said}"
            connection.execute(text(f"ALTER TABLE {table} ADD CONSTRAINT poison_{table} CHECK ({condition}) NOT VALID"))

"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Dialect, Integer, LargeBinary, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeDecorator, TypeEngine

from engage.clock import micros, moment

#: One naming convention from the first migration on.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: A key that counts up: 64 bits on PostgreSQL, the row id on SQLite.
Key = BigInteger().with_variant(Integer(), "sqlite")


class Instant(TypeDecorator[datetime]):
    """A moment, kept as microseconds since 1970 in UTC; one without a zone is refused."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002
        """Return microseconds; whole numbers are taken as such."""
        return micros(value) if isinstance(value, datetime) else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002
        """Return the moment, aware, in UTC."""
        return None if value is None else moment(value)

    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine[Any]:  # noqa: ARG002
        """Compare with moments as moments, with numbers as microseconds."""
        return self if isinstance(value, datetime) else BigInteger()


class Packed(TypeDecorator[Sequence[int]]):
    """Many keys in one row: an array on PostgreSQL, JSON text on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the array where there is one."""
        return dialect.type_descriptor(ARRAY(BigInteger()) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Return what the database stores."""
        if value is None or dialect.name == "postgresql":
            return value
        return json.dumps(list(value), separators=(",", ":"))

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Return the keys."""
        if value is None or dialect.name == "postgresql":
            return value
        return json.loads(value)


#: A digest of 16 bytes that names an event once.
Digest = LargeBinary(16)


def written(table: Table) -> list[Column[Any]]:
    """Return the columns of a table that are written, not computed by the database."""
    return [column for column in table.columns if column.computed is None]

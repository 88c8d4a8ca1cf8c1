"""Making, upgrading and checking the schema, by Alembic."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine

from engage.errors import OldSchema


def _config(engine: Engine) -> object:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent.parent / "migrations"))
    config.attributes["engine"] = engine
    return config


def create(engine: Engine) -> None:
    """Make the schema, or bring it to the present version; what is there stays."""
    from alembic import command

    command.upgrade(_config(engine), "head")  # type: ignore[arg-type]


def version(engine: Engine) -> str | None:
    """Return the schema's version, or None where there is none."""
    from alembic.runtime.migration import MigrationContext

    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest() -> str | None:
    """Return the version this program needs."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent.parent / "migrations"))
    return ScriptDirectory.from_config(config).get_current_head()


def check(engine: Engine) -> None:
    """Do nothing if the schema is the one this program needs.

    Raises OldSchema otherwise.
    """
    if version(engine) != newest():
        raise OldSchema

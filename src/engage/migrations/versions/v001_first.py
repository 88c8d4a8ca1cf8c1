"""The first schema."""

from alembic import op

from engage.sql.tables import metadata

revision = "001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table. Until the first release the schema is the metadata itself."""
    metadata.create_all(op.get_bind())

"""A clearing statement has versions, and its period may be shorter than a month.

Frozen: a later change of a table is a later migration.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    version = sa.Column("version", sa.SmallInteger(), nullable=False, server_default="1")
    op.add_column("statements_received", version)
    op.alter_column("statements_received", "month", type_=sa.String(length=20))
    op.drop_constraint("statements_received_pkey", "statements_received", type_="primary")
    op.create_primary_key("statements_received_pkey", "statements_received", ["run_id", "version"])

"""Dead letters keep the signature that they came with, so that a replay is checked like the rest.

Frozen: a later change of a table is a later migration.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("dead_letters", sa.Column("signed_with", sa.LargeBinary(), nullable=True))
    op.add_column("dead_letters", sa.Column("signature", sa.LargeBinary(), nullable=True))

"""Repairs of breaks and their history.

Frozen: a later change of a table is a later migration.
"""

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    pass

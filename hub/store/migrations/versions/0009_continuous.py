"""Continuous reconciliation.

Frozen: a later change of a table is a later migration.
"""

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    pass

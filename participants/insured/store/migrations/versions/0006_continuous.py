"""Continuous reconciliation.

Frozen: a later change of a table is a later migration.
"""

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    pass

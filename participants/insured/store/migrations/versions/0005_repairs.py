"""Repairs that the hub ordered.

Frozen: a later change of a table is a later migration.
"""

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    pass

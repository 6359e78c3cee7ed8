"""Repairs that the hub ordered.

Frozen: a later change of a table is a later migration.
"""

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    pass

"""Clearing cycles, pair days, due jobs.

Frozen: a later change of a table is a later migration.
"""

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    pass

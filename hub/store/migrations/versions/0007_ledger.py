"""Adjustments, balances of closed days, second persons, violations.

Frozen: a later change of a table is a later migration.
"""

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    pass

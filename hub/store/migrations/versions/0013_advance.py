"""The advance fund.

Frozen: a later change of a table is a later migration.
"""

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    pass

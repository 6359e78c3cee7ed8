"""Cases.

Frozen: a later change of a table is a later migration.
"""

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    pass

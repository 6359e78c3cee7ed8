"""Papers of a run and their proofs.

Frozen: a later change of a table is a later migration.
"""

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    pass

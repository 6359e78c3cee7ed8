"""Proposals are asked for under ids of their callers, each once: a repeat finds the first.

Frozen: a later change of a table is a later migration.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "proposal_requests",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "octet_length(fingerprint) = 32", name="proposal_requests_fingerprint_is_whole"
        ),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposals.proposal_id"]),
        sa.PrimaryKeyConstraint("request_id"),
    )
    # `refuse_change` is of the first migration.
    op.execute(
        "CREATE TRIGGER proposal_requests_append_only"
        " BEFORE UPDATE OR DELETE OR TRUNCATE ON proposal_requests"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )

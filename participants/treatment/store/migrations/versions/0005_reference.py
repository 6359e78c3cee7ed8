"""Sessions, files and the mappings of hospitals' own items."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "institutions",
        sa.Column("credit_code", sa.String(length=50), server_default="", nullable=False),
    )
    op.create_table(
        "sessions",
        sa.Column("sign_no", sa.String(length=30), nullable=False),
        sa.Column("hospital_code", sa.String(length=30), nullable=False),
        sa.Column("operator_no", sa.String(length=20), nullable=False),
        sa.Column("mac", sa.String(length=20), nullable=False),
        sa.Column("ip", sa.String(length=20), nullable=False),
        sa.Column("signed_in_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("expires_at > signed_in_at", name="sessions_expiry"),
        sa.CheckConstraint("ended_at >= signed_in_at", name="sessions_end"),
        sa.ForeignKeyConstraint(["hospital_code"], ["institutions.code"]),
        sa.PrimaryKeyConstraint("sign_no"),
    )
    op.create_index("sessions_expiring", "sessions", ["expires_at"], unique=False)
    op.create_table(
        "files",
        sa.Column("file_no", sa.String(length=30), nullable=False),
        sa.Column("hospital_code", sa.String(length=30), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('offered', 'uploaded')", name="files_kind"),
        sa.CheckConstraint("content_sha256 = sha256(content)", name="files_digest"),
        sa.CheckConstraint("size_bytes = octet_length(content)", name="files_size"),
        sa.CheckConstraint("expires_at > made_at", name="files_expiry"),
        sa.ForeignKeyConstraint(["hospital_code"], ["institutions.code"]),
        sa.PrimaryKeyConstraint("file_no"),
    )
    op.create_index("files_of_hospital", "files", ["hospital_code", "expires_at"], unique=False)
    op.create_index("files_expiring", "files", ["expires_at"], unique=False)
    op.create_table(
        "item_mappings",
        sa.Column("mapping_id", sa.Uuid(), nullable=False),
        sa.Column("hospital_code", sa.String(length=30), nullable=False),
        sa.Column("item_code", sa.String(length=30), nullable=False),
        sa.Column("item_name", sa.String(length=200), nullable=False),
        sa.Column("list_type", sa.String(length=30), nullable=False),
        sa.Column("national_code", sa.String(length=30), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ending", sa.String(length=20), nullable=True),
        sa.CheckConstraint("valid_to >= valid_from", name="item_mappings_dates"),
        sa.CheckConstraint("ended_at >= uploaded_at", name="item_mappings_end"),
        sa.CheckConstraint("ending IN ('replaced', 'withdrawn')", name="item_mappings_ending"),
        sa.CheckConstraint("(ended_at IS NULL) = (ending IS NULL)", name="item_mappings_ended"),
        sa.ForeignKeyConstraint(["hospital_code"], ["institutions.code"]),
        sa.PrimaryKeyConstraint("mapping_id"),
    )
    op.create_index(
        "item_mappings_in_force",
        "item_mappings",
        ["hospital_code", "item_code", "list_type"],
        unique=True,
        postgresql_where="ended_at IS NULL",
    )
    op.create_index(
        "item_mappings_of_hospital", "item_mappings", ["hospital_code", "item_code"], unique=False
    )


def downgrade() -> None:
    op.drop_table("item_mappings")
    op.drop_table("files")
    op.drop_table("sessions")
    op.drop_column("institutions", "credit_code")

"""The keys with which institutions sign and encrypt."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "institution_keys",
        sa.Column("scheme", sa.String(length=20), nullable=False),
        sa.Column("key_id", sa.String(length=64), nullable=False),
        sa.Column("institution_code", sa.String(length=30), nullable=False),
        sa.Column("slot", sa.SmallInteger(), nullable=False),
        sa.Column("sealed_secret", sa.Text(), nullable=False),
        sa.Column("public_key", sa.String(length=128), nullable=True),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "scheme IN ('hmac', 'oauth', 'sm2', 'tif')", name="institution_keys_scheme"
        ),
        sa.CheckConstraint("slot BETWEEN 1 AND 2", name="institution_keys_slot"),
        sa.CheckConstraint("valid_from < valid_until", name="institution_keys_dates"),
        sa.CheckConstraint(
            "(scheme = 'sm2') = (public_key IS NOT NULL)", name="institution_keys_public"
        ),
        sa.ForeignKeyConstraint(["institution_code"], ["institutions.code"]),
        sa.PrimaryKeyConstraint("scheme", "key_id"),
    )
    op.create_index(
        "institution_keys_live",
        "institution_keys",
        ["institution_code", "scheme", "slot"],
        unique=True,
        postgresql_where="revoked_at IS NULL",
    )


def downgrade() -> None:
    op.drop_table("institution_keys")

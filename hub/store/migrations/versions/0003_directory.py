"""The directory: terms, offices, pooling areas and institutions that areas make known.

Frozen: a later change of a table is a later migration.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "agencies",
        sa.Column("area", sa.String(length=6), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("position", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("division", sa.String(length=6), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("phone", sa.String(length=200), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("hours", sa.String(length=200), nullable=False),
        sa.CheckConstraint("role IN ('insured', 'treatment')", name="agencies_role_is_known"),
        sa.CheckConstraint(
            "left(division, 2) = left(area, 2)", name="agencies_division_is_the_areas"
        ),
        sa.PrimaryKeyConstraint("area", "role", "position"),
    )
    op.create_table(
        "area_terms",
        sa.Column("area", sa.String(length=6), nullable=False),
        sa.Column("holds_from", sa.Date(), nullable=False),
        sa.Column("need_registration", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("lock_in_months", sa.SmallInteger(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "need_registration <@ ARRAY['inpatient', 'outpatient', 'chronic', 'pharmacy']::text[]",
            name="area_terms_need_registration_is_known",
        ),
        sa.CheckConstraint("lock_in_months >= 0", name="area_terms_lock_in_is_no_debt"),
        sa.PrimaryKeyConstraint("area", "holds_from"),
    )
    op.create_table(
        "directories",
        sa.Column("area", sa.String(length=6), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(length=32), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('insured', 'treatment')", name="directories_role_is_known"),
        sa.PrimaryKeyConstraint("area", "role"),
    )
    op.create_table(
        "institutions",
        sa.Column("code", sa.String(length=30), nullable=False),
        sa.Column("area", sa.String(length=6), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("division", sa.String(length=6), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("opened", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('hospital', 'pharmacy')", name="institutions_kind_is_known"),
        sa.CheckConstraint(
            "opened <@ ARRAY['inpatient', 'outpatient', 'chronic', 'pharmacy']::text[]",
            name="institutions_opened_is_known",
        ),
        sa.CheckConstraint(
            "left(division, 2) = left(area, 2)", name="institutions_division_is_the_areas"
        ),
        sa.CheckConstraint("level BETWEEN 0 AND 4", name="institutions_level_is_known"),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_index("institutions_area", "institutions", ["area", "code"], unique=False)
    op.create_table(
        "pooling_areas",
        sa.Column("area", sa.String(length=6), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("division", sa.String(length=6), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("opened", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "opened <@ ARRAY['inpatient', 'outpatient', 'chronic', 'pharmacy']::text[]",
            name="pooling_areas_opened_is_known",
        ),
        sa.CheckConstraint("role IN ('insured', 'treatment')", name="pooling_areas_role_is_known"),
        sa.CheckConstraint(
            "left(division, 2) = left(area, 2)", name="pooling_areas_division_is_the_areas"
        ),
        sa.PrimaryKeyConstraint("area", "role", "division"),
    )
    op.create_index(
        "settlements_asked",
        "settlements",
        ["insured_area", "received_at"],
        unique=False,
        postgresql_where=sa.text("answer_by IS NOT NULL"),
    )
    op.create_index(
        "settlements_person_id", "settlements", ["person_id", "received_at"], unique=False
    )

"""Diagnoses, discharges, refunds: the life of a visit."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_NOT_NEGATIVE = "least(fully_own_fen, over_ceiling_fen, first_self_pay_fen, in_scope_fen) >= 0"
_NOT_POSITIVE = (
    "greatest(count_e4, fully_own_fen, over_ceiling_fen, first_self_pay_fen, in_scope_fen) <= 0"
)

# What a line has left is itself and its refunds: every part of it stays at or above zero. The
# visit is locked by whoever adds lines, so nobody else adds a refund of the same line meanwhile.
_REFUNDS_FIT = (
    """
    CREATE FUNCTION refunds_fit() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (
            SELECT 1 FROM added JOIN fee_lines AS line ON line.visit_id = added.visit_id
             AND added.refunds_line_no IN (line.line_no, line.refunds_line_no)
            WHERE added.refunds_line_no IS NOT NULL
            GROUP BY added.visit_id, added.line_no, added.refunds_line_no
            HAVING least(sum(line.count_e4), sum(line.fully_own_fen), sum(line.over_ceiling_fen),
                         sum(line.first_self_pay_fen), sum(line.in_scope_fen)) < 0
        ) THEN
            RAISE EXCEPTION 'more is refunded than the line has'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'fee_lines_refunds_fit';
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER fee_lines_refunds_fit AFTER INSERT ON fee_lines
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION refunds_fit()
    """,
)


def upgrade() -> None:
    op.add_column("settlements", sa.Column("balance_fen", sa.BigInteger(), nullable=True))
    _visits()
    _fee_lines()
    op.create_table(
        "diagnoses",
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("stage", sa.String(length=1), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.String(length=3), nullable=False),
        sa.Column("is_main", sa.Boolean(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("department", sa.String(length=50), nullable=False),
        sa.Column("doctor_code", sa.String(length=30), nullable=False),
        sa.Column("doctor_name", sa.String(length=50), nullable=False),
        sa.Column("diagnosed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_valid", sa.Boolean(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("stage IN ('1', '2')", name="diagnoses_stage"),
        sa.CheckConstraint("position BETWEEN 0 AND 99", name="diagnoses_position"),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.visit_id"]),
        sa.PrimaryKeyConstraint("visit_id", "stage", "position"),
    )
    for statement in _REFUNDS_FIT:
        op.execute(statement)


def _visits() -> None:
    state = sa.Column("state", sa.String(length=20), server_default="in_care", nullable=False)
    op.add_column("visits", state)
    op.create_check_constraint(
        "visits_state", "visits", "state IN ('cancelled', 'discharged', 'in_care')"
    )
    op.create_check_constraint(
        "visits_discharged_on", "visits", "state <> 'discharged' OR discharged_on IS NOT NULL"
    )
    op.create_index(
        "visits_of_person", "visits", ["hospital_code", "person_id", "admitted_on"], unique=False
    )
    op.create_index(
        "visits_in_hospital",
        "visits",
        ["hospital_code", "admitted_on"],
        unique=False,
        postgresql_where="visit_kind = 'inpatient' AND state = 'in_care'",
    )


def _fee_lines() -> None:
    op.create_unique_constraint(
        "settlements_of_visit", "settlements", ["visit_id", "settlement_id"]
    )
    op.drop_index("settlements_visit", table_name="settlements")
    op.add_column("fee_lines", sa.Column("refunds_line_no", sa.String(length=30), nullable=True))
    op.add_column(
        "fee_lines", sa.Column("echo_json", sa.Text(), server_default="{}", nullable=False)
    )
    op.drop_constraint("fee_lines_settlement_id_fkey", "fee_lines", type_="foreignkey")
    op.create_foreign_key(
        "fee_lines_settlement",
        "fee_lines",
        "settlements",
        ["visit_id", "settlement_id"],
        ["visit_id", "settlement_id"],
    )
    op.create_foreign_key(
        "fee_lines_refunded",
        "fee_lines",
        "fee_lines",
        ["visit_id", "refunds_line_no"],
        ["visit_id", "line_no"],
    )
    op.drop_constraint("fee_lines_amounts", "fee_lines", type_="check")
    op.create_check_constraint(
        "fee_lines_amounts",
        "fee_lines",
        f"CASE WHEN refunds_line_no IS NULL THEN {_NOT_NEGATIVE} ELSE {_NOT_POSITIVE} END",
    )
    op.create_index(
        "fee_lines_refunds",
        "fee_lines",
        ["visit_id", "refunds_line_no"],
        unique=False,
        postgresql_where="refunds_line_no IS NOT NULL",
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER fee_lines_refunds_fit ON fee_lines")
    op.execute("DROP FUNCTION refunds_fit()")
    op.drop_table("diagnoses")
    op.drop_index("fee_lines_refunds", table_name="fee_lines")
    op.drop_constraint("fee_lines_amounts", "fee_lines", type_="check")
    op.create_check_constraint("fee_lines_amounts", "fee_lines", _NOT_NEGATIVE)
    op.drop_constraint("fee_lines_refunded", "fee_lines", type_="foreignkey")
    op.drop_constraint("fee_lines_settlement", "fee_lines", type_="foreignkey")
    op.create_foreign_key(
        "fee_lines_settlement_id_fkey",
        "fee_lines",
        "settlements",
        ["settlement_id"],
        ["settlement_id"],
    )
    op.drop_column("fee_lines", "echo_json")
    op.drop_column("fee_lines", "refunds_line_no")
    op.create_index("settlements_visit", "settlements", ["visit_id"], unique=False)
    op.drop_constraint("settlements_of_visit", "settlements", type_="unique")
    op.drop_index("visits_in_hospital", table_name="visits")
    op.drop_index("visits_of_person", table_name="visits")
    op.drop_constraint("visits_discharged_on", "visits", type_="check")
    op.drop_constraint("visits_state", "visits", type_="check")
    op.drop_column("visits", "state")
    op.drop_column("settlements", "balance_fen")

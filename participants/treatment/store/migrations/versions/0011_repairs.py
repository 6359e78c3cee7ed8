"""Repairs that the hub ordered: appended, never edited.

Frozen: a later change of a table is a later migration.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

PARTS = (
    "pool_fen",
    "civil_servant_fen",
    "enterprise_fen",
    "critical_illness_fen",
    "large_sum_fen",
    "veterans_fen",
    "medical_aid_fen",
    "other_fen",
    "account_fen",
    "cash_fen",
    "hospital_fen",
)
BUCKET = ("business_date", "counterpart", "insurance_kind", "visit_kind")
_REFUSE_CHANGE = """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
            USING ERRCODE = 'restrict_violation';
    END $$
"""


def upgrade() -> None:
    op.create_table(
        "repair_orders",
        sa.Column("position", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("undoes", sa.Uuid(), nullable=True),
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("sign", sa.SmallInteger(), nullable=False),
        *_row(nullable=True),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        *_checks("repair_orders"),
        sa.CheckConstraint(
            f"num_nulls({', '.join((*BUCKET, 'total_fen', *PARTS))}) IN (0, {len(PARTS) + 5})",
            name="repair_orders_stand_whole_or_not",
        ),
        sa.CheckConstraint(
            "undoes IS NULL OR business_date IS NULL", name="repair_orders_undo_puts_nothing"
        ),
        sa.ForeignKeyConstraint(["undoes"], ["repair_orders.order_id"]),
        sa.PrimaryKeyConstraint("position"),
        sa.UniqueConstraint("order_id"),
        sa.UniqueConstraint("undoes"),
    )
    op.create_index("repair_orders_of_row", "repair_orders", ["settlement_id", "sign"])
    op.create_table(
        "repair_entries",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("effect", sa.SmallInteger(), nullable=False),
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("sign", sa.SmallInteger(), nullable=False),
        *_row(nullable=False),
        *_checks("repair_entries"),
        sa.CheckConstraint("effect IN (1, -1)", name="repair_entries_effect"),
        sa.ForeignKeyConstraint(["order_id"], ["repair_orders.order_id"]),
        sa.PrimaryKeyConstraint("order_id", "line"),
    )
    op.execute(_REFUSE_CHANGE)
    for table in ("repair_orders", "repair_entries"):
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _row(*, nullable: bool) -> list[sa.Column[Any]]:
    return [
        sa.Column("business_date", sa.Date(), nullable=nullable),
        sa.Column("counterpart", sa.String(length=6), nullable=nullable),
        sa.Column("insurance_kind", sa.String(length=3), nullable=nullable),
        sa.Column("visit_kind", sa.String(length=20), nullable=nullable),
        sa.Column("total_fen", sa.BigInteger(), nullable=nullable),
        *(sa.Column(part, sa.BigInteger(), nullable=nullable) for part in PARTS),
    ]


def _checks(table: str) -> list[sa.CheckConstraint]:
    kinds = "'310', '390'"
    visits = "'inpatient', 'outpatient', 'chronic', 'pharmacy'"
    return [
        sa.CheckConstraint("sign IN (1, -1)", name=f"{table}_sign"),
        sa.CheckConstraint(f"insurance_kind IN ({kinds})", name=f"{table}_insurance_kind"),
        sa.CheckConstraint(f"visit_kind IN ({visits})", name=f"{table}_visit_kind"),
        sa.CheckConstraint(f"total_fen = {' + '.join(PARTS)}", name=f"{table}_parts_add_up"),
        sa.CheckConstraint(f"least(total_fen, {', '.join(PARTS)}) >= 0", name=f"{table}_amounts"),
    ]

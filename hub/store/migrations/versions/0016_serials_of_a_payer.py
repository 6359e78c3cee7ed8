"""A bank's serial is its payer's, or its payee's: two provinces' banks may be written alike.

Frozen: a later change of a table is a later migration.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

# Whose serial it is, by the row that the entry belongs to.
PAYER = """
    UPDATE clearing_payments AS one SET payer = owed.from_area
    FROM obligations AS owed WHERE owed.obligation_id = one.obligation_id
"""
PAYEE = """
    UPDATE clearing_receipts AS one SET payee = owed.to_area
    FROM clearing_payments AS sent JOIN obligations AS owed USING (obligation_id)
    WHERE sent.payment_id = one.payment_id
"""
PAYER_OF_ADVANCE = """
    UPDATE advance_payments AS one
    SET payer = CASE WHEN change.amount_fen > 0 THEN change.insured_area
        ELSE change.treatment_area END
    FROM advance_changes AS change WHERE change.change_id = one.change_id
"""
NAMED = (
    ("clearing_payments", "payer", ["bank_name", "serial", "entry"], PAYER),
    ("clearing_receipts", "payee", ["bank_name", "serial"], PAYEE),
    ("advance_payments", "payer", ["bank_name", "bank_serial"], PAYER_OF_ADVANCE),
)


def upgrade() -> None:
    for table, column, serial, fill in NAMED:
        op.add_column(table, sa.Column(column, sa.String(6)))
        # What happened is not changed: it is said whose it was.
        op.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        op.execute(fill)
        op.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        op.alter_column(table, column, nullable=False)
        op.drop_constraint(f"{table}_serial_once", table)
        op.create_unique_constraint(f"{table}_serial_once", table, [column, *serial])

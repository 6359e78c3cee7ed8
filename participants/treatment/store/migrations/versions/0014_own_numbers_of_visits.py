"""A visit has the number that its hospital calls it by, so that this names no second visit.

Frozen: a later change of a table is a later migration.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

# Visits that are open while this runs have said it, too.
_SAID_BEFORE = """
    UPDATE visits SET own_visit_no = left(echo_json::jsonb ->> 'ipt_otp_no', 30)
    WHERE echo_json LIKE '%"ipt_otp_no"%'
"""


def upgrade() -> None:
    op.add_column("visits", sa.Column("own_visit_no", sa.String(length=30), nullable=True))
    op.execute(sa.text(_SAID_BEFORE))
    op.create_index(
        "visits_by_own_number",
        "visits",
        ["hospital_code", "person_id", "own_visit_no"],
        postgresql_where="own_visit_no IS NOT NULL",
    )

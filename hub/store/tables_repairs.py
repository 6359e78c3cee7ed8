"""The tables of repairs: who works on a break, what two people agreed on, and its full history."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Uuid,
    text,
)

from contracts.codes import Role
from hub.domain.repair import BreakStep, RepairKind, RepairState
from hub.store.tables import metadata, one_of

Table(  # Who works on it now; how that came about is in break_steps.
    "break_owners",
    metadata,
    Column("break_id", BigInteger, ForeignKey("breaks.break_id"), primary_key=True),
    Column("owner", String(100), nullable=False),
    Column("since", DateTime(timezone=True), nullable=False),
)

proposed = Table(  # Which breaks a proposal is about, and what is to be done with each.
    "repair_proposals",
    metadata,
    Column("proposal_id", Uuid, ForeignKey("proposals.proposal_id"), primary_key=True),
    Column("break_id", BigInteger, ForeignKey("breaks.break_id"), primary_key=True),
    Column("kind", String(10), nullable=False),
    one_of("repair_proposals", "kind", RepairKind),
)
Index("repair_proposals_of_break", proposed.c.break_id)

repairs = Table(
    "repairs",
    metadata,
    Column("repair_id", Uuid, primary_key=True),
    Column("break_id", BigInteger, ForeignKey("breaks.break_id"), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("state", String(10), nullable=False),
    Column("proposal_id", Uuid, ForeignKey("proposals.proposal_id"), nullable=False),
    Column("ordered_at", DateTime(timezone=True), nullable=False),
    Column("looked_at", DateTime(timezone=True), nullable=False),
    one_of("repairs", "kind", RepairKind),
    one_of("repairs", "state", RepairState),
)
Index(  # A break is repaired by one repair at a time.
    "repairs_one_live",
    repairs.c.break_id,
    unique=True,
    postgresql_where=text("state IN ('ordered', 'obeyed')"),
)
Index("repairs_of_break", repairs.c.break_id)
Index(
    "repairs_to_follow",
    repairs.c.looked_at,
    postgresql_where=text("state IN ('ordered', 'obeyed')"),
)

orders = Table(  # What an area was told to book, and what it answered.
    "repair_orders",
    metadata,
    Column("order_id", Uuid, primary_key=True),
    Column("repair_id", Uuid, ForeignKey("repairs.repair_id"), nullable=False),
    Column("undoes", Uuid, ForeignKey("repair_orders.order_id"), unique=True),
    Column("role", String(10), nullable=False),
    Column("area", String(6), nullable=False),
    Column("settlement_id", Uuid, nullable=False),
    Column("sign", SmallInteger, nullable=False),
    Column("sent_at", DateTime(timezone=True), nullable=False),
    Column("answered_at", DateTime(timezone=True)),
    Column("taken_out", Integer),
    Column("put_in", Integer),
    Column("code", String(4)),
    Column("detail", String(200), nullable=False, server_default=""),
    one_of("repair_orders", "role", Role),
    CheckConstraint("sign IN (1, -1)", name="repair_orders_sign"),
    CheckConstraint(
        "num_nonnulls(answered_at, taken_out, put_in) IN (0, 3)",
        name="repair_orders_answered_in_full",
    ),
    CheckConstraint(
        "code IS NULL OR answered_at IS NOT NULL", name="repair_orders_refused_by_an_answer"
    ),
)
Index("repair_orders_of_repair", orders.c.repair_id)

steps = Table(  # Append-only: the full history of a break.
    "break_steps",
    metadata,
    Column("step_id", BigInteger, Identity(), primary_key=True),
    Column("break_id", BigInteger, ForeignKey("breaks.break_id"), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("by", String(100), nullable=False),
    Column("step", String(20), nullable=False),
    Column("detail", String(500), nullable=False),
    Column("proposal_id", Uuid, ForeignKey("proposals.proposal_id")),
    Column("repair_id", Uuid, ForeignKey("repairs.repair_id")),
    one_of("break_steps", "step", BreakStep),
)
Index("break_steps_of_break", steps.c.break_id, steps.c.step_id)

"""The tables of repairs that the hub ordered, for either area: what stands, and by what entries."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    MetaData,
    SmallInteger,
    String,
    Table,
    Uuid,
)

from contracts.codes import InsuranceKind, VisitKind
from contracts.messages.values import PARTS

BUCKET = ("business_date", "counterpart", "insurance_kind", "visit_kind")
_PARTS_SUM = " + ".join(PARTS)


def add_to(metadata: MetaData) -> None:
    """Declare repair_orders and repair_entries; both are append-only."""
    orders = Table(
        "repair_orders",
        metadata,
        Column("position", BigInteger, Identity(), primary_key=True),
        Column("order_id", Uuid, nullable=False, unique=True),
        Column("undoes", Uuid, ForeignKey("repair_orders.order_id"), unique=True),
        Column("settlement_id", Uuid, nullable=False),
        Column("sign", SmallInteger, nullable=False),
        *_row(nullable=True),
        Column("message_id", Uuid, nullable=False),
        Column("ordered_at", DateTime(timezone=True), nullable=False),
        *_checks("repair_orders"),
        CheckConstraint(
            f"num_nulls({', '.join((*BUCKET, 'total_fen', *PARTS))}) IN (0, {len(PARTS) + 5})",
            name="repair_orders_stand_whole_or_not",
        ),
        CheckConstraint(
            "undoes IS NULL OR business_date IS NULL", name="repair_orders_undo_puts_nothing"
        ),
    )
    Index("repair_orders_of_row", orders.c.settlement_id, orders.c.sign)
    Table(
        "repair_entries",
        metadata,
        Column("order_id", Uuid, ForeignKey("repair_orders.order_id"), primary_key=True),
        Column("line", SmallInteger, primary_key=True, autoincrement=False),
        Column("effect", SmallInteger, nullable=False),
        Column("settlement_id", Uuid, nullable=False),
        Column("sign", SmallInteger, nullable=False),
        *_row(nullable=False),
        *_checks("repair_entries"),
        CheckConstraint("effect IN (1, -1)", name="repair_entries_effect"),
    )


def _row(*, nullable: bool) -> list[Column[Any]]:
    return [
        Column("business_date", Date, nullable=nullable),
        Column("counterpart", String(6), nullable=nullable),
        Column("insurance_kind", String(3), nullable=nullable),
        Column("visit_kind", String(20), nullable=nullable),
        Column("total_fen", BigInteger, nullable=nullable),
        *(Column(part, BigInteger, nullable=nullable) for part in PARTS),
    ]


def _checks(table: str) -> list[CheckConstraint]:
    kinds = ", ".join(f"'{kind.value}'" for kind in InsuranceKind)
    visits = ", ".join(f"'{kind.value}'" for kind in VisitKind)
    return [
        CheckConstraint("sign IN (1, -1)", name=f"{table}_sign"),
        CheckConstraint(f"insurance_kind IN ({kinds})", name=f"{table}_insurance_kind"),
        CheckConstraint(f"visit_kind IN ({visits})", name=f"{table}_visit_kind"),
        CheckConstraint(f"total_fen = {_PARTS_SUM}", name=f"{table}_parts_add_up"),
        CheckConstraint(f"least(total_fen, {', '.join(PARTS)}) >= 0", name=f"{table}_amounts"),
    ]

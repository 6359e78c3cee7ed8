"""The ledger beside its postings: adjustments, balances of closed days, found violations."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from contracts.codes import Fund, InsuranceKind, VisitKind
from hub.domain.adjustment import AdjustmentReason
from hub.store.tables import metadata, one_of

adjustments = Table(  # Append-only. A positive amount raises what the insured area owes.
    "adjustments",
    metadata,
    Column("adjustment_id", Uuid, primary_key=True),
    Column("business_date", Date, ForeignKey("business_days.business_date"), nullable=False),
    Column("insured_area", String(6), nullable=False),
    Column("treatment_area", String(6), nullable=False),
    Column("insurance_kind", String(3), nullable=False),
    Column("visit_kind", String(20), nullable=False),
    Column("fund", String(20), nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("reason", String(20), nullable=False),
    Column("settlement_id", Uuid, ForeignKey("settlements.settlement_id")),
    Column("case_id", Uuid),
    Column("cause", String(500), nullable=False),
    Column("by", String(100), nullable=False),
    Column("second", String(100), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    one_of("adjustments", "insurance_kind", InsuranceKind),
    one_of("adjustments", "visit_kind", VisitKind),
    one_of("adjustments", "fund", Fund),
    one_of("adjustments", "reason", AdjustmentReason),
    CheckConstraint("amount_fen <> 0", name="adjustments_amount_is_not_zero"),
    CheckConstraint("insured_area <> treatment_area", name="adjustments_between_two_areas"),
    CheckConstraint('"by" <> second', name="adjustments_second_person_is_another"),
)
Index("adjustments_business_date", adjustments.c.business_date)
Index(
    "adjustments_settlement_id",
    adjustments.c.settlement_id,
    postgresql_where=text("settlement_id IS NOT NULL"),
)

Table(  # A closed day whose balances stand: control totals of its postings. Append-only.
    "ledger_snapshots",
    metadata,
    Column("business_date", Date, ForeignKey("business_days.business_date"), primary_key=True),
    Column("taken_at", DateTime(timezone=True), nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("debit_fen", BigInteger, nullable=False),
    Column("credit_fen", BigInteger, nullable=False),
)

# Account (insured, treatment, insurance kind) and fund, as a closed day left it. `debit_fen` raised
# what the insured area owes, `credit_fen` lowered it; `balance_fen` is what it owes at the day's
# end since the first day. An account that did not move has no row. Append-only.
ledger_balances = Table(
    "ledger_balances",
    metadata,
    Column("business_date", Date, ForeignKey("ledger_snapshots.business_date"), primary_key=True),
    Column("insured_area", String(6), primary_key=True),
    Column("treatment_area", String(6), primary_key=True),
    Column("insurance_kind", String(3), primary_key=True),
    Column("fund", String(20), primary_key=True),
    Column("debit_fen", BigInteger, nullable=False),
    Column("credit_fen", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("balance_fen", BigInteger, nullable=False),
    UniqueConstraint(  # The newest row of an account is its balance.
        "insured_area",
        "treatment_area",
        "insurance_kind",
        "fund",
        "business_date",
        name="ledger_balances_by_account",
    ),
    one_of("ledger_balances", "insurance_kind", InsuranceKind),
    one_of("ledger_balances", "fund", Fund),
    CheckConstraint(
        "debit_fen >= 0 AND credit_fen >= 0 AND count > 0", name="ledger_balances_move"
    ),
)

violations = Table(  # A promise that did not hold, row by row; `gone_at`: when it held again.
    "violations",
    metadata,
    Column("violation_id", BigInteger, Identity(), primary_key=True),
    Column("check_name", String(50), nullable=False),
    Column("row_key", String(200), nullable=False),
    Column("row", JSONB, nullable=False),
    Column("found_at", DateTime(timezone=True), nullable=False),
    Column("gone_at", DateTime(timezone=True)),
    CheckConstraint("gone_at >= found_at", name="violations_gone_after_found"),
)
Index(
    "violations_open",
    violations.c.check_name,
    violations.c.row_key,
    unique=True,
    postgresql_where=text("gone_at IS NULL"),
)
Index("violations_found_at", violations.c.found_at)

Table(  # How far the watch over all rows is: one row a check; `ended_at`: its last full round.
    "verification_rounds",
    metadata,
    Column("check_name", String(50), primary_key=True),
    Column("began_at", DateTime(timezone=True), nullable=False),
    Column("looked_at", DateTime(timezone=True), nullable=False),
    Column("next_key", String(50)),
    Column("ended_at", DateTime(timezone=True)),
)

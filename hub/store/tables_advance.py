"""The tables of the advance fund: changes, payments, postings, warnings and whom to call."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    text,
)

from contracts.codes import Role
from contracts.messages.advance import NoticeKind
from hub.domain.advance import ROUTES, Account, Cause, ChangeState
from hub.domain.advance_usage import WARNED
from hub.store.tables import metadata, one_of

_ROUTES = ", ".join(
    f"('{cause}', '{source}', '{target}')" for (cause, _), (source, target) in ROUTES.items()
)

Table(  # A year whose amounts were drafted; drafting again is an operator's business.
    "advance_rounds",
    metadata,
    Column("year", SmallInteger, primary_key=True, autoincrement=False),
    Column("drafted_at", DateTime(timezone=True), nullable=False),
    Column("quarter_fen", BigInteger, nullable=False),
)

changes = Table(
    "advance_changes",
    metadata,
    Column("change_id", Uuid, primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("year", SmallInteger, nullable=False),
    Column("insured_area", String(6), nullable=False),
    Column("treatment_area", String(6), nullable=False),
    Column("before_fen", BigInteger, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("basis_fen", BigInteger, nullable=False),
    Column("state", String(10), nullable=False),
    Column("drafted_at", DateTime(timezone=True), nullable=False),
    Column("asked_by", String(100)),
    Column("decide_by", Date),
    Column("issue_id", Uuid, ForeignKey("proposals.proposal_id")),
    Column("issued_on", Date),
    Column("finance_by", Date),
    Column("pay_by", Date),
    one_of("advance_changes", "kind", NoticeKind),
    one_of("advance_changes", "state", ChangeState),
    CheckConstraint(
        "amount_fen <> 0 AND before_fen >= 0 AND before_fen + amount_fen >= 0",
        name="advance_changes_amounts",
    ),
    CheckConstraint("kind = 'yearly' OR amount_fen > 0", name="advance_changes_only_a_year_lowers"),
    CheckConstraint("insured_area <> treatment_area", name="advance_changes_between_two_areas"),
    # No money moves without a second person: what is issued names the proposal that was approved.
    CheckConstraint(
        "(state IN ('drafted', 'dropped')) = (issue_id IS NULL)"
        " AND (issue_id IS NULL) = (issued_on IS NULL)",
        name="advance_changes_issued_by_a_proposal",
    ),
    CheckConstraint(
        "CASE WHEN kind = 'opening' OR issued_on IS NULL"
        " THEN num_nonnulls(finance_by, pay_by) = 0"
        " ELSE issued_on <= finance_by AND finance_by <= pay_by END",
        name="advance_changes_have_time",
    ),
)
Index(
    "advance_changes_one_a_year",
    changes.c.year,
    changes.c.insured_area,
    changes.c.treatment_area,
    unique=True,
    postgresql_where=text("kind = 'yearly' AND state <> 'dropped'"),
)
Index(
    "advance_changes_one_in_hand",
    changes.c.kind,
    changes.c.insured_area,
    changes.c.treatment_area,
    unique=True,
    postgresql_where=text("state IN ('drafted', 'issued', 'paid')"),
)
Index("advance_changes_issue_id", changes.c.issue_id)

payments = Table(
    "advance_payments",
    metadata,
    Column("payment_id", Uuid, primary_key=True),
    Column("change_id", Uuid, ForeignKey("advance_changes.change_id"), nullable=False),
    Column("bank_name", String(100), nullable=False),
    Column("bank_serial", String(100), nullable=False),
    Column("paid_on", Date, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("recorded_by", String(100), nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("received_on", Date),
    Column("confirmed_by", String(100)),
    Column("confirmed_at", DateTime(timezone=True)),
    Column("payer", String(6), nullable=False),
    UniqueConstraint("payer", "bank_name", "bank_serial", name="advance_payments_serial_once"),
    CheckConstraint("amount_fen > 0", name="advance_payments_amount_is_positive"),
    CheckConstraint(
        "num_nonnulls(received_on, confirmed_by, confirmed_at) IN (0, 3)",
        name="advance_payments_receipt_is_whole",
    ),
    CheckConstraint("received_on >= paid_on", name="advance_payments_received_after_paid"),
)
Index("advance_payments_change_id", payments.c.change_id)

postings = Table(  # Appended, never changed: see the triggers of migration 0013.
    "advance_postings",
    metadata,
    Column("posting_id", BigInteger, Identity(), primary_key=True),
    Column("change_id", Uuid, ForeignKey("advance_changes.change_id"), nullable=False),
    Column("payment_id", Uuid, ForeignKey("advance_payments.payment_id")),
    Column("insured_area", String(6), nullable=False),
    Column("treatment_area", String(6), nullable=False),
    Column("cause", String(10), nullable=False),
    Column("from_account", String(12), nullable=False),
    Column("to_account", String(12), nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("posted_at", DateTime(timezone=True), nullable=False),
    one_of("advance_postings", "cause", Cause),
    one_of("advance_postings", "from_account", Account),
    one_of("advance_postings", "to_account", Account),
    CheckConstraint("amount_fen > 0", name="advance_postings_amount_is_positive"),
    CheckConstraint(
        f"(cause, from_account, to_account) IN ({_ROUTES})", name="advance_postings_route_is_known"
    ),
    CheckConstraint(
        "(cause IN ('payment', 'receipt')) = (payment_id IS NOT NULL)",
        name="advance_postings_of_a_payment_name_it",
    ),
)
Index(
    "advance_postings_once",
    postings.c.change_id,
    postings.c.cause,
    postings.c.payment_id,
    unique=True,
    postgresql_nulls_not_distinct=True,
)
Index("advance_postings_pair", postings.c.insured_area, postings.c.treatment_area)

warnings = Table(  # `insured_area` null: all that the treatment area holds together.
    "advance_warnings",
    metadata,
    Column("warning_id", Uuid, primary_key=True),
    Column("insured_area", String(6)),
    Column("treatment_area", String(6), nullable=False),
    Column("cycle", String(20), nullable=False),
    Column("level", String(10), nullable=False),
    Column("spent_fen", BigInteger, nullable=False),
    Column("held_fen", BigInteger, nullable=False),
    Column("raised_at", DateTime(timezone=True), nullable=False),
    Column("tier", SmallInteger, nullable=False),
    Column("told_at", DateTime(timezone=True), nullable=False),
    Column("acknowledged_by", String(100)),
    Column("acknowledged_at", DateTime(timezone=True)),
    Column("note", String(500), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    one_of("advance_warnings", "level", WARNED),
    CheckConstraint("tier BETWEEN 1 AND 3", name="advance_warnings_tier_is_known"),
    CheckConstraint(
        "(acknowledged_by IS NULL) = (acknowledged_at IS NULL)",
        name="advance_warnings_acknowledged_by_somebody",
    ),
)
Index(
    "advance_warnings_one_open",
    warnings.c.insured_area,
    warnings.c.treatment_area,
    unique=True,
    postgresql_nulls_not_distinct=True,
    postgresql_where=text("ended_at IS NULL"),
)
Index("advance_warnings_raised_at", warnings.c.raised_at)

Table(  # Offices, never persons: whom a warning of an area is told, tier by tier.
    "advance_contacts",
    metadata,
    Column("area", String(6), primary_key=True),
    Column("role", String(10), primary_key=True),
    Column("tier", SmallInteger, primary_key=True, autoincrement=False),
    Column("office", String(200), nullable=False),
    Column("phone", String(40), nullable=False),
    Column("put_by", String(100), nullable=False),
    Column("put_at", DateTime(timezone=True), nullable=False),
    one_of("advance_contacts", "role", Role),
    CheckConstraint("tier BETWEEN 1 AND 3", name="advance_contacts_tier_is_known"),
)

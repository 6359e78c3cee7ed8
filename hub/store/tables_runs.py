"""The tables of a clearing run's life: states, answers, obligations, payments and receipts."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from contracts.codes import InsuranceKind, Role, VisitKind
from hub.domain.answers import Verdict
from hub.domain.clearing import RunEvent, RunState
from hub.domain.netting import Netting
from hub.store.tables import metadata, one_of

LEGAL_STEP = ["from_state", "event", "to_state"]
ISSUED = ("issued", "contested", "confirmed", "paid", "closed")
STANDING = ("confirmed", "paid", "closed")
PAID = ("paid", "closed")


def _area(name: str, **options: Any) -> Column[Any]:
    return Column(name, String(6), **({"nullable": False} | options))


def _instant(name: str, **options: Any) -> Column[Any]:
    return Column(name, DateTime(timezone=True), **({"nullable": False} | options))


def _fen(name: str, **options: Any) -> Column[Any]:
    return Column(name, BigInteger, **({"nullable": False} | options))


def _in(states: tuple[str, ...]) -> str:
    return "state IN (" + ", ".join(f"'{state}'" for state in states) + ")"


runs = Table(
    "clearing_runs",
    metadata,
    Column("run_id", Uuid, primary_key=True),
    Column("cycle", String(20), nullable=False),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    Column("version", SmallInteger, nullable=False),
    Column("state", String(20), nullable=False),
    Column("netting", String(20), nullable=False),
    _instant("opened_at"),
    _instant("frozen_at", nullable=True),
    _instant("issued_at", nullable=True),
    _instant("confirmed_at", nullable=True),
    _instant("paid_at", nullable=True),
    _instant("closed_at", nullable=True),
    _fen("payable_fen"),
    _fen("receivable_fen"),
    Column("override_proposal", Uuid),
    Column("override_reason", String(500), nullable=False),
    one_of("clearing_runs", "state", RunState),
    one_of("clearing_runs", "netting", Netting),
    UniqueConstraint("cycle", name="clearing_runs_one_a_cycle"),
    ExcludeConstraint(
        (text("daterange(first_day, last_day, '[]')"), "&&"),
        name="clearing_runs_never_overlap",
        using="gist",
    ),
    CheckConstraint(
        r"cycle ~ '^20[0-9]{2}-[0-9]{2}(-[0-9]{2}\.\.[0-9]{2})?$'",
        name="clearing_runs_cycle_is_one",
    ),
    CheckConstraint("first_day <= last_day", name="clearing_runs_days_in_order"),
    CheckConstraint("(state = 'open') = (version = 0)", name="clearing_runs_frozen_is_a_version"),
    CheckConstraint(
        "(state = 'open') = (frozen_at IS NULL)", name="clearing_runs_frozen_has_an_instant"
    ),
    CheckConstraint(
        f"NOT {_in(ISSUED)} OR issued_at IS NOT NULL", name="clearing_runs_issued_has_an_instant"
    ),
    CheckConstraint(
        f"({_in(STANDING)}) = (confirmed_at IS NOT NULL)",
        name="clearing_runs_confirmed_has_an_instant",
    ),
    CheckConstraint(
        f"({_in(PAID)}) = (paid_at IS NOT NULL)", name="clearing_runs_paid_has_an_instant"
    ),
    CheckConstraint(
        "(state = 'closed') = (closed_at IS NOT NULL)", name="clearing_runs_closed_has_an_instant"
    ),
    CheckConstraint(
        f"NOT {_in(('reconciled', *ISSUED))} OR payable_fen = receivable_fen",
        name="clearing_runs_balance",
    ),
    CheckConstraint(
        "(override_proposal IS NOT NULL) = (override_reason <> '')",
        name="clearing_runs_override_has_a_reason",
    ),
    CheckConstraint(
        f"override_proposal IS NULL OR {_in(STANDING)}", name="clearing_runs_override_confirms"
    ),
)

Table(  # Why a version is broken: pairs on which the lines and the ledger do not agree.
    "clearing_differences",
    metadata,
    Column("run_id", Uuid, ForeignKey("clearing_runs.run_id"), primary_key=True),
    Column("version", SmallInteger, primary_key=True, autoincrement=False),
    _area("insured_area", primary_key=True),
    _area("treatment_area", primary_key=True),
    _fen("payable_fen"),
    _fen("receivable_fen"),
    CheckConstraint("payable_fen <> receivable_fen", name="clearing_differences_differ"),
)

Table(  # The state table of hub.domain.clearing, so that the database knows it too.
    "clearing_legal_steps",
    metadata,
    Column("from_state", String(20), primary_key=True),
    Column("event", String(20), primary_key=True),
    Column("to_state", String(20), primary_key=True),
    one_of("clearing_legal_steps", "from_state", RunState),
    one_of("clearing_legal_steps", "event", RunEvent),
    one_of("clearing_legal_steps", "to_state", RunState),
)

Table(
    "clearing_steps",
    metadata,
    Column("run_id", Uuid, ForeignKey("clearing_runs.run_id"), primary_key=True),
    Column("position", SmallInteger, primary_key=True, autoincrement=False),
    Column("from_state", String(20), nullable=False),
    Column("event", String(20), nullable=False),
    Column("to_state", String(20), nullable=False),
    Column("version", SmallInteger, nullable=False),
    Column("by", String(100), nullable=False),
    Column("why", String(500), nullable=False),
    _instant("at"),
    ForeignKeyConstraint(
        LEGAL_STEP,
        [f"clearing_legal_steps.{name}" for name in LEGAL_STEP],
        name="clearing_steps_are_legal",
    ),
)

answers = Table(  # Every answer as it was given; the last one about a line of a version counts.
    "clearing_answers",
    metadata,
    Column("answer_id", BigInteger, Identity(), primary_key=True),
    Column("run_id", Uuid, nullable=False),
    Column("version", SmallInteger, nullable=False),
    _area("insured_area"),
    _area("treatment_area"),
    Column("insurance_kind", String(3), nullable=False),
    Column("visit_kind", String(20), nullable=False),
    Column("role", String(10), nullable=False),
    Column("verdict", String(10), nullable=False),
    _fen("payable_fen"),
    Column("reason", String(200), nullable=False),
    Column("by", String(100), nullable=False),
    _instant("at"),
    Column("carried_from", SmallInteger),
    one_of("clearing_answers", "insurance_kind", InsuranceKind),
    one_of("clearing_answers", "visit_kind", VisitKind),
    one_of("clearing_answers", "role", Role),
    one_of("clearing_answers", "verdict", Verdict),
    ForeignKeyConstraint(
        ["run_id", "version", "insured_area", "treatment_area", "insurance_kind", "visit_kind"],
        [
            f"clearing_lines.{name}"
            for name in (
                "run_id",
                "version",
                "insured_area",
                "treatment_area",
                "insurance_kind",
                "visit_kind",
            )
        ],
        name="clearing_answers_of_a_line",
    ),
    CheckConstraint(
        "(verdict = 'contested') = (reason <> '')", name="clearing_answers_contest_has_a_reason"
    ),
    CheckConstraint("carried_from < version", name="clearing_answers_carried_forward"),
)
Index("clearing_answers_of_a_version", answers.c.run_id, answers.c.version)

obligations = Table(
    "obligations",
    metadata,
    Column("obligation_id", Uuid, primary_key=True),
    Column("run_id", Uuid, ForeignKey("clearing_runs.run_id"), nullable=False),
    Column("version", SmallInteger, nullable=False),
    Column("position", Integer, nullable=False),
    _area("from_area"),
    _area("to_area"),
    _fen("amount_fen"),
    _fen("paid_fen"),
    _fen("received_fen"),
    UniqueConstraint("run_id", "position", name="obligations_numbered"),
    CheckConstraint("from_area <> to_area", name="obligations_between_two_areas"),
    CheckConstraint("amount_fen > 0", name="obligations_amount_is_positive"),
    CheckConstraint("paid_fen BETWEEN 0 AND amount_fen", name="obligations_never_paid_too_much"),
    CheckConstraint("received_fen BETWEEN 0 AND paid_fen", name="obligations_received_after_paid"),
)

Table(
    "clearing_payments",
    metadata,
    Column("payment_id", Uuid, primary_key=True),
    Column(
        "obligation_id", Uuid, ForeignKey("obligations.obligation_id"), nullable=False, index=True
    ),
    Column("bank_name", String(100), nullable=False),
    Column("serial", String(50), nullable=False),
    Column("paid_on", Date, nullable=False),
    _fen("amount_fen"),
    Column("by", String(100), nullable=False),
    _instant("at"),
    Column("entry", SmallInteger, nullable=False),
    Column("payer", String(6), nullable=False),
    UniqueConstraint("payer", "bank_name", "serial", "entry", name="clearing_payments_serial_once"),
    CheckConstraint("entry > 0", name="clearing_payments_entries_are_numbered"),
    CheckConstraint("amount_fen > 0", name="clearing_payments_amount_is_positive"),
    CheckConstraint("bank_name <> '' AND serial <> ''", name="clearing_payments_name_a_slip"),
)

Table(  # A receipt says of one payment that its money has come; nothing is received in part.
    "clearing_receipts",
    metadata,
    Column("payment_id", Uuid, ForeignKey("clearing_payments.payment_id"), primary_key=True),
    Column("bank_name", String(100), nullable=False),
    Column("serial", String(50), nullable=False),
    Column("received_on", Date, nullable=False),
    _fen("amount_fen"),
    Column("by", String(100), nullable=False),
    _instant("at"),
    Column("payee", String(6), nullable=False),
    UniqueConstraint("payee", "bank_name", "serial", name="clearing_receipts_serial_once"),
    CheckConstraint("amount_fen > 0", name="clearing_receipts_amount_is_positive"),
)

Table(  # A payment that was recorded wrongly, taken back by two persons before it was received.
    "clearing_withdrawals",
    metadata,
    Column("payment_id", Uuid, ForeignKey("clearing_payments.payment_id"), primary_key=True),
    Column("why", String(500), nullable=False),
    Column("by", String(100), nullable=False),
    Column("second_person", String(100), nullable=False),
    _instant("at"),
    CheckConstraint('"by" <> second_person', name="clearing_withdrawals_take_two"),
)

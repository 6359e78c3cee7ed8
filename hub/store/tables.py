"""The hub's tables; the constraints hold, beside the code, what must be true."""

from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    MetaData,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    text,
)

from contracts import access
from contracts.codes import Fund, InsuranceKind, VisitKind
from contracts.delivery import tables as delivery
from contracts.messages.settlement import Basis
from contracts.messages.values import PARTS
from contracts.messages.weather import CANARY
from hub.domain.anomaly import AnomalyKind
from hub.domain.day import DayState
from hub.domain.ledger import PostingKind
from hub.domain.settlement import BOOKED, Event, State

metadata = MetaData()
delivery.add_to(metadata)
access.add_to(metadata)

AREA_CHARACTERS = 6
BILL = ("total_fen", "fully_own_fen", "over_ceiling_fen", "first_self_pay_fen", "in_scope_fen")
STORED_STATES = tuple(state for state in State if state is not State.RECEIVED)


def _area(name: str, **options: Any) -> Column[Any]:
    return Column(name, String(AREA_CHARACTERS), nullable=False, **options)


def _instant(name: str, **options: Any) -> Column[Any]:
    return Column(name, DateTime(timezone=True), **({"nullable": False} | options))


def _fen(name: str, **options: Any) -> Column[Any]:
    return Column(name, BigInteger, nullable=False, **options)


def _listed(values: Any) -> str:
    return ", ".join(f"'{value}'" for value in values)


def one_of(table: str, column: str, values: type[StrEnum] | tuple[StrEnum, ...]) -> CheckConstraint:
    """A closed list of codes, as the database checks it."""
    return CheckConstraint(f"{column} IN ({_listed(values)})", name=f"{table}_{column}_is_known")


Table(
    "participants",
    metadata,
    Column("area", String(AREA_CHARACTERS), primary_key=True),
    Column("name", String(50), nullable=False),
    Column("insured_connected", Boolean, nullable=False),
    Column("treatment_connected", Boolean, nullable=False),
    CheckConstraint(r"area ~ '^[0-9]{2}0000$'", name="participants_area_is_a_unit"),
)

business_days = Table(
    "business_days",
    metadata,
    Column("business_date", Date, primary_key=True),
    Column("state", String(10), nullable=False),
    _instant("opened_at"),
    _instant("closed_at", nullable=True),
    one_of("business_days", "state", DayState),
    CheckConstraint(
        "(state = 'closed') = (closed_at IS NOT NULL)", name="business_days_closed_has_an_instant"
    ),
)
Index(
    "business_days_one_open",
    business_days.c.state,
    unique=True,
    postgresql_where=text("state = 'open'"),
)

settlements = Table(
    "settlements",
    metadata,
    Column("settlement_id", Uuid, primary_key=True),
    Column("person_id", String(29), nullable=False),
    _area("insured_area"),
    _area("insured_division"),
    _area("treatment_area"),
    _area("treatment_division"),
    Column("insurance_kind", String(3), nullable=False),
    Column("visit_kind", String(20), nullable=False),
    Column("hospital_code", String(30), nullable=False),
    Column("hospital_level", SmallInteger, nullable=False),
    Column("admitted_on", Date, nullable=False),
    Column("discharged_on", Date, nullable=False),
    Column("use_account", Boolean, nullable=False),
    Column("registration_id", Uuid),
    Column("registration_basis", String(20)),
    *(_fen(name) for name in BILL),
    Column("state", String(20), nullable=False),
    Column("step_count", SmallInteger, nullable=False),
    _instant("answer_by", nullable=True),
    _instant("received_at"),
    _instant("concluded_at", nullable=True),
    Column("settled_on", Date, ForeignKey("business_days.business_date")),
    Column("reversed_on", Date, ForeignKey("business_days.business_date")),
    *(_fen(name, server_default="0") for name in PARTS),
    _fen("deductible_fen", server_default="0"),
    Column("refusal_code", String(4)),
    Column("refusal_detail", String(200), nullable=False, server_default=""),
    _instant("released_at", nullable=True),
    Column("late_answers", SmallInteger, nullable=False, server_default="0"),
    one_of("settlements", "state", STORED_STATES),
    one_of("settlements", "insurance_kind", InsuranceKind),
    one_of("settlements", "visit_kind", VisitKind),
    one_of("settlements", "registration_basis", Basis),
    CheckConstraint(
        " AND ".join(f"{name} >= 0" for name in (*BILL, *PARTS, "deductible_fen")),
        name="settlements_no_negative_amount",
    ),
    CheckConstraint(
        "state = 'rejected' OR total_fen = " + " + ".join(BILL[1:]),
        name="settlements_bill_adds_up",
    ),
    CheckConstraint(
        " + ".join(PARTS)
        + f" = CASE WHEN state IN ({_listed(sorted(BOOKED))}) THEN total_fen ELSE 0 END",
        name="settlements_parts_add_up",
    ),
    CheckConstraint(
        f"(state IN ({_listed(sorted(BOOKED))})) = (settled_on IS NOT NULL)",
        name="settlements_settled_has_a_day",
    ),
    CheckConstraint(
        "(state = 'reversed') = (reversed_on IS NOT NULL)", name="settlements_reversed_has_a_day"
    ),
    CheckConstraint("reversed_on >= settled_on", name="settlements_reversed_after_settled"),
    CheckConstraint(f"person_id <> '{CANARY}'", name="settlements_never_of_a_canary"),
    CheckConstraint(
        "(state = 'routed') = (concluded_at IS NULL)", name="settlements_concluded_has_an_instant"
    ),
    CheckConstraint(
        "state <> 'routed' OR answer_by IS NOT NULL", name="settlements_routed_has_a_deadline"
    ),
    # Whatever the hub took on stands on something; what a rule of ours refused does not.
    CheckConstraint(
        "(registration_basis IS NULL) = (answer_by IS NULL)",
        name="settlements_taken_on_has_a_basis",
    ),
    CheckConstraint(
        "registration_basis <> 'registered' OR registration_id IS NOT NULL",
        name="settlements_registered_names_its_registration",
    ),
)
Index(
    "settlements_awaiting_answer",
    settlements.c.answer_by,
    postgresql_where=text("state = 'routed'"),
)
for _day in ("settled_on", "reversed_on"):
    Index(
        f"settlements_{_day}",
        settlements.c[_day],
        postgresql_where=text(f"{_day} IS NOT NULL"),
    )

Table(  # The state table of hub.domain.settlement, so that the database knows it too.
    "settlement_legal_steps",
    metadata,
    Column("from_state", String(20), primary_key=True),
    Column("event", String(20), primary_key=True),
    Column("to_state", String(20), primary_key=True),
    one_of("settlement_legal_steps", "from_state", State),
    one_of("settlement_legal_steps", "event", Event),
    one_of("settlement_legal_steps", "to_state", State),
)

Table(
    "settlement_steps",
    metadata,
    Column("settlement_id", Uuid, ForeignKey("settlements.settlement_id"), primary_key=True),
    Column("position", SmallInteger, primary_key=True, autoincrement=False),
    Column("from_state", String(20), nullable=False),
    Column("event", String(20), nullable=False),
    Column("to_state", String(20), nullable=False),
    _instant("at"),
    Column("message_id", Uuid),
    ForeignKeyConstraint(
        ["from_state", "event", "to_state"],
        [
            "settlement_legal_steps.from_state",
            "settlement_legal_steps.event",
            "settlement_legal_steps.to_state",
        ],
        name="settlement_steps_are_legal",
    ),
)

postings = Table(
    "postings",
    metadata,
    Column("posting_id", BigInteger, Identity(), primary_key=True),
    Column("settlement_id", Uuid, ForeignKey("settlements.settlement_id")),
    Column("adjustment_id", Uuid, ForeignKey("adjustments.adjustment_id")),
    Column("business_date", Date, ForeignKey("business_days.business_date"), nullable=False),
    _area("insured_area"),
    _area("treatment_area"),
    Column("insurance_kind", String(3), nullable=False),
    Column("fund", String(20), nullable=False),
    _area("from_area"),
    _area("to_area"),
    _fen("amount_fen"),
    Column("kind", String(20), nullable=False),
    _instant("posted_at"),
    UniqueConstraint("settlement_id", "fund", "kind", name="postings_once"),
    one_of("postings", "insurance_kind", InsuranceKind),
    one_of("postings", "fund", Fund),
    one_of("postings", "kind", PostingKind),
    CheckConstraint("amount_fen > 0", name="postings_amount_is_positive"),
    CheckConstraint(
        "CASE kind WHEN 'settlement' THEN from_area = insured_area AND to_area = treatment_area"
        " WHEN 'reversal' THEN from_area = treatment_area AND to_area = insured_area"
        " ELSE (from_area, to_area) IN"
        " ((insured_area, treatment_area), (treatment_area, insured_area)) END",
        name="postings_kind_gives_the_direction",
    ),
    CheckConstraint("from_area <> to_area", name="postings_between_two_areas"),
    CheckConstraint(
        "CASE kind WHEN 'adjustment' THEN settlement_id IS NULL AND adjustment_id IS NOT NULL"
        " ELSE settlement_id IS NOT NULL AND adjustment_id IS NULL END",
        name="postings_one_cause",
    ),
)
Index("postings_business_date", postings.c.business_date)
Index(
    "postings_of_adjustment",
    postings.c.adjustment_id,
    unique=True,
    postgresql_where=text("adjustment_id IS NOT NULL"),
)

Table(
    "anomalies",
    metadata,
    Column("anomaly_id", BigInteger, Identity(), primary_key=True),
    Column("settlement_id", Uuid),
    Column("registration_id", Uuid),
    Column("area", String(AREA_CHARACTERS)),
    Column("kind", String(30), nullable=False),
    Column("detail", String(200), nullable=False),
    Column("message_id", Uuid, nullable=False),
    _instant("at"),
    one_of("anomalies", "kind", AnomalyKind),
    CheckConstraint(
        "num_nonnulls(settlement_id, registration_id, area) = 1", name="anomalies_about_one_thing"
    ),
)

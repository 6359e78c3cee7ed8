"""The tables of one treatment area's database."""

from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY

from contracts import access, repair_tables
from contracts.codes import InsuranceKind, VisitKind
from contracts.delivery import tables as delivery
from contracts.messages.values import PARTS
from participants.treatment.domain.institution import InstitutionKind
from participants.treatment.domain.settlement import LIVE, PENDING, WITH_SHARES, State
from participants.treatment.domain.visit_life import VisitState
from participants.treatment.store import (
    exchange_tables,
    filing_tables,
    key_tables,
    question_tables,
    reference_tables,
    slice_tables,
    statement_tables,
    visit_tables,
    weather_tables,
)
from participants.treatment.store.columns import BILL_PARTS, at, fen

metadata = MetaData()
delivery.add_to(metadata)
access.add_to(metadata)
exchange_tables.add_to(metadata)
filing_tables.add_to(metadata)
key_tables.add_to(metadata)
question_tables.add_to(metadata)
reference_tables.add_to(metadata)
repair_tables.add_to(metadata)
statement_tables.add_to(metadata)
visit_tables.add_to(metadata)
weather_tables.add_to(metadata)

_BILL_SUM = " + ".join(BILL_PARTS)
_PARTS_SUM = " + ".join(PARTS)


def _in(column: str, members: Iterable[StrEnum]) -> str:
    listed = ", ".join(f"'{member.value}'" for member in sorted(members))
    return f"{column} IN ({listed})"


institutions = Table(
    "institutions",
    metadata,
    Column("code", String(30), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("division", String(6), nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("hosp_lv", String(6), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("opened", ARRAY(Text), nullable=False),
    Column("since", Date, nullable=False),
    Column("until", Date),
    Column("credit_code", String(50), nullable=False, server_default=""),
    CheckConstraint("level BETWEEN 0 AND 4", name="institutions_level"),
    CheckConstraint(_in("kind", InstitutionKind), name="institutions_kind"),
    CheckConstraint("until >= since", name="institutions_dates"),
)

visits = Table(
    "visits",
    metadata,
    Column("visit_id", Uuid, primary_key=True),
    Column("msgid", String(30), nullable=False),
    Column("hospital_code", String(30), ForeignKey("institutions.code"), nullable=False),
    Column("person_id", String(29), nullable=False),
    Column("insured_division", String(6), nullable=False),
    Column("insurance_kind", String(3), nullable=False),
    Column("visit_kind", String(20), nullable=False),
    Column("admitted_on", Date, nullable=False),
    Column("discharged_on", Date),
    Column("disease_code", String(30)),
    Column("flags", ARRAY(Text), nullable=False),
    Column("sealed_identity", Text),
    Column("echo_json", Text, nullable=False),
    at("opened_at"),
    at("withdrawn_at", nullable=True),
    Column("own_visit_no", String(30)),  # what the hospital that opened it calls it 住院/门诊号
    CheckConstraint(_in("insurance_kind", InsuranceKind), name="visits_insurance_kind"),
    CheckConstraint(_in("visit_kind", VisitKind), name="visits_visit_kind"),
    Column("state", String(20), nullable=False, server_default=VisitState.IN_CARE.value),
    CheckConstraint("discharged_on >= admitted_on", name="visits_dates"),
    CheckConstraint(_in("state", VisitState), name="visits_state"),
    CheckConstraint(
        "state <> 'discharged' OR discharged_on IS NOT NULL", name="visits_discharged_on"
    ),
    UniqueConstraint("hospital_code", "msgid", name="visits_message"),
)
# The rule checks look for a person's visits at every institution.
Index("visits_by_person", visits.c.person_id)
Index("visits_of_person", visits.c.hospital_code, visits.c.person_id, visits.c.admitted_on)
Index(
    "visits_by_own_number",
    visits.c.hospital_code,
    visits.c.person_id,
    visits.c.own_visit_no,
    postgresql_where="own_visit_no IS NOT NULL",
)
Index(
    "visits_in_hospital",
    visits.c.hospital_code,
    visits.c.admitted_on,
    postgresql_where="visit_kind = 'inpatient' AND state = 'in_care'",
)

settlements = Table(
    "settlements",
    metadata,
    Column("settlement_id", Uuid, primary_key=True),
    Column("visit_id", Uuid, ForeignKey("visits.visit_id"), nullable=False),
    Column("msgid", String(30), nullable=False),
    Column("hospital_code", String(30), nullable=False),
    Column("person_id", String(29), nullable=False),
    Column("insured_division", String(6), nullable=False),
    Column("insurance_kind", String(3), nullable=False),
    Column("visit_kind", String(20), nullable=False),
    Column("admitted_on", Date, nullable=False),
    Column("discharged_on", Date, nullable=False),
    Column("disease_code", String(30)),
    Column("flags", ARRAY(Text), nullable=False),
    Column("use_account", Boolean, nullable=False),
    Column("mid_stay", Boolean, nullable=False),
    fen("total_fen"),
    *(fen(part) for part in BILL_PARTS),
    Column("state", String(20), nullable=False),
    *(fen(part, default="0") for part in PARTS),
    fen("deductible_fen", default="0"),
    Column("balance_fen", BigInteger),
    Column("code", String(4)),
    Column("detail", String(200), nullable=False, server_default=""),
    Column("business_date", Date),
    Column("reversed_on", Date),
    Column("steps", SmallInteger, nullable=False, server_default="0"),
    at("requested_at"),
    at("answer_by"),
    at("answered_at", nullable=True),
    # The hub is reminded until it has answered; what it left open at T is void from `lapsed_at` on,
    # and what was being undone at T is undone from `undone_at` on.
    Column("reminders", SmallInteger, nullable=False, server_default="0"),
    Column("cancellation_id", Uuid),
    at("lapsed_at", nullable=True),
    at("undone_at", nullable=True),
    Column("own_visit_no", String(30)),  # the hospital's, of a visit that was never opened here
    Column("echo_json", Text, nullable=False),
    # When we heard it, which is what the hospital is told: its statements go by these.
    at("settled_at", nullable=True),
    at("reversed_at", nullable=True),
    # The hub's own instants, by which the open day is compared slice by slice.
    at("hub_settled_at", nullable=True),
    at("hub_reversed_at", nullable=True),
    CheckConstraint(_in("state", State), name="settlements_state"),
    CheckConstraint(_in("insurance_kind", InsuranceKind), name="settlements_insurance_kind"),
    CheckConstraint(_in("visit_kind", VisitKind), name="settlements_visit_kind"),
    CheckConstraint(f"total_fen > 0 AND total_fen = {_BILL_SUM}", name="settlements_bill_adds_up"),
    CheckConstraint(
        f"least({', '.join((*BILL_PARTS, *PARTS, 'deductible_fen'))}) >= 0",
        name="settlements_amounts",
    ),
    CheckConstraint(
        f"NOT {_in('state', WITH_SHARES)} OR total_fen = {_PARTS_SUM}",
        name="settlements_parts_add_up",
    ),
    CheckConstraint(
        # A reversal that overtook its settlement waits for the day.
        f"state = 'reversed' OR (business_date IS NOT NULL) = ({_in('state', WITH_SHARES)})",
        name="settlements_business_date",
    ),
    CheckConstraint(
        "(reversed_on IS NOT NULL) = (state = 'reversed')", name="settlements_reversed_on"
    ),
    CheckConstraint("discharged_on >= admitted_on", name="settlements_dates"),
    UniqueConstraint("hospital_code", "msgid", name="settlements_message"),
    UniqueConstraint("visit_id", "settlement_id", name="settlements_of_visit"),
)
Index(
    "settlements_one_live_per_visit",
    settlements.c.visit_id,
    unique=True,
    postgresql_where=f"{_in('state', LIVE)} AND NOT mid_stay",
)
Index(
    "settlements_one_live_per_own_visit",
    settlements.c.hospital_code,
    settlements.c.person_id,
    settlements.c.own_visit_no,
    unique=True,
    postgresql_where=(f"{_in('state', LIVE)} AND NOT mid_stay AND own_visit_no IS NOT NULL"),
)
Index("settlements_unanswered", settlements.c.answer_by, postgresql_where=_in("state", PENDING))
Index(
    "settlements_of_day", settlements.c.business_date, postgresql_where="business_date IS NOT NULL"
)
Index("settlements_back_on", settlements.c.reversed_on, postgresql_where="reversed_on IS NOT NULL")
Index(
    "settlements_booked",
    settlements.c.hospital_code,
    settlements.c.settled_at,
    postgresql_where="settled_at IS NOT NULL",
)
Index(
    "settlements_booked_back",
    settlements.c.hospital_code,
    settlements.c.reversed_at,
    postgresql_where="reversed_at IS NOT NULL",
)

settlement_steps = Table(
    "settlement_steps",
    metadata,
    Column("settlement_id", Uuid, ForeignKey("settlements.settlement_id"), primary_key=True),
    Column("position", SmallInteger, primary_key=True),
    Column("from_state", String(20), nullable=False),
    Column("event", String(20), nullable=False),
    Column("to_state", String(20), nullable=False),
    at("at"),
    Column("message_id", Uuid),
)

fee_lines = Table(
    "fee_lines",
    metadata,
    Column("visit_id", Uuid, ForeignKey("visits.visit_id"), primary_key=True),
    Column("line_no", String(30), primary_key=True),
    Column("charge_batch", String(30), nullable=False),
    Column("item_code", String(50), nullable=False),
    Column("fee_date", Date, nullable=False),
    Column("count_e4", BigInteger, nullable=False),
    Column("price_e6", BigInteger, nullable=False),
    fen("total_fen"),
    *(fen(part) for part in BILL_PARTS),
    Column("approval", String(1), nullable=False),
    Column("reason", String(30), nullable=False),
    Column("settlement_id", Uuid),
    at("uploaded_at"),
    Column("refunds_line_no", String(30)),
    Column("echo_json", Text, nullable=False, server_default="{}"),
    # A line belongs to one settlement at a time, and that is one of its own visit.
    ForeignKeyConstraint(
        ["visit_id", "settlement_id"],
        ["settlements.visit_id", "settlements.settlement_id"],
        name="fee_lines_settlement",
    ),
    ForeignKeyConstraint(
        ["visit_id", "refunds_line_no"],
        ["fee_lines.visit_id", "fee_lines.line_no"],
        name="fee_lines_refunded",
    ),
    CheckConstraint(f"total_fen = {_BILL_SUM}", name="fee_lines_parts_add_up"),
    CheckConstraint(
        f"CASE WHEN refunds_line_no IS NULL THEN least({', '.join(BILL_PARTS)}) >= 0"
        f" ELSE greatest(count_e4, {', '.join(BILL_PARTS)}) <= 0 END",
        name="fee_lines_amounts",
    ),
)
Index(
    "fee_lines_refunds",
    fee_lines.c.visit_id,
    fee_lines.c.refunds_line_no,
    postgresql_where="refunds_line_no IS NOT NULL",
)
slice_tables.add_to(metadata)

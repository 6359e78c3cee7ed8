"""Every table of an insured area, with the constraints that hold its promises."""

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
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from contracts import access, repair_tables
from contracts.codes import InsuranceKind, PersonType, RegistrationCategory, VisitKind
from contracts.delivery import tables as delivery
from contracts.messages.settlement import Basis
from contracts.messages.values import PARTS
from contracts.messages.weather import CANARY
from participants.insured.domain.grant import GrantState
from participants.insured.store import (
    canary_tables,
    slice_tables,
    tables_registrations,
)
from participants.insured.store.columns import (
    ADDED,
    ROOM,
    USED,
    counters_sound,
    none_negative,
    one_of,
)
from participants.policy.benefits import Elsewhere

metadata = MetaData()
delivery.add_to(metadata)
access.add_to(metadata)

people = Table(
    "people",
    metadata,
    Column("person_id", String(29), primary_key=True),
    Column("sealed_identity", Text, nullable=False),
    Column("gender", String(1), nullable=False),
    Column("born_on", Date, nullable=False),
    CheckConstraint("gender IN ('0', '1', '2', '9')", name="people_gender_is_known_code"),
)

# A row is also the lock of all that a person has of that kind: the account and every year.
insurances = Table(
    "insurances",
    metadata,
    Column("person_id", ForeignKey("people.person_id"), primary_key=True),
    Column("insurance_kind", String(3), primary_key=True),
    Column("person_type", String(20), nullable=False),
    Column("division", String(6), nullable=False),
    Column("in_force_from", Date, nullable=False),
    Column("in_force_until", Date),
    Column("civil_servant", Boolean, nullable=False),
    Column("account_balance_fen", BigInteger, nullable=False),
    Column("policy_id", String(100)),
    Column("arrears_since", Date),
    CheckConstraint(one_of("insurance_kind", InsuranceKind), name="insurances_kind_is_known"),
    CheckConstraint(one_of("person_type", PersonType), name="insurances_person_type_is_known"),
    CheckConstraint("in_force_until >= in_force_from", name="insurances_end_after_beginning"),
    CheckConstraint("account_balance_fen >= 0", name="insurances_account_never_negative"),
    **ROOM,
)

person_years = Table(
    "person_years",
    metadata,
    Column("person_id", String(29), primary_key=True),
    Column("insurance_kind", String(3), primary_key=True),
    Column("year", SmallInteger, primary_key=True),
    *(Column(name, BigInteger, nullable=False) for name in USED),
    Column("counters", JSONB, nullable=False),
    ForeignKeyConstraint(
        ["person_id", "insurance_kind"],
        ["insurances.person_id", "insurances.insurance_kind"],
        name="person_years_of_an_insurance",
    ),
    CheckConstraint(none_negative(USED), name="person_years_never_negative"),
    CheckConstraint(counters_sound("counters"), name="person_years_counters_never_negative"),
    **ROOM,
)

grants = Table(
    "grants",
    metadata,
    Column("settlement_id", Uuid, primary_key=True),
    Column("person_id", String(29), nullable=False),
    Column("state", String(10), nullable=False),
    Column("insurance_kind", String(3)),
    Column("visit_kind", String(10)),
    Column("treatment_area", String(6)),
    Column("year", SmallInteger),
    Column("policy_id", String(100)),
    Column("registration_basis", String(12)),
    Column("registration_category", String(20)),
    Column("paid_as", String(12)),
    Column("total_fen", BigInteger, nullable=False),
    Column("in_scope_fen", BigInteger, nullable=False),
    *(Column(name, BigInteger, nullable=False) for name in PARTS),
    Column("deductible_fen", BigInteger, nullable=False),
    Column("beyond_bill_fen", BigInteger, nullable=False),
    *(Column(name, BigInteger, nullable=False) for name in ADDED),
    Column("added_counters", JSONB, nullable=False),
    Column("code", String(4)),
    Column("detail", String(200), nullable=False),
    Column("calculated_at", DateTime(timezone=True)),
    Column("released_at", DateTime(timezone=True)),
    Column("settled_on", Date),
    Column("reversed_on", Date),
    # The hub's instants, by which the open day is compared slice by slice.
    Column("settled_at", DateTime(timezone=True)),
    Column("reversed_at", DateTime(timezone=True)),
    CheckConstraint(f"person_id <> '{CANARY}'", name="grants_never_of_a_canary"),
    CheckConstraint(one_of("state", GrantState), name="grants_state_is_known"),
    CheckConstraint(one_of("insurance_kind", InsuranceKind), name="grants_kind_is_known"),
    CheckConstraint(one_of("visit_kind", VisitKind), name="grants_visit_kind_is_known"),
    CheckConstraint(one_of("registration_basis", Basis), name="grants_basis_is_known"),
    CheckConstraint(
        one_of("registration_category", RegistrationCategory), name="grants_category_is_known"
    ),
    CheckConstraint(one_of("paid_as", Elsewhere), name="grants_paid_as_is_known"),
    CheckConstraint(
        "(state = 'tombstone') = (registration_basis IS NULL)", name="grants_have_their_basis"
    ),
    CheckConstraint(
        "registration_category IS NOT NULL OR registration_basis = 'not_needed'"
        " OR registration_basis IS NULL",
        name="grants_category_only_missing_where_not_needed",
    ),
    CheckConstraint(
        none_negative(
            ("total_fen", "in_scope_fen", *PARTS, "deductible_fen", "beyond_bill_fen", *ADDED)
        ),
        name="grants_amounts_never_negative",
    ),
    CheckConstraint(counters_sound("added_counters"), name="grants_counters_never_negative"),
    CheckConstraint(
        f"state IN ('refused', 'tombstone') OR total_fen = {' + '.join(PARTS)}",
        name="grants_parts_add_up",
    ),
    CheckConstraint(
        "state NOT IN ('refused', 'tombstone') OR added_counters = '{}'"
        f" AND 0 = greatest({', '.join((*PARTS, 'beyond_bill_fen', *ADDED))})",
        name="grants_nothing_moved_without_benefit",
    ),
    CheckConstraint(
        "state IN ('refused', 'tombstone') OR (policy_id IS NOT NULL AND treatment_area IS NOT NULL"
        " AND insurance_kind IS NOT NULL AND visit_kind IS NOT NULL AND year IS NOT NULL)",
        name="grants_benefit_says_what_for",
    ),
    CheckConstraint(
        "(state = 'tombstone') = (calculated_at IS NULL)", name="grants_tombstone_never_calculated"
    ),
    CheckConstraint(
        "(state IN ('released', 'tombstone')) = (released_at IS NOT NULL)",
        name="grants_released_has_its_time",
    ),
    CheckConstraint("(state = 'refused') = (code IS NOT NULL)", name="grants_refused_has_its_code"),
    CheckConstraint(
        "CASE state WHEN 'settled' THEN settled_on IS NOT NULL AND reversed_on IS NULL"
        " WHEN 'released' THEN true ELSE settled_on IS NULL AND reversed_on IS NULL END",
        name="grants_days_fit_the_state",
    ),
    **ROOM,
)
Index("grants_of_person", grants.c.person_id, grants.c.year)
Index("grants_settled_on", grants.c.settled_on, postgresql_where=text("settled_on IS NOT NULL"))
Index("grants_reversed_on", grants.c.reversed_on, postgresql_where=text("reversed_on IS NOT NULL"))

# What a stay over the New Year added to the year before its discharge, where the policy splits it.
grant_years = Table(
    "grant_years",
    metadata,
    Column("settlement_id", ForeignKey("grants.settlement_id"), primary_key=True),
    Column("year", SmallInteger, nullable=False),
    *(Column(name, BigInteger, nullable=False) for name in ADDED),
    Column("added_counters", JSONB, nullable=False),
    CheckConstraint(none_negative(ADDED), name="grant_years_amounts_never_negative"),
    CheckConstraint(counters_sound("added_counters"), name="grant_years_counters_never_negative"),
)

# The working is the widest part and never changes, so concluding a grant need not rewrite it.
workings = Table(
    "workings",
    metadata,
    Column("settlement_id", ForeignKey("grants.settlement_id"), primary_key=True),
    Column("steps", JSONB, nullable=False),
)

statements_received = Table(
    "statements_received",
    metadata,
    Column("run_id", Uuid, primary_key=True),
    Column("version", SmallInteger, primary_key=True, autoincrement=False, server_default="1"),
    Column("month", String(20), nullable=False),
    Column("issued_at", DateTime(timezone=True), nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("payable_fen", BigInteger, nullable=False),
    Column("receivable_fen", BigInteger, nullable=False),
    Column("lines", JSONB, nullable=False),
)

tables_registrations.add_to(metadata)
canary_tables.add_to(metadata)
repair_tables.add_to(metadata)
slice_tables.add_to(metadata)

anomalies = Table(
    "anomalies",
    metadata,
    Column("anomaly_id", BigInteger, Identity(), primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("subject", String(100), nullable=False),
    Column("detail", Text, nullable=False),
    Column("message_id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)

"""The tables of what is exchanged: with hospitals, and with the hub."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from participants.treatment.store.columns import BILL_PARTS, at, fen


def add_to(metadata: MetaData) -> None:
    """Declare attempts, trials, enquiries, anomalies and statements_received."""
    # Message ids, each a hospital's own. A tombstone has no content: it was withdrawn first.
    Table(
        "attempts",
        metadata,
        Column("hospital_code", String(30), primary_key=True),
        Column("msgid", String(30), primary_key=True),
        Column("infno", String(10), nullable=False),
        Column("content_sha256", LargeBinary(32)),
        Column("reply_json", Text),
        Column("subject_id", Uuid),  # the settlement, trial or enquiry that it asked about
        at("received_at"),
        at("withdrawn_at", nullable=True),
        CheckConstraint(
            "content_sha256 IS NOT NULL OR withdrawn_at IS NOT NULL", name="attempts_tombstone"
        ),
        # Each row is bound and answered soon after: room on its page keeps the indexes untouched.
        postgresql_with={"fillfactor": "60"},
    )
    Table(
        "trials",
        metadata,
        Column("trial_id", Uuid, primary_key=True),
        Column("visit_id", Uuid),
        Column("hospital_code", String(30), nullable=False),
        fen("total_fen"),
        *(fen(part) for part in BILL_PARTS),
        at("requested_at"),
        at("answer_by"),
        Column("answer", Text),
        at("answered_at", nullable=True),
    )
    enquiries = Table(
        "enquiries",
        metadata,
        Column("enquiry_id", Uuid, primary_key=True),
        Column("person_id", String(29), nullable=False),
        Column("insured_division", String(6), nullable=False),
        at("asked_at"),
        at("answer_by"),
        # Who has read a card; unknown of those read before it was noted.
        Column("hospital_code", String(30)),
        Column("answer", Text),
        Column("has_card", Boolean, nullable=False, server_default="false"),
        at("answered_at", nullable=True),
    )
    Index(
        "enquiries_with_card",
        enquiries.c.person_id,
        enquiries.c.answered_at,
        postgresql_where="has_card",
    )
    Table(
        "anomalies",
        metadata,
        Column("anomaly_id", BigInteger, Identity(), primary_key=True),
        Column("subject_id", Uuid, nullable=False),
        Column("kind", String(40), nullable=False),
        Column("detail", String(200), nullable=False),
        Column("message_id", Uuid, nullable=False),
        at("at"),
    )
    Table(
        "statements_received",
        metadata,
        Column("run_id", Uuid, primary_key=True),
        Column("version", SmallInteger, primary_key=True, autoincrement=False, server_default="1"),
        Column("month", String(20), nullable=False),
        at("issued_at"),
        fen("payable_fen"),
        fen("receivable_fen"),
        Column("lines", JSONB, nullable=False),
        at("received_at"),
    )

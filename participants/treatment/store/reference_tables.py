"""The tables of sessions, of files, and of what hospitals call the items of the catalogue."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from participants.treatment.store.columns import at


def add_to(metadata: MetaData) -> None:
    """Declare sessions, files and item_mappings."""
    sessions = Table(
        "sessions",
        metadata,
        Column("sign_no", String(30), primary_key=True),
        Column("hospital_code", String(30), ForeignKey("institutions.code"), nullable=False),
        Column("operator_no", String(20), nullable=False),
        Column("mac", String(20), nullable=False),
        Column("ip", String(20), nullable=False),
        at("signed_in_at"),
        at("expires_at"),
        at("ended_at", nullable=True),
        CheckConstraint("expires_at > signed_in_at", name="sessions_expiry"),
        CheckConstraint("ended_at >= signed_in_at", name="sessions_end"),
    )
    Index("sessions_expiring", sessions.c.expires_at)
    files = Table(
        "files",
        metadata,
        Column("file_no", String(30), primary_key=True),
        Column("hospital_code", String(30), ForeignKey("institutions.code"), nullable=False),
        Column("kind", String(20), nullable=False),
        Column("filename", String(200), nullable=False),
        Column("content", LargeBinary, nullable=False),
        Column("content_sha256", LargeBinary(32), nullable=False),
        Column("size_bytes", Integer, nullable=False),
        at("made_at"),
        at("expires_at"),
        CheckConstraint("kind IN ('offered', 'uploaded')", name="files_kind"),
        CheckConstraint("content_sha256 = sha256(content)", name="files_digest"),
        CheckConstraint("size_bytes = octet_length(content)", name="files_size"),
        CheckConstraint("expires_at > made_at", name="files_expiry"),
    )
    Index("files_of_hospital", files.c.hospital_code, files.c.expires_at)
    Index("files_expiring", files.c.expires_at)
    mappings = Table(
        "item_mappings",
        metadata,
        Column("mapping_id", Uuid, primary_key=True),
        Column("hospital_code", String(30), ForeignKey("institutions.code"), nullable=False),
        Column("item_code", String(30), nullable=False),
        Column("item_name", String(200), nullable=False),
        Column("list_type", String(30), nullable=False),
        Column("national_code", String(30), nullable=False),
        Column("valid_from", Date, nullable=False),
        Column("valid_to", Date, nullable=False),
        Column("details", JSONB, nullable=False),
        at("uploaded_at"),
        at("ended_at", nullable=True),
        Column("ending", String(20)),
        CheckConstraint("valid_to >= valid_from", name="item_mappings_dates"),
        CheckConstraint("ended_at >= uploaded_at", name="item_mappings_end"),
        CheckConstraint("ending IN ('replaced', 'withdrawn')", name="item_mappings_ending"),
        CheckConstraint("(ended_at IS NULL) = (ending IS NULL)", name="item_mappings_ended"),
    )
    # What a hospital calls an item stands for one national code at a time; the rest is history.
    Index(
        "item_mappings_in_force",
        mappings.c.hospital_code,
        mappings.c.item_code,
        mappings.c.list_type,
        unique=True,
        postgresql_where="ended_at IS NULL",
    )
    Index("item_mappings_of_hospital", mappings.c.hospital_code, mappings.c.item_code)

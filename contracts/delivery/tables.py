"""The tables that delivery needs in every participant's database."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    Uuid,
)


def add_to(metadata: MetaData) -> None:
    """Declare inbox, outbox, outbox_unsent, dead_letters and progress in a database's metadata."""
    Table(
        "inbox",
        metadata,
        Column("message_id", Uuid, primary_key=True),
        Column("fingerprint", LargeBinary(32), nullable=False),
        Column("received_at", DateTime(timezone=True), nullable=False),
        CheckConstraint("octet_length(fingerprint) = 32", name="inbox_fingerprint_is_sha256"),
    )
    Table(  # Append-only: what we ever said. Which of it is still to be sent stands beside it,
        "outbox",  # so that marking a message sent never rewrites it.
        metadata,
        Column("message_id", Uuid, primary_key=True),
        Column("topic", String(100), nullable=False),
        Column("key", String(100), nullable=False),
        Column("value", Text, nullable=False),
        Column("queued_at", DateTime(timezone=True), nullable=False),
    )
    Table(
        "outbox_unsent",
        metadata,
        Column("position", BigInteger, Identity(), primary_key=True),
        Column("message_id", Uuid, nullable=False),
        Column("queued_at", DateTime(timezone=True), nullable=False),
    )
    letters = Table(
        "dead_letters",
        metadata,
        Column("topic", String(100), primary_key=True),
        Column("partition", BigInteger, primary_key=True),
        Column("offset", BigInteger, primary_key=True),
        # A broker that was set up anew counts from zero again: then the place alone is not enough.
        Column("value_sha256", LargeBinary(32), primary_key=True),
        Column("key", LargeBinary, nullable=False),
        Column("value", LargeBinary, nullable=False),
        Column("signed_with", LargeBinary),  # the headers it came with, whatever they hold
        Column("signature", LargeBinary),
        Column("fault", String(40), nullable=False),
        Column("detail", Text, nullable=False),
        Column("buried_at", DateTime(timezone=True), nullable=False),
        Column("replayed_at", DateTime(timezone=True)),
    )
    Index("dead_letters_open", letters.c.buried_at, postgresql_where="replayed_at IS NULL")
    Table(  # How far each reader is in what it reads, written by whoever watches it.
        "progress",
        metadata,
        Column("reader", String(100), primary_key=True),
        Column("topic", String(100), primary_key=True),
        Column("partition", BigInteger, primary_key=True),
        Column("next_offset", BigInteger, nullable=False),
        Column("end_offset", BigInteger, nullable=False),
        Column("oldest_at", DateTime(timezone=True)),
        Column("moved_at", DateTime(timezone=True), nullable=False),
        Column("looked_at", DateTime(timezone=True), nullable=False),
        CheckConstraint("moved_at <= looked_at", name="progress_moved_before_the_look"),
    )

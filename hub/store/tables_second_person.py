"""The tables of proposals: what waits for a second person, what became of it, who asked how."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from hub.domain.second_person import ProposalKind, ProposalState
from hub.store.tables import metadata, one_of

proposals = Table(
    "proposals",
    metadata,
    Column("proposal_id", Uuid, primary_key=True),
    Column("kind", String(30), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("content", JSONB, nullable=False),
    Column("reason", String(500), nullable=False),
    Column("value_fen", BigInteger),
    Column("proposed_by", String(100), nullable=False),
    Column("proposed_at", DateTime(timezone=True), nullable=False),
    Column("state", String(10), nullable=False),
    Column("decided_by", String(100)),
    Column("decided_at", DateTime(timezone=True)),
    Column("decided_why", String(500), nullable=False),
    one_of("proposals", "kind", ProposalKind),
    one_of("proposals", "state", ProposalState),
    CheckConstraint(
        "CASE state WHEN 'open' THEN num_nonnulls(decided_by, decided_at) = 0"
        " ELSE num_nonnulls(decided_by, decided_at) = 2 END",
        name="proposals_decided_has_a_person",
    ),
    # The promise of four eyes: nobody agrees with himself.
    CheckConstraint(
        "CASE state WHEN 'open' THEN true WHEN 'withdrawn' THEN decided_by = proposed_by"
        " ELSE decided_by <> proposed_by END",
        name="proposals_second_person_is_another",
    ),
)
Index(
    "proposals_one_open",
    proposals.c.kind,
    proposals.c.subject,
    unique=True,
    postgresql_where=text("state = 'open'"),
)
Index("proposals_proposed_at", proposals.c.proposed_at, proposals.c.proposal_id)

# The ids that callers minted. The key is the promise that a request is one proposal for ever.
proposal_requests = Table(
    "proposal_requests",
    metadata,
    Column("request_id", Uuid, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("proposal_id", Uuid, ForeignKey("proposals.proposal_id"), nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    CheckConstraint(
        "octet_length(fingerprint) = 32", name="proposal_requests_fingerprint_is_whole"
    ),
)

"""The tables of cases: the matter and its clock, its thread, its steps, and its one decision."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from contracts.codes import Fund
from hub.domain.attachments import AttachmentKind
from hub.domain.case_states import ENDED, CaseEvent, CaseState, CaseType
from hub.domain.cases import Basis, Outcome, Reply, Stage
from hub.store.tables import metadata, one_of
from hub.store.tables_ledger import adjustments
from hub.store.tables_second_person import proposals

PARTY = r"party ~ '^(hub|(insured|treatment)\.[0-9]{2}0000)$'"
LEGAL_STEP = ["from_state", "event", "to_state"]
_ENDED = ", ".join(f"'{state}'" for state in sorted(ENDED))


def _case_id(**options: Any) -> Column[Any]:
    return Column("case_id", Uuid, ForeignKey("cases.case_id"), **({"nullable": False} | options))


def _instant(name: str, **options: Any) -> Column[Any]:
    return Column(name, DateTime(timezone=True), **({"nullable": False} | options))


def _party(name: str, **options: Any) -> Column[Any]:
    return Column(name, String(20), **({"nullable": False} | options))


def _by(name: str, **options: Any) -> Column[Any]:
    return Column(name, String(100), **({"nullable": False} | options))


cases = Table(
    "cases",
    metadata,
    Column("case_id", Uuid, primary_key=True),
    Column("type", String(20), nullable=False),
    _party("opener"),
    _by("opened_by"),
    _instant("opened_at"),
    Column("fingerprint", LargeBinary(32), nullable=False),
    Column("state", String(20), nullable=False),
    Column("step_count", SmallInteger, nullable=False),
    _instant("release_at", nullable=True),
    _instant("take_by"),
    _instant("answer_by"),
    _instant("due_at", nullable=True),
    Column("follows", Uuid, ForeignKey("cases.case_id")),
    Column("extensions", SmallInteger, nullable=False),
    _party("owner_party", nullable=True),
    _by("owner", nullable=True),
    _instant("owned_at", nullable=True),
    Column("reply", String(20)),
    _instant("answered_at", nullable=True),
    Column("penalty_fen", BigInteger, nullable=False),
    Column("proposal_id", Uuid, ForeignKey(proposals.c.proposal_id)),
    one_of("cases", "type", CaseType),
    one_of("cases", "state", CaseState),
    one_of("cases", "reply", tuple(reply for reply in Reply if reply is not Reply.SILENT)),
    CheckConstraint("extensions BETWEEN 0 AND 1", name="cases_one_extension"),
    CheckConstraint(
        "num_nonnulls(owner_party, owner, owned_at) IN (0, 3)", name="cases_owner_is_whole"
    ),
    CheckConstraint(
        "state NOT IN ('taken', 'answered') OR owner IS NOT NULL",
        name="cases_taken_has_an_owner",
    ),
    CheckConstraint("(reply IS NULL) = (answered_at IS NULL)", name="cases_answer_has_an_instant"),
    CheckConstraint("answered_at < answer_by", name="cases_answered_in_time"),
    CheckConstraint("state <> 'answered' OR reply IS NOT NULL", name="cases_answered_has_a_reply"),
    CheckConstraint(
        f"(state IN ({_ENDED})) = (due_at IS NULL)", name="cases_clock_runs_until_the_end"
    ),
    CheckConstraint(
        "(type = 'assistance') = (release_at IS NOT NULL)", name="cases_assistance_has_a_batch"
    ),
    CheckConstraint(
        "state <> 'waiting' OR type = 'assistance'", name="cases_only_assistance_waits"
    ),
    CheckConstraint("opened_at < answer_by", name="cases_have_time"),
    CheckConstraint("penalty_fen >= 0", name="cases_penalty_is_no_debt"),
    CheckConstraint(
        "state <> 'proposed' OR proposal_id IS NOT NULL", name="cases_proposed_has_a_proposal"
    ),
)
Index(
    "cases_due",
    cases.c.due_at,
    postgresql_where=text("state IN ('waiting', 'open', 'taken', 'answered')"),
)
Index("cases_proposed", cases.c.proposal_id, postgresql_where=text("state = 'proposed'"))
Index("cases_opened", cases.c.opened_at, cases.c.case_id)

case_parties = Table(
    "case_parties",
    metadata,
    _case_id(primary_key=True),
    _party("party", primary_key=True),
    Column("is_opener", SmallInteger, nullable=False),
    CheckConstraint(PARTY, name="case_parties_party_is_one"),
    CheckConstraint("is_opener IN (0, 1)", name="case_parties_is_opener_or_not"),
)
Index("case_parties_party", case_parties.c.party, case_parties.c.case_id)
Index(
    "case_parties_one_opener",
    case_parties.c.case_id,
    unique=True,
    postgresql_where=text("is_opener = 1"),
)

case_settlements = Table(
    "case_settlements",
    metadata,
    _case_id(primary_key=True),
    Column("settlement_id", Uuid, ForeignKey("settlements.settlement_id"), primary_key=True),
    Column("type", String(20), nullable=False),
    Column("is_open", SmallInteger, nullable=False),
)
Index(  # One thread a matter: nobody disputes a settlement twice at once.
    "case_settlements_one_open",
    case_settlements.c.settlement_id,
    case_settlements.c.type,
    unique=True,
    postgresql_where=text("is_open = 1 AND type <> 'coordination'"),
)

Table(
    "case_items",
    metadata,
    Column("case_id", Uuid, primary_key=True),
    Column("stage", String(10), primary_key=True),
    Column("settlement_id", Uuid, primary_key=True),
    Column("fund", String(20), primary_key=True),
    Column("amount_fen", BigInteger, nullable=False),
    one_of("case_items", "stage", Stage),
    one_of("case_items", "fund", Fund),
    CheckConstraint("amount_fen > 0", name="case_items_amount_is_positive"),
    ForeignKeyConstraint(
        ["case_id", "settlement_id"],
        ["case_settlements.case_id", "case_settlements.settlement_id"],
        name="case_items_of_a_settlement_of_the_case",
    ),
)

# Texts, names of files and files may hold what is personal: they are sealed.
Table(
    "case_messages",
    metadata,
    Column("entry_id", Uuid, primary_key=True),
    _case_id(),
    Column("position", SmallInteger, nullable=False),
    _party("party"),
    _by("by"),
    _instant("at"),
    Column("text_sealed", Text, nullable=False),
    Column("institution", String(30)),
    UniqueConstraint("case_id", "position", name="case_messages_in_order"),
    CheckConstraint(PARTY, name="case_messages_party_is_one"),
)
Table(
    "case_attachments",
    metadata,
    Column("attachment_id", Uuid, primary_key=True),
    _case_id(),
    Column("position", SmallInteger, nullable=False),
    _party("party"),
    _by("by"),
    _instant("at"),
    Column("name_sealed", Text, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", LargeBinary(32), nullable=False),
    Column("content_sealed", LargeBinary, nullable=False),
    one_of("case_attachments", "kind", AttachmentKind),
    UniqueConstraint("case_id", "position", name="case_attachments_in_order"),
    CheckConstraint("size_bytes > 0", name="case_attachments_not_empty"),
    CheckConstraint("octet_length(sha256) = 32", name="case_attachments_hash_is_whole"),
    CheckConstraint(PARTY, name="case_attachments_party_is_one"),
)

Table(  # The state table of hub.domain.case_states, so that the database knows it too.
    "case_legal_steps",
    metadata,
    *(Column(name, String(20), primary_key=True) for name in LEGAL_STEP),
    one_of("case_legal_steps", "from_state", CaseState),
    one_of("case_legal_steps", "event", CaseEvent),
    one_of("case_legal_steps", "to_state", CaseState),
)
Table(
    "case_steps",
    metadata,
    _case_id(primary_key=True),
    Column("position", SmallInteger, primary_key=True, autoincrement=False),
    *(Column(name, String(20), nullable=False) for name in LEGAL_STEP),
    _instant("at"),
    _party("party"),
    _by("by"),
    Column("entry_id", Uuid, ForeignKey("case_messages.entry_id")),
    ForeignKeyConstraint(
        LEGAL_STEP,
        [f"case_legal_steps.{name}" for name in LEGAL_STEP],
        name="case_steps_are_legal",
    ),
)

Table(  # A case is decided once: it is the key.
    "case_decisions",
    metadata,
    _case_id(primary_key=True),
    Column("outcome", String(20), nullable=False),
    Column("basis", String(20), nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("penalty_fen", BigInteger, nullable=False),
    _instant("decided_at"),
    _by("decided_by"),
    _by("second_by", nullable=True),
    one_of("case_decisions", "outcome", Outcome),
    one_of("case_decisions", "basis", Basis),
    CheckConstraint("penalty_fen >= 0", name="case_decisions_penalty_is_no_debt"),
    CheckConstraint(
        "(amount_fen <> 0) = (second_by IS NOT NULL)",
        name="case_decisions_money_needs_a_second_person",
    ),
    CheckConstraint("second_by <> decided_by", name="case_decisions_second_person_is_another"),
)

adjustments.append_constraint(
    ForeignKeyConstraint(["case_id"], ["cases.case_id"], name="adjustments_of_a_case")
)

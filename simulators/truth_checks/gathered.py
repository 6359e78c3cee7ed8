"""What is gathered from all databases into tables of one, so that truths are single queries."""

from collections.abc import Mapping
from dataclasses import dataclass

from contracts.messages.values import PARTS
from participants.treatment.store.columns import BILL_PARTS


@dataclass(frozen=True, slots=True)
class Gathered:
    """A temporary table: its columns, and by role the query that fills them; {party}, {area}."""

    columns: str
    queries: Mapping[str, str]


def _fen(names: tuple[str, ...]) -> str:
    return ", ".join(f"{name} bigint" for name in names)


_BILL, _PARTS = ", ".join(BILL_PARTS), ", ".join(PARTS)
_EVERYBODY = ("hub", "insured", "treatment")
_TREATED = f"""SELECT '{{area}}', settlement_id, msgid, hospital_code, visit_id, person_id,
    insured_division, insurance_kind, visit_kind, total_fen, {_BILL}, state, {_PARTS},
    deductible_fen, business_date, reversed_on, steps, requested_at, answer_by, answered_at,
    lapsed_at, undone_at FROM settlements"""
_GRANTED = f"""SELECT '{{area}}', settlement_id, person_id, state, insurance_kind, visit_kind,
    treatment_area, total_fen, in_scope_fen, {_PARTS}, deductible_fen, settled_on, reversed_on,
    calculated_at, released_at FROM grants"""
_ATTEMPTS = """SELECT '{area}', hospital_code, msgid, infno, content_sha256 IS NULL,
    reply_json IS NOT NULL, subject_id, withdrawn_at FROM attempts"""
_FILED = "SELECT '{area}', registration_id, person_id, state FROM registrations"
_REVIEWED = "SELECT '{area}', registration_id, person_id, state FROM registration_reviews"
_SAID = "SELECT '{party}', message_id, topic, queued_at FROM outbox"
_HEARD = "SELECT '{party}', message_id FROM inbox"
_UNSENT = "SELECT '{party}', message_id, queued_at FROM outbox_unsent"
_NOTED = "SELECT '{party}', kind, message_id FROM anomalies"
_OBEYED = f"""SELECT '{{role}}', '{{area}}', order_id, undoes, message_id, settlement_id, sign,
    business_date, total_fen, {_PARTS} FROM repair_orders"""
_STATEMENTS = """SELECT '{role}', '{area}', run_id, version, payable_fen, receivable_fen
    FROM statements_received"""

GATHERED: Mapping[str, Gathered] = {
    "treated": Gathered(
        f"""treatment_area text, settlement_id uuid, msgid text, hospital_code text, visit_id uuid,
        person_id text, insured_division text, insurance_kind text, visit_kind text,
        total_fen bigint, {_fen(BILL_PARTS)}, state text, {_fen(PARTS)}, deductible_fen bigint,
        business_date date, reversed_on date, steps int, requested_at timestamptz,
        answer_by timestamptz, answered_at timestamptz, lapsed_at timestamptz,
        undone_at timestamptz""",
        {"treatment": _TREATED},
    ),
    "granted": Gathered(
        f"""insured_area text, settlement_id uuid, person_id text, state text, insurance_kind text,
        visit_kind text, treatment_area text, total_fen bigint, in_scope_fen bigint, {_fen(PARTS)},
        deductible_fen bigint, settled_on date, reversed_on date, calculated_at timestamptz,
        released_at timestamptz""",
        {"insured": _GRANTED},
    ),
    "asked": Gathered(
        """treatment_area text, hospital_code text, msgid text, infno text, is_tombstone bool,
        is_replied bool, subject_id uuid, withdrawn_at timestamptz""",
        {"treatment": _ATTEMPTS},
    ),
    "filed": Gathered(
        "treatment_area text, registration_id uuid, person_id text, state text",
        {"treatment": _FILED},
    ),
    "reviewed": Gathered(
        "insured_area text, registration_id uuid, person_id text, state text",
        {"insured": _REVIEWED},
    ),
    "said": Gathered(
        "party text, message_id uuid, topic text, queued_at timestamptz",
        dict.fromkeys(_EVERYBODY, _SAID),
    ),
    "heard": Gathered("party text, message_id uuid", dict.fromkeys(_EVERYBODY, _HEARD)),
    "unsent": Gathered(
        "party text, message_id uuid, queued_at timestamptz", dict.fromkeys(_EVERYBODY, _UNSENT)
    ),
    "noted": Gathered("party text, kind text, message_id uuid", dict.fromkeys(_EVERYBODY, _NOTED)),
    "obeyed": Gathered(
        f"""role text, area text, order_id uuid, undoes uuid, message_id uuid, settlement_id uuid,
        sign int, business_date date, total_fen bigint, {_fen(PARTS)}""",
        {"insured": _OBEYED, "treatment": _OBEYED},
    ),
    "statements": Gathered(
        """role text, area text, run_id uuid, version int, payable_fen bigint,
        receivable_fen bigint""",
        {"insured": _STATEMENTS, "treatment": _STATEMENTS},
    ),
}

TOLD = "told"
FIGURES: tuple[str, ...] = ("total_fen", *PARTS, "deductible_fen")
"""What a hospital may be told of money, by the names of a settlement's columns."""
TOLD_COLUMNS = f"""place int, at timestamptz, treatment_area text, infno text, msgid text,
    content bytea, verdict text, settlement_id uuid, code text, certain_by timestamptz,
    about text, strange_figures text, {_fen(FIGURES)}"""

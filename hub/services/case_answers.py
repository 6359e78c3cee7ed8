"""The other side's answer to a case, with its evidence, in time; the job decides by it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from contracts.access import Principal
from contracts.codes import Role
from contracts.refusal import RefusalCode, Refused
from contracts.sealing import Sealer
from hub.domain.case_states import CaseEvent, CaseState, CaseType
from hub.domain.cases import VERDICTS, Case, Item, Reply, Stage, is_within
from hub.services import case_threads, cases
from hub.services.case_parties import party_of
from hub.services.case_threads import Said
from hub.store import cases as store
from hub.store.case_threads import lock_bills


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side says. `admitted` and `penalty_fen` 违约金 only when it admits."""

    reply: Reply
    said: Said
    admitted: tuple[Item, ...] = ()
    penalty_fen: int = 0


def answer(
    tx: Connection, case_id: UUID, given: Answer, by: Principal, *, keys: Sealer, now: datetime
) -> Case:
    """Answer for the party that owns the matter; who answers first, takes it by that.

    The same answer again: the same case. Refused: UNKNOWN_CASE, NOT_THE_OWNER, TOO_LATE,
    OUT_OF_STEP, FIELD_INVALID for a reply or amounts that do not fit, FIELD_MISSING without the
    evidence or the amounts that the reply needs.
    """
    case = cases.locked(tx, case_id, by)
    if case_threads.is_said(tx, case, given.said, by, keys=keys, event=CaseEvent.ANSWER):
        return case
    if case.state is CaseState.OPEN and party_of(by) in case.respondents:
        case = cases.taken(tx, cases.in_time(case, CaseEvent.TAKE, now), by, now)
    cases.check_owner(case, by)
    cases.in_time(case, CaseEvent.ANSWER, now)
    _check(tx, case, given, keys)
    entry = case_threads.write(tx, case, given.said, by, keys=keys, now=now)
    store.add_items(tx, case.case_id, Stage.ADMITTED, given.admitted)
    after = case.after(
        CaseEvent.ANSWER,
        reply=given.reply,
        answered_at=now,
        penalty_fen=given.penalty_fen,
        due_at=now,
    )
    return cases.step(tx, case, after, CaseEvent.ANSWER, by, now=now, entry=entry)


def _check(tx: Connection, case: Case, given: Answer, keys: Sealer) -> None:
    if (case.kind, given.reply) not in VERDICTS or given.reply is Reply.SILENT:
        raise Refused(RefusalCode.FIELD_INVALID, "reply")
    if given.reply is Reply.ADMITS:
        check_admitted(tx, case, given.admitted)
    elif given.admitted:
        raise Refused(RefusalCode.FIELD_INVALID, "items")
    assert case.owner_party is not None, case.case_id
    check_penalty(case, given.penalty_fen, admits=given.reply is Reply.ADMITS)
    if given.reply is Reply.CONTESTS and not case_threads.shown_by(
        tx, case, case.owner_party, keys
    ):
        raise Refused(RefusalCode.FIELD_MISSING, "attachments：不认可须先上传证明材料")


def check_admitted(tx: Connection, case: Case, items: Sequence[Item]) -> None:
    """Amounts that uphold a case: of what was claimed, or of what an assistance found.

    Refused: FIELD_MISSING, FIELD_INVALID.
    """
    claimed = store.items_of(tx, [case.case_id])[case.case_id][Stage.CLAIMED]
    is_about_money = bool(claimed) or case.kind is CaseType.ASSISTANCE
    if is_about_money and not items:
        raise Refused(RefusalCode.FIELD_MISSING, "items")
    if case.kind is not CaseType.ASSISTANCE and not is_within(items, claimed):
        raise Refused(RefusalCode.FIELD_INVALID, "items：超过所主张的金额")
    cases.check_amounts(tx, case, items, lock_bills(tx, case.settlements))


def check_penalty(case: Case, penalty_fen: int, *, admits: bool) -> None:
    """违约金 is the treatment area's: recorded with a violation, and never posted."""
    owed_less = case.lowers_what_is_owed() and case.kind is not CaseType.COORDINATION
    area = any(party.startswith(f"{Role.TREATMENT}.") for party in case.respondents)
    if penalty_fen < 0 or (penalty_fen and not (admits and owed_less and area)):
        raise Refused(RefusalCode.FIELD_INVALID, "penalty_fen")

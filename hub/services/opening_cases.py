"""Opening a case: whom it goes to, what may be asked, and with which clock."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Connection

from contracts.access import Principal
from contracts.clock import shanghai_date_of
from contracts.codes import AreaCode, Role, VisitKind
from contracts.ids import SettlementId, id_of_effect
from contracts.refusal import RefusalCode, Refused
from contracts.sealing import Sealer
from contracts.topics import HUB, participant
from hub.domain import case_clock
from hub.domain.case_states import CaseState, CaseType
from hub.domain.cases import Case, Item, Stage
from hub.domain.settlement import State
from hub.services import case_threads, cases
from hub.services.case_parties import party_of
from hub.services.case_threads import Said
from hub.store import cases as store
from hub.store import participants
from hub.store.case_threads import Bill, lock_bills

RESPONDENTS_MAX, SETTLEMENTS_MAX = 8, 50


@dataclass(frozen=True, slots=True)
class Opening:
    """What a case is opened with; `said` is its first message.

    `respondents` (as they sign: 'treatment.310000', or 'hub') are named for a coordination only:
    a dispute and an assistance go to the other side of their settlements.
    """

    case_id: UUID
    kind: CaseType
    said: Said
    respondents: tuple[str, ...] = ()
    settlements: tuple[SettlementId, ...] = ()
    claimed: tuple[Item, ...] = ()
    follows: UUID | None = None

    def fingerprint(self) -> bytes:
        """Tells a repeated request from another one under the same id."""
        return hashlib.sha256(_OPENING.dump_json(self)).digest()


_OPENING: TypeAdapter[Opening] = TypeAdapter(Opening)


def open_case(
    tx: Connection, opening: Opening, by: Principal, *, keys: Sealer, now: datetime
) -> Case:
    """Open a matter with its clock. The same id and content again: the same case.

    Refused: CONFLICTING_REPLAY, UNKNOWN_SETTLEMENT, NOT_ALLOWED for another's settlements,
    UNKNOWN_AREA, UNDER_THE_THRESHOLD, OUT_OF_STEP when the same matter is open already or a
    settlement is not settled, FIELD_INVALID and FIELD_MISSING, UNKNOWN_CASE of `follows`.
    """
    mine = party_of(by)
    there = _there_already(tx, opening, mine)
    if there is not None:
        return there
    bills = _bills(tx, opening.settlements)
    respondents = _respondents(tx, opening, mine, bills)
    _check_matter(tx, opening, by, bills, now)
    case = _new(opening, mine, respondents, by, now)
    _check_claim(tx, case, opening.claimed, bills)
    if not store.add(tx, case, opening.fingerprint()):  # somebody was faster
        raise Refused(RefusalCode.CONFLICTING_REPLAY, str(opening.case_id))
    if store.add_matters(tx, case) < len(case.settlements):
        raise Refused(RefusalCode.OUT_OF_STEP, "该结算已有同类事项在办")
    store.add_items(tx, case.case_id, Stage.CLAIMED, opening.claimed)
    case_threads.write(tx, case, opening.said, by, keys=keys, now=now)
    return case


def _there_already(tx: Connection, opening: Opening, mine: str) -> Case | None:
    there = store.find(tx, opening.case_id)
    if there is None:
        return None
    same = store.fingerprint_of(tx, opening.case_id) == opening.fingerprint()
    if not same or there.opener != mine:
        raise Refused(RefusalCode.CONFLICTING_REPLAY, str(opening.case_id))
    return there


def _bills(tx: Connection, ids: Sequence[SettlementId]) -> dict[SettlementId, Bill]:
    if len(set(ids)) < len(ids) or len(ids) > SETTLEMENTS_MAX:
        raise Refused(RefusalCode.FIELD_INVALID, "settlements")
    found = lock_bills(tx, ids)
    if len(found) < len(ids):
        raise Refused(RefusalCode.UNKNOWN_SETTLEMENT)
    return found


def _sides(bill: Bill) -> tuple[str, str]:
    insured = participant(Role.INSURED, AreaCode(bill.insured_area))
    return insured, participant(Role.TREATMENT, AreaCode(bill.treatment_area))


def _respondents(
    tx: Connection, opening: Opening, mine: str, bills: dict[SettlementId, Bill]
) -> tuple[str, ...]:
    """Whom it goes to. Somebody else's settlements are unknown to who asks."""
    pairs = {_sides(bill) for bill in bills.values()}
    if mine != HUB and any(mine not in pair for pair in pairs):
        raise Refused(RefusalCode.UNKNOWN_SETTLEMENT)
    if opening.kind is CaseType.COORDINATION:
        return _named(tx, opening.respondents, mine)
    if opening.respondents or mine == HUB:
        raise Refused(RefusalCode.FIELD_INVALID, "respondents")
    if len(pairs) != 1:
        raise Refused(RefusalCode.FIELD_INVALID, "settlements：须为同一参保地与就医地之间的结算")
    return tuple(party for party in pairs.pop() if party != mine)


def _named(tx: Connection, named: tuple[str, ...], mine: str) -> tuple[str, ...]:
    if not named or len(named) > RESPONDENTS_MAX or mine in named or len(set(named)) < len(named):
        raise Refused(RefusalCode.FIELD_INVALID, "respondents")
    known = participants.everyone(tx)
    everybody = {HUB, *(participant(role, area) for area in known for role in Role)}
    if not set(named) <= everybody:
        raise Refused(RefusalCode.UNKNOWN_AREA, "respondents")
    return tuple(sorted(named))


def _check_matter(
    tx: Connection,
    opening: Opening,
    by: Principal,
    bills: dict[SettlementId, Bill],
    now: datetime,
) -> None:
    if opening.follows is not None:
        _check_followed(tx, opening, by)
    if opening.claimed and opening.kind is not CaseType.DISPUTE:
        raise Refused(RefusalCode.FIELD_INVALID, "items")
    if opening.kind is CaseType.ASSISTANCE:
        _check_assistance(bills, by, now)


def _check_followed(tx: Connection, opening: Opening, by: Principal) -> None:
    """Who does not accept a decision disputes it, once it was made."""
    assert opening.follows is not None, opening.case_id
    before = cases.visible(tx, opening.follows, by)
    if opening.kind is not CaseType.DISPUTE:
        raise Refused(RefusalCode.FIELD_INVALID, "follows")
    if before.state is not CaseState.DECIDED:
        raise Refused(RefusalCode.OUT_OF_STEP, "原事项尚未办结")


def _check_assistance(bills: dict[SettlementId, Bill], by: Principal, now: datetime) -> None:
    """One inpatient bill over the threshold, asked about by who insures the person."""
    if len(bills) != 1:
        raise Refused(RefusalCode.FIELD_INVALID, "settlements：费用协查针对单笔结算")
    (bill,) = bills.values()
    if party_of(by) != _sides(bill)[0]:
        raise Refused(RefusalCode.NOT_ALLOWED, "费用协查由参保地发起")
    if bill.state != State.SETTLED.value:
        raise Refused(RefusalCode.OUT_OF_STEP, bill.state)
    over_fen = case_clock.parameters_on(shanghai_date_of(now)).assistance_over_fen
    if bill.visit_kind != VisitKind.INPATIENT.value or bill.total_fen <= over_fen:
        raise Refused(RefusalCode.UNDER_THE_THRESHOLD)


def _check_claim(
    tx: Connection, case: Case, claimed: Sequence[Item], bills: dict[SettlementId, Bill]
) -> None:
    if claimed and any(bill.state != State.SETTLED.value for bill in bills.values()):
        raise Refused(RefusalCode.OUT_OF_STEP, "结算当前不是已结算状态")
    cases.check_amounts(tx, case, claimed, bills)


def _new(
    opening: Opening, mine: str, respondents: tuple[str, ...], by: Principal, now: datetime
) -> Case:
    clock = case_clock.clock_of(opening.kind, now)
    waits = clock.release_at is not None
    return Case(
        case_id=opening.case_id,
        kind=opening.kind,
        opener=mine,
        respondents=respondents,
        opened_by=by.subject,
        opened_at=now,
        state=CaseState.WAITING if waits else CaseState.OPEN,
        due_at=clock.release_at or clock.answer_by,
        settlements=tuple(sorted(opening.settlements)),
        follows=opening.follows,
        **asdict(clock),
    )


def ask(
    tx: Connection,
    case_id: UUID,
    text: str,
    *,
    respondents: tuple[str, ...],
    settlements: tuple[SettlementId, ...] = (),
    by: Principal,
    keys: Sealer,
    now: datetime,
) -> Case:
    """Open a coordination 问题协同, as a repair does that asks an area what it knows.

    As `open_case`; `respondents` as they sign ('insured.340000').
    """
    said = Said(id_of_effect(case_id, "case opened"), text)
    opening = Opening(case_id, CaseType.COORDINATION, said, respondents, settlements)
    return open_case(tx, opening, by, keys=keys, now=now)

"""Admitting what came too late: two persons let a pair day past its time into the next run."""

from datetime import date, datetime

from sqlalchemy import Connection

from contracts.access import Principal
from contracts.codes import AreaCode
from contracts.message import Outgoing
from contracts.refusal import RefusalCode, Refused
from contracts.sealing import Sealer
from hub.domain.cycle import span_of
from hub.domain.pair_day import Admission, PairDay
from hub.domain.second_person import Proposal, ProposalKind
from hub.services import second_person
from hub.services.preview import next_cycle
from hub.store import pair_days


def propose(tx: Connection, day: PairDay, why: str, by: Principal, now: datetime) -> Proposal:
    """Put it before a second person. Refused: OUT_OF_STEP when it is not past its time, and
    whatever `second_person.propose` refuses.
    """
    late = pair_days.past_its_time(tx, span_of(next_cycle(tx, now)))
    found = next((one for one in late if one.pair_day == day), None)
    if found is None:
        raise Refused(RefusalCode.OUT_OF_STEP, "该结算日结对未逾补报期限，或已清算")
    key = (day.business_date.isoformat(), day.insured_area, day.treatment_area)
    return second_person.propose(
        tx,
        ProposalKind.ADMISSION,
        subject=" ".join(key),
        content=dict(zip(("business_date", "insured_area", "treatment_area"), key, strict=True)),
        reason=why,
        by=by,
        now=now,
        value_fen=found.payable_fen,
    )


def perform(
    tx: Connection, proposal: Proposal, by: Principal, now: datetime, _keys: Sealer | None
) -> list[Outgoing]:
    """The second person agrees: the next run takes it as 往期补报."""
    content = proposal.content
    day = PairDay(
        date.fromisoformat(content["business_date"]),
        AreaCode(content["insured_area"]),
        AreaCode(content["treatment_area"]),
    )
    pair_days.admit(tx, Admission(day, proposal.reason, proposal.proposed_by, by.subject, now))
    return []

"""A run confirmed in place of the areas: one person proposes it with a reason, another decides."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from contracts.access import Principal
from contracts.message import Outgoing
from contracts.refusal import RefusalCode, Refused
from contracts.sealing import Sealer
from hub.domain.answers import contested
from hub.domain.clearing import AWAITING, STATE_ZH, ClearingRun
from hub.domain.second_person import Proposal, ProposalKind
from hub.services import answers, clearing, second_person
from hub.services.run_steps import locked


def propose(tx: Connection, run_id: UUID, *, reason: str, by: Principal, now: datetime) -> Proposal:
    """Ask a second person to confirm a run as it stands. Refused: UNKNOWN_RUN, OUT_OF_STEP, and
    what second_person.propose refuses.

    The run is not locked: who decides locks the proposal first, and looks at the run again.
    """
    found = clearing.find_run(tx, run_id)
    if found.state not in AWAITING:
        raise Refused(RefusalCode.OUT_OF_STEP, f"清算批次{found.cycle}{STATE_ZH[found.state]}")
    content = {
        "run_id": str(run_id),
        "version": found.version,
        "unconfirmed": clearing.unconfirmed(tx, found),
        "contested": _contested(tx, found),
    }
    return second_person.propose(
        tx,
        ProposalKind.CONFIRMATION_OVERRIDE,
        subject=str(run_id),
        content=content,
        reason=reason,
        by=by,
        now=now,
        value_fen=found.payable_fen,
    )


def perform(
    tx: Connection, proposal: Proposal, by: Principal, now: datetime, _keys: Sealer | None
) -> list[Outgoing]:
    """The effect of an approval. Refused: OUT_OF_STEP when the run has another version by now, or a
    contest that was not there when it was proposed, and what clearing.override refuses.
    """
    run_id = UUID(proposal.content["run_id"])
    found = locked(tx, run_id)
    if found.version != proposal.content["version"]:
        raise Refused(RefusalCode.OUT_OF_STEP, f"现行清算明细为第{found.version}版")
    if not set(_contested(tx, found)) <= set(proposal.content["contested"]):
        raise Refused(RefusalCode.OUT_OF_STEP, "申请之后又有新的异议，请重新申请")
    id_, why = proposal.proposal_id, proposal.reason
    clearing.override(tx, run_id, proposal=id_, why=why, by=by.subject, now=now)
    return []


def _contested(tx: Connection, found: ClearingRun) -> list[str]:
    """The lines that are contested and by which side, and the amount it has instead."""
    given = answers.standing(tx, found.run_id, found.version)
    said = {key: one.answer for key, one in given.items()}
    return sorted(
        " ".join((*line, role, str(said[line, role].payable_fen))) for line, role in contested(said)
    )

"""A payment that was recorded wrongly is taken back: one person asks for it, another decides."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from contracts.access import Principal
from contracts.message import Outgoing
from contracts.refusal import RefusalCode, Refused
from contracts.sealing import Sealer
from hub.domain.second_person import Proposal, ProposalKind
from hub.services import payments, second_person


def propose(tx: Connection, id_: UUID, *, reason: str, by: Principal, now: datetime) -> Proposal:
    """Ask a second person; the payer's agency or an operator may. Refused: UNKNOWN_PAYMENT,
    NOT_ALLOWED for another area, OUT_OF_STEP once it was received or withdrawn, and what
    second_person.propose refuses.
    """
    payment, owed = payments.find_payment(tx, id_)
    if by.area not in {None, owed.from_area}:
        raise Refused(RefusalCode.NOT_ALLOWED, "只能由付款方申请撤销")
    payments.check_may_be_withdrawn(payment)
    slip = payment.sent
    return second_person.propose(
        tx,
        ProposalKind.PAYMENT_WITHDRAWAL,
        subject=str(id_),
        content={
            "payment_id": str(id_),
            "from_area": owed.from_area,
            "to_area": owed.to_area,
            "bank_name": slip.bank_name,
            "serial": slip.serial,
            "paid_on": slip.on.isoformat(),
        },
        reason=reason,
        by=by,
        now=now,
        value_fen=slip.amount_fen,
    )


def perform(
    tx: Connection, proposal: Proposal, by: Principal, now: datetime, _keys: Sealer | None
) -> list[Outgoing]:
    """The second person agrees: a contrary entry. Refused: what payments.withdraw refuses."""
    id_ = UUID(proposal.content["payment_id"])
    payments.withdraw(tx, id_, proposal.reason, proposal.proposed_by, by.subject, now)
    return []

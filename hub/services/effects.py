"""What an approval does: one row a kind of proposal, performed in the transaction that approves.

A row is `perform(tx, proposal, by, now, keys) -> what to send`; `by` is the second person, `keys`
seal what is said in cases, None where the hub takes none. Whoever owns a kind adds its row here.
What a row refuses, refuses the approval: nothing of it remains.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from contracts.access import Principal
from contracts.message import Outgoing
from contracts.sealing import Sealer
from hub.domain.second_person import Proposal, ProposalKind
from hub.services import (
    adjusting,
    admitting,
    advance_issuing,
    case_decisions,
    overriding,
    repairing,
    undoing_repairs,
    withdrawing_payments,
)

Effect = Callable[[Connection, Proposal, Principal, datetime, Sealer | None], list[Outgoing]]

EFFECTS: dict[ProposalKind, Effect] = {
    ProposalKind.REPAIR: repairing.perform,
    ProposalKind.UNDO_REPAIR: undoing_repairs.perform,
    ProposalKind.ADJUSTMENT: adjusting.perform,
    ProposalKind.CASE_DECISION: case_decisions.perform,
    ProposalKind.ADVANCE_TOP_UP: advance_issuing.issue,
    ProposalKind.CONFIRMATION_OVERRIDE: overriding.perform,
    ProposalKind.ADMISSION: admitting.perform,
    ProposalKind.PAYMENT_WITHDRAWAL: withdrawing_payments.perform,
}

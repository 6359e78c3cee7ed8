"""Runs of clearing that wait for their areas: two persons may confirm them in their place."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from sqlalchemy import Connection

from contracts.access import Principal
from contracts.delivery.outbox import Writing
from contracts.refusal import RefusalCode
from hub.domain.clearing import AWAITING
from hub.domain.second_person import ProposalKind
from hub.services import clearing, overriding
from hub.store import proposals
from simulators.simulation.operators.words import Person, Word

SEEN_MAX = 5
ANSWERS = frozenset({RefusalCode.OUT_OF_STEP})
"""It is confirmed by now, or another has asked for it."""


def room(tx: Connection, one: Person) -> Sequence[Word]:
    awaited = [run.run_id for run in clearing.listed(tx, SEEN_MAX) if run.state in AWAITING]
    return [
        Word("override proposed", f"run {id_}", partial(_propose, id_, one.who), ANSWERS)
        for id_ in awaited
        if proposals.open_about(tx, ProposalKind.CONFIRMATION_OVERRIDE, str(id_)) is None
    ]


def _propose(run_id: UUID, by: Principal, writing: Writing) -> None:
    overriding.propose(writing.tx, run_id, reason="仿真逾期未确认", by=by, now=writing.now)

"""Faults planted where people of the hub and of agencies work: repairs, overrides, payments."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection

from contracts.delivery import bulk
from contracts.message import Outgoing
from contracts.messages.repair import RepairAnswer, RepairOrder
from hub.domain.netting import transfers_of
from hub.domain.payments import Judgement, judge_payment
from hub.domain.second_person import Proposal, ProposalKind
from hub.services import (
    clearing,
    overriding,
    payments,
    proposing_repairs,
    repairing,
    second_person,
    undoing_repairs,
    withdrawing_payments,
)
from hub.store import payments as stored
from participants.insured.services import repairing as insured_repairing
from participants.treatment.services import repairing as treatment_repairing
from simulators.simulation.operators import paying

_IS_SENT = "SELECT bool_and(paid_fen = amount_fen) FROM obligations WHERE run_id = %s"


def declined_repair_begun(patch: pytest.MonkeyPatch) -> None:
    """The word is kept, and nobody looks which it was."""
    decide = second_person.decide

    def decide_and_begin(
        tx: Connection, proposal_id: UUID, *, approve: bool, **what: Any
    ) -> tuple[Proposal, list[Outgoing]]:
        after, said = decide(tx, proposal_id, approve=approve, **what)
        if not approve and after.kind is ProposalKind.REPAIR:
            said = repairing.perform(tx, after, what["by"], what["now"], None)
        return after, said

    patch.setattr(second_person, "decide", decide_and_begin)


def undone_by_one(patch: pytest.MonkeyPatch) -> None:
    _performed_at_once(patch, proposing_repairs, "propose_undo", undoing_repairs.perform)


def order_not_booked(patch: pytest.MonkeyPatch) -> None:
    def answer_only(*what: Any) -> RepairAnswer:
        order = next(one for one in what if isinstance(one, RepairOrder))
        return RepairAnswer(order_id=order.order_id, taken_out=1, put_in=1)

    for side in (insured_repairing, treatment_repairing):
        patch.setattr(side, "_obeyed", answer_only)


def overridden_by_one(patch: pytest.MonkeyPatch) -> None:
    _performed_at_once(patch, overriding, "propose", overriding.perform)


def confirmed_unasked(patch: pytest.MonkeyPatch) -> None:
    """As it is issued: what is missing is counted, and does not count."""
    issue = clearing.issue

    def issue_and_confirm(
        tx: Connection, run_id: UUID, *, by: str, now: datetime
    ) -> tuple[Any, list[Outgoing]]:
        _, said = issue(tx, run_id, by=by, now=now)
        return clearing.confirm(tx, run_id, by=by, now=now), said

    patch.setattr(clearing, "unconfirmed", lambda *_what: 0)
    patch.setattr(clearing, "issue", issue_and_confirm)


def not_all_owed(patch: pytest.MonkeyPatch) -> None:
    def all_but_the_last(*what: Any) -> Sequence[Any]:
        return list(transfers_of(*what))[:-1]

    patch.setattr(payments, "transfers_of", all_but_the_last)


def slip_twice(patch: pytest.MonkeyPatch) -> None:
    def judge(owed: Any, slip: Any, known: Any) -> Judgement:
        found = judge_payment(owed, slip, known)
        return judge_payment(owed, slip, None) if found is Judgement.SAME else found

    patch.setattr(payments, "judge_payment", judge)


def withdrawn_by_one(patch: pytest.MonkeyPatch) -> None:
    propose = withdrawing_payments.propose

    def propose_and_withdraw(tx: Connection, id_: UUID, **what: Any) -> Proposal:
        made = propose(tx, id_, **what)
        by, now = what["by"].subject, what["now"]
        payments.withdraw(tx, id_, what["reason"], by, "hub.api", now)
        return made

    patch.setattr(withdrawing_payments, "propose", propose_and_withdraw)


def withdrawn_and_counted(patch: pytest.MonkeyPatch) -> None:
    withdraw = stored.withdraw

    def withdraw_nothing(tx: Connection, payment: Any, why: str, **what: Any) -> None:
        nothing = replace(payment, sent=replace(payment.sent, amount_fen=0))
        withdraw(tx, nothing, why, **what)

    patch.setattr(stored, "withdraw", withdraw_nothing)


def in_many_parts(patch: pytest.MonkeyPatch) -> None:
    """All has been sent while most of it is still under way."""
    patch.setattr(paying, "IN_PART_PERCENT", 80)
    patch.setattr(paying, "ARRIVES_PERCENT", 8)
    patch.setattr(paying, "REGRETS_PERCENT", 5)


def paid_before_it_came(patch: pytest.MonkeyPatch) -> None:
    def is_sent(tx: Connection, run_id: UUID) -> bool:
        return bulk.fetch(tx, _IS_SENT, (run_id,))[0][0] is not False

    patch.setattr(stored, "is_settled", is_sent)


def _performed_at_once(
    patch: pytest.MonkeyPatch, room: ModuleType, name: str, perform: Callable[..., object]
) -> None:
    """What `room.name` proposes is done as the first person asks for it."""
    propose = getattr(room, name)

    def propose_and_perform(tx: Connection, about: UUID, **what: Any) -> Proposal:
        made: Proposal = propose(tx, about, **what)
        perform(tx, made, what["by"], what["now"], None)
        return made

    patch.setattr(room, name, propose_and_perform)

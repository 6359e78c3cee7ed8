"""Repairs are proposed: for chosen breaks or by query, each fitting its break, one at a time."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from contracts.access import Principal
from contracts.refusal import RefusalCode, Refused
from hub.domain.repair import KIND_ZH, BreakQuery, BreakStep, QueuedBreak, RepairKind
from hub.domain.second_person import Proposal, ProposalKind
from hub.services import second_person
from hub.services.undoing_repairs import check_can_be_undone
from hub.store import break_queue, repairs
from hub.store.break_queue import StepTaken

REPAIRS_MAX = 1_000  # in one proposal
NAMED_MAX = 5
"""How many breaks a refusal names."""

Wanted = Mapping[int, RepairKind | None]
"""What to do with each break; None: what is proposed for its class."""


def propose(
    tx: Connection,
    wanted: Wanted,
    *,
    reason: str,
    by: Principal,
    now: datetime,
    reasons: Mapping[int, str] | None = None,
) -> Proposal:
    """Put these repairs before a second person; nothing happens to the breaks yet.

    `reasons`: why for each break, for its history, where that is not `reason` for all of them.

    Refused: UNKNOWN_BREAK, BREAK_RESOLVED, OUT_OF_STEP (not due yet, or in hand already),
    REPAIR_NOT_FITTING, FIELD_INVALID for none or too many, and what second_person.propose refuses.
    """
    if not 1 <= len(wanted) <= REPAIRS_MAX:
        raise Refused(RefusalCode.FIELD_INVALID, f"一次须选1至{REPAIRS_MAX}笔差错")
    chosen = checked(tx, wanted)
    kinds = {one.break_id: kind_for(one, wanted[one.break_id]) for one in chosen}
    proposal = second_person.propose(
        tx,
        ProposalKind.REPAIR,
        subject=_subject(kinds),
        content={"repairs": [[id_, kind.value] for id_, kind in sorted(kinds.items())]},
        reason=reason,
        by=by,
        now=now,
        value_fen=sum(one.at_risk_fen for one in chosen),
    )
    # The proposal first, then its breaks, as an approval takes them: so nobody deadlocks. What was
    # free before the locks may be in hand by now.
    break_queue.lock(tx, sorted(kinds))
    checked(tx, kinds)
    _link(tx, proposal, kinds, reasons or dict.fromkeys(kinds, reason), by, now)
    return proposal


def checked(tx: Connection, wanted: Wanted) -> list[QueuedBreak]:
    """The breaks, all of them in the queue, free of a live repair, and fit for what is wanted.

    Refused: UNKNOWN_BREAK, BREAK_RESOLVED, OUT_OF_STEP, REPAIR_NOT_FITTING.
    """
    known = break_queue.resolved(tx, list(wanted))
    queued = break_queue.of_ids(tx, list(wanted))
    for code, ids in (
        (RefusalCode.UNKNOWN_BREAK, [id_ for id_ in wanted if id_ not in known]),
        (RefusalCode.BREAK_RESOLVED, [id_ for id_ in wanted if known.get(id_)]),
        (RefusalCode.OUT_OF_STEP, [id_ for id_ in wanted if not _is_free(queued.get(id_))]),
    ):
        if ids:
            raise Refused(code, f"差错{named(sorted(ids))}")
    for id_, kind in wanted.items():
        kind_for(queued[id_], kind)
    return [queued[id_] for id_ in sorted(wanted)]


def chosen_by(tx: Connection, query: BreakQuery, kind: RepairKind | None) -> list[QueuedBreak]:
    """The breaks of a query that are free for a repair, and that this one fits.

    Refused: FIELD_INVALID for more than REPAIRS_MAX.
    """
    found = break_queue.queued(tx, query, after=0, count=REPAIRS_MAX + 1)
    if len(found) > REPAIRS_MAX:
        raise Refused(RefusalCode.FIELD_INVALID, f"查询结果超过{REPAIRS_MAX}笔，请缩小范围")
    free = [one for one in found if not one.is_engaged]
    return [one for one in free if kind is None or kind in one.fitting]


def propose_undo(
    tx: Connection, repair_id: UUID, *, reason: str, by: Principal, now: datetime
) -> Proposal:
    """Put taking a repair back before a second person.

    Refused: UNKNOWN_BREAK when there is no such repair, and what `check_can_be_undone` refuses.
    """
    proposal = second_person.propose(
        tx,
        ProposalKind.UNDO_REPAIR,
        subject=f"撤销差错处理 {repair_id}",
        content={"repair_id": str(repair_id)},
        reason=reason,
        by=by,
        now=now,
    )
    # After the proposal, as an approval takes them: so nobody deadlocks.
    repair = repairs.lock(tx, [repair_id]).get(repair_id)
    if repair is None:
        raise Refused(RefusalCode.UNKNOWN_BREAK, f"处理{repair_id}")
    check_can_be_undone(repair, repairs.orders_of(tx, [repair_id]))
    step = StepTaken(
        repair.break_id, now, by.subject, BreakStep.UNDO_PROPOSED, reason,
        proposal.proposal_id, repair_id,
    )  # fmt: skip
    break_queue.add_steps(tx, [step] if proposal.proposed_at == now else [])
    return proposal


def kind_for(one: QueuedBreak, wanted: RepairKind | None) -> RepairKind:
    """The repair of this break. Refused: REPAIR_NOT_FITTING."""
    kind = wanted or one.proposed
    if kind not in one.fitting:
        allowed = "、".join(KIND_ZH[each] for each in one.fitting)
        detail = f"差错{one.break_id}不能{KIND_ZH[kind]}，可选：{allowed}"
        raise Refused(RefusalCode.REPAIR_NOT_FITTING, detail)
    return kind


def named(break_ids: list[int]) -> str:
    more = "等" if len(break_ids) > NAMED_MAX else ""
    return "、".join(map(str, break_ids[:NAMED_MAX])) + more


def _is_free(one: QueuedBreak | None) -> bool:
    """In the queue, and without a repair on its way. A proposal of it is looked at elsewhere."""
    return one is not None and (one.proposal_id is not None or not one.is_engaged)


def _link(  # noqa: PLR0917 - private, and each argument is the caller's own
    tx: Connection,
    proposal: Proposal,
    kinds: Mapping[int, RepairKind],
    reasons: Mapping[int, str],
    by: Principal,
    now: datetime,
) -> None:
    taken = repairs.proposed_elsewhere(tx, list(kinds), proposal.proposal_id)
    if taken:
        raise Refused(RefusalCode.OUT_OF_STEP, f"差错{named(taken)}已有待复核的处理")
    new = repairs.link(tx, proposal.proposal_id, kinds.items())
    steps = [
        StepTaken(
            id_, now, by.subject, BreakStep.PROPOSED,
            f"{KIND_ZH[kinds[id_]]}：{reasons[id_]}", proposal.proposal_id,
        )
        for id_ in sorted(new)
    ]  # fmt: skip
    break_queue.add_steps(tx, steps)


def _subject(kinds: Mapping[int, RepairKind]) -> str:
    """The same choice is the same subject."""
    if len(kinds) == 1:
        return f"对账差错 {next(iter(kinds))}"
    said = ",".join(f"{id_}:{kind.value}" for id_, kind in sorted(kinds.items()))
    return f"对账差错 {len(kinds)}笔 {hashlib.sha256(said.encode()).hexdigest()[:16]}"

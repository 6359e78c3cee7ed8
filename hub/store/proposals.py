"""Proposals as they are stored: added once, decided once."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from contracts.delivery import bulk
from hub.domain.second_person import Proposal, ProposalKind, ProposalState

_COLUMNS = (
    "proposal_id, kind, subject, content, reason, proposed_by, proposed_at, value_fen,"
    " state, decided_by, decided_at, decided_why"
)
_ADD = f"""
    INSERT INTO proposals ({_COLUMNS}) VALUES %s
    ON CONFLICT (kind, subject) WHERE state = 'open' DO NOTHING RETURNING proposal_id
"""  # noqa: S608 - column names of ours
_FIND = f"SELECT {_COLUMNS} FROM proposals WHERE proposal_id = %s"  # noqa: S608
_LOCK = f"{_FIND} FOR UPDATE"
_OPEN_ABOUT = f"""
    SELECT {_COLUMNS} FROM proposals WHERE kind = %s AND subject = %s AND state = 'open'
"""  # noqa: S608 - column names of ours
_LIST = f"""
    SELECT {_COLUMNS} FROM proposals
    WHERE state = ANY(%s) AND kind = ANY(%s)
        AND (%s::timestamptz IS NULL OR (proposed_at, proposal_id) > (%s, %s::uuid))
    ORDER BY proposed_at, proposal_id LIMIT %s
"""  # noqa: S608 - column names of ours
_DECIDE = """
    UPDATE proposals SET state = %s, decided_by = %s, decided_at = %s, decided_why = %s
    WHERE proposal_id = %s AND state = 'open'
"""


def add(tx: Connection, proposal: Proposal) -> bool:
    """Whether it was added: not when one of this kind about this subject is open already."""
    values = (
        proposal.proposal_id,
        proposal.kind.value,
        proposal.subject,
        json.dumps(proposal.content, ensure_ascii=False),
        proposal.reason,
        proposal.proposed_by,
        proposal.proposed_at,
        proposal.value_fen,
        proposal.state.value,
        proposal.decided_by,
        proposal.decided_at,
        proposal.decided_why,
    )
    template = f"({', '.join(['%s'] * len(values))})"
    return bool(bulk.write_and_return(tx, _ADD, template, [values]))


def find(tx: Connection, proposal_id: UUID) -> Proposal | None:
    return next((_proposal(row) for row in bulk.fetch(tx, _FIND, (proposal_id,))), None)


def lock(tx: Connection, proposal_id: UUID) -> Proposal | None:
    """One proposal that nobody else decides before this transaction ends."""
    return next((_proposal(row) for row in bulk.fetch(tx, _LOCK, (proposal_id,))), None)


def open_about(tx: Connection, kind: ProposalKind, subject: str) -> Proposal | None:
    """The one that waits, if any: there is never more than one of a kind about a subject."""
    found = bulk.fetch(tx, _OPEN_ABOUT, (kind.value, subject))
    return next((_proposal(row) for row in found), None)


def listed(
    tx: Connection,
    states: Sequence[ProposalState],
    kinds: Sequence[ProposalKind],
    *,
    after: tuple[Any, UUID] | None,
    count: int,
) -> list[Proposal]:
    """The oldest first, after the (instant, id) that a page ended with."""
    instant, proposal_id = after or (None, None)
    of_states, of_kinds = [state.value for state in states], [kind.value for kind in kinds]
    values = (of_states, of_kinds, instant, instant, proposal_id, count)
    return [_proposal(row) for row in bulk.fetch(tx, _LIST, values)]


def decide(tx: Connection, decided: Proposal) -> None:
    """Write how a locked proposal ended."""
    values = (decided.state.value, decided.decided_by, decided.decided_at, decided.decided_why)
    written = bulk.run(tx, _DECIDE, (*values, decided.proposal_id))
    assert written == 1, decided.proposal_id


def _proposal(row: tuple[Any, ...]) -> Proposal:
    return Proposal(
        proposal_id=row[0],
        kind=ProposalKind(row[1]),
        subject=row[2],
        content=row[3],
        reason=row[4],
        proposed_by=row[5],
        proposed_at=row[6],
        value_fen=row[7],
        state=ProposalState(row[8]),
        decided_by=row[9],
        decided_at=row[10],
        decided_why=row[11],
    )

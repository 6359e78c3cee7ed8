"""Proofs: hash the rows of closed days, and seal every version of a run that is issued."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Connection

from contracts.message import Outgoing
from contracts.messages.clearing import ClearingLine
from hub.domain.clearing import ClearingRun, payable_by_pair
from hub.domain.proof import BucketRoot, Seal, bucket_roots, proved
from hub.store import clearing, lines, proofs

log = logging.getLogger(__name__)


def root_due(tx: Connection, now: datetime) -> Sequence[Outgoing]:
    """Hash the rows of the oldest closed day that has no roots yet. Says nothing to anybody."""
    for business_date in proofs.days_not_rooted(tx, 1):
        roots = bucket_roots(proofs.rows_of_day(tx, business_date))
        proofs.add_roots(tx, business_date, roots, now)
        log.info("rooted %s: %d buckets", business_date, len(roots))
    return ()


def seal_due(tx: Connection, now: datetime) -> Sequence[Outgoing]:
    """Seal what was issued before versions were sealed as they are issued. Says nothing."""
    for run_id in proofs.runs_not_sealed(tx):
        seal(tx, run_id, now)
    return ()


def seal(tx: Connection, run_id: UUID, now: datetime) -> Seal:
    """The seal of a run's present version, which must be issued; the same one when it has it."""
    run = clearing.lock(tx, run_id)  # the run before the chain, as whoever issues it does
    assert run is not None, run_id
    position, previous = proofs.take_chain(tx)
    known = proofs.find_seal(tx, run_id, run.version)
    if known is not None:
        return known
    for business_date in proofs.days_missing(tx, run_id):
        roots = bucket_roots(proofs.rows_of_day(tx, business_date))
        proofs.add_roots(tx, business_date, roots, now)
    found = lines.of_run(tx, run_id, run.version)
    made = seal_of(run, found, proofs.roots_of_run(tx, run_id), position + 1, previous)
    proofs.add_seal(tx, made, statements=statements_of(found), details=len(payable_by_pair(found)))
    return made


def seal_of(
    run: ClearingRun,
    found: Sequence[ClearingLine],
    roots: Sequence[BucketRoot],
    position: int,
    previous: str,
) -> Seal:
    """What seals these lines as this version of a run, at this place of the chain."""
    assert run.issued_at is not None, run.run_id
    merkle_root, _ = proved(found, roots)
    return Seal(
        position=position,
        run_id=run.run_id,
        version=run.version,
        cycle=run.cycle,
        first_day=run.first_day,
        last_day=run.last_day,
        issued_at=run.issued_at.astimezone(UTC),
        lines=len(found),
        merkle_root=merkle_root,
        previous=previous,
    )


def statements_of(found: Sequence[ClearingLine]) -> int:
    """How many statements these lines have: one for each area in each of its roles."""
    return len({line.insured_area for line in found}) + len({line.treatment_area for line in found})


def chain(tx: Connection) -> list[tuple[Seal, str]]:
    """All seals in their order, each with its SHA-256."""
    return proofs.chain(tx)

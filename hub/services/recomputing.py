"""The independent checker: rebuild a run from the log of settlements, and get the same bytes.

It reads the settlements and adjustments themselves, never daily totals or stored lines, and holds
what comes out against everything that was stored: lines, roots, seal, chain and papers.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from contracts.messages.clearing import ClearingLine
from contracts.refusal import RefusalCode, Refused
from hub.domain.clearing import ClearingRun
from hub.domain.papers import Audience, Paper, PaperKind
from hub.domain.proof import (
    NO_SEAL,
    BucketRoot,
    Row,
    Seal,
    bucket_roots,
    key_of,
    lines_from,
    proved,
)
from hub.papers import bundle
from hub.papers.statements import Issue
from hub.services import papers, proofs
from hub.store import clearing, lines
from hub.store import papers as papers_store
from hub.store import proofs as store

PAPERS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Recomputed:
    """What was rebuilt, and every difference found; none when all bytes are the same."""

    run_id: UUID
    cycle: str
    version: int
    rows: int
    lines: int
    papers: int
    differences: tuple[str, ...]


def recompute(tx: Connection, run_id: UUID) -> Recomputed:
    """Check a sealed run in its present version. Refused: UNKNOWN_RUN, PAPER_NOT_READY."""
    run, sealed = _found(tx, run_id)
    # Read three times rather than held once: a month of the country has 25 million rows.
    roots = bucket_roots(store.rows_of_run(tx, run_id))
    rebuilt = lines_from(store.rows_of_run(tx, run_id), run.first_day, run.last_day)
    seal = proofs.seal_of(run, rebuilt, roots, sealed.position, sealed.previous)
    issue = Issue(run, seal, proved(rebuilt, roots)[1])
    kept = papers_store.listed(tx, issue=run_id, version=run.version, count_max=PAPERS_MAX)
    differences = [
        *_lines_differ(rebuilt, lines.of_run(tx, run_id, run.version)),
        *_roots_differ(roots, store.roots_of_run(tx, run_id)),
        *([] if seal == sealed else ["封印与重算结果不同"]),
        *_chain_breaks(store.chain(tx)),
        *_papers_differ(tx, issue, store.rows_of_run(tx, run_id), kept),
    ]
    counts = (sum(root.count for root in roots), len(rebuilt), len(kept))
    return Recomputed(run_id, run.cycle, run.version, *counts, tuple(differences))


def _found(tx: Connection, run_id: UUID) -> tuple[ClearingRun, Seal]:
    run = clearing.find_run(tx, run_id)
    if run is None:
        raise Refused(RefusalCode.UNKNOWN_RUN)
    sealed = store.find_seal(tx, run_id, run.version)
    if sealed is None:
        raise Refused(RefusalCode.PAPER_NOT_READY)
    return run, sealed


def _lines_differ(rebuilt: Sequence[ClearingLine], stored: Sequence[ClearingLine]) -> Iterator[str]:
    ours, theirs = ({key_of(line): line for line in each} for each in (rebuilt, stored))
    for key in sorted(ours.keys() | theirs.keys()):
        if ours.get(key) != theirs.get(key):
            yield f"清算明细不同：{' '.join(key)}"


def _roots_differ(rebuilt: Sequence[BucketRoot], stored: Sequence[BucketRoot]) -> Iterator[str]:
    for bucket in sorted(set(rebuilt) ^ set(stored), key=lambda one: one.business_date):
        yield f"结算日根不同：{bucket.business_date.isoformat()} {' '.join(bucket.line_key)}"


def _chain_breaks(chain: Sequence[tuple[Seal, str]]) -> Iterator[str]:
    """Every seal is what its hash says, and names the one before it, without a gap."""
    before, position = NO_SEAL, 0
    for seal, sha256 in chain:
        if seal.sha256() != sha256 or (seal.previous, seal.position) != (before, position + 1):
            yield f"封印链在第 {seal.position} 个处断开"
        before, position = sha256, seal.position


def _papers_differ(
    tx: Connection, issue: Issue, rows: Iterable[Row], kept: Sequence[Paper]
) -> Iterator[str]:
    made = {(kind, audience): make for kind, audience, make in papers.sheets(tx, issue)}
    wanted = [paper.audience for paper in kept if paper.kind is PaperKind.DETAIL]
    stored: dict[tuple[PaperKind, Audience], Paper] = {(p.kind, p.audience): p for p in kept}
    for key, make in made.items():
        if key in stored and not _is_same(tx, stored[key], make()):
            yield f"单据与重算结果不同：{stored[key].name}"
    for audience, contents in papers.details(issue, wanted, rows):
        paper = stored[PaperKind.DETAIL, audience]
        if not _is_same(tx, paper, contents):
            yield f"单据与重算结果不同：{paper.name}"


def _is_same(tx: Connection, paper: Paper, contents: bundle.Contents) -> bool:
    """Byte by byte; the signature itself is proved by the offline verifier."""
    stored = papers_store.content_of(tx, paper.paper_id)
    return bundle.signed_part(stored) == bundle.body_of(contents, paper.public_key)


def of_cycle(tx: Connection, cycle: str) -> Recomputed:
    """As `recompute`, by the cycle. Refused: UNKNOWN_RUN, PAPER_NOT_READY."""
    run = clearing.find(tx, cycle)
    if run is None:
        raise Refused(RefusalCode.UNKNOWN_RUN, cycle)
    return recompute(tx, run.run_id)


def told(found: Recomputed) -> str:
    """The result for an operator, in Chinese."""
    head = f"清算期 {found.cycle}　批次 {found.run_id}　版次 {found.version}"
    counts = f"结算记录 {found.rows} 行　清算明细 {found.lines} 行　单据 {found.papers} 份"
    result = "重算结果逐字节相同。" if not found.differences else "重算结果不同："
    return "\n".join([head, counts, result, *found.differences])

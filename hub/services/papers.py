"""Papers: make what is due, list and hand out what an area may see."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import groupby
from pathlib import Path
from uuid import UUID

from sqlalchemy import Connection

from contracts.codes import AreaCode, Role
from contracts.message import Outgoing
from contracts.refusal import RefusalCode, Refused
from hub.domain.clearing import ClearingRun, area_in
from hub.domain.papers import EVERYBODY, Audience, Paper, PaperKind, paper_id, seen_as
from hub.domain.proof import Row, Seal, proved
from hub.papers import bundle, statements
from hub.papers.bundle import Contents
from hub.papers.seal_key import SealKey
from hub.papers.statements import Issue
from hub.store import clearing, lines, payments, proofs
from hub.store import papers as store

Making = tuple[PaperKind, Audience, Contents]
ROUNDS_MAX = 10_000


def make_due(tx: Connection, _now: datetime, *, key: SealKey) -> Sequence[Outgoing]:
    """Make some of what the oldest run still wants. Says nothing to anybody."""
    run_id = proofs.run_wanting_papers(tx)
    if run_id is not None:
        make_some(tx, run_id, key)
    return ()


def make_all(tx: Connection, run_id: UUID, key: SealKey) -> int:
    """Make every paper that a sealed run still wants; how many."""
    total = 0
    for _ in range(ROUNDS_MAX):
        made = make_some(tx, run_id, key)
        total += made
        if not made:
            break
    return total


def make_some(tx: Connection, run_id: UUID, key: SealKey) -> int:
    """First all tables and notices, then the details of one payer at a time; how many papers.

    None when the run has another version by the time they are made: then they mix the two.
    """
    run, seal = _sealed(tx, run_id)
    made = store.made(tx, run_id, run.version)
    with tx.begin_nested() as attempt:
        issue = issue_of(tx, run, seal)
        count = sum(_keep(tx, seal, *making, key) for making in _wanted(tx, issue, made))
        if clearing.version_held(tx, run_id) != run.version:
            attempt.rollback()
            return 0
    return count


def issue_of(tx: Connection, run: ClearingRun, seal: Seal) -> Issue:
    """A run's present version as its papers tell it."""
    found = lines.of_run(tx, run.run_id, run.version)
    _, proved_lines = proved(found, proofs.roots_of_run(tx, run.run_id))
    return Issue(run, seal, proved_lines)


def sheets(tx: Connection, issue: Issue) -> Iterator[tuple[PaperKind, Audience, "Make"]]:
    """All papers of a version but the details; each is made when it is called for."""
    yield PaperKind.NATIONAL, EVERYBODY, partial(statements.national, issue)
    for role, area in parties(issue):
        audience = seen_as(role, area)
        yield PaperKind.STATEMENT, audience, partial(statements.statement, issue, role, area)
    if issue.run.confirmed_at is not None:
        owed = payments.of_run(tx, issue.run.run_id)
        plain = [one for one in owed if one.version == issue.run.version]
        for role, area in parties(issue):
            make = partial(statements.notice, issue, role, area, plain)
            yield PaperKind.NOTICE, seen_as(role, area), make


def parties(issue: Issue) -> list[tuple[Role, AreaCode]]:
    """Who has lines in this version, in which role."""
    found = {(role, area_in(proof.line, role)) for proof in issue.lines for role in Role}
    return sorted(found)


def pairs(issue: Issue) -> list[Audience]:
    found = {(area_in(p.line, Role.INSURED), area_in(p.line, Role.TREATMENT)) for p in issue.lines}
    return [Audience(*pair) for pair in sorted(found)]


def details(
    issue: Issue, wanted: Iterable[Audience], rows: Iterable[Row]
) -> Iterator[tuple[Audience, Contents]]:
    """The details of these pairs from rows that come pair by pair; a pair may have none."""
    left = dict.fromkeys(wanted)
    for audience, each in groupby(rows, lambda row: Audience(row.insured_area, row.treatment_area)):
        if audience in left:
            del left[audience]
            yield audience, statements.detail(issue, audience, list(each))
    for audience in left:
        yield audience, statements.detail(issue, audience, ())


def listed(
    tx: Connection,
    *,
    cycle: str | None,
    kind: PaperKind | None,
    seen_by: Audience | None,
    count_max: int,
) -> list[Paper]:
    """Papers that these eyes may see, newest first. Refused: UNKNOWN_RUN."""
    run = None if cycle is None else clearing.find(tx, cycle)
    if cycle is not None and run is None:
        raise Refused(RefusalCode.UNKNOWN_RUN, cycle)
    issue = None if run is None else run.run_id
    return store.listed(tx, issue=issue, kind=kind, seen_by=seen_by, count_max=count_max)


def find(tx: Connection, wanted: UUID) -> Paper:
    """Refused: PAPER_NOT_READY."""
    found = store.find(tx, wanted)
    if found is None:
        raise Refused(RefusalCode.PAPER_NOT_READY)
    return found


def content_of(tx: Connection, paper: Paper) -> bytes:
    """The sealed bundle."""
    return store.content_of(tx, paper.paper_id)


def file_of(tx: Connection, paper: Paper, name: str) -> bytes:
    """One file of a bundle. Refused: PAPER_NOT_READY when it has none of this name."""
    found = bundle.files_in(content_of(tx, paper)).get(name)
    if found is None:
        raise Refused(RefusalCode.PAPER_NOT_READY, name[:50])
    return found


def names_in(tx: Connection, paper: Paper) -> list[str]:
    """The files of a bundle, the manifest first."""
    return list(bundle.files_in(content_of(tx, paper)))


def of_run(tx: Connection, run_id: UUID) -> Iterator[tuple[Paper, bytes]]:
    """Every paper of a run's present version with its bundle, to be laid into a folder."""
    run, _ = _sealed(tx, run_id)
    for paper in store.listed(tx, issue=run_id, version=run.version, count_max=ROUNDS_MAX):
        yield paper, store.content_of(tx, paper.paper_id)


def lay_into(tx: Connection, cycle: str, folder: Path) -> int:
    """Write every paper of a cycle's run into a folder; how many. Refused: as `of_run`."""
    run = clearing.find(tx, cycle)
    if run is None:
        raise Refused(RefusalCode.UNKNOWN_RUN, cycle)
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for paper, content in of_run(tx, run.run_id):
        folder.joinpath(paper.name).write_bytes(content)
        count += 1
    return count


def keep(tx: Connection, paper: Paper, run_id: UUID | None, content: bytes) -> int:
    """Keep a paper as it was made; how many came anew (0 or 1)."""
    return int(store.add(tx, paper, run_id, content))


def file_name(kind: PaperKind, issue: str, version: int, audience: Audience) -> str:
    """As it is laid into a folder: '2026-03-v1-statement-430000-.zip'."""
    return f"{issue}-v{version}-{kind.value}-{audience.code}.zip"


Make = partial[Contents]


def _wanted(tx: Connection, issue: Issue, made: set[UUID]) -> Iterator[Making]:
    run = issue.run
    missing = partial(_is_missing, made, run)
    found = [one for one in sheets(tx, issue) if missing(one[0], one[1])]
    if found:
        yield from ((kind, audience, make()) for kind, audience, make in found)
        return
    left = [audience for audience in pairs(issue) if missing(PaperKind.DETAIL, audience)]
    payer = left[0].insured_area if left else None
    if payer is not None:
        mine = [audience for audience in left if audience.insured_area == payer]
        rows = proofs.rows_of_run(tx, run.run_id, payer)
        yield from ((PaperKind.DETAIL, *one) for one in details(issue, mine, rows))


def _is_missing(made: set[UUID], run: ClearingRun, kind: PaperKind, audience: Audience) -> bool:
    return paper_id(kind, run.run_id, run.version, audience) not in made


def _keep(  # noqa: PLR0917 - what it is, of what, for whom, and by which key
    tx: Connection,
    seal: Seal,
    kind: PaperKind,
    audience: Audience,
    contents: Contents,
    key: SealKey,
) -> int:
    content = bundle.sealed(contents, key)
    paper = Paper(
        paper_id=paper_id(kind, seal.run_id, seal.version, audience),
        kind=kind,
        issue=seal.run_id,
        version=seal.version,
        audience=audience,
        name=file_name(kind, seal.cycle, seal.version, audience),
        title_zh=statements.title_of(kind, audience),
        made_at=contents.made_at,
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        public_key=bundle.public_key_of(content),
    )
    return keep(tx, paper, seal.run_id, content)


def _sealed(tx: Connection, run_id: UUID) -> tuple[ClearingRun, Seal]:
    """A run and the seal of its present version. Refused: UNKNOWN_RUN, PAPER_NOT_READY."""
    run = clearing.find_run(tx, run_id)
    if run is None:
        raise Refused(RefusalCode.UNKNOWN_RUN)
    seal = proofs.find_seal(tx, run_id, run.version)
    if seal is None:
        raise Refused(RefusalCode.PAPER_NOT_READY)
    return run, seal

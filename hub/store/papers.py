"""Sealed papers as they were made: their list, their bytes, and which are still to be made."""

import hashlib
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from contracts.codes import AreaCode
from contracts.delivery import bulk
from hub.domain.papers import Audience, Paper, PaperKind

_PAPER = """paper_id, kind, issue, version, insured_area, treatment_area, name, title_zh, made_at,
    sha256, size_bytes, public_key"""
_ADD = f"""
    INSERT INTO clearing_papers ({_PAPER}, run_id, content)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (paper_id) DO NOTHING
"""  # noqa: S608 - column names of ours
_ORDER = "ORDER BY made_at DESC, kind, insured_area NULLS FIRST, treatment_area NULLS FIRST"
_LIST = f"""
    SELECT {_PAPER} FROM clearing_papers
    WHERE (%(issue)s::uuid IS NULL OR issue = %(issue)s)
        AND (%(version)s::int IS NULL OR version = %(version)s)
        AND (%(kind)s::text IS NULL OR kind = %(kind)s)
        AND (%(all)s OR insured_area = %(insured)s OR treatment_area = %(treatment)s)
    {_ORDER} LIMIT %(count_max)s
"""  # noqa: S608 - column names of ours
_FIND = f"SELECT {_PAPER} FROM clearing_papers WHERE paper_id = %s"  # noqa: S608
_CONTENT = "SELECT content FROM clearing_papers WHERE paper_id = %s"
_ADVANCES = """
    SELECT issue_id FROM advance_changes
    WHERE issue_id IS NOT NULL AND kind <> 'opening' AND issue_id NOT IN
        (SELECT issue FROM clearing_papers WHERE kind = 'advance')
    GROUP BY issue_id ORDER BY min(issued_on), issue_id LIMIT %s
"""
_MADE = "SELECT paper_id FROM clearing_papers WHERE issue = %s AND version = %s"


def add(tx: Connection, paper: Paper, run_id: UUID | None, content: bytes) -> bool:
    """Keep a paper; False when it was there before, and stays as it was."""
    assert hashlib.sha256(content).hexdigest() == paper.sha256, paper.name
    whom = (paper.audience.insured_area, paper.audience.treatment_area)
    about = (paper.paper_id, paper.kind.value, paper.issue, paper.version, *whom)
    proof = (paper.made_at, paper.sha256, paper.size_bytes, paper.public_key)
    return bulk.run(tx, _ADD, (*about, paper.name, paper.title_zh, *proof, run_id, content)) == 1


def made(tx: Connection, issue: UUID, version: int) -> set[UUID]:
    """The papers of a version that exist."""
    return {row[0] for row in bulk.fetch(tx, _MADE, (issue, version))}


def listed(
    tx: Connection,
    *,
    issue: UUID | None = None,
    version: int | None = None,
    kind: PaperKind | None = None,
    seen_by: Audience | None = None,
    count_max: int,
) -> list[Paper]:
    """Papers, newest first. `seen_by`: only those of this area in these roles; None: all."""
    whom = seen_by or Audience()
    wanted = {
        "issue": issue,
        "version": version,
        "kind": kind and kind.value,
        "all": seen_by is None,
        "insured": whom.insured_area,
        "treatment": whom.treatment_area,
        "count_max": count_max,
    }
    return [_paper(row) for row in bulk.fetch(tx, _LIST, wanted)]


def advance_issues_without_papers(tx: Connection, count_max: int) -> list[UUID]:
    """Decisions that issued notices of the advance fund, the oldest first."""
    return [row[0] for row in bulk.fetch(tx, _ADVANCES, (count_max,))]


def find(tx: Connection, paper_id: UUID) -> Paper | None:
    return next((_paper(row) for row in bulk.fetch(tx, _FIND, (paper_id,))), None)


def content_of(tx: Connection, paper_id: UUID) -> bytes:
    """The sealed bundle of a paper that exists."""
    return bytes(bulk.fetch(tx, _CONTENT, (paper_id,))[0][0])


def _paper(row: tuple[Any, ...]) -> Paper:
    id_, kind, issue, version, insured, treatment, *rest = row
    audience = Audience(
        AreaCode(insured) if insured else None, AreaCode(treatment) if treatment else None
    )
    return Paper(id_, PaperKind(kind), issue, version, audience, *rest)

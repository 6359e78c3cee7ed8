"""Papers of clearing: every area fetches its own, sealed, and reads what operators read of it."""

from datetime import date, datetime
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel

from contracts.access import Principal
from contracts.codes import Role
from contracts.refusal import RefusalCode, Refused
from hub.api.deps import Reading, who_may
from hub.api.who_may import SEES, concerns, sees_all
from hub.domain.papers import Audience, Paper, PaperKind
from hub.services import papers, proofs

router = APIRouter(prefix="/papers", tags=["清算单据 papers"])

ZIP = "application/zip"
MEDIA_TYPES = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
}


class PaperView(BaseModel):
    """A sealed bundle; None in both areas: the national table. `issue`: the run's id."""

    paper_id: UUID
    kind: PaperKind
    title_zh: str
    name: str
    issue: UUID
    version: int
    insured_area: str | None
    treatment_area: str | None
    made_at: datetime
    sha256: str
    size_bytes: int
    public_key: str


class SealView(BaseModel):
    """One link of the chain: `previous` is the SHA-256 of the seal before it."""

    position: int
    run_id: UUID
    version: int
    cycle: str
    first_day: date
    last_day: date
    issued_at: datetime
    lines: int
    merkle_root: str
    previous: str
    sha256: str


@router.get("", name="list_papers", summary="清算单据目录")
def listed(
    principal: Annotated[Principal, Depends(who_may("list_papers"))],
    tx: Reading,
    cycle: Annotated[str | None, Query(max_length=20)] = None,
    kind: PaperKind | None = None,
    count_max: Annotated[int, Query(ge=1, le=5_000)] = 1_000,
) -> list[PaperView]:
    """Newest first. The hub's people see all; an area what concerns it in its role.

    Refused: UNKNOWN_RUN for a cycle that was never run.
    """
    found = papers.listed(tx, cycle=cycle, kind=kind, seen_by=_eyes(principal), count_max=count_max)
    return [_view(paper) for paper in found]


@router.get("/seals", name="list_seals", summary="清算封印链")
def seals(_: Annotated[Principal, Depends(who_may("list_seals"))], tx: Reading) -> list[SealView]:
    """Every seal in its order: whoever holds one paper can hold it against this chain."""
    return [SealView(**seal.record(), sha256=sha256) for seal, sha256 in proofs.chain(tx)]


@router.get("/{paper_id}", name="download_paper", summary="下载清算单据")
def download(
    principal: Annotated[Principal, Depends(who_may("download_paper"))],
    paper_id: UUID,
    tx: Reading,
) -> Response:
    """The sealed ZIP, for `yidi verify-statement`. Refused: PAPER_NOT_READY, NOT_ALLOWED."""
    paper = _mine(principal, papers.find(tx, paper_id))
    return _attached(papers.content_of(tx, paper), ZIP, paper.name)


@router.get("/{paper_id}/files/{name}", name="download_paper_file", summary="下载单据中的文件")
def download_file(
    principal: Annotated[Principal, Depends(who_may("download_paper_file"))],
    paper_id: UUID,
    name: str,
    tx: Reading,
) -> Response:
    """One file of the bundle, as it is in there. Refused: PAPER_NOT_READY, NOT_ALLOWED."""
    paper = _mine(principal, papers.find(tx, paper_id))
    content = papers.file_of(tx, paper, name)
    return _attached(content, MEDIA_TYPES[name.rpartition(".")[2]], name)


@router.get("/{paper_id}/files", name="list_paper_files", summary="单据中的文件")
def files(
    principal: Annotated[Principal, Depends(who_may("list_paper_files"))],
    paper_id: UUID,
    tx: Reading,
) -> list[str]:
    """Their names. Refused: PAPER_NOT_READY, NOT_ALLOWED."""
    return papers.names_in(tx, _mine(principal, papers.find(tx, paper_id)))


def _eyes(principal: Principal) -> Audience | None:
    if sees_all(principal):
        return None
    roles = SEES[principal.role]
    return Audience(
        principal.area if Role.INSURED in roles else None,
        principal.area if Role.TREATMENT in roles else None,
    )


def _mine(principal: Principal, paper: Paper) -> Paper:
    """Refused: NOT_ALLOWED when the paper concerns others."""
    if not any(concerns(principal, role, paper.audience.area_in(role)) for role in Role):
        raise Refused(RefusalCode.NOT_ALLOWED)
    return paper


def _attached(content: bytes, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    return Response(content, media_type=media_type, headers=headers)


def _view(paper: Paper) -> PaperView:
    return PaperView(
        paper_id=paper.paper_id,
        kind=paper.kind,
        title_zh=paper.title_zh,
        name=paper.name,
        issue=paper.issue,
        version=paper.version,
        insured_area=paper.audience.insured_area,
        treatment_area=paper.audience.treatment_area,
        made_at=paper.made_at,
        sha256=paper.sha256,
        size_bytes=paper.size_bytes,
        public_key=paper.public_key,
    )

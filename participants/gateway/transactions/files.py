"""9101 文件上传 and 9102 文件下载: files that go between an institution and us."""

from collections.abc import Mapping, Sequence

from contracts.refusal import RefusalCode, Refused
from participants.gateway.serving.batching import batched
from participants.gateway.serving.requests import Request, Step, Work
from participants.gateway.telling.settlement_block import moment
from participants.gateway.wire.envelope import Reply, refusal
from participants.treatment.domain.catalogue_publication import published_as
from participants.treatment.domain.results import Refusal
from participants.treatment.domain.stored_file import StoredFile
from participants.treatment.services import files
from participants.treatment.services.files import Upload

EVERYBODYS = "plc"
"""What an institution may write for its own code when it fetches a file."""


def upload(work: Work, requests: Sequence[Request]) -> list[Step]:
    """9101: keep a file, and say by which number it is known."""

    def run(wishes: list[Upload]) -> list[StoredFile | Refusal]:
        return files.upload(work.writing.tx, wishes, work.now, work.door.keeping)

    return batched(requests, _wish, run, _kept)


def download(work: Work, requests: Sequence[Request]) -> list[Step]:
    """9102: the bytes of a file of the catalogue, or of one of the institution's own."""
    wanted = [request.row.text("file_qury_no") for request in requests]
    found = files.of(work.writing.tx, wanted, work.now)
    return [_fetched(work, request, found) for request in requests]


def _wish(request: Request) -> Upload:
    row, institution = request.row, request.envelope.institution_code
    if row.text("fixmedins_code") != institution:
        raise Refused(RefusalCode.NOT_ALLOWED, "医药机构编号(fixmedins_code)与报文不一致")
    return Upload(institution, row.text("filename"), row.file("in"))


def _kept(_request: Request, _wish: Upload, kept: StoredFile) -> Step:
    return Reply(
        output={
            "file_qury_no": kept.file_no,
            "filename": kept.filename,
            "fixmedins_code": kept.institution,
            "dld_endtime": moment(kept.expires_at),
        }
    )


def _fetched(work: Work, request: Request, found: Mapping[str, StoredFile]) -> Reply:
    row, institution = request.row, request.envelope.institution_code
    if row.text("fixmedins_code") not in {EVERYBODYS, institution}:
        return refusal(RefusalCode.NOT_ALLOWED, "医药机构编号(fixmedins_code)与报文不一致")
    file_no = row.text("file_qury_no")
    published = published_as(work.door.catalogue, work.door.terms.area, file_no)
    if published is not None:
        return Reply(file=published.content())
    kept = found.get(file_no)
    if kept is None or kept.institution != institution:
        # Another's file is told apart from none by nobody.
        return refusal(RefusalCode.FILE_UNKNOWN, f"文件查询号(file_qury_no){file_no}")
    return Reply(file=kept.content)

"""What hospitals call the items of the catalogue: 3301 上传, 3302 撤销, 1317 查询."""

from collections.abc import Sequence
from typing import Any

from contracts.codes import area_of
from contracts.refusal import RefusalCode, Refused
from participants.gateway.serving.batching import batched
from participants.gateway.serving.requests import Request, Step, Work
from participants.gateway.telling.catalogue_rows import as_the_table_has_it
from participants.gateway.telling.paging import page_asked, paged
from participants.gateway.telling.settlement_block import moment
from participants.gateway.wire.envelope import Reply
from participants.treatment.domain.item_mapping import (
    ItemMapping,
    MappingQuery,
    MappingWish,
    MappingWithdrawal,
)
from participants.treatment.domain.results import Done, Refusal
from participants.treatment.services import item_mappings

DETAILS = ("aprvno", "dosform", "exct_cont", "item_cont", "prcunt", "spec", "pacspec", "memo")


def upload(work: Work, requests: Sequence[Request]) -> list[Step]:
    """3301: an item of the hospital's stands for a national code from now on."""

    def run(wishes: list[MappingWish]) -> list[Done | Refusal]:
        return item_mappings.upload(work.writing.tx, wishes, work.now, work.door.catalogue)

    return batched(requests, _wish, run, _done)


def withdraw(work: Work, requests: Sequence[Request]) -> list[Step]:
    """3302: it does so no longer."""

    def run(wishes: list[MappingWithdrawal]) -> list[Done | Refusal]:
        return item_mappings.withdraw(work.writing.tx, wishes, work.now)

    return batched(requests, _withdrawal, run, _done)


def query(work: Work, requests: Sequence[Request]) -> list[Step]:
    """1317: the hospital's own mappings, page by page."""
    steps: list[Step] = []
    for request in requests:
        try:
            steps.append(_page(work, request))
        except Refused as no:
            steps.append(Reply(code=no.code, detail=no.detail))
    return steps


def _wish(request: Request) -> MappingWish:
    row = request.row
    valid_from, valid_to = row.day("begndate"), row.day("enddate")
    assert valid_from is not None, "begndate is required"
    assert valid_to is not None, "enddate is required"
    return MappingWish(
        institution=request.envelope.institution_code,
        item_code=row.text("fixmedins_hilist_id"),
        item_name=row.text("fixmedins_hilist_name"),
        list_type=row.text("list_type"),
        national_code=row.text("med_list_codg"),
        valid_from=valid_from,
        valid_to=valid_to,
        details={name: row.text(name) for name in DETAILS if row.text(name)},
    )


def _withdrawal(request: Request) -> MappingWithdrawal:
    row = request.row
    _assert_own(request)
    return MappingWithdrawal(
        institution=request.envelope.institution_code,
        item_code=row.text("fixmedins_hilist_id"),
        list_type=row.text("list_type"),
        national_code=row.text("med_list_codg"),
    )


def _done(_request: Request, _wish: MappingWish | MappingWithdrawal, _result: Done) -> Step:
    return Reply(output={})


def _page(work: Work, request: Request) -> Reply:
    row, area, page = request.row, work.door.terms.area, page_asked(request.row)
    if row.text("fixmedins_code"):
        _assert_own(request)
    if row.text("insu_admdvs") and area_of(row.text("insu_admdvs")) != area:
        return Reply(output=paged(page, 0, []))
    since = row.day("updt_time")
    assert since is not None, "updt_time is required"
    asked = MappingQuery(
        institution=request.envelope.institution_code,
        updated_since=since,
        first_row=page.first_row,
        rows_max=page.size,
        on_day=row.day("query_date"),
        from_day=row.day("begndate"),
        item_code=row.text("medins_list_codg"),
        item_name=row.text("medins_list_name"),
        list_type=row.text("list_type"),
        national_code=row.text("med_list_codg"),
        in_force=row.text("vali_flag") == "1" if row.text("vali_flag") else None,
    )
    total, found = item_mappings.page(work.writing.tx, asked)
    return Reply(output=paged(page, total, [_told(one, area) for one in found]))


def _assert_own(request: Request) -> None:
    if request.row.text("fixmedins_code") != request.envelope.institution_code:
        raise Refused(RefusalCode.NOT_ALLOWED, "定点医药机构编号(fixmedins_code)与报文不一致")


def _told(one: ItemMapping, area: str) -> dict[str, Any]:
    wish = one.wish
    facts = {
        **wish.details,
        "fixmedins_code": wish.institution,
        "medins_list_codg": wish.item_code,
        "medins_list_name": wish.item_name,
        "insu_admdvs": area,
        "poolarea_no": area,
        "list_type": wish.list_type,
        "med_list_codg": wish.national_code,
        "begndate": wish.valid_from.isoformat(),
        "enddate": wish.valid_to.isoformat(),
        "vali_flag": "1" if one.ended_at is None else "0",
        "rid": one.mapping_id.hex,
        "updt_time": moment(one.updated_at),
        "crte_time": moment(one.uploaded_at),
    }
    return as_the_table_has_it("1317", facts)

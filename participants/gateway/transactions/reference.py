"""What hospitals look up: institutions 1201, code lists 1901, the catalogue 1301 to 1319."""

from collections.abc import Callable, Sequence
from typing import Any

from contracts.clock import shanghai_date_of
from contracts.refusal import RefusalCode, Refused
from participants.gateway.serving.requests import Request, Step, Work
from participants.gateway.telling.catalogue_rows import rows_asked
from participants.gateway.telling.paging import page_asked, paged
from participants.gateway.wire import dictionaries
from participants.gateway.wire.codes import fixmedins_type_of, institution_kind_of
from participants.gateway.wire.dictionaries import Dictionary, Entry, entries_of
from participants.gateway.wire.envelope import Reply
from participants.treatment.domain.catalogue_publication import published
from participants.treatment.domain.institution import Institution
from participants.treatment.services import institutions

FOUND_MAX = 200
MADE_BY = "YIDI"
# The interface says that it is never empty, and an area's list need not have it.
NOT_REGISTERED = "未登记"


def medical_institutions(work: Work, requests: Sequence[Request]) -> list[Step]:
    """1201: designated institutions by kind, and by code or a part of the name."""
    return [_institutions(work, request) for request in requests]


def dictionary(work: Work, requests: Sequence[Request]) -> list[Step]:
    """1901: the codes of one list, with what they are called."""
    return _each(work, requests, _dictionary)


def catalogue_file(work: Work, requests: Sequence[Request]) -> list[Step]:
    """1301 and the like: which file to fetch with 9102, if the catalogue is another by now."""
    return _each(work, requests, _catalogue_file)


def catalogue_page(work: Work, requests: Sequence[Request]) -> list[Step]:
    """1304, 1312, 1316, 1318 and 1319: one page of what the conditions leave."""
    return _each(work, requests, _catalogue_page)


def _each(
    work: Work, requests: Sequence[Request], answer: Callable[[Work, Request], Reply]
) -> list[Step]:
    steps: list[Step] = []
    for request in requests:
        try:
            steps.append(answer(work, request))
        except Refused as no:
            steps.append(Reply(code=no.code, detail=no.detail))
    return steps


def _institutions(work: Work, request: Request) -> Reply:
    row = request.row
    kind = institution_kind_of(row.text("fixmedins_type"))
    code, name = row.text("fixmedins_code"), row.text("fixmedins_name")
    found = (
        institutions.find(work.writing.tx, kind, code=code, name=name, count_max=FOUND_MAX + 1)
        if kind
        else []
    )
    warning = f"结果过多，仅返回前{FOUND_MAX}家" if len(found) > FOUND_MAX else ""
    rows = [_institution_told(one) for one in found[:FOUND_MAX]]
    return Reply(output={"medinsinfo": rows}, warning=warning)


def _institution_told(one: Institution) -> dict[str, Any]:
    return {
        "fixmedins_code": one.code,
        "fixmedins_name": one.name,
        "uscc": one.credit_code or NOT_REGISTERED,
        "fixmedins_type": fixmedins_type_of(one.kind),
        "hosp_lv": one.hosp_lv,
        "exp_content": "",
    }


def _dictionary(_work: Work, request: Request) -> Reply:
    row = request.row
    found = dictionaries.told().get(row.text("type").lower())
    if found is None:
        raise Refused(RefusalCode.UNKNOWN_DICTIONARY, f"字典类型(type){row.text('type')}")
    on, is_valid = row.day("date"), row.text("Vali_Flag") == "1"
    assert on is not None, "date is required"
    entries = entries_of(found, row.text("parent_value"), row.text("admdvs"), on)
    # Nothing of a list is kept after it has gone out of use.
    rows = [_entry_told(row.text("type"), found, one) for one in entries] if is_valid else []
    return Reply(output={"list": rows})


def _entry_told(asked: str, found: Dictionary, one: Entry) -> dict[str, Any]:
    return {
        "type": asked,
        "label": one.label,
        "value": one.code,
        "parentValue": one.parent,
        "sort": one.sort,
        "valiFlag": "1",
        "createUser": MADE_BY,
        "createDate": (one.since or found.since).isoformat(),
        "version": found.version,
    }


def _catalogue_file(work: Work, request: Request) -> Reply:
    door = work.door
    file = published(door.catalogue, door.terms.area, request.transaction.infno)
    count = 0 if request.row.text("ver") == file.version else len(file.rows)
    until = shanghai_date_of(work.now + door.keeping.catalogue_for).isoformat()
    return Reply(
        output={
            "file_qury_no": file.file_no if count else "",
            "filename": file.filename if count else "",
            "dld_end_time": until if count else "",
            "data_cnt": count,
        }
    )


def _catalogue_page(work: Work, request: Request) -> Reply:
    door, infno = work.door, request.transaction.infno
    page, today = page_asked(request.row), shanghai_date_of(work.now)
    rows = rows_asked(door.catalogue, door.terms.area, infno, request.row, today)
    shown = rows[page.first_row : page.first_row + page.size]
    return Reply(output=paged(page, len(rows), shown))

"""How the hub's answers about registrations are told: 5301, 5302 and 5304.

The hub knows a registration, not a hospital's words about it: those are taken from what was filed
here, and from the registration itself where somebody else filed it.
"""

import json
from collections.abc import Mapping
from typing import Any

from contracts.chronic import disease_of
from contracts.clock import SHANGHAI, shanghai_date_of
from contracts.codes import RegistrationCategory, area_of, areas
from contracts.ids import PersonId
from contracts.messages.enquiry import OnRecord, PersonTold
from contracts.sealing import SealBroken
from participants.gateway.serving.requests import Facts, Request, Work
from participants.gateway.telling.identity import opened, person_block
from participants.gateway.wire.codes import designated_as, filed_through
from participants.gateway.wire.envelope import Reply

KEPT = {
    "2501": (
        "diag_code",
        "diag_name",
        "dise_cond_dscr",
        "reflin_medins_no",
        "reflin_medins_name",
        "refl_rea",
    ),
    "2503": ("opsp_dise_name",),
    "2505": ("fix_srt_no", "fixmedins_code", "fixmedins_name", "memo"),
}
"""What is kept of a hospital's words, by the transaction that it files with."""
CONTACT = ("tel", "addr")
OUT_OF_AREA = "1"


def feedetail(_work: Work, _request: Request, facts: Facts, told: PersonTold) -> Reply:
    """5301."""
    return Reply(output={"feedetail": [_chronic(facts, row) for row in told.on_record]})


def psnfixmedin(work: Work, request: Request, facts: Facts, told: PersonTold) -> Reply:
    """5302: of the kind that is asked for."""
    wanted = designated_as(request.row.text("biz_appy_type"))
    rows = [row for row in told.on_record if row.category in wanted]
    numbered = enumerate(rows, start=1)
    places = [_designated(work, request, facts, row, n) for n, row in numbered]
    return Reply(output={"psnfixmedin": places})


def refmedin(work: Work, request: Request, facts: Facts, told: PersonTold) -> Reply:
    """5304, with the name and number of the person's card."""
    rows = [_referral(work, request, facts, row) for row in told.on_record]
    return Reply(output={"refmedin": rows})


def _chronic(facts: Facts, row: OnRecord) -> dict[str, Any]:
    code = row.disease_code or ""
    known = disease_of(code, row.begins_on)
    name = known.name if known else code
    return {
        "opsp_dise_code": code,
        "opsp_dise_name": _said(facts, row).get("opsp_dise_name") or name,
        **_days(row),
    }


def _designated(
    work: Work, request: Request, facts: Facts, row: OnRecord, number: int
) -> dict[str, Any]:
    said = _said(facts, row)
    code, name, memo = _where(work, request, row)
    return {
        "psn_no": request.row.text("psn_no"),
        "insutype": row.insurance_kind.value,
        "fix_srt_no": said.get("fix_srt_no") or str(number),
        "fixmedins_code": said.get("fixmedins_code") or code,
        "fixmedins_name": said.get("fixmedins_name") or name,
        **_days(row),
        "memo": said.get("memo") or memo,
    }


def _where(work: Work, request: Request, row: OnRecord) -> tuple[str, str, str]:
    """A registration is for a place, where every institution will do: who asks, if it is there."""
    here, place = work.institution_of(request), row.place or ""
    memo = f"备案就医地{_place_name(place)}（{place}），当地已开通的定点医药机构均可就医"
    is_here = place == here.division or (place.endswith("0000") and place[:2] == here.division[:2])
    is_here = is_here or (place.endswith("00") and place[:4] == here.division[:4])
    return (here.code, here.name, memo) if is_here else (place, _place_name(place), memo)


def _referral(work: Work, request: Request, facts: Facts, row: OnRecord) -> dict[str, Any]:
    said = _said(facts, row)
    place = row.place or ""
    abroad = area_of(place) != area_of(row.insured_division)
    return {
        "insutype": row.insurance_kind.value,
        "dcla_souc": filed_through(row.channel),
        **_person(work, request, facts),
        **_contact(work, facts, row),
        "insu_optins": row.insured_division,
        "emp_name": "",
        "diag_code": said.get("diag_code", ""),
        "diag_name": said.get("diag_name", ""),
        "dise_cond_dscr": said.get("dise_cond_dscr", ""),
        "reflin_medins_no": said.get("reflin_medins_no", ""),
        "reflin_medins_name": said.get("reflin_medins_name") or f"{_place_name(place)}定点医疗机构",
        "out_flag": OUT_OF_AREA if abroad else "0",
        "refl_date": said.get("refl_date") or shanghai_date_of(row.submitted_at).isoformat(),
        "refl_rea": said.get("refl_rea") or _CATEGORY[row.category],
        **_days(row),
        "hosp_agre_refl_flag": "1" if row.has_letter else "0",
        "opter_id": "",
        "opter_name": "",
        "opt_time": f"{row.submitted_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}",
    }


def _person(work: Work, request: Request, facts: Facts) -> dict[str, Any]:
    person_id = PersonId(request.row.text("psn_no"))
    card = facts.cards[person_id]
    block = person_block(
        opened(card.sealed_identity, work.door.sealer),
        shanghai_date_of(work.now),
        born_on=card.born_on,
        gender=card.gender,
    )
    names = ("psn_cert_type", "certno", "psn_name", "gend", "brdy")
    return {"psn_no": person_id, **{name: block[name] for name in names}}


def _said(facts: Facts, row: OnRecord) -> Mapping[str, str]:
    papers = facts.papers.get(row.registration_id)
    return papers.said if papers else {}


def _contact(work: Work, facts: Facts, row: OnRecord) -> dict[str, str]:
    papers = facts.papers.get(row.registration_id)
    try:
        found = json.loads(work.door.sealer.open(papers.sealed_contact)) if papers else {}
    except SealBroken:
        found = {}
    return {name: found.get(name, "") for name in CONTACT}


def _days(row: OnRecord) -> dict[str, str]:
    ends_on = row.ends_on.isoformat() if row.ends_on else ""
    return {"begndate": row.begins_on.isoformat(), "enddate": ends_on}


def _place_name(place: str) -> str:
    area = area_of(place)
    return areas()[area].name if area else place


_CATEGORY = {
    RegistrationCategory.REFERRAL: "异地转诊",
    RegistrationCategory.EMERGENCY: "异地急诊抢救",
}

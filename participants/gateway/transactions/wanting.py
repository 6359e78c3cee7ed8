"""What a hospital's 2501, 2503 or 2505 asks to be registered, in our words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from contracts.codes import (
    Channel,
    InsuranceKind,
    MaterialKind,
    RegistrationCategory,
    area_of,
    areas,
)
from contracts.ids import PersonId, RegistrationId, new_id
from contracts.messages.registration import Material, Wanted
from contracts.refusal import RefusalCode, Refused
from participants.gateway.serving.requests import Request, Work
from participants.gateway.wire.codes import category_of
from participants.gateway.wire.extension import said_in

OTHER_PROVINCE = "3"
CODE_DIVISION = slice(1, 7)  # H31010600001: the six digits behind the letter
_CREDENTIAL = Material(kind=MaterialKind.CREDENTIAL)


@dataclass(frozen=True, slots=True)
class Insured:
    """Whose registration it is."""

    person_id: PersonId
    division: str
    kind: InsuranceKind


@dataclass(frozen=True, slots=True)
class Wish:
    """What differs between the three transactions. `place` None: a chronic disease, anywhere."""

    category: RegistrationCategory
    place: str | None
    begins_on: date | None
    materials: tuple[Material, ...]
    disease_code: str | None = None


def wanted_of(work: Work, request: Request, insured: Insured) -> Wanted:
    """The registration asked for; Refused UNKNOWN_AREA, NOT_OUT_OF_AREA or FIELD_INVALID."""
    wish = _WISHES[request.envelope.infno](work, request)
    _assert_known(insured.division, "参保机构医保区划(insu_optins)")
    assert wish.begins_on is not None, "a required field"
    return Wanted(
        registration_id=RegistrationId(new_id()),
        person_id=insured.person_id,
        insured_division=insured.division,
        insurance_kind=insured.kind,
        category=wish.category,
        place=wish.place,
        disease_code=wish.disease_code,
        begins_on=wish.begins_on,
        ends_on=request.row.day("enddate"),
        materials=wish.materials,
        channel=Channel.HOSPITAL,
    )


def _referral(_work: Work, request: Request) -> Wish:
    """2501. The letter is the hospital's own: without its consent there is none."""
    row = request.row
    if row.text("refl_type") != OTHER_PROVINCE:
        detail = "转院类型(refl_type)仅3跨省转院办理异地就医备案"
        raise Refused(RefusalCode.NOT_OUT_OF_AREA, detail)
    agreed = row.text("hosp_agre_refl_flag") != "0"
    reference = row.text("refl_old_mdtrt_id") or request.envelope.msgid
    letter = Material(kind=MaterialKind.REFERRAL_LETTER, reference=reference)
    return Wish(
        category=RegistrationCategory.REFERRAL,
        place=_place(row.text("mdtrtarea_admdvs"), "就医地行政区划(mdtrtarea_admdvs)"),
        begins_on=row.day("begndate") or row.day("refl_date"),
        materials=(_CREDENTIAL, letter) if agreed else (_CREDENTIAL,),
    )


def _chronic(_work: Work, request: Request) -> Wish:
    """2503. The hospital that diagnosed it vouches for it."""
    row = request.row
    proof = Material(kind=MaterialKind.DIAGNOSIS_PROOF, reference=row.text("ide_fixmedins_no"))
    return Wish(
        category=RegistrationCategory.CHRONIC_DISEASE,
        place=None,
        begins_on=row.day("begndate"),
        materials=(_CREDENTIAL, proof),
        disease_code=row.text("opsp_dise_code"),
    )


def _designated(work: Work, request: Request) -> Wish:
    """2505, for where the institution stands that the person chooses."""
    row, code = request.row, request.row.text("fixmedins_code")
    category = category_of(row.text("biz_appy_type"))
    found = work.institutions.get(code)
    division = found.division if found else code[CODE_DIVISION]
    return Wish(
        category=category,
        place=_place(division, "定点医药机构编号(fixmedins_code)所在区划"),
        begins_on=row.day("begndate"),
        materials=(_CREDENTIAL, _proof(category, request)),
    )


def _proof(category: RegistrationCategory, request: Request) -> Material:
    """The emergency is the hospital's own finding. That somebody has moved it cannot prove: the
    number of the proof comes in exp_content, or there is the person's word until the proof is in.
    """
    if category is RegistrationCategory.EMERGENCY:
        return Material(kind=MaterialKind.EMERGENCY_PROOF, reference=request.envelope.msgid)
    number = str(said_in(request.row.text("exp_content")).get("PROOF_NO") or "")[:200]
    if number:
        return Material(kind=MaterialKind.RESETTLEMENT_PROOF, reference=number)
    return Material(kind=MaterialKind.COMMITMENT, reference=request.envelope.msgid)


def _place(division: str, told: str) -> str:
    """Some units are registered to as a whole, whichever of their districts is named."""
    _assert_known(division, told)
    area = area_of(division)
    return area if area is not None and areas()[area].whole_unit else division


def _assert_known(division: str, told: str) -> None:
    if area_of(division) is None:
        raise Refused(RefusalCode.UNKNOWN_AREA, f"{told}{division[:6]}")


_WISHES: Mapping[str, Callable[[Work, Request], Wish]] = {
    "2501": _referral,
    "2503": _chronic,
    "2505": _designated,
}

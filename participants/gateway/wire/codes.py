"""Between the national interface's codes and ours: the only place that knows both."""

import tomllib
from functools import cache
from importlib.resources import files

from contracts.codes import Channel, InsuranceKind, PersonType, RegistrationCategory, VisitKind
from contracts.messages.enquiry import CheckName
from contracts.refusal import RefusalCode, Refused
from participants.treatment.domain.institution import InstitutionKind


@cache
def _tables() -> dict[str, dict[str, str]]:
    text = files("participants.gateway").joinpath("data/codes.toml").read_text("utf-8")
    return tomllib.loads(text)


@cache
def visit_kind_of(med_type: str) -> VisitKind:
    """The longest code that begins `med_type` decides; Refused FIELD_INVALID when none does."""
    table = _tables()["visit_kind"]
    for length in range(len(med_type), 0, -1):
        if med_type[:length] in table:
            return VisitKind(table[med_type[:length]])
    raise Refused(RefusalCode.FIELD_INVALID, f"医疗类别(med_type)不支持{med_type}")


def visit_kind_within(med_type: str, *, inpatient: bool) -> VisitKind:
    """Refused FIELD_INVALID: no later word makes an out-patient an in-patient, or the reverse."""
    kind = visit_kind_of(med_type)
    if (kind is VisitKind.INPATIENT) is not inpatient:
        whose = "住院" if inpatient else "门诊"
        raise Refused(RefusalCode.FIELD_INVALID, f"医疗类别(med_type){med_type}不属于{whose}")
    return kind


def insurance_kind_of(insutype: str) -> InsuranceKind:
    """310 and 390 are settled across provinces; the other funds pay beside them, never alone."""
    try:
        return InsuranceKind(insutype)
    except ValueError as error:
        detail = "险种类型(insutype)跨省直接结算仅支持310、390"
        raise Refused(RefusalCode.FIELD_INVALID, detail) from error


def clearing_type_of(kind: VisitKind) -> str:
    return _tables()["clearing_type"][kind.value]


def med_type_of(kind: VisitKind) -> str:
    return _tables()["med_type"][kind.value]


def person_type_of(kind: PersonType) -> str:
    return _tables()["person_type"][kind.value]


def category_of(biz_appy_type: str) -> RegistrationCategory:
    """What a 2505 registers; Refused FIELD_INVALID, by its name, for what is no such thing."""
    found = _tables()["registration"].get(biz_appy_type)
    if found is None:
        name = _tables()["biz_appy_type"].get(biz_appy_type, "其他")
        detail = f"业务申请类型(biz_appy_type){biz_appy_type}{name}不属于异地就医备案，仅支持07、08"
        raise Refused(RefusalCode.FIELD_INVALID, detail)
    return RegistrationCategory(found)


def check_type_of(name: CheckName) -> str:
    return _tables()["check_type"][name.value]


def check_told(name: CheckName) -> str:
    return _tables()["check"][name.value]


def pool_type_of(kind: InsuranceKind) -> str:
    return _tables()["pool"][kind.value]


def list_type_of(charge_kind: str) -> str:
    """目录类别 of an item that is charged as this 医疗收费项目类别."""
    return _tables()["list_type"].get(charge_kind, "201")


def state_told(state: str) -> str:
    return _tables()["registration_state"][state]


def designated_as(biz_appy_type: str) -> frozenset[RegistrationCategory]:
    """The registrations that a 5302 asks about; none for what is no such thing."""
    named = _tables()["designation"].get(biz_appy_type, "").split()
    return frozenset(map(RegistrationCategory, named))


def filed_through(channel: Channel) -> str:
    return _tables()["filed_through"][channel.value]


def fixmedins_type_of(kind: InstitutionKind) -> str:
    return _tables()["fixmedins_type"][kind.value]


def institution_kind_of(fixmedins_type: str) -> InstitutionKind | None:
    """None for kinds of institutions that no area of ours designates."""
    kinds = {code: InstitutionKind(kind) for kind, code in _tables()["fixmedins_type"].items()}
    return kinds.get(fixmedins_type)


def said_of_every_item() -> dict[str, str]:
    """Codes of the catalogue queries that are the same for every item, by the interface's name."""
    return _tables()["catalogue"]

"""Asking: who a person is, what a year has used, pre-flight, registrations, canaries."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from contracts.clock import SystemClock
from contracts.codes import Channel, InsuranceKind, MaterialKind, RegistrationCategory
from contracts.ids import EnquiryId, MessageId, PersonId, RegistrationId, new_id
from contracts.messages.directory import AreaTermsPublished, DirectoryPublished
from contracts.messages.enquiry import PreflightForwarded, PreflightJudged
from contracts.messages.registration import (
    Material,
    RegistrationDecided,
    RegistrationReviewRequested,
    RegistrationStanding,
    RegistrationTold,
    Wanted,
)
from contracts.messages.weather import CANARY, CanaryAnswered, CanaryId, CanarySent
from contracts.refusal import RefusalCode
from simulators.certify.cases import expect, expect_same
from simulators.certify.insured.stage import BILL, NOBODY, REGISTERED, Stage
from simulators.certify.people import division_of, people


def person(stage: Stage) -> None:
    answer = stage.enquired(stage.token())
    expect(answer.card is not None, f"应答人员卡片，实际被拒：{answer.code}")
    assert answer.card is not None
    known = people(stage.area)["insured"]
    expect_same("人员编号", stage.token(), answer.card.person_id)
    expect_same("出生日期", known.born_on, answer.card.born_on)
    kinds = {one.insurance_kind: one.in_force for one in answer.card.insurances}
    expect(kinds.get(InsuranceKind.EMPLOYEE), "职工医保应为正常参保")
    for secret in (known.certificate_number, known.name):
        expect(secret not in answer.model_dump_json(), "证件号码或姓名未加密")


def nobody(stage: Stage) -> None:
    answer = stage.enquired(NOBODY)
    expect_same("拒绝代码", RefusalCode.PERSON_UNKNOWN, answer.code)
    expect(answer.card is None, "查无此人不应有卡片")
    expect_same("年度累计的拒绝代码", RefusalCode.PERSON_UNKNOWN, stage.told(NOBODY).code)


def year_so_far(stage: Stage) -> None:
    told = stage.told(stage.token())
    expect_same("拒绝代码", None, told.code)
    expect(told.accumulated, "年度累计为空：零也应逐项列出")


def _judged(stage: Stage, who: str) -> tuple[PreflightForwarded, PreflightJudged]:
    asked = PreflightForwarded(
        enquiry_id=EnquiryId(new_id()),
        treatment_area=stage.counterpart,
        care=stage.care(who),
        standing=REGISTERED,
    )
    return asked, stage.answer_to(asked, PreflightJudged, asked.enquiry_id)


def preflight_yes(stage: Stage) -> None:
    before = stage.books()
    asked, found = _judged(stage, "insured")
    failed = [one.name for one in found.checks if not one.passed]
    expect(found.checks, "预检应至少列出一项检查")
    expect(not failed, f"预检应通过，未通过：{failed}")
    expect_same("回报的就诊", asked.care, found.care)
    expect_same("回报的备案依据", asked.standing, found.standing)
    expect_same("预检后的年度累计与账户", before, stage.books())


def preflight_no(stage: Stage) -> None:
    """The pre-flight's first no is the settlement's."""
    _asked, found = _judged(stage, "ended")
    codes = [one.code for one in found.checks if not one.passed]
    expect(codes, "参保已终止，预检应不通过")
    refused = stage.refused_for(stage.request(stage.care("ended")))
    expect_same("预检与结算的拒绝代码", refused.code, codes[0])


def _review(stage: Stage, person_id: PersonId) -> RegistrationReviewRequested:
    wanted = Wanted(
        registration_id=RegistrationId(new_id()),
        person_id=person_id,
        insured_division=division_of(stage.area),
        insurance_kind=InsuranceKind.EMPLOYEE,
        category=RegistrationCategory.OTHER_TEMPORARY,
        place=stage.counterpart,
        begins_on=stage.today(),
        ends_on=stage.today() + timedelta(days=190),
        materials=(Material(kind=MaterialKind.CREDENTIAL),),
        channel=Channel.APP,
    )
    return RegistrationReviewRequested(
        wanted=wanted, submitted_at=SystemClock().now(), by="认证示例医院"
    )


def _decided(
    stage: Stage, asked: RegistrationReviewRequested, id_: MessageId | None = None
) -> RegistrationDecided:
    since, wanted = stage.hub.mark(), asked.wanted
    stage.hub.say(asked, message_id=id_)
    found = stage.hub.hear(
        RegistrationDecided,
        lambda body: body.registration_id == wanted.registration_id,
        since=since,
    )
    return found.body


def accepted(stage: Stage) -> None:
    asked = _review(stage, stage.token())
    found = _decided(stage, asked)
    expect(found.accepted, f"应准予备案，实际不予：{found.code} {found.reason}")
    expect_same("人员编号", asked.wanted.person_id, found.person_id)


def rejected(stage: Stage) -> None:
    rows = (
        (NOBODY, RefusalCode.PERSON_UNKNOWN),
        (stage.token("ended"), RefusalCode.INSURANCE_NOT_IN_FORCE),
    )
    for person_id, code in rows:
        found = _decided(stage, _review(stage, person_id))
        expect(not found.accepted, "应不予备案")
        expect_same("不予备案的代码", code, found.code)


def decided_once(stage: Stage) -> None:
    asked = _review(stage, stage.token())
    first, second = _decided(stage, asked), _decided(stage, asked)
    expect_same("再次询问的决定", first, second)


def told_steps(stage: Stage) -> None:
    """Every step is heard, in any order and twice; nothing is answered, and work goes on."""
    asked = _review(stage, stage.token())
    _decided(stage, asked)
    told = [_told(stage, asked, state) for state in _STEPS]
    for body in (*told, told[0], *told):
        stage.hub.say(body)
    since = stage.hub.mark()
    _decided(stage, _review(stage, stage.token()))
    stage.hub.settle_down()
    about = asked.wanted.registration_id
    again = stage.hub.all(RegistrationDecided, lambda body: body.registration_id == about, since)
    expect(not again, "registration_told 不应引起答复")


_STEPS = (
    RegistrationStanding.ACTIVE,
    RegistrationStanding.SUSPENDED,
    RegistrationStanding.ACTIVE,
    RegistrationStanding.CANCELLED,
)


def _told(
    stage: Stage, asked: RegistrationReviewRequested, state: RegistrationStanding
) -> RegistrationTold:
    return RegistrationTold(
        registration_id=asked.wanted.registration_id,
        person_id=asked.wanted.person_id,
        insured_area=stage.area,
        state=state,
        materials=asked.wanted.materials,
        at=SystemClock().now(),
        by="hub",
    )


def canary(stage: Stage) -> None:
    before, id_ = stage.books(), CanaryId(new_id())
    care = stage.care().model_copy(update={"person_id": CANARY})
    stage.hub.say(CanarySent(canary_id=id_, care=care, bill=BILL, standing=REGISTERED))
    found = stage.hub.hear(CanaryAnswered, lambda body: body.canary_id == id_).body
    expect(found.shares is not None or found.code is not None, "探测应答分担或拒绝代码")
    if found.shares is not None:
        expect_same("探测费用各分项之和", BILL.total_fen, found.shares.total_fen())
    expect_same("探测后的年度累计与账户", before, stage.books())


@dataclass(frozen=True, slots=True)
class _Publication:
    kind: type[Any]
    zh: str


_PUBLISHED: Sequence[_Publication] = (
    _Publication(AreaTermsPublished, "备案条件(area_terms_published)"),
    _Publication(DirectoryPublished, "经办机构与统筹区(directory_published)"),
)


def published(stage: Stage) -> None:
    for one in _PUBLISHED:
        found = stage.hub.all(one.kind, lambda body: body.area == stage.area)
        expect(found, f"主题上没有本地区公布的{one.zh}")


RUNS: Mapping[str, Callable[[Stage], None]] = {
    "I-401": person,
    "I-402": nobody,
    "I-403": year_so_far,
    "I-404": preflight_yes,
    "I-405": preflight_no,
    "I-406": accepted,
    "I-407": rejected,
    "I-408": decided_once,
    "I-409": told_steps,
    "I-410": canary,
    "I-411": published,
}

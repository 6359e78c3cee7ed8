"""The clerk: registrations that wait for a person, what the person says, and what is changed."""

import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from contracts.clock import SystemClock
from contracts.codes import Channel, InsuranceKind, MaterialKind, RegistrationCategory
from contracts.ids import PersonId, RegistrationId, new_id
from contracts.messages.registration import (
    Change,
    Material,
    RegistrationChangeRequested,
    RegistrationDecided,
    RegistrationReviewRequested,
    RegistrationStanding,
    RegistrationTold,
    Wanted,
)
from contracts.refusal import RefusalCode
from simulators.certify.cases import NotMet, expect, expect_same
from simulators.certify.insured import chronic
from simulators.certify.insured.desk import DONE, Desk
from simulators.certify.insured.stage import Stage
from simulators.certify.people import division_of

REASON = "认证：经办人员审核意见"
AGAIN_AFTER_S = 0.05
BEFORE = timedelta(days=2)


def _clerk(stage: Stage) -> Desk:
    if stage.desk is None:
        raise NotMet("认证前提不满足：须以 --desk 给出经办窗口")
    return stage.desk


def _review(stage: Stage, who: str = "insured", **fields: Any) -> RegistrationReviewRequested:
    """A referral, whose letter a clerk has to look at."""
    known: dict[str, Any] = {
        "registration_id": RegistrationId(new_id()),
        "person_id": stage.token(who),
        "insured_division": division_of(stage.area),
        "insurance_kind": InsuranceKind.EMPLOYEE,
        "category": RegistrationCategory.REFERRAL,
        "place": stage.counterpart,
        "begins_on": stage.today() - BEFORE,
        "ends_on": stage.today() + timedelta(days=190),
        "materials": (
            Material(kind=MaterialKind.CREDENTIAL),
            Material(kind=MaterialKind.REFERRAL_LETTER, reference="认证转诊单"),
        ),
        "channel": Channel.HOSPITAL,
    }
    return RegistrationReviewRequested(
        wanted=Wanted(**known | fields), submitted_at=SystemClock().now(), by="认证示例医院"
    )


def _of_disease(stage: Stage) -> RegistrationReviewRequested:
    return _review(
        stage,
        chronic.WHO,
        category=RegistrationCategory.CHRONIC_DISEASE,
        place=None,
        disease_code=chronic.OTHER_DISEASE,
        materials=(
            Material(kind=MaterialKind.CREDENTIAL),
            Material(kind=MaterialKind.DIAGNOSIS_PROOF, reference="认证诊断证明"),
        ),
    )


def _pending(stage: Stage, asked: RegistrationReviewRequested) -> None:
    """The hub asks; as long as no clerk has spoken there is no decision."""
    stage.hub.say(asked)
    stage.hub.settle_down()
    expect(not _decisions(stage, asked), "须经办人员审核的备案，未经审核即已答复")


def _decisions(stage: Stage, asked: RegistrationReviewRequested) -> list[RegistrationDecided]:
    found = stage.hub.all(RegistrationDecided, _about(asked))
    return [one.body for one in found]


def _said(stage: Stage, asked: RegistrationReviewRequested, *, accepts: bool) -> str:
    """The clerk's word; it is said again while the area has not yet taken in what was asked."""
    until = time.monotonic() + stage.hub.within.total_seconds()
    id_ = asked.wanted.registration_id
    while True:
        code = _clerk(stage).decide(id_, accepts=accepts, reason=REASON)
        if code != RefusalCode.UNKNOWN_REGISTRATION.value or time.monotonic() > until:
            return code
        time.sleep(AGAIN_AFTER_S)


def _decided(
    stage: Stage, asked: RegistrationReviewRequested, *, accepts: bool
) -> RegistrationDecided:
    since = stage.hub.mark()
    expect_same("经办窗口的答复", DONE, _said(stage, asked, accepts=accepts))
    found = stage.hub.hear(RegistrationDecided, _about(asked), since=since).body
    expect_same("人员编号", asked.wanted.person_id, found.person_id)
    expect(found.decided_by, "缺少经办人(decided_by)")
    return found


def _accepted(stage: Stage, asked: RegistrationReviewRequested) -> RegistrationDecided:
    _pending(stage, asked)
    found = _decided(stage, asked, accepts=True)
    expect(found.accepted, f"经办人员已同意，实际不予备案：{found.code}")
    expect_same("准予备案的代码", None, found.code)
    return found


def accepted(stage: Stage) -> None:
    asked = _review(stage)
    _accepted(stage, asked)
    stage.hub.settle_down()
    expect_same("备案决定数", 1, len(_decisions(stage, asked)))


def rejected(stage: Stage) -> None:
    asked = _review(stage)
    _pending(stage, asked)
    found = _decided(stage, asked, accepts=False)
    expect(not found.accepted, "经办人员不同意，实际准予备案")
    expect(found.code is not None, "不予备案须有代码")
    expect_same("不予备案的原因", REASON, found.reason)


def decided_once(stage: Stage) -> None:
    """Asked again while it waits and afterwards, and decided again: one decision for ever."""
    asked = _review(stage)
    _pending(stage, asked)
    _pending(stage, asked)
    first = _decided(stage, asked, accepts=True)
    expect(_said(stage, asked, accepts=False) != DONE, "已决定的备案不应能再次决定")
    since = stage.hub.mark()
    stage.hub.say(asked)
    again = stage.hub.hear(RegistrationDecided, _about(asked), since=since).body
    expect_same("再次询问的决定", first, again)


def taken_back(stage: Stage) -> None:
    """It ended at the hub while it waited: then nobody decides it any more."""
    asked = _review(stage)
    _pending(stage, asked)
    stage.hub.say(_told(stage, asked, RegistrationStanding.CANCELLED))
    # Another one of the same person is decided after it: then the first was heard.
    _accepted(stage, _review(stage))
    expect(_said(stage, asked, accepts=True) != DONE, "已撤销的备案不应能再决定")
    stage.hub.settle_down()
    expect(not _decisions(stage, asked), "已撤销的备案不应有决定")


def suspends(stage: Stage) -> None:
    """The clerk suspends and resumes what stands; the hub alone says that it is so."""
    asked = _review(stage)
    _accepted(stage, asked)
    stage.hub.say(_told(stage, asked, RegistrationStanding.ACTIVE))
    for change, state in (
        (Change.SUSPEND, RegistrationStanding.SUSPENDED),
        (Change.RESUME, RegistrationStanding.ACTIVE),
        (Change.CANCEL, RegistrationStanding.CANCELLED),
    ):
        wish = _asked_for(stage, asked, change)
        stage.hub.say(_told(stage, asked, state, change_id=wish.change_id))


def _asked_for(
    stage: Stage, asked: RegistrationReviewRequested, change: Change
) -> RegistrationChangeRequested:
    """Said again while the area has not yet heard where the registration stands."""
    id_, since = asked.wanted.registration_id, stage.hub.mark()
    until = time.monotonic() + stage.hub.within.total_seconds()
    while (code := _clerk(stage).change(id_, change, REASON)) != DONE:
        expect(time.monotonic() < until, f"经办窗口未能办理 {change}：{code}")
        time.sleep(AGAIN_AFTER_S)
    found = stage.hub.hear(RegistrationChangeRequested, _about(asked), since=since).body
    expect_same("备案变更", change, found.change)
    expect_same("人员编号", asked.wanted.person_id, found.person_id)
    return found


def entitles(stage: Stage) -> None:
    """Recognised by the clerk the disease is paid for, and taken back it is not."""
    asked = _of_disease(stage)
    request = stage.request(chronic.care(stage, disease_code=chronic.OTHER_DISEASE))
    stage.refused_for(request)
    _accepted(stage, asked)
    stage.hub.say(_told(stage, asked, RegistrationStanding.ACTIVE))
    stage.granted_for(stage.request(request.care))
    over_on = stage.today() - timedelta(days=1)
    stage.hub.say(_told(stage, asked, RegistrationStanding.CANCELLED, ended_on=over_on))
    found = stage.refused_for(stage.request(request.care))
    expect_same("取消后的拒绝代码", RefusalCode.CHRONIC_NOT_ELIGIBLE.value, found.code.value)


def _told(
    stage: Stage,
    asked: RegistrationReviewRequested,
    state: RegistrationStanding,
    **fields: Any,
) -> RegistrationTold:
    return RegistrationTold(
        registration_id=asked.wanted.registration_id,
        person_id=PersonId(asked.wanted.person_id),
        insured_area=stage.area,
        state=state,
        materials=asked.wanted.materials,
        at=SystemClock().now(),
        by="hub",
        **fields,
    )


def _about(asked: RegistrationReviewRequested) -> Callable[[Any], object]:
    return lambda body: body.registration_id == asked.wanted.registration_id


RUNS: Mapping[str, Callable[[Stage], None]] = {
    "I-701": accepted,
    "I-702": rejected,
    "I-703": decided_once,
    "I-704": taken_back,
    "I-705": suspends,
    "I-706": entitles,
}

"""What a hospital files and takes back, what it asks, and what the area tells by itself."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from contracts.clock import SystemClock, shanghai_date_of
from contracts.codes import InsuranceKind
from contracts.ids import new_id, short_text_of
from contracts.messages.directory import DirectoryPublished
from contracts.messages.enquiry import Accumulated, PersonAsked, PersonTold, Question
from contracts.messages.reconciliation import HospitalBreak, HospitalBreaksReported
from contracts.messages.registration import (
    Change,
    RegistrationChangeRequested,
    RegistrationStanding,
    RegistrationSubmitted,
    RegistrationTold,
    Wanted,
)
from contracts.refusal import RefusalCode
from simulators.certify.cases import expect, expect_same
from simulators.certify.people import hospital_code
from simulators.certify.treatment.asking import REGISTERED_WITHIN
from simulators.certify.treatment.outside import Told, Wish
from simulators.certify.treatment.stage import BILL, Stage

Standing = RegistrationStanding
USED_FEN = 1_234_56
LONG_OVER = timedelta(days=40)
"""So long ago the hospital of these cases had no bill but the one that it claims."""
TOLD_WITHIN = timedelta(seconds=30)
"""For what an area tells by itself, every so often."""


def _filed(stage: Stage, *states: Standing, **fields: Any) -> tuple[Wish, Wanted, Told]:
    """A hospital files, the hub tells these states, the last one with these fields."""
    wish = stage.wish()
    waiting = stage.calling(stage.outside.register, wish)
    wanted = stage.hub.hear(
        RegistrationSubmitted, lambda body: body.wanted.person_id == wish.person_id
    ).body.wanted
    for state in states:
        more = fields if state is states[-1] else {}
        stage.hub.say(_told(stage, wanted, state, **more))
    return wish, wanted, stage.told(waiting, REGISTERED_WITHIN)


def _told(stage: Stage, wanted: Wanted, state: Standing, **fields: Any) -> RegistrationTold:
    return RegistrationTold(
        registration_id=wanted.registration_id,
        person_id=wanted.person_id,
        insured_area=stage.counterpart,
        state=state,
        materials=wanted.materials,
        at=SystemClock().now(),
        by=f"insured.{stage.counterpart}",
        **fields,
    )


def waits_for_a_clerk(stage: Stage) -> None:
    _wish, _wanted, told = _filed(stage, Standing.SUBMITTED)
    expect(told.ok, f"备案待审核，医院却被告知未受理：{told.text}")
    expect(not told.is_final, "备案待审核，医院却被告知已办结")


def refused(stage: Stage) -> None:
    code = RefusalCode.REJECTED_BY_DESK
    _wish, _wanted, told = _filed(stage, Standing.SUBMITTED, Standing.REJECTED, code=code)
    expect(not told.ok, "不予备案，医院却被告知成功")
    expect_same("代码", code.value, told.code)


def _taken_back(stage: Stage, state: Standing, **fields: Any) -> Told:
    wish, wanted, told = _filed(stage, Standing.SUBMITTED, Standing.ACTIVE)
    waiting = stage.calling(stage.outside.unregister, wish, told.registration)
    asked = stage.hub.hear(
        RegistrationChangeRequested, lambda body: body.registration_id == wanted.registration_id
    ).body
    expect_same("备案变更", Change.CANCEL, asked.change)
    expect_same("人员编号", wish.person_id, asked.person_id)
    stage.hub.say(_told(stage, wanted, state, change_id=asked.change_id, **fields))
    return stage.told(waiting, REGISTERED_WITHIN)


def taken_back(stage: Stage) -> None:
    found = _taken_back(stage, Standing.CANCELLED)
    expect(found.ok, f"备案已撤销，医院却被告知：{found.text}")


def not_taken_back(stage: Stage) -> None:
    code = RefusalCode.LOCKED_IN
    found = _taken_back(stage, Standing.ACTIVE, code=code)
    expect(not found.ok, "备案不得撤销，医院却被告知成功")
    expect_same("代码", code.value, found.code)


def _asked(stage: Stage, **fields: Any) -> Told:
    wish = stage.wish()
    waiting = stage.calling(stage.outside.accumulated, wish)
    asked = stage.hub.hear(PersonAsked, lambda body: body.person_id == wish.person_id).body
    expect_same("问题", Question.ACCUMULATORS, asked.question)
    expect_same("参保地区划", stage.insured_division, asked.insured_division)
    said = {"enquiry_id": asked.enquiry_id, "treatment_area": stage.hub.area}
    stage.hub.say(PersonTold(**said | fields))
    return stage.told(waiting)


def accumulated(stage: Stage) -> None:
    today = SystemClock().now().date()
    row = Accumulated(
        insurance_kind=InsuranceKind.EMPLOYEE,
        year=today.year,
        month=f"{today:%Y%m}",
        name="pool_fen",
        value=USED_FEN,
    )
    told = _asked(stage, accumulated=(row,))
    expect(told.ok, f"应答年度累计，实为：{told.text}")
    expect_same("统筹支付累计（分）", USED_FEN, told.used_fen.get("pool_fen"))


def accumulated_of_nobody(stage: Stage) -> None:
    told = _asked(stage, code=RefusalCode.PERSON_UNKNOWN)
    expect_same("代码", RefusalCode.PERSON_UNKNOWN.value, told.code)


def tells_breaks(stage: Stage) -> None:
    """A bill that only the hospital has: the hub hears of it, and again when it is gone."""
    wish, day = stage.wish(), shanghai_date_of(SystemClock().now()) - LONG_OVER
    claimed = short_text_of(new_id())
    for settlement, is_open in ((claimed, True), ("", False)):
        since = stage.hub.mark()
        told = stage.told(stage.calling(stage.outside.hand_in, wish, day, settlement))
        expect(told.ok, f"医院对账失败：{told.text}")
        found = _break(stage, day, since, is_open=is_open)
        expect_same("医疗机构", hospital_code(stage.hub.area), found.hospital_code)
        expect_same("医院金额（分）", BILL.total_fen, found.hospital_fen)
        expect_same("地区金额（分）", None, found.area_fen)


def _break(stage: Stage, day: date, since: int, *, is_open: bool) -> HospitalBreak:
    """The last word on the break of that day; the area tells it by itself, some time later."""

    def of_day(body: HospitalBreaksReported) -> list[HospitalBreak]:
        return [
            one
            for one in body.breaks
            if one.business_date == day and (one.resolved_at is None) is is_open
        ]

    what = "医院对账差错" if is_open else "差错已消除"
    found = stage.hub.hear(
        HospitalBreaksReported, of_day, since=since, within=TOLD_WITHIN, what=what
    )
    return of_day(found.body)[-1]


def directory_published(stage: Stage) -> None:
    found = stage.hub.all(DirectoryPublished, lambda body: body.area == stage.hub.area)
    expect(found, "没有公布经办机构与统筹区（directory_published）")
    last = found[-1].body
    expect_same("公布的角色", stage.hub.role, last.role)
    expect(last.agencies, "公布的经办机构为空")


RUNS: Mapping[str, Callable[[Stage], None]] = {
    "T-701": waits_for_a_clerk,
    "T-702": refused,
    "T-703": taken_back,
    "T-704": not_taken_back,
    "T-705": accumulated,
    "T-706": accumulated_of_nobody,
    "T-707": directory_published,
    "T-708": tells_breaks,
}

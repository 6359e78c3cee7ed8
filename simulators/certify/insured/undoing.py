"""Giving back: releases in order, before their request, twice, late, and of somebody else."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from contracts.ids import SettlementId, new_id
from contracts.messages.settlement import (
    BenefitReleased,
    CalculationRefused,
    Outcome,
    ReleaseReason,
    ReleaseRefused,
    ReleaseRequested,
    SettlementConcluded,
)
from simulators.certify.cases import expect, expect_same
from simulators.certify.insured.stage import RELEASES, Stage


def gives_back(stage: Stage) -> None:
    before, asked = stage.books(), stage.request()
    stage.granted_for(asked)
    stage.given_back(asked.settlement_id, was_granted=True)
    expect_same("释放后的年度累计与账户", before, stage.books())


def account_comes_back(stage: Stage) -> None:
    before, asked = stage.books(), stage.request(stage.care(use_account=True))
    stage.granted_for(asked)
    stage.given_back(asked.settlement_id, was_granted=True)
    expect_same("释放后的年度累计与账户", before, stage.books())


def tombstone(stage: Stage) -> None:
    """The release overtakes its request: the late request must not be granted any more."""
    before, asked = stage.books(), stage.request()
    stage.given_back(asked.settlement_id, was_granted=False)
    found = stage.calculated(asked).body
    expect(isinstance(found, CalculationRefused), "已先行释放的结算不应再给予待遇")
    expect_same("年度累计与账户", before, stage.books())


def released_twice(stage: Stage) -> None:
    before, asked = stage.books(), stage.request()
    stage.granted_for(asked)
    for _ in range(2):
        stage.given_back(asked.settlement_id, was_granted=True)
    expect_same("重复释放后的年度累计与账户", before, stage.books())


def tombstone_twice(stage: Stage) -> None:
    id_ = SettlementId(new_id())
    for _ in range(2):
        stage.given_back(id_, was_granted=False)


def released_after_all(stage: Stage) -> None:
    """Once released, the same settlement asked again is not granted a second time."""
    before, asked = stage.books(), stage.request()
    stage.granted_for(asked)
    stage.given_back(asked.settlement_id, was_granted=True)
    found = stage.calculated(asked).body
    expect(isinstance(found, CalculationRefused), "已释放的结算不应再次给予待遇")
    expect_same("年度累计与账户", before, stage.books())


def crossing(stage: Stage) -> None:
    """Request and release on the way at once: in their order, whatever a batch holds."""
    before, asked = stage.books(), stage.request()
    person = stage.token()
    stage.granted[asked.settlement_id] = person
    stage.hub.say(asked)
    found = stage.released(asked.settlement_id, person, ReleaseReason.EXPIRED)
    expect(isinstance(found, BenefitReleased), "应释放")
    assert isinstance(found, BenefitReleased)
    expect_same("was_granted（此前是否给予待遇）", True, found.was_granted)
    expect_same("年度累计与账户", before, stage.books())


def of_another_person(stage: Stage) -> None:
    asked = stage.request()
    stage.granted_for(asked)
    before = stage.books()
    found = stage.released(asked.settlement_id, stage.token("second"))
    expect(isinstance(found, ReleaseRefused), "人员不符的释放应予拒绝")
    expect_same("年度累计与账户", before, stage.books())
    stage.given_back(asked.settlement_id, was_granted=True)


def late_answer(stage: Stage) -> None:
    before, asked = stage.books(), stage.request()
    stage.granted_for(asked)
    for reason in (ReleaseReason.EXPIRED, ReleaseReason.LATE, ReleaseReason.UNSOUND):
        found = stage.released(asked.settlement_id, reason=reason)
        expect(isinstance(found, BenefitReleased), f"原因 {reason} 的释放不得拒绝")
        expect_same("答复的原因", reason, getattr(found, "reason", None))
    expect_same("年度累计与账户", before, stage.books())


def duplicate_release(stage: Stage) -> None:
    """The same message twice: one answer, or the very same one again."""
    before, asked = stage.books(), stage.request()
    stage.granted_for(asked)
    release = ReleaseRequested(
        settlement_id=asked.settlement_id,
        person_id=stage.token(),
        reason=ReleaseReason.CANCELLED,
    )
    id_ = stage.hub.say(release)
    stage.hub.again(id_)
    expect_same("年度累计与账户", before, stage.books())
    stage.hub.settle_down()
    found = stage.hub.all(RELEASES, lambda body: body.settlement_id == asked.settlement_id)
    expect_same("对同一报文的不同答复编号数", 1, len({one.head.message_id for one in found}))


def concluded_of_nothing(stage: Stage) -> None:
    """A conclusion of a settlement nobody asked about changes nothing, and holds up nobody."""
    before = stage.books()
    stage.hub.say(
        SettlementConcluded(
            settlement_id=SettlementId(new_id()),
            person_id=stage.token(),
            outcome=Outcome.SETTLED,
            business_date=stage.today() - timedelta(days=1),
        )
    )
    expect_same("年度累计与账户", before, stage.books())


RUNS: Mapping[str, Callable[[Stage], None]] = {
    "I-201": gives_back,
    "I-202": account_comes_back,
    "I-203": tombstone,
    "I-204": released_twice,
    "I-205": tombstone_twice,
    "I-206": released_after_all,
    "I-207": crossing,
    "I-208": of_another_person,
    "I-209": late_answer,
    "I-210": duplicate_release,
    "I-211": concluded_of_nothing,
}

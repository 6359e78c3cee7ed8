"""Chronic diseases 门诊慢特病: who is entitled for which, and limits apart from those of stays."""

from collections.abc import Callable, Mapping
from typing import Any

from contracts.codes import VisitKind
from contracts.ids import EnquiryId, new_id
from contracts.messages.enquiry import CheckName, PreflightForwarded, PreflightJudged
from contracts.messages.settlement import CalculationRequested, Care, SettlementCalculated
from contracts.messages.values import Bill
from contracts.refusal import RefusalCode
from simulators.certify.cases import expect, expect_same
from simulators.certify.insured.stage import BILL, REGISTERED, Books, Stage
from simulators.certify.people import people

WHO = "chronic"
OTHER_DISEASE = "M03900"
"""Settled across provinces as well, and recognised of nobody before the clerk does."""
NO_DISEASE = "M99900"
"""Of no disease of the table."""
STAYS = "stays"


def recognised(stage: Stage) -> str:
    """The code of the one disease for which the person is recognised from the beginning."""
    return people(stage.area)[WHO].chronic[0]


def care(stage: Stage, who: str = WHO, disease_code: str | None = None) -> Care:
    """A visit of today for one disease."""
    return stage.care(
        who,
        visit_kind=VisitKind.CHRONIC,
        disease_code=disease_code or recognised(stage),
        admitted_on=stage.today(),
    )


def _request(stage: Stage, of: Bill = BILL) -> CalculationRequested:
    return stage.request(care(stage), of)


def grants(stage: Stage) -> None:
    before = stage.books(WHO)
    found = stage.granted_for(_request(stage))
    expect(_pool(found) > 0, "已认定的门诊慢特病，统筹基金应有支付")
    expect(_pool(found) <= BILL.in_scope_fen, "统筹支付超过政策范围内费用")
    expect(stage.books(WHO) != before, "给予待遇后年度累计没有变化")


def trial_is_the_settlement(stage: Stage) -> None:
    before = stage.books(WHO)
    tried = stage.tried(_request(stage))
    expect_same("预结算后的年度累计与账户", before, stage.books(WHO))
    granted = stage.granted_for(_request(stage))
    expect_same("结算与预结算的分担", tried.shares, granted.shares)
    expect_same("结算与预结算的起付线", tried.deductible_fen, granted.deductible_fen)


def limits_are_used_up(stage: Stage) -> None:
    """The same bill three times: the year says what was paid, and never pays more than before."""
    before = stage.books(WHO)
    pools = [_pool(stage.granted_for(_request(stage))) for _ in range(3)]
    moved = set(_moved(before, stage.books(WHO)).values())
    expect(sum(pools) in moved, f"年度累计中没有一项恰好增加统筹支付之和（{sum(pools)} 分）")
    expect(pools[2] <= pools[1], f"限额只减不增，同一费用的统筹支付依次为 {pools}")


def apart_from_stays(stage: Stage) -> None:
    """A visit is no stay: the count of stays and the next stay's deductible are as before."""
    stay = stage.request(stage.care(WHO))
    tried, before = stage.tried(stay), stage.books(WHO)
    stage.granted_for(_request(stage))
    moved = [name for name in _moved(before, stage.books(WHO)) if name[-1] == STAYS]
    expect(not moved, "门诊慢特病不计住院次数")
    expect_same("此后住院的起付线", tried.deductible_fen, stage.tried(stay).deductible_fen)


def gives_back(stage: Stage) -> None:
    before, asked = stage.books(WHO), _request(stage)
    stage.granted_for(asked)
    found = stage.released(asked.settlement_id, stage.token(WHO))
    expect_same("was_granted（此前是否给予待遇）", True, getattr(found, "was_granted", None))
    expect_same("释放后的年度累计与账户", before, stage.books(WHO))


def _refused(code: RefusalCode, who: str = WHO, disease_code: str | None = None) -> Any:
    def run(stage: Stage) -> None:
        before = stage.books(who)
        found = stage.refused_for(stage.request(care(stage, who, disease_code)))
        expect_same("拒绝代码", code.value, found.code.value)
        expect_same("被拒后的年度累计与账户", before, stage.books(who))

    return run


def preflight_tells_it(stage: Stage) -> None:
    """The pre-flight knows of the entitlement what the settlement knows."""
    asked = PreflightForwarded(
        enquiry_id=EnquiryId(new_id()),
        treatment_area=stage.counterpart,
        care=care(stage, disease_code=OTHER_DISEASE),
        standing=REGISTERED,
    )
    found: PreflightJudged = stage.answer_to(asked, PreflightJudged, asked.enquiry_id)
    failed = [one for one in found.checks if not one.passed]
    expect(failed, "未认定该病种，预检应不通过")
    expect_same("未通过的检查", CheckName.CHRONIC, failed[0].name)
    expect_same("预检的代码", RefusalCode.CHRONIC_NOT_ELIGIBLE, failed[0].code)


def _pool(found: SettlementCalculated) -> int:
    return found.shares.pool_fen


def _moved(before: Books, after: Books) -> dict[tuple[str, ...], int]:
    """By how much each counter is another, where it is."""
    names = {*before, *after}
    moved = {name: after.get(name, 0) - before.get(name, 0) for name in names}
    return {name: value for name, value in moved.items() if value}


_C = RefusalCode
RUNS: Mapping[str, Callable[[Stage], None]] = {
    "I-601": grants,
    "I-602": trial_is_the_settlement,
    "I-603": limits_are_used_up,
    "I-604": apart_from_stays,
    "I-605": gives_back,
    "I-606": _refused(_C.CHRONIC_NOT_ELIGIBLE, disease_code=OTHER_DISEASE),
    "I-607": _refused(_C.CHRONIC_NOT_ELIGIBLE, who="second"),
    "I-608": _refused(_C.CHRONIC_DISEASE_NOT_OPEN, disease_code=NO_DISEASE),
    "I-609": preflight_tells_it,
}

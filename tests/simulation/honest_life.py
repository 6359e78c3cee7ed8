"""The life of an honest country: everything has happened to it, and every promise holds."""

from datetime import date, timedelta
from uuid import uuid4

from contracts.clock import shanghai_date_of
from contracts.codes import Fund, InsuranceKind, VisitKind
from contracts.ids import SettlementId
from hub.domain.adjustment import Adjustment, AdjustmentReason
from hub.services import adjusting, second_person
from participants.insured import area_file
from participants.insured.services import desk as insured_desk
from participants.insured.store.queue import Filter
from simulators.witness import Reply, Verdict
from tests.gateway.cases import referral
from tests.simulation import honest_operators
from tests.simulation.honest_country import (
    ASKS,
    CANCELS,
    FILES,
    SETTLES,
    WITHDRAWS,
    Country,
    country,
)
from tests.simulation.honest_operators import operator
from tests.support import insured, treatment
from tests.support.databases import Databases
from tests.support.three_parties import INSURED, UNKNOWN, UNREGISTERED


def lived(databases: Databases) -> Country:
    """A country in March to which everything has happened, on the second of April."""
    here = country(databases)
    kept, cancelled, withdrawn = here.settle(), here.settle(yuan=900), here.settle(yuan=700)
    here.undo(CANCELS, cancelled)
    here.undo(WITHDRAWS, withdrawn)
    here.settle(UNREGISTERED)
    here.settle(UNKNOWN)
    _file(here)
    _ask_again(here, kept)
    _end_without_an_answer(here)
    here.clock.at += timedelta(days=1)
    here.close_days_until(date(2026, 3, 11))
    here.undo(CANCELS, here.settle(yuan=1_200))
    _adjust(here, kept)
    honest_operators.struck_out(here, here.settle(yuan=2_500))
    here.clock.at = insured.NOON + timedelta(days=23)
    here.close_days_until(date(2026, 4, 2))
    honest_operators.mended(here)
    here.clear("2026-03")
    honest_operators.paid(here, "2026-03")
    here.settle(yuan=4_321)
    here.clock.at += timedelta(seconds=2)
    here.work()  # Every outbox strikes what has arrived.
    return here


def _file(here: Country) -> None:
    """A registration that its insured area's desk accepts."""
    node = referral(
        psn_no=insured.person(UNREGISTERED),
        insu_optins=insured.HOME,
        mdtrtarea_admdvs=f"{treatment.AREA[:2]}0100",
        refl_date=str(shanghai_date_of(here.clock.at)),
    )
    filed = here.ask(FILES, node)
    assert filed.verdict is Verdict.DONE, filed
    with here.desk.transaction() as writing:
        verdict = insured_desk.Verdict(accepts=True, reason="", by="甲")
        _, said, _ = insured_desk.decide_matching(
            area_file.load(insured.AREA), writing.tx, Filter(), verdict, most=9, now=writing.now
        )
        writing.say(said)
    here.work()


def _ask_again(here: Country, kept: Reply) -> None:
    """The same again, another bill under its message id, how it stands; a no that comes first."""
    again = here.world.bill(visit="ZY000001")
    here.ask(SETTLES, again, kept.msgid)
    here.ask(SETTLES, here.world.bill(yuan=4_000), kept.msgid)
    here.ask(
        ASKS, {"psn_no": insured.person(INSURED), "setl_id": kept.msgid, "mdtrt_id": "ZY000001"}
    )
    unseen = f"{treatment.HOSPITAL}{999:018d}"
    node = {"psn_no": insured.person(INSURED), "omsgid": unseen, "oinfno": SETTLES}
    here.ask(WITHDRAWS, node)
    here.ask(SETTLES, here.world.bill(), unseen)


def _end_without_an_answer(here: Country) -> None:
    """One that the hub lets expire, and one that its hospital hears to be void while it is away."""
    for absent in ("insured", "hub"):
        node = here.world.bill(yuan=2_000)
        first = here.ask(SETTLES, node, absent=absent)
        assert first.verdict is Verdict.UNKNOWN, first
        here.pass_time(20, absent=absent)
        here.work()
        here.pass_time(20)
        here.ask(SETTLES, node, first.msgid)


def _adjust(here: Country, about: Reply) -> None:
    assert about.settlement_id is not None
    wanted = Adjustment(
        adjustment_id=uuid4(),
        insured_area=insured.AREA,
        treatment_area=treatment.AREA,
        insurance_kind=InsuranceKind.EMPLOYEE,
        visit_kind=VisitKind.INPATIENT,
        fund=Fund.POOL,
        amount_fen=-12_34,
        reason=AdjustmentReason.AUDIT,
        cause="多收一次",
        by="甲",
        second="",
        settlement_id=SettlementId(about.settlement_id),
    )
    with here.jobs.transaction() as writing:
        one = adjusting.propose(
            writing.tx, wanted, reason=wanted.cause, by=operator("甲"), now=writing.now
        )
        second_person.decide(
            writing.tx, one.proposal_id, approve=True, why="", by=operator("乙"), now=writing.now
        )

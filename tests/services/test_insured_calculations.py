"""The insured area grants, gives back and remembers: through its worker and a real database."""

import threading
from datetime import date, timedelta
from typing import Any

import pytest

from contracts import topics
from contracts.codes import (
    AreaCode,
    InsuranceKind,
    PersonType,
    RegistrationCategory,
    VisitKind,
)
from contracts.ids import MessageId, new_id
from contracts.message import Body, Head, Message, Outgoing
from contracts.messages.settlement import (
    BenefitReleased,
    CalculationRefused,
    CalculationRequested,
    Outcome,
    ReleaseReason,
    ReleaseRefused,
    SettlementCalculated,
    TrialCalculated,
    TrialCalculationRequested,
)
from contracts.money import fen_from_yuan
from contracts.refusal import RefusalCode
from participants.insured import area_file
from participants.insured.services import calculations
from participants.insured.store.db import migrate
from tests.support.databases import Databases
from tests.support.insured import (
    AREA,
    HOME,
    NOON,
    TODAY,
    InsuredArea,
    bill,
    care,
    concluded,
    on_the_wire,
    person,
    release,
    request,
    row,
    settlement,
)
from tests.support.statements import heard
from tests.support.tables import rows

Row = dict[str, str]

YEARS = "SELECT in_scope_fen, deductible_fen, pool_fen, stays FROM person_years"
STATES = "SELECT state FROM grants ORDER BY settlement_id"
ANOMALIES = "SELECT kind FROM anomalies ORDER BY anomaly_id"


@pytest.fixture
def area(databases: Databases) -> InsuredArea:
    return InsuredArea(databases.fresh("insured", migrate))


# 仪征 2010, in-scope 12,000.00 yuan, first stay, level 2.
FIRST_STAYS = """
    person  | place | registered         | deductible | pool     | cash
    retired | home  | other_temporary    | 500.00     | 10285.00 | 1715.00
    active  | home  | other_temporary    | 600.00     | 9672.00  | 2328.00
    active  | away  | other_temporary    | 1000.00    | 9340.00  | 2660.00
    retired | away  | retired_resettled  | 500.00     | 10285.00 | 1715.00
    active  | away  | posted_worker      | 600.00     | 9672.00  | 2328.00
    active  | away  | long_term_resident | 600.00     | 9672.00  | 2328.00
    active  | away  | referral           | 1000.00    | 9340.00  | 2660.00
    active  | away  | emergency          | 1000.00    | 9340.00  | 2660.00
"""


@pytest.mark.parametrize("case", rows(FIRST_STAYS), ids=str)
def test_a_first_stay_is_shared_as_the_policy_says(area: InsuredArea, case: Row) -> None:
    area.insure(row(person_type=PersonType(case["person"])))
    where = care(treatment_division=HOME) if case["place"] == "home" else care()
    registered = RegistrationCategory(case["registered"])
    (answer,) = area.hear(request(1, where, category=registered))
    assert isinstance(answer, SettlementCalculated)
    assert answer.settlement_id == settlement(1)
    assert answer.deductible_fen == fen_from_yuan(case["deductible"])
    assert answer.shares.pool_fen == fen_from_yuan(case["pool"])
    assert answer.shares.cash_fen == fen_from_yuan(case["cash"])
    assert answer.shares.total_fen() == 12_000_00
    assert list(on_the_wire(area.log, topics.HUB_CALCULATIONS)) == [answer]


def test_a_second_stay_goes_on_where_the_first_left_the_year(area: InsuredArea) -> None:
    area.insure()
    at_home = care(treatment_division=HOME)
    first, second = area.hear(
        request(1, at_home, bill(35_000_00)), request(2, at_home, bill(12_000_00))
    )
    assert isinstance(first, SettlementCalculated)
    assert isinstance(second, SettlementCalculated)
    assert (second.deductible_fen, second.shares.pool_fen) == (500_00, 3_735_00)
    assert second.shares.large_sum_fen == 5_950_00
    assert area.rows(YEARS) == [(47_000_00, 1_100_00, first.shares.pool_fen + 3_735_00, 2)]


def test_a_stay_over_new_year_counts_in_the_year_of_its_discharge(area: InsuredArea) -> None:
    area.insure()
    over = care(admitted_on=date(2025, 12, 20), discharged_on=date(2026, 1, 5))
    before = care(admitted_on=date(2025, 12, 1), discharged_on=date(2025, 12, 9))
    area.hear(request(1, over), request(2, before))
    assert area.rows("SELECT year, stays FROM person_years ORDER BY year") == [(2025, 1), (2026, 1)]


def test_the_account_pays_when_asked_and_no_more_than_it_has(area: InsuredArea) -> None:
    area.insure(row(account_balance_fen=2_000_00))
    (first,) = area.hear(request(1, care(use_account=True)))
    (second,) = area.hear(request(2, care(use_account=True)))
    assert isinstance(first, SettlementCalculated)
    assert isinstance(second, SettlementCalculated)
    assert (first.shares.account_fen, first.shares.cash_fen) == (2_000_00, 660_00)
    assert second.shares.account_fen == 0
    assert _balance(area) == 0
    area.hear(release(1))
    assert _balance(area) == 2_000_00


REFUSALS = """
    what                           | code
    nobody-knows-the-person        | 4010
    insured-in-another-kind        | 4006
    no-policy-for-residents        | 4012
    insured-in-another-city        | 4005
    insurance-began-later          | 4011
    insurance-ended-before         | 4011
    still-in-the-waiting-period    | 4011
    the-bill-does-not-add-up       | 3004
    discharged-before-admission    | 3006
    discharged-after-today         | 3006
    treated-nowhere-we-know        | 3001
    not-born-yet                   | 3006
"""
RESIDENT: dict[str, Any] = {
    "insurance_kind": InsuranceKind.RESIDENT,
    "person_type": PersonType.RESIDENT_ADULT,
}
ASKED = {
    "nobody-knows-the-person": (row(), request(1, care(2))),
    "insured-in-another-kind": (row(**RESIDENT), request(1)),
    "no-policy-for-residents": (
        row(**RESIDENT),
        request(1, care(insurance_kind=InsuranceKind.RESIDENT)),
    ),
    "insured-in-another-city": (row(), request(1, care(insured_division="320500"))),
    "insurance-began-later": (row(in_force_from=date(2026, 3, 2)), request(1)),
    "insurance-ended-before": (row(in_force_until=date(2026, 2, 28)), request(1)),
    "still-in-the-waiting-period": (row(in_force_from=date(2025, 9, 2)), request(1)),
    "the-bill-does-not-add-up": (
        row(),
        request(1, of=bill().model_copy(update={"total_fen": 12_000_01})),
    ),
    "discharged-before-admission": (row(), request(1, care(admitted_on=date(2026, 3, 11)))),
    "discharged-after-today": (row(), request(1, care(discharged_on=TODAY + timedelta(days=1)))),
    "treated-nowhere-we-know": (row(), request(1, care(treatment_division="990000"))),
    "not-born-yet": (row(born_on=date(2026, 3, 2)), request(1)),
}


@pytest.mark.parametrize("case", rows(REFUSALS), ids=lambda case: case["what"])
def test_what_cannot_be_granted_is_refused_and_moves_nothing(area: InsuredArea, case: Row) -> None:
    known, asked = ASKED[case["what"]]
    area.insure(known)
    (answer,) = area.hear(asked)
    assert isinstance(answer, CalculationRefused)
    assert answer.code == case["code"]
    assert area.rows(STATES) == [("refused",)]
    assert area.counts()["person_years"] == 0
    assert area.hear(asked) == [answer], "asked again, the same answer"


def test_the_insurance_decides_on_the_day_of_admission(area: InsuredArea) -> None:
    area.insure(row(in_force_until=date(2026, 3, 1)), row(2, in_force_from=date(2025, 9, 1)))
    answers = area.hear(request(1, care(1)), request(2, care(2)))
    assert [type(answer) for answer in answers] == [SettlementCalculated] * 2


def test_the_same_settlement_asked_again_gets_its_stored_answer(area: InsuredArea) -> None:
    area.insure()
    first = area.hear(request(1))
    before = area.rows(YEARS)
    assert area.hear(request(1), request(1)) == [*first, *first]
    assert area.rows(YEARS) == before
    assert area.counts()["grants"] == 1
    assert area.rows(ANOMALIES) == []


def test_the_same_message_twice_is_answered_once(area: InsuredArea) -> None:
    area.insure()
    message_id = MessageId(new_id())
    for _ in range(3):
        area.put(request(1), message_id=message_id)
    assert len(area.hear()) == 1


def test_a_known_settlement_with_another_bill_keeps_its_answer_and_is_noted(
    area: InsuredArea,
) -> None:
    area.insure()
    first = area.hear(request(1))
    assert area.hear(request(1, of=bill(1_00))) == first
    assert area.rows(ANOMALIES) == [("asked_differently",)]


def test_a_release_gives_back_exactly_and_once(area: InsuredArea) -> None:
    area.insure(row(account_balance_fen=500_00))
    area.hear(request(1, care(use_account=True)))
    before = area.rows(YEARS)
    area.hear(request(2, care(use_account=True), bill(40_000_00, 7_77)))
    said = BenefitReleased(
        settlement_id=settlement(2), reason=ReleaseReason.EXPIRED, was_granted=True
    )
    assert area.hear(release(2)) == [said]
    assert area.rows(YEARS) == before
    assert area.hear(release(2)) == [said]
    assert area.rows(YEARS) == before
    assert area.rows(STATES) == [("granted",), ("released",)]


def test_a_release_that_comes_first_leaves_a_tombstone(area: InsuredArea) -> None:
    area.insure()
    said = BenefitReleased(
        settlement_id=settlement(1), reason=ReleaseReason.EXPIRED, was_granted=False
    )
    assert area.hear(release(1)) == [said]
    (late,) = area.hear(request(1))
    assert late == CalculationRefused(settlement_id=settlement(1), code=RefusalCode.OUT_OF_STEP)
    assert area.hear(release(1)) == [said]
    assert area.rows(STATES) == [("tombstone",)]
    assert area.counts()["person_years"] == 0


def test_a_tombstone_holds_for_a_person_nobody_knows(area: InsuredArea) -> None:
    (said,) = area.hear(release(1, who=7))
    assert isinstance(said, BenefitReleased)
    assert not said.was_granted


def test_a_released_settlement_is_never_granted_again(area: InsuredArea) -> None:
    area.insure()
    area.hear(request(1), release(1))
    (answer,) = area.hear(request(1))
    assert isinstance(answer, CalculationRefused)
    assert answer.code is RefusalCode.OUT_OF_STEP
    assert area.rows(YEARS) == [(0, 0, 0, 0)]


def test_releasing_a_refusal_gives_nothing_back(area: InsuredArea) -> None:
    area.insure(row(in_force_until=date(2020, 1, 1)))
    area.hear(request(1))
    (said,) = area.hear(release(1))
    assert isinstance(said, BenefitReleased)
    assert not said.was_granted
    assert area.rows(STATES) == [("refused",)]


def test_a_release_in_another_name_is_refused(area: InsuredArea) -> None:
    area.insure(row(1), row(2))
    area.hear(request(1, care(1)))
    (said,) = area.hear(release(1, who=2))
    assert isinstance(said, ReleaseRefused)
    assert said.code is RefusalCode.NEVER_GRANTED
    assert area.rows(STATES) == [("granted",)]
    assert area.rows(ANOMALIES) == [("another_person",)]


def test_a_settlement_is_settled_cancelled_and_reversed(area: InsuredArea) -> None:
    area.insure()
    area.hear(request(1))
    assert area.hear(concluded(1)) == []
    assert area.rows(STATES) == [("settled",)]
    area.hear(release(1, why=ReleaseReason.CANCELLED))
    next_day = date(2026, 3, 11)
    area.hear(concluded(1, outcome=Outcome.REVERSED, day=next_day))
    found = area.rows("SELECT state, settled_on, reversed_on FROM grants")
    assert found == [("released", TODAY, next_day)]
    area.hear(concluded(1), concluded(1, outcome=Outcome.REVERSED, day=next_day))
    assert area.rows(ANOMALIES) == []


def test_the_day_of_a_settlement_is_noted_even_after_its_release(area: InsuredArea) -> None:
    area.insure()
    area.hear(request(1), release(1))
    area.hear(concluded(1))
    assert area.rows("SELECT state, settled_on FROM grants") == [("released", TODAY)]


CONTRADICTIONS = """
    before   | said
    nothing  | settled
    granted  | reversed
    granted  | expired
    refused  | settled
    tombstone | settled
    settled  | settled-on-another-day
    settled  | reversed
    granted  | settled-without-a-day
    granted  | settled-for-another-person
"""
NEXT_DAY = date(2026, 3, 11)
SAID = {
    "settled": concluded(1),
    "reversed": concluded(1, outcome=Outcome.REVERSED),
    "expired": concluded(1, outcome=Outcome.EXPIRED),
    "settled-on-another-day": concluded(1, day=NEXT_DAY),
    "settled-without-a-day": concluded(1, day=None),
    "settled-for-another-person": concluded(1, who=2),
}
BEFORE: dict[str, list[Body]] = {
    "nothing": [],
    "granted": [request(1)],
    "settled": [request(1), concluded(1)],
    "refused": [request(1, care(insured_division="320500"))],
    "tombstone": [release(1)],
}


@pytest.mark.parametrize("case", rows(CONTRADICTIONS), ids=str)
def test_a_conclusion_out_of_step_is_noted_and_changes_nothing(
    area: InsuredArea, case: Row
) -> None:
    area.insure()
    area.hear(*BEFORE[case["before"]])
    before = area.rows("SELECT * FROM grants")
    area.hear(SAID[case["said"]])
    assert area.rows("SELECT * FROM grants") == before
    assert area.rows(ANOMALIES) == [("out_of_step",)]


@pytest.mark.parametrize("sender", ["insured.320000", "treatment.310000", "somebody"])
def test_only_the_hub_is_heard(area: InsuredArea, sender: str) -> None:
    area.insure()
    assert area.hear(request(1), release(2), concluded(1), sender=sender) == []
    assert area.counts()["grants"] == 0
    # Buried at the door: the key is the area's own, or another's, and never the hub's.
    assert area.rows("SELECT fault FROM dead_letters") == [("wrong_sender",)] * 3


def test_a_trial_says_what_a_settlement_would_give_and_writes_nothing(area: InsuredArea) -> None:
    area.insure(row(account_balance_fen=1_000_00))
    area.hear(request(1))
    before, year = area.counts(), area.rows(YEARS)
    (answer,) = area.hear(_trial(2, use_account=True))
    assert area.counts() == before
    assert area.rows(YEARS) == year
    assert _balance(area) == 1_000_00
    (granted,) = area.hear(request(2, care(use_account=True)))
    assert isinstance(answer, TrialCalculated)
    assert isinstance(granted, SettlementCalculated)
    assert (answer.shares, answer.deductible_fen) == (granted.shares, granted.deductible_fen)
    assert answer.treatment_area == AreaCode("310000")


def test_a_trial_is_refused_like_a_settlement(area: InsuredArea) -> None:
    before = area.counts()
    (answer,) = area.hear(_trial(1))
    assert isinstance(answer, TrialCalculated)
    assert (answer.shares, answer.code) == (None, RefusalCode.PERSON_UNKNOWN)
    assert area.counts() == before


def test_a_trial_of_a_stay_that_has_not_ended_is_refused(area: InsuredArea) -> None:
    area.insure()
    bill_of = _trial(1)
    planned = bill_of.care.model_copy(update={"discharged_on": TODAY + timedelta(days=1)})
    (answer,) = area.hear(bill_of.model_copy(update={"care": planned}))
    assert isinstance(answer, TrialCalculated)
    assert (answer.shares, answer.code) == (None, RefusalCode.DATES_IMPOSSIBLE)


def test_the_working_is_kept_step_by_step(area: InsuredArea) -> None:
    area.insure()
    area.hear(request(1, care(treatment_division=HOME)))
    ((steps,),) = area.rows("SELECT steps FROM workings")
    to = [(step["rule"], step["amount_fen"], step["to"]) for step in steps]
    assert to == [
        ("deductible", 600_00, "own"),
        ("bands", 3_652_00, "pool"),
        ("bands", 6_020_00, "pool"),
        ("cash", 2_328_00, "cash"),
    ]


def test_two_transactions_of_one_person_wait_for_each_other(area: InsuredArea) -> None:
    """Goal: no year is decided on stale state. Method: the first transaction commits late."""
    area.insure()
    rules, answers = area_file.load(AREA), []

    def second() -> None:
        with area.engine.begin() as tx:
            answers.extend(calculations.calculate(rules, tx, [_from_the_hub(request(2))], NOON))

    thread = threading.Thread(target=second)
    with area.engine.begin() as tx:
        answers.extend(calculations.calculate(rules, tx, [_from_the_hub(request(1))], NOON))
        thread.start()
        while not area.rows("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"):
            thread.join(0.01)
        assert len(answers) == 1
    thread.join()
    assert area.rows("SELECT in_scope_fen, stays FROM person_years") == [(24_000_00, 2)]


def test_messages_of_one_person_under_two_keys_still_move_the_year_one_by_one(
    area: InsuredArea,
) -> None:
    area.insure()
    topic = topics.insured_work(AREA)
    for number in range(3):
        said = _from_the_hub(request(number))
        area.log.post(Outgoing(topic, f"not the person {number}", said))
    assert len(area.hear()) == 3
    assert area.rows("SELECT stays FROM person_years") == [(3,)]
    assert area.rows("SELECT count(*) FROM dead_letters") == [(0,)]


# The driver's own way to see every statement: no code of ours is replaced.
@pytest.mark.parametrize("people", [1, 40, 400])
def test_a_batch_of_stays_needs_five_statements(area: InsuredArea, people: int) -> None:
    area.insure(*(row(number, account_balance_fen=1_00) for number in range(people)))
    asked = [request(number, care(number, use_account=True)) for number in range(people)]
    assert len(_statements_of(area, asked)) == 5


@pytest.mark.parametrize("kind", VisitKind)
def test_eligibilities_are_read_for_chronic_care_alone(area: InsuredArea, kind: VisitKind) -> None:
    """No policy of ours lets them raise the cap of other care; one that does is in the years."""
    area.insure()
    area.recognise("M01600")
    visit = care(visit_kind=kind, disease_code="M01600")
    statements = _statements_of(area, [request(1, visit)])
    reads = [one for one in statements if "FROM chronic_eligibilities" in one]
    assert (len(reads), len(statements)) == ((1, 6) if kind is VisitKind.CHRONIC else (0, 5))


def _statements_of(area: InsuredArea, asked: list[CalculationRequested]) -> list[str]:
    """What is said to PostgreSQL while a batch is calculated that is granted as a whole."""
    batch = [_from_the_hub(body) for body in asked]
    with area.engine.begin() as tx, heard(tx) as statements:
        said = calculations.calculate(area_file.load(AREA), tx, batch, NOON)
        found = list(statements)
    answers = [one.message.body for one in said]
    assert [type(one) for one in answers] == [SettlementCalculated] * len(asked)
    return found


def test_visits_of_every_kind_are_calculated(area: InsuredArea) -> None:
    area.insure()
    area.recognise("M01600")
    kinds = [
        request(n, care(visit_kind=kind, disease_code="M01600")) for n, kind in enumerate(VisitKind)
    ]
    assert [type(answer) for answer in area.hear(*kinds)] == [SettlementCalculated] * 4
    assert area.rows("SELECT person_id, stays FROM person_years") == [(person(1), 1)]


def _from_the_hub(body: CalculationRequested) -> Message[CalculationRequested]:
    head = Head(
        message_id=MessageId(new_id()),
        cause_id=None,
        kind=body.KIND,
        sender=topics.HUB,
        sent_at=NOON,
    )
    return Message(head, body)


def _trial(number: int, *, use_account: bool = False) -> TrialCalculationRequested:
    asked = request(number, care(use_account=use_account))
    known = {name: getattr(asked, name) for name in TrialCalculationRequested.model_fields}
    return TrialCalculationRequested(**known)


def _balance(area: InsuredArea) -> int:
    ((balance_fen,),) = area.rows("SELECT account_balance_fen FROM insurances")
    return int(balance_fen)

"""Answers to lines, and slips of banks: what each means, as a clerk would judge it."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import AreaCode, InsuranceKind, Role, VisitKind
from contracts.messages.clearing import ClearingLine
from contracts.messages.values import PARTS
from hub.domain.answers import (
    Answer,
    Tie,
    Verdict,
    contested,
    expected,
    key_of,
    tie,
    without_confirmation,
)
from hub.domain.payments import (
    BankEntry,
    Judgement,
    Obligation,
    Payment,
    judge_payment,
    judge_receipt,
    obligation_id,
    payment_id,
)
from tests.support.tables import rows

HUNAN, SHANGHAI, ANHUI = AreaCode("430000"), AreaCode("310000"), AreaCode("340000")
AT = datetime(2026, 4, 30, 2, 0, tzinfo=UTC)
RUN_ID = UUID(int=7)


def a_line(insured: AreaCode = HUNAN, payable_fen: int = 500) -> ClearingLine:
    return ClearingLine(
        insured_area=insured,
        treatment_area=SHANGHAI,
        insurance_kind=InsuranceKind.EMPLOYEE,
        visit_kind=VisitKind.INPATIENT,
        count=1,
        total_fen=payable_fen,
        parts_fen=(payable_fen, *[0] * (len(PARTS) - 1)),
        payable_fen=payable_fen,
    )


# Our line of Hunan says 500; there is none of Anhui.
TIES = """
    of     verdict    payable_fen  reason | means
    430000 confirmed  500          -      | fits
    430000 confirmed  500          谢谢   | fits
    430000 confirmed  499          -      | another_amount
    430000 confirmed  0            -      | another_amount
    430000 confirmed  -500         -      | another_amount
    430000 contested  499          少一笔 | fits
    430000 contested  500          分项错 | fits
    430000 contested  499          -      | no_reason
    340000 confirmed  500          -      | no_such_line
    340000 contested  500          不认   | no_such_line
"""


@pytest.mark.parametrize("case", rows(TIES))
def test_a_confirmation_names_our_amount_and_a_contest_a_reason(case: dict[str, str]) -> None:
    line = key_of(a_line(AreaCode(case["of"])))
    reason = case["reason"].strip("-")
    said = Answer(line, Role.INSURED, Verdict(case["verdict"]), int(case["payable_fen"]), reason)
    assert tie(said, {key_of(a_line()): a_line()}) is Tie(case["means"])


def test_both_areas_of_a_line_speak_and_each_for_itself() -> None:
    line = key_of(a_line())
    by_role = {role: Answer(line, role, Verdict.CONFIRMED, 500) for role in Role}
    assert {answer.area for answer in by_role.values()} == {HUNAN, SHANGHAI}
    assert expected([a_line()]) == {(line, Role.INSURED), (line, Role.TREATMENT)}


@given(st.lists(st.sampled_from(["", *Verdict]), min_size=4, max_size=4))
def test_what_is_missing_or_contested_is_unconfirmed_and_nothing_else(said: list[str]) -> None:
    lines = [a_line(), a_line(ANHUI)]
    keys = sorted(expected(lines))
    answers = {
        key: Answer(*key, Verdict(verdict), 500, "")
        for key, verdict in zip(keys, said, strict=True)
        if verdict
    }
    assert len(without_confirmation(lines, answers)) == 4 - said.count(Verdict.CONFIRMED)
    assert len(contested(answers)) == said.count(Verdict.CONTESTED)
    assert contested(answers) <= without_confirmation(lines, answers)


OWED = Obligation(
    obligation_id=obligation_id(RUN_ID, 1, 1),
    run_id=RUN_ID,
    version=1,
    position=1,
    from_area=HUNAN,
    to_area=SHANGHAI,
    amount_fen=1000,
    paid_fen=400,
    received_fen=0,
)
SLIP = BankEntry("工商银行长沙分行", "A1", date(2026, 4, 29), 400)
RECORDED = Payment(
    payment_id(HUNAN, SLIP.bank_name, SLIP.serial), OWED.obligation_id, SLIP, "hunan-1", AT
)
# 1000 fen are owed, and 400 of them were paid on the 29th by slip A1.
SLIPS = """
    serial  day  amount_fen  of    | means
    A2      29   600         this  | new
    A2      30   1           this  | new
    A2      29   601         this  | too_much
    A2      29   1000        this  | too_much
    A1      29   400         this  | same
    A1      29   401         this  | other
    A1      30   400         this  | other
    A1      29   400         next  | other
"""


@pytest.mark.parametrize("case", rows(SLIPS))
def test_a_slip_is_new_or_known_and_never_more_than_is_owed(case: dict[str, str]) -> None:
    slip = replace(
        SLIP,
        serial=case["serial"],
        on=date(2026, 4, int(case["day"])),
        amount_fen=int(case["amount_fen"]),
    )
    owed = OWED if case["of"] == "this" else replace(OWED, obligation_id=UUID(int=2), paid_fen=0)
    known = RECORDED if case["serial"] == "A1" else None
    assert judge_payment(owed, slip, known) is Judgement(case["means"])


# What came, after slip A1 of the 29th over 400 fen; the second half: once B1 was recorded for it.
RECEIPTS = """
    recorded  serial  day  amount_fen | means
    no        B1      29   400        | new
    no        B1      30   400        | new
    no        B1      28   400        | other
    no        B1      29   399        | other
    no        B1      29   401        | other
    yes       B1      29   400        | same
    yes       B1      30   400        | other
    yes       B2      29   400        | other
    yes       B1      29   399        | other
"""


@pytest.mark.parametrize("case", rows(RECEIPTS))
def test_a_receipt_is_of_the_whole_payment_and_not_before_it(case: dict[str, str]) -> None:
    day, amount_fen = date(2026, 4, int(case["day"])), int(case["amount_fen"])
    slip = BankEntry("建设银行上海分行", case["serial"], day, amount_fen)
    kept = BankEntry("建设银行上海分行", "B1", date(2026, 4, 29), 400)
    payment = replace(RECORDED, received=kept) if case["recorded"] == "yes" else RECORDED
    assert judge_receipt(payment, slip) is Judgement(case["means"])


def test_a_serial_is_one_payment_of_one_payer_by_one_bank() -> None:
    assert payment_id(HUNAN, "工商银行", "1") == payment_id(HUNAN, "工商银行", "1")
    assert payment_id(HUNAN, "工商银行", "1") != payment_id(HUNAN, "建设银行", "1")
    assert payment_id(HUNAN, "工商银行", "1") != payment_id(SHANGHAI, "工商银行", "1")
    assert payment_id(HUNAN, "工商银行1", "1") != payment_id(HUNAN, "工商银行", "11")
    assert obligation_id(RUN_ID, 1, 2) != obligation_id(RUN_ID, 2, 1)
    assert OWED.is_settled is False
    assert replace(OWED, paid_fen=1000, received_fen=1000).is_settled


@given(st.integers(1, 10**12), st.lists(st.integers(1, 10**12), max_size=8))
def test_payments_that_are_taken_never_add_up_to_more_than_is_owed(
    amount_fen: int, slips: list[int]
) -> None:
    owed = replace(OWED, amount_fen=amount_fen, paid_fen=0)
    for slip_fen in slips:
        if judge_payment(owed, replace(SLIP, amount_fen=slip_fen), None) is Judgement.NEW:
            owed = replace(owed, paid_fen=owed.paid_fen + slip_fen)
    assert 0 <= owed.paid_fen <= amount_fen

"""The working of one bill: four parts that add up, and a step for every move."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import Fund
from contracts.money import share_of
from participants.policy.benefits import Counts
from participants.policy.model import Bearer, Step
from participants.policy.rules.banding import fee_reaching, portions
from participants.policy.rules.values import Rated
from participants.policy.rules.working import Working
from tests.policy.made import bands


def _working() -> Working:
    work = Working(1000_00)
    work.aside("out_of_scope", "case", 100_00, "")
    work.aside("first_self_pay", "fee_classes.b", 200_00, "", rate_bp=1000)
    work.borne("deductible", "inpatient.deductible", 80_00, "", deductible=True)
    work.shared("bands", "b", 500_00, rate_bp=8000, amount_fen=400_00, fund=Fund.POOL, text="")
    return work


def test_every_move_keeps_the_bill() -> None:
    work = _working()
    assert (work.open_fen, work.own_fen, work.outside_fen) == (300_00, 180_00, 120_00)
    assert (work.paid_fen, work.bill_fen, work.deductible_fen) == (400_00, 1000_00, 80_00)
    assert work.shares == {Fund.POOL: 400_00}


def test_who_pays_the_persons_part_pays_what_is_in_scope_first() -> None:
    work = _working()
    work.paid_from_own("aid", "aid[0]", 300_00, amount_fen=200_00, fund=Fund.MEDICAL_AID, text="")
    assert (work.own_fen, work.outside_fen, work.bill_fen) == (0, 100_00, 1000_00)


def test_the_steps_say_what_is_left() -> None:
    said = [(one.rule, one.base_fen, one.amount_fen, one.left_fen) for one in _working().steps]
    assert said == [
        ("out_of_scope", 100_00, 100_00, 900_00),
        ("first_self_pay", 200_00, 20_00, 880_00),
        ("deductible", 80_00, 80_00, 800_00),
        ("bands", 500_00, 400_00, 300_00),
    ]


def test_cash_takes_what_has_no_other_payer() -> None:
    work = _working()
    work.borne("uncovered", "case", work.open_fen, "")
    work.paid_in_cash("case", "")
    assert work.steps[-1] == Step("cash", "case", 600_00, None, 600_00, Bearer.CASH, 0, "")
    assert (work.paid_fen, work.bill_fen) == (1000_00, 1000_00)


def test_what_is_beside_the_bill_is_no_part_of_it() -> None:
    work = _working()
    work.beside("beyond_bill", "m", 70_00, Fund.OTHER, "")
    assert (work.bill_fen, work.beyond_bill_fen, work.shares) == (
        1000_00,
        70_00,
        {Fund.POOL: 400_00},
    )


def test_only_rules_known_to_pay_the_persons_part_may_do_so() -> None:
    with pytest.raises(AssertionError):
        _working().paid_from_own("bands", "b", 1, amount_fen=1, fund=Fund.POOL, text="")


@given(payment_fen=st.integers(1, 10**9), rate_bp=st.integers(1, 10_000))
def test_the_fee_that_reaches_a_payment_is_the_smallest_and_exact(
    payment_fen: int, rate_bp: int
) -> None:
    fee_fen = fee_reaching(payment_fen, rate_bp)
    assert share_of(fee_fen, rate_bp) == payment_fen
    assert share_of(fee_fen - 1, rate_bp) == payment_fen - 1


@given(
    length_fen=st.integers(0, 10**7),
    start_fen=st.integers(0, 10**7),
    room_fen=st.none() | st.integers(0, 10**6),
    counts=st.sampled_from(Counts),
)
def test_portions_keep_to_the_bands_the_fee_and_the_room(
    length_fen: int, start_fen: int, room_fen: int | None, counts: Counts
) -> None:
    rows = bands("1000 33.33%", "5000 0%", "20000 66.67%", "- 100%")
    found = portions(
        rows,
        lambda band: Rated({0: 3333, 1: 0, 2: 6667, 3: 10_000}[rows.index(band)], "", ""),
        start_fen=start_fen,
        length_fen=length_fen,
        counts=counts,
        room_fen=room_fen,
    )
    base_fen = sum(portion.base_fen for portion in found)
    paid_fen = sum(portion.amount_fen for portion in found)
    assert all(portion.amount_fen >= 0 < portion.base_fen for portion in found)
    assert base_fen <= length_fen
    if room_fen is None:
        assert base_fen == length_fen, "the last band has no end"
    else:
        assert paid_fen <= room_fen
        assert base_fen == length_fen or paid_fen == room_fen

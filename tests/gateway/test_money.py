"""The identities of settlement money, on whatever bill and shares there may be."""

from datetime import UTC, datetime

from hypothesis import assume, given
from hypothesis import strategies as st

from contracts.codes import InsuranceKind, VisitKind
from contracts.messages.values import PARTS, Bill, Shares
from participants.gateway.telling.fee_lines import line_output
from participants.gateway.telling.settlement_block import Settled, output_of
from participants.treatment.domain.catalogue import FeeLine, LineRefused, split
from participants.treatment.domain.catalogue_file import load_catalogue
from participants.treatment.domain.refund import of_charge, taken_back

FEN = st.integers(0, 10**12)
CATALOGUE = load_catalogue()
DAY = datetime(2024, 3, 1, tzinfo=UTC)


def cut(total: int, weights: list[int]) -> list[int]:
    """`total` in as many parts as there are weights; the last takes the remainder."""
    whole = sum(weights) or 1
    parts = [total * weight // whole for weight in weights[:-1]]
    return [*parts, total - sum(parts)]


def weights(number: int) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(0, 100), min_size=number, max_size=number)


@given(
    total=FEN,
    bill=weights(4),
    parts=weights(len(PARTS)),
    kind=st.sampled_from(InsuranceKind),
    sign=st.sampled_from([1, -1]),
)
def test_every_settlement_told_adds_up(
    total: int, bill: list[int], parts: list[int], kind: InsuranceKind, sign: int
) -> None:
    """`output_of` asserts (A), (B), (D), (E) and (F); here the signs and the rows as well."""
    own, over, first, scope = cut(total, bill)
    shares = Shares(**dict(zip(PARTS, cut(total, parts), strict=True)))
    settled = Settled(
        mdtrt_id="m",
        setl_id="s",
        msgid="g",
        person_id="p",
        person={},
        insurance_kind=kind,
        visit_kind=VisitKind.INPATIENT,
        psn_type="11",
        civil_servant=False,
        med_type="21",
        mdtrt_cert_type="02",
        clearing_office="310101",
        concluded_at=DAY,
        bill=Bill(
            total_fen=total,
            fully_own_fen=own,
            over_ceiling_fen=over,
            first_self_pay_fen=first,
            in_scope_fen=scope,
        ),
        shares=shares,
        deductible_fen=0,
        balance_fen=0,
        sign=sign,
    )
    output = output_of(settled)
    amounts = [row["fund_payamt"] for row in output["setldetail"]]
    assert all(amount.startswith("-") == (sign < 0) for amount in amounts)
    paying = [part for part in PARTS if getattr(shares, part) and part != "cash_fen"]
    assert len(amounts) == len(paying)


@given(
    code=st.sampled_from(sorted(CATALOGUE.items)),
    count_e4=st.integers(0, 10**8),
    price_e6=st.integers(0, 10**10),
    off=st.integers(-1, 1),
)
def test_every_line_told_adds_up(code: str, count_e4: int, price_e6: int, off: int) -> None:
    """`line_output` asserts (G) and (H) on whatever the catalogue did not refuse."""
    total_fen = max(0, (count_e4 * price_e6) // 10**8 + off)
    line = FeeLine("1", code, count_e4, price_e6, total_fen)
    try:
        found = split([line], CATALOGUE, DAY.date())
    except LineRefused:
        return
    output = line_output(found[0])
    assert output["feedetl_sn"] == "1"


@given(
    code=st.sampled_from(sorted(CATALOGUE.items)),
    count_e4=st.integers(2, 10**6),
    price_e6=st.integers(10**4, 10**10),
    share=st.integers(1, 10_000),
)
def test_every_refund_told_adds_up_with_the_other_sign(
    code: str, count_e4: int, price_e6: int, share: int
) -> None:
    charge = FeeLine("1", code, count_e4, price_e6, (count_e4 * price_e6) // 10**8)
    [found] = split([charge], CATALOGUE, DAY.date())
    back_e4 = max(1, count_e4 * share // 10_000)
    back = FeeLine("2", code, -back_e4, price_e6, -((back_e4 * price_e6) // 10**8))
    assume(back.total_fen < 0)
    lefts = {"1": of_charge(found, DAY.date())}
    output = line_output(taken_back(back, "1", lefts, CATALOGUE))
    assert output["cnt"].startswith("-")
    assert not output["pric"].startswith("-")

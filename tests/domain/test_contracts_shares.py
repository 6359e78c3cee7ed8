"""What an insured area leaves blank: the hospital's part is what nobody else bears."""

import pytest

from contracts.messages.values import Shares, SharesTold
from tests.support.tables import rows

TOLD = rows(
    """
    total  pool  account  cash  hospital  completed  adds_up
    10000  6000  0        4000  -         0          yes
    10000  6000  1000     2500  -         500        yes
    10000  0     0        0     -         10000      yes
    10000  6000  1000     2500  500       500        yes
    10000  6000  1000     2500  0         0          no
    10000  6000  1000     3500  -         0          no
    10000  6000  0        4000  0         0          yes
    """
)


@pytest.mark.parametrize("case", TOLD, ids=lambda case: "/".join(case.values()))
def test_a_blank_hospital_part_is_the_bill_less_funds_account_and_cash(
    case: dict[str, str],
) -> None:
    hospital = {} if case["hospital"] == "-" else {"hospital_fen": int(case["hospital"])}
    told = SharesTold(
        pool_fen=int(case["pool"]),
        account_fen=int(case["account"]),
        cash_fen=int(case["cash"]),
        **hospital,
    )
    whole = told.completed(int(case["total"]))
    assert type(whole) is Shares
    assert whole.hospital_fen == int(case["completed"])
    assert (whole.total_fen() == int(case["total"])) == (case["adds_up"] == "yes")


def test_shares_that_say_the_hospitals_part_stay_as_they_are() -> None:
    shares = Shares(pool_fen=60, cash_fen=30)
    assert shares.completed(100) == shares
    assert SharesTold.model_validate_json('{"pool_fen": 60}').hospital_fen is None
    assert SharesTold.model_validate_json('{"hospital_fen": null}').hospital_fen is None

"""仪征 2010 as published, from the hospital's door through the hub to the desk's explanation."""

from collections.abc import Iterator

import pytest

from contracts.ids import id_of_short_text
from simulators.demo.stage import fen
from simulators.hospital import Reply, Visit
from simulators.stack.servers import Servers
from tests.support.tables import rows
from tests.support.worlds import Country, country, stay_of, yes

# In-scope 12,000.00 yuan, first stay, level 2. Who lives at the place, or is posted there, is paid
# as at home; any other traveller as out of the city.
PUBLISHED = """
    person | category            | person_type | deductible | fund      | patient
    0      | retired_resettled   | retired     |     500.00 | 10285.00  | 1715.00
    2      | long_term_resident  | retired     |     500.00 | 10285.00  | 1715.00
    1      | posted_worker       | active      |     600.00 |  9672.00  | 2328.00
    3      | other_temporary     | active      |    1000.00 |  9340.00  | 2660.00
"""
SESSIONS = 30  # of 400 yuan each
# What the interface calls it, and where the published figure stands above.
PAID_BY = {"act_pay_dedc": "deductible", "hifp_pay": "fund", "fund_pay_sumamt": "fund"}
WHOLE = {"medfee_sumamt": "12000.00", "inscp_scp_amt": "12000.00"}
NOTHING = ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "hifob_pay", "maf_pay")


@pytest.fixture(scope="module")
def yizheng(stack: Servers) -> Iterator[Country]:
    with country(stack) as found:
        yield found


@pytest.mark.slow
@pytest.mark.parametrize("row", rows(PUBLISHED), ids=lambda row: row["category"])
def test_a_first_stay_comes_out_as_published(yizheng: Country, row: dict[str, str]) -> None:
    person, hospital = yizheng.person(int(row["person"])), yizheng.hospital(level=2)
    assert person.person_type == row["person_type"]
    # A temporary registration needs half a year at least.
    yizheng.register(person, row["category"], ends=300 if "temporary" in row["category"] else None)
    visit = yizheng.visit(person, stay_of(SESSIONS))
    for reply in (hospital.trial(visit), hospital.settle(visit)):
        assert_as_published(yes(reply), row)
    assert_explained(yizheng, visit, row)


def assert_as_published(reply: Reply, row: dict[str, str]) -> None:
    expected = WHOLE | {name: row[column] for name, column in PAID_BY.items()}
    expected |= dict.fromkeys(NOTHING, "0.00") | {"psn_part_amt": row["patient"]}
    info = reply.setlinfo
    assert {name: fen(info[name]) for name in expected} == {n: fen(v) for n, v in expected.items()}
    # The patient's part is what the account pays and what is left for the cash desk.
    assert fen(info["acct_pay"]) + fen(info["psn_cash_pay"]) == fen(row["patient"])
    assert fen(row["fund"]) + fen(row["patient"]) == fen(WHOLE["medfee_sumamt"])


def assert_explained(yizheng: Country, visit: Visit, row: dict[str, str]) -> None:
    """The desk shows a working whose lines a clerk can add up to the very same figures."""
    grant = yizheng.desk.get(f"/people/{visit.psn_no}/grants/{id_of_short_text(visit.setl_id)}")
    assert grant["policy_id"] == "yizheng-employee-2010"
    assert grant["deductible_fen"] == fen(row["deductible"])
    assert grant["shares"]["pool_fen"] == fen(row["fund"])
    working = grant["working"]
    assert any("起付线" in line and f"{row['deductible']} 元" in line for line in working)
    paid = [line.split("｜")[1].split(" = ")[1] for line in working if "｜统筹基金：" in line]
    assert sum(fen(amount.removesuffix(" 元")) for amount in paid) == fen(row["fund"])

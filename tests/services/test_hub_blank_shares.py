"""An insured area that leaves the hospital's part blank is repaired, not rejected."""

import pytest

from contracts.messages.settlement import SettlementCalculated
from contracts.messages.values import SharesTold
from hub.services import calculations
from hub.store.db import migrate
from tests.services.test_hub_settlements import accepted, told
from tests.support.databases import Databases
from tests.support.hub import FROM_INSURED, Hub, an_open_hub, said
from tests.support.tables import rows

# The bill is 10.00 yuan.
BLANK = rows(
    """
    pool  cash  hospital  outcome  kept
    600   400   -         settled  0
    600   300   -         settled  100
    600   300   100       settled  100
    600   300   0         refused  -
    900   300   -         refused  -
    """
)


@pytest.fixture
def hub(databases: Databases) -> Hub:
    return an_open_hub(databases.fresh("hub", migrate))


@pytest.mark.parametrize("case", BLANK, ids=lambda case: "/".join(case.values()))
def test_the_hospital_bears_what_nobody_else_does(hub: Hub, case: dict[str, str]) -> None:
    id_ = accepted(hub)
    hospital = {} if case["hospital"] == "-" else {"hospital_fen": int(case["hospital"])}
    shares = SharesTold(pool_fen=int(case["pool"]), cash_fen=int(case["cash"]), **hospital)
    body = SettlementCalculated(settlement_id=id_, shares=shares, deductible_fen=0)
    hub.hear(calculations.record, said(body, FROM_INSURED))
    first = told(hub.outgoing)[0]
    assert case["outcome"] in first
    answer = hub.outgoing[0].message.body
    found = answer.shares.hospital_fen if getattr(answer, "shares", None) else "-"  # type: ignore[attr-defined]  # a SettlementAnswered
    assert str(found) == case["kept"]

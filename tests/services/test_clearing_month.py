"""A month of agreed days is cleared by its totals: the small form of `yidi bench-clearing`."""

from contracts.codes import areas
from hub.store.db import migrate
from simulators.bench import clearing_month
from tests.support.databases import Databases

SETTLEMENTS, AREAS = 250_000, 6
DAYS, PAIRS = 32, AREAS * (AREAS - 1)  # March, and the last day of February that comes late


def test_a_synthetic_month_is_issued_whole_and_both_computations_agree(
    databases: Databases,
) -> None:
    engine = databases.fresh("hub", migrate)
    clearing_month.write(engine, list(areas())[:AREAS], SETTLEMENTS)
    found = clearing_month.cleared(engine, "a test's")
    assert (found.settlements, found.pair_days, found.state) == (
        SETTLEMENTS,
        DAYS * PAIRS,
        "issued",
    )
    assert found.lines == PAIRS * 8
    assert found.statements == 2 * AREAS
    assert found.payable_fen == found.receivable_fen > 0

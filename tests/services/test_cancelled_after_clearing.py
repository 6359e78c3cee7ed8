"""A settlement of a cleared month is cancelled: a negative row in a later run, on every side."""

from datetime import date, timedelta
from random import Random

import pytest

from contracts.ids import short_text_of
from contracts.messages.clearing import ClearingIssued
from hub.domain.clearing import RunState
from hub.services import clearing, days, reconciliation
from hub.services.reconciliation import Patience
from participants.gateway.serving.requests import Awaiting
from participants.gateway.wire.envelope import Reply
from tests.support import insured
from tests.support.databases import Databases
from tests.support.three_parties import INSURED, World, world

PATIENCE = Patience(break_after=timedelta(minutes=1), ask_every=timedelta(seconds=3))
BOOKED = "SELECT settlement_id, {0}, reversed_on FROM {1} WHERE {0} IS NOT NULL"


def settled(here: World) -> dict[str, object]:
    document = here.document("2304", here.bill(INSURED))
    request, step = here.ask(document)
    assert isinstance(step, Awaiting)
    here.drain()
    reply = here.look(request, step)
    assert isinstance(reply, Reply)
    assert reply.code is None
    return document


def agreed_until(here: World, opened: date) -> None:
    """Close days until this one is open, and let all sides agree on every closed day."""
    with here.hub.begin() as tx:
        while days.close(tx, here.now) < opened - timedelta(days=1):
            pass
    for _ in range(200):
        with here.hub.begin() as tx:
            begun = reconciliation.begin_due(tx, here.now, patience=PATIENCE)
            again = reconciliation.ask_again(tx, here.now, patience=PATIENCE)
        here.on_the_way += [*begun, *again]
        here.drain()
        here.now += timedelta(seconds=1)
        if not begun and not again:
            break
    open_sides = "SELECT count(*) FROM reconciliation_sides WHERE state <> 'agreed'"
    assert here.rows(here.hub, open_sides) == [(0,)]


def cleared(here: World, month: str) -> list[ClearingIssued]:
    """The run, which must be sound; what it says to the treatment area."""
    with here.hub.begin() as tx:
        run, outgoing = clearing.run(tx, month, here.now)
    assert (run.state, run.payable_fen) == (RunState.ISSUED, run.receivable_fen)
    here.on_the_way += outgoing
    here.drain()
    bodies = [one.message.body for one in outgoing if one.topic.startswith("treatment.")]
    return [body for body in bodies if isinstance(body, ClearingIssued)]


@pytest.mark.parametrize("by", ["2305", "2601"])
def test_what_is_undone_after_its_month_was_cleared_is_a_negative_row_of_a_later_run(
    databases: Databases, by: str
) -> None:
    here = world(databases, Random(11))
    document = settled(here)
    [(id_, fund_fen)] = here.rows(
        here.hub, "SELECT settlement_id, total_fen - cash_fen FROM settlements"
    )
    agreed_until(here, date(2026, 4, 1))
    [march] = cleared(here, "2026-03")
    assert (march.receivable_fen, [line.count for line in march.lines]) == (fund_fen, [1])

    psn_no = insured.person(INSURED)
    nodes = {
        "2305": {"psn_no": psn_no, "setl_id": short_text_of(id_), "mdtrt_id": "1"},
        "2601": {"psn_no": psn_no, "omsgid": document["msgid"], "oinfno": "2304"},
    }
    request, step = here.ask(here.document(by, nodes[by]))
    assert isinstance(step, Awaiting)
    here.drain()
    reply = here.look(request, step)
    assert isinstance(reply, Reply)
    assert reply.code is None
    # It lies on the day that is open, not on the one that was cleared, in all three books.
    for engine, column, table in (
        (here.hub, "settled_on", "settlements"),
        (here.insured, "settled_on", "grants"),
        (here.treatment, "business_date", "settlements"),
    ):
        found = here.rows(engine, BOOKED.format(column, table))
        assert found == [(id_, insured.TODAY, date(2026, 4, 1))], table

    agreed_until(here, date(2026, 5, 1))
    [april] = cleared(here, "2026-04")
    assert (april.receivable_fen, [line.count for line in april.lines]) == (-fund_fen, [-1])
    negative = {(line.count, line.payable_fen) for line in april.lines}
    assert negative == {(-1, -fund_fen)}
    # What was issued in March stands as it was issued.
    with here.hub.begin() as tx:
        again = clearing.find(tx, "2026-03")
    assert again is not None
    assert tuple(again[1]) == march.lines
    kept = here.rows(
        here.treatment, "SELECT month, receivable_fen FROM statements_received ORDER BY 1"
    )
    assert kept == [("2026-03", fund_fen), ("2026-04", -fund_fen)]


def test_it_is_a_negative_row_for_the_insured_area_too(databases: Databases) -> None:
    here = world(databases, Random(12))
    document = settled(here)
    agreed_until(here, date(2026, 4, 1))
    cleared(here, "2026-03")
    undone = {
        "psn_no": insured.person(INSURED),
        "omsgid": document["msgid"],
        "oinfno": "2304",
    }
    here.ask(here.document("2601", undone))
    here.drain()
    agreed_until(here, date(2026, 5, 1))
    cleared(here, "2026-04")
    statements = here.rows(
        here.insured, "SELECT month, payable_fen FROM statements_received ORDER BY 1"
    )
    assert [month for month, _ in statements] == ["2026-03", "2026-04"]
    assert statements[0][1] == -statements[1][1] > 0

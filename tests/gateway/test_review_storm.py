"""Two gateways on one area, and hospitals that say everything about the same visits at once."""

import asyncio
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import httpx
import pytest

from contracts.clock import SystemClock
from contracts.refusal import RefusalCode
from participants.gateway.http.app import create_app
from participants.gateway.settings import GatewaySettings
from tests.gateway.cases import PSN_NO
from tests.gateway.stays import REFUND, Stay, admitted, code_of, registered
from tests.gateway.street import AREA, Reply, Street, _door, envelope

WAVES, REQUESTS = 3, 100
Said = tuple[dict[str, Any], Reply]
BROKEN = """
    WITH live AS (SELECT * FROM settlements
                  WHERE state IN ('requested', 'withdrawing', 'settled', 'reversing'))
    SELECT 'a bill is not its lines', settlement_id FROM live JOIN fee_lines USING (settlement_id)
        GROUP BY settlement_id, live.total_fen HAVING sum(fee_lines.total_fen) <> live.total_fen
    UNION ALL SELECT 'lines held by what is undone', settlement_id FROM fee_lines
        WHERE settlement_id IS NOT NULL AND settlement_id NOT IN (SELECT settlement_id FROM live)
    UNION ALL SELECT 'undone under a settlement', visit_id FROM visits JOIN live USING (visit_id)
        WHERE visits.state = 'cancelled' OR withdrawn_at IS NOT NULL
    UNION ALL SELECT 'refunded beyond its charge', charge.visit_id
        FROM fee_lines AS charge JOIN fee_lines AS refund
          ON (refund.visit_id, refund.refunds_line_no) = (charge.visit_id, charge.line_no)
        GROUP BY charge.visit_id, charge.line_no, charge.total_fen
        HAVING charge.total_fen + sum(refund.total_fen) < 0
    UNION ALL SELECT 'settled twice', visit_id FROM live WHERE NOT mid_stay
        GROUP BY visit_id HAVING count(*) > 1
"""


@pytest.mark.parametrize("seed", range(2))
def test_whatever_comes_together_no_lock_is_crossed_and_the_books_stay_sound(
    street: Street, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    random, said = Random(seed), list[Said]()
    visits = [make(street) for make in (registered, admitted) for _ in range(4)]
    for visit in visits:
        visit.lines(visit.line(1), visit.line(2))
    with caplog.at_level(logging.WARNING), beside(street) as other:
        for wave in range(WAVES):
            documents = [
                document(random, random.choice(visits), said, 10 + wave * REQUESTS + n)
                for n in range(REQUESTS)
            ]
            replies = at_both(street, other, documents)
            assert RefusalCode.INTERNAL_FAULT not in {code_of(one) for one in replies}
            assert street.rows(BROKEN) == []
            said += zip(documents, replies, strict=True)
    assert not [one for one in caplog.messages if "tried again" in one or "Deadlock" in one]


@contextmanager
def beside(street: Street) -> Iterator[httpx.AsyncClient]:
    """A second gateway of the same area, on the same database."""
    door = _door(street.engine, street.log)
    app = create_app({AREA: door}, GatewaySettings(), SystemClock())
    life = app.router.lifespan_context(app)
    street.run(life.__aenter__())
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://beside")
    try:
        yield client
    finally:
        street.run(client.aclose())
        street.run(life.__aexit__(None, None, None))


def at_both(street: Street, other: httpx.AsyncClient, documents: list[Any]) -> list[Reply]:
    async def ask() -> list[httpx.Response]:
        clients = (street.client, other)
        posts = (
            clients[n % 2].post("/", content=json.dumps(one)) for n, one in enumerate(documents)
        )
        return await asyncio.gather(*posts)

    return [json.loads(response.text) for response in street.run(ask())]


def document(random: Random, visit: Stay, said: list[Said], number: int) -> dict[str, Any]:
    """Anything that may be said about a visit, sensible or not."""
    inpatient, which = visit.is_inpatient, visit.which
    settled = [
        (one, reply)
        for one, reply in said
        if one["infno"] in {"2207", "2304"} and reply["infcode"] == 0
    ]
    bill = visit.bill(f"{1840 * random.choice((1, 2, 2))}.00", random.choice("01"))
    upload, remove, settle, undo = (
        ("2301", "2302", "2304", "2404") if inpatient else ("2204", "2205", "2207", "2202")
    )
    charge = visit.line(number)
    refund = visit.line(number, REFUND, init_feedetl_sn=random.choice("12"))
    said_of: list[tuple[str, dict[str, Any]]] = [
        (upload, {"feedetail": [charge]}),
        (upload, {"feedetail": [refund]}),
        (remove, {**which, "feedetl_sn": "0000", "chrg_bchno": "0000"}),
        (settle, bill),
        (settle, bill),
        (undo, {**which, "ipt_otp_no": "MZ0001"}),
        ("5204", which),
    ]
    for one, reply in random.sample(settled, min(2, len(settled))):
        info, infno = reply["output"]["setlinfo"], one["infno"]
        names = {"psn_no": PSN_NO, "setl_id": info["setl_id"], "mdtrt_id": info["mdtrt_id"]}
        said_of.append(("2208" if infno == "2207" else "2305", names))
        said_of.append(("2601", {"psn_no": PSN_NO, "omsgid": one["msgid"], "oinfno": infno}))
    return envelope(*random.choice(said_of))

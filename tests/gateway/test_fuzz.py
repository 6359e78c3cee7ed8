"""Whatever is sent: HTTP 200, an envelope, a code; never a fault of ours."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from participants.gateway.transactions.table import TRANSACTIONS
from participants.gateway.wire.fields import shapes
from tests.gateway.cases import (
    PSN_NO,
    chronic_disease,
    designation,
    outpatient_bill,
    referral,
    split,
)
from tests.gateway.street import Street, envelope, opened
from tests.gateway.test_preflight import of_2001, question
from tests.support.databases import Databases

FIELDS = sorted({f.name for s in shapes().values() for n in s.nodes for f in n.fields})
PLAIN = ["", "null", "310", "11", "01", "02", "1", "0", "2024-03-01", "2024-03-01 09:00:00"]
TEXT = st.one_of(
    st.sampled_from([*PLAIN, PSN_NO, "A" * 26, "1.5", "-1", "1e9", "9" * 30]), st.text()
)
LEAF = st.one_of(TEXT, st.integers(), st.floats(), st.booleans(), st.none())
ANY = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.sampled_from(FIELDS), st.text()), inner, max_size=6),
    ),
    max_leaves=20,
)
NODES = st.sampled_from(["data", "mdtrtinfo", "feedetail", "diseinfo", "refmedin"])


@pytest.fixture(scope="module")
def shared(database_server: Databases) -> Iterator[Street]:
    with opened(database_server, answer_within_s=5) as street:
        yield street
    database_server.take_back()


def assert_an_envelope(street: Street, body: str | bytes) -> dict[str, Any]:
    response = street.post(body)
    assert response.status_code == 200
    reply: dict[str, Any] = json.loads(response.text)
    assert reply["infcode"] in (0, -1)
    assert not reply["err_msg"].startswith("[2001]"), body
    assert bool(reply["err_msg"]) == (reply["infcode"] == -1)
    return reply


slow = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@slow
@given(
    body=st.one_of(
        st.binary(max_size=200), st.text(max_size=200).map(lambda t: t.encode(errors="replace"))
    )
)
def test_any_bytes(shared: Street, body: bytes) -> None:
    assert assert_an_envelope(shared, body)["infcode"] == -1


@slow
@given(infno=st.sampled_from([*TRANSACTIONS, "9999"]), inputs=st.dictionaries(NODES, ANY))
def test_any_input(shared: Street, infno: str, inputs: dict[str, Any]) -> None:
    assert_an_envelope(shared, json.dumps(envelope(infno) | {"input": inputs}))


@slow
@given(changes=st.dictionaries(st.sampled_from(sorted(envelope("2207"))), ANY, max_size=4))
def test_any_envelope(shared: Street, changes: dict[str, Any]) -> None:
    assert_an_envelope(shared, json.dumps(envelope("2207") | changes))


@slow
@given(
    infno=st.sampled_from(["2206", "2207", "2303", "2304"]),
    changes=st.dictionaries(st.sampled_from(FIELDS), LEAF, max_size=2),
)
def test_any_change_of_a_good_bill(shared: Street, infno: str, changes: dict[str, Any]) -> None:
    node = outpatient_bill("MZ0001", "2000", mid_setl_flag="0", **split(0, 0, 0, "2000"))
    assert_an_envelope(shared, json.dumps(envelope(infno, node | changes)))


@slow
@given(changes=st.dictionaries(st.sampled_from([*question(), "flags", "med_type"]), ANY))
def test_any_question_gets_a_verdict_or_a_code(shared: Street, changes: dict[str, Any]) -> None:
    response = shared.post(json.dumps(question(**changes)), "/preflight")
    document = json.loads(response.text)
    assert response.status_code in {200, 400, 422}, document
    assert ("will_settle" in document) == (response.status_code == 200)


@slow
@given(
    infno=st.sampled_from(["2001", "2501", "2502", "2503", "2505"]),
    changes=st.dictionaries(st.sampled_from(FIELDS), LEAF, max_size=3),
)
def test_any_change_of_a_good_registration(
    shared: Street, infno: str, changes: dict[str, Any]
) -> None:
    node = {**referral()["refmedin"], **chronic_disease(), **designation(), **of_2001()}
    assert_an_envelope(shared, json.dumps(envelope(infno, node | changes)))

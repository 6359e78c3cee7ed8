"""A hospital's message id: new, a replay, a clash, or withdrawn."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import Connection, Engine

from contracts.ids import SettlementId, new_id
from participants.treatment.domain.attempt import Claim, ClaimKind, MessageKey
from participants.treatment.domain.settlement import WithdrawRequest
from participants.treatment.services import attempts, settlements
from tests.support.databases import Databases
from tests.support.treatment import (
    HOSPITAL,
    NOW,
    OTHER_HOSPITAL,
    TERMS,
    a_bill,
    an_attempt,
    requested,
    treatment_database,
)

M1 = MessageKey(HOSPITAL, "M1")


@pytest.fixture
def engine(databases: Databases) -> Engine:
    return treatment_database(databases)


@pytest.fixture
def tx(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as tx:
        yield tx


def _claim(tx: Connection, **attempt: str) -> Claim:
    [claim] = attempts.claim(tx, [an_attempt("M1", **attempt)], NOW)
    return claim


def test_an_id_is_new_once_and_then_a_replay_that_is_still_under_way(tx: Connection) -> None:
    assert _claim(tx).kind is ClaimKind.NEW
    assert _claim(tx) == Claim(ClaimKind.REPLAY, None, None)


def test_a_replay_brings_the_reply_that_was_stored_first(tx: Connection) -> None:
    _claim(tx)
    attempts.answered(tx, [(M1, '{"infcode":0}')])
    attempts.answered(tx, [(M1, '{"infcode":-1}')])
    assert _claim(tx).reply_json == '{"infcode":0}'


def test_a_replay_of_a_settlement_under_way_names_it(tx: Connection) -> None:
    id_ = requested(tx, a_bill("M1")).settlement_id
    assert _claim(tx) == Claim(ClaimKind.REPLAY, None, id_)


def test_a_bound_id_is_named_by_its_replay(tx: Connection) -> None:
    _claim(tx)
    subject = SettlementId(new_id())
    attempts.bind(tx, [(M1, subject)])
    assert _claim(tx).subject_id == subject


def test_a_used_id_with_another_content_is_a_clash(tx: Connection) -> None:
    _claim(tx)
    assert _claim(tx, content="another").kind is ClaimKind.CLASH


def test_another_hospitals_same_id_is_another_message(tx: Connection) -> None:
    _claim(tx)
    attempts.answered(tx, [(M1, "{}")])
    assert _claim(tx, by=OTHER_HOSPITAL) == Claim(ClaimKind.NEW)
    assert _claim(tx, by=OTHER_HOSPITAL) == Claim(ClaimKind.REPLAY, None, None)
    assert _claim(tx) == Claim(ClaimKind.REPLAY, "{}")


def test_a_reply_once_stored_is_what_whoever_answers_later_is_given(tx: Connection) -> None:
    _claim(tx)
    assert attempts.answered(tx, [(M1, "first")]) == {}
    assert attempts.answered(tx, [(M1, "second")]) == {M1: "first"}


def test_two_of_one_id_in_a_batch_are_judged_one_after_the_other(tx: Connection) -> None:
    batch = [an_attempt("M1"), an_attempt("M1"), an_attempt("M1", content="another")]
    kinds = [claim.kind for claim in attempts.claim(tx, batch, NOW)]
    assert kinds == [ClaimKind.NEW, ClaimKind.REPLAY, ClaimKind.CLASH]


def test_what_was_withdrawn_is_never_done_again_even_if_it_had_a_reply(tx: Connection) -> None:
    requested(tx, a_bill("M1"))
    attempts.answered(tx, [(M1, "{}")])
    settlements.withdraw(tx, [WithdrawRequest("W1", HOSPITAL, "M1", "2207")], NOW, TERMS)
    assert _claim(tx) == Claim(ClaimKind.WITHDRAWN)


def test_a_claim_that_was_rolled_back_leaves_the_id_free(engine: Engine) -> None:
    with engine.connect() as connection:
        attempts.claim(connection, [an_attempt("M1")], NOW)
        connection.rollback()
    with engine.begin() as tx:
        assert _claim(tx).kind is ClaimKind.NEW


def test_an_attempt_is_compared_by_content_and_not_by_its_transaction_number(
    tx: Connection,
) -> None:
    _claim(tx)
    [claim] = attempts.claim(tx, [replace(an_attempt("M1"), infno="2304")], NOW)
    assert claim.kind is ClaimKind.REPLAY

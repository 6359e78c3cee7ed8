"""Two at work on one run: nobody waits in a circle, and no paper mixes two versions."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, text

from contracts.codes import Role
from hub.domain.answers import Answer, Verdict, key_of
from hub.domain.clearing import RunState
from hub.services import answers, clearing, papers, proofs, reconciliation
from hub.store import clearing as runs
from hub.store import papers as papers_store
from hub.store import proofs as proofs_store
from hub.store.db import migrate
from participants import statement
from tests.support.databases import Databases
from tests.support.hub_books import ANHUI, HUNAN, NOON, SHANGHAI, Case, add_cases, add_days
from tests.support.papers import KEY

FIRST, LAST, APRIL = date(2026, 3, 1), date(2026, 3, 31), date(2026, 4, 1)
CASES = (
    Case(1, FIRST, total_fen=100_00),
    Case(2, LAST, total_fen=40_00),
    Case(3, LAST, insured=ANHUI, total_fen=30_00),
)
WAIT_MAX = timedelta(seconds=20)


@pytest.fixture
def engine(databases: Databases) -> Engine:
    engine = databases.fresh("hub", migrate)
    with engine.begin() as tx:
        add_days(tx, FIRST, APRIL)
        add_cases(tx, CASES)
        for _ in range(4):
            reconciliation.begin_due(tx, NOON)
        tx.execute(
            text(
                "UPDATE reconciliation_sides SET state = 'agreed', agreed_at = now(),"
                " reported_attempt = 1"
            )
        )
    return engine


def _contested(engine: Engine) -> UUID:
    """March as it was issued, with Hunan's line contested."""
    with engine.begin() as tx:
        run, _ = clearing.run(tx, "2026-03", NOON)
        lines = clearing.lines_of(tx, run.run_id, 1)
        mine = next(line for line in lines if line.insured_area == HUNAN)
        said = Answer(key_of(mine), Role.INSURED, Verdict.CONTESTED, 0, "不认")
        about = {"version": 1, "total_fen": 0, "area": HUNAN, "by": "agency", "now": NOON}
        answers.answer(tx, run.run_id, [said], **about)  # type: ignore[arg-type]  # named values
    return run.run_id


def _again(tx: Connection, run_id: UUID) -> RunState:
    held = [(HUNAN, SHANGHAI)]
    run, _ = clearing.again(tx, run_id, hold_over=held, why="待查", by="operator", now=NOON)
    return run.state


@contextmanager
def _meanwhile(engine: Engine, act: Callable[[Connection], object]) -> Iterator[Future[object]]:
    """`act` in a transaction of its own, once it waits for a lock that the caller holds."""

    def run() -> object:
        with engine.begin() as tx:
            return act(tx)

    with ThreadPoolExecutor(1) as thread:
        future = thread.submit(run)
        until = time.monotonic() + WAIT_MAX.total_seconds()
        with engine.connect() as tx:
            while not tx.execute(text("SELECT true FROM pg_locks WHERE NOT granted")).all():
                assert time.monotonic() < until, "nobody waits"
                assert not future.done() or future.result()
        yield future


def test_an_operator_who_waits_for_another_freeze_holds_no_run_meanwhile(engine: Engine) -> None:
    run_id = _contested(engine)
    with engine.connect() as freezing:
        freezing.begin()
        runs.take_turn(freezing)
        with _meanwhile(engine, lambda tx: _again(tx, run_id)) as reissuing:
            # Whoever freezes locks the run next: it must be free, or both wait for ever.
            freezing.execute(text("SELECT 1 FROM clearing_runs FOR UPDATE NOWAIT"))
            freezing.rollback()
            assert reissuing.result() is RunState.ISSUED


def test_papers_that_are_under_way_when_the_next_version_comes_are_not_kept(engine: Engine) -> None:
    run_id = _contested(engine)
    with engine.begin() as tx:
        proofs.seal_due(tx, NOON)
    with engine.connect() as reissuing:
        reissuing.execute(text("LOCK TABLE clearing_lines IN ACCESS EXCLUSIVE MODE"))
        with _meanwhile(engine, lambda tx: papers.make_some(tx, run_id, KEY)) as making:
            _again(reissuing, run_id)
            reissuing.commit()
            making.result()
    with engine.begin() as tx:
        kept = papers_store.listed(tx, issue=run_id, count_max=99)
        for paper in kept:
            statement.verify(papers_store.content_of(tx, paper.paper_id), KEY.public_hex)
        assert {paper.version for paper in kept} <= {2}
        assert papers.make_all(tx, run_id, KEY) > 0


def test_every_version_that_was_issued_is_sealed_at_once(engine: Engine) -> None:
    run_id = _contested(engine)
    with engine.begin() as tx:
        _again(tx, run_id)
        seals = [(seal.position, seal.version) for seal, _ in proofs.chain(tx)]
    assert seals == [(1, 1), (2, 2)]


def test_who_hashes_a_day_that_another_is_hashing_keeps_what_the_other_found(
    engine: Engine,
) -> None:
    with engine.connect() as first:
        first.begin()
        proofs.root_due(first, NOON)
        with _meanwhile(engine, lambda tx: proofs.root_due(tx, NOON)) as second:
            first.commit()
            assert second.result() == ()
    with engine.connect() as tx:
        assert proofs_store.days_not_rooted(tx, 1) == [FIRST + timedelta(days=1)]
        assert len(proofs_store.roots_of_day(tx, FIRST)) == 1

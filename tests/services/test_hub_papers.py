"""Papers of a run: made once, fetched by whom they concern, rebuilt byte by byte from the log."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from httpx import Response
from psycopg2.errors import UniqueViolation
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from contracts import access
from contracts.access import AccessRole, Principal
from contracts.codes import Role, VisitKind
from contracts.delivery.memory import MemoryLog
from contracts.delivery.outbox import Outbox
from hub.api.app import create_app
from hub.domain.clearing import ClearingRun
from hub.domain.papers import Paper, PaperKind, seen_as
from hub.papers import bundle
from hub.papers.seal_key import SealKey
from hub.services import (
    clearing,
    overriding,
    papers,
    proofs,
    recomputing,
    reconciliation,
    second_person,
)
from hub.settings import Settings
from hub.store import papers as store
from hub.store import proofs as proofs_store
from hub.store.db import migrate
from participants import statement
from tests.support.databases import Databases
from tests.support.http import served
from tests.support.hub_books import ANHUI, HUNAN, NOON, SHANGHAI, Case, add_cases, add_days
from tests.support.papers import first_column

FIRST, LAST, APRIL = date(2026, 3, 1), date(2026, 3, 31), date(2026, 4, 1)
KEY = SealKey.from_text("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
CASES = (
    Case(1, FIRST, total_fen=100_00, account_fen=1_00),
    Case(2, LAST, total_fen=70_00, visit_kind=VisitKind.PHARMACY),
    Case(3, LAST, insured=ANHUI, total_fen=30_00, reversed_on=LAST),
    Case(4, FIRST - timedelta(days=1), total_fen=60_00, reversed_on=FIRST),
    Case(5, FIRST - timedelta(days=1), insured=SHANGHAI, treatment=HUNAN, total_fen=9_00),
    Case(6, LAST, insured=SHANGHAI, treatment=HUNAN, total_fen=10_00, reversed_on=APRIL),
)


def _books(tx: Connection, cases: Sequence[Case] = CASES) -> None:
    add_days(tx, FIRST - timedelta(days=1), APRIL)
    add_cases(tx, cases)
    for _ in range(4):
        reconciliation.begin_due(tx, NOON)
    tx.execute(
        text(
            "UPDATE reconciliation_sides SET state = 'agreed', agreed_at = now(),"
            " reported_attempt = 1"
        )
    )


def _issued(tx: Connection, month: str) -> ClearingRun:
    run, _ = clearing.run(tx, month, NOON)
    proofs.seal_due(tx, NOON)
    papers.make_all(tx, run.run_id, KEY)
    return run


def _papers(tx: Connection, run: ClearingRun) -> list[tuple[Paper, bytes]]:
    return list(papers.of_run(tx, run.run_id))


@pytest.fixture
def engine(databases: Databases) -> Engine:
    engine = databases.fresh("hub", migrate)
    with engine.begin() as tx:
        _books(tx)
    return engine


def test_an_issued_run_has_every_paper_once_and_each_is_verified_offline(engine: Engine) -> None:
    with engine.begin() as tx:
        _issued(tx, "2026-02")
        run = _issued(tx, "2026-03")
        assert papers.make_all(tx, run.run_id, KEY) == 0
        made = _papers(tx, run)
    found = [statement.verify(content, KEY.public_hex) for _, content in made]
    kinds = sorted((paper.kind.value, paper.audience.code) for paper, _ in made)
    assert kinds == [
        ("detail", "310000-430000"),
        ("detail", "340000-310000"),
        ("detail", "430000-310000"),
        ("national", "-"),
        ("statement", "-310000"),
        ("statement", "-430000"),
        ("statement", "310000-"),
        ("statement", "340000-"),
        ("statement", "430000-"),
    ]
    # Rows: Hunan's two and the reversal of February's; Anhui's one and its reversal; Shanghai's.
    assert sum(one.rows for one in found) == 6
    assert {one.seal["position"] for one in found} == {2}
    national = next(one for one in found if one.kind == "national")
    assert national.totals["payable_fen"] == run.payable_fen == 61_00


def test_an_override_stands_on_every_notice_as_two_persons_decided_it(engine: Engine) -> None:
    first, second = (
        Principal(f"operator-{number}", AccessRole.OPERATOR, None) for number in (1, 2)
    )
    with engine.begin() as tx:
        run = _issued(tx, "2026-03")
        asked = overriding.propose(tx, run.run_id, reason="逾期未答复", by=first, now=NOON)
    with engine.begin() as tx:
        how = {"approve": True, "why": "", "by": second, "now": NOON + timedelta(days=30)}
        second_person.decide(tx, asked.proposal_id, **how)  # type: ignore[arg-type]  # a person's word
        assert papers.make_all(tx, run.run_id, KEY) == 5
        notices = [one for one in _papers(tx, run) if one[0].kind is PaperKind.NOTICE]
        assert recomputing.recompute(tx, run.run_id).differences == ()
    titles = sorted((paper.audience.code, paper.title_zh) for paper, _ in notices)
    assert titles == [
        ("-310000", "应收医疗费用清算通知书"),
        ("-430000", "应收医疗费用清算通知书"),
        ("310000-", "应付医疗费用清算通知书"),
        ("340000-", "应付医疗费用清算通知书"),
        ("430000-", "应付医疗费用清算通知书"),
    ]
    for paper, content in notices:
        assert paper.made_at == NOON + timedelta(days=30)
        marks = statement.verify(content, KEY.public_hex).marks
        assert marks == (
            f"本批次经清算中心双人复核强制确认（复核事项 {asked.proposal_id}）",
            "理由：逾期未答复",
        )
        book = bundle.files_in(content)["清算通知书.xlsx"]
        assert {*first_column(book)} >= {*marks, paper.title_zh}


def test_a_run_is_rebuilt_from_the_log_with_the_same_bytes(engine: Engine) -> None:
    with engine.begin() as tx:
        _issued(tx, "2026-02")
        run = _issued(tx, "2026-03")
        found = recomputing.recompute(tx, run.run_id)
    assert found.differences == ()
    assert (found.rows, found.lines, found.papers) == (6, 4, 9)
    assert "逐字节相同" in recomputing.told(found)


def test_a_row_that_was_changed_behind_the_hubs_back_is_found_and_named(engine: Engine) -> None:
    with engine.begin() as tx:
        run = _issued(tx, "2026-03")
        tx.execute(
            text(
                "UPDATE settlements SET pool_fen = pool_fen + 1, cash_fen = cash_fen - 1"
                " WHERE settlement_id = :id"
            ),
            {"id": CASES[1].settlement_id},
        )
        differences = recomputing.recompute(tx, run.run_id).differences
    assert "清算明细不同：430000 310000 310 pharmacy" in differences
    assert "结算日根不同：2026-03-31 430000 310000 310 pharmacy" in differences
    assert "封印与重算结果不同" in differences
    assert any("detail-430000-310000" in each for each in differences)


def test_seals_are_a_chain_that_no_transaction_can_fork_or_rewrite(engine: Engine) -> None:
    with engine.begin() as tx:
        _issued(tx, "2026-02")
        _issued(tx, "2026-03")
        (first, first_sha), (second, _) = proofs.chain(tx)
    assert (second.position, second.previous) == (first.position + 1, first_sha)
    fork = replace(first, position=3, version=9, previous=first_sha)
    with pytest.raises(UniqueViolation), engine.begin() as tx:
        proofs_store.add_seal(tx, fork, statements=0, details=0)
    for table in ("run_seals", "day_roots", "rooted_days", "clearing_papers"):
        with pytest.raises(DBAPIError, match="refused"), engine.begin() as tx:
            tx.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - tables of ours


def test_the_jobs_hash_each_closed_day_once_and_never_the_open_one(engine: Engine) -> None:
    with engine.begin() as tx:
        for _ in range(40):
            proofs.root_due(tx, NOON)
        days = tx.execute(text("SELECT count(*), max(business_date), sum(rows) FROM rooted_days"))
        assert days.one() == (32, LAST, 8)


def test_an_area_sees_its_own_papers_and_no_others(engine: Engine) -> None:
    with engine.begin() as tx:
        _issued(tx, "2026-03")
        found = store.listed(tx, seen_by=seen_as(Role.INSURED, HUNAN), count_max=99)
    assert [(paper.kind, paper.audience.code) for paper in found] == [
        (PaperKind.DETAIL, "430000-310000"),
        (PaperKind.STATEMENT, "430000-"),
    ]


def test_all_papers_of_a_run_are_laid_into_a_folder(engine: Engine, tmp_path: Path) -> None:
    with engine.begin() as tx:
        _issued(tx, "2026-03")
        assert papers.lay_into(tx, "2026-03", tmp_path / "papers") == 9
    names = sorted(path.name for path in (tmp_path / "papers").iterdir())
    assert "2026-03-v1-national--.zip" in names


def test_an_area_fetches_its_own_papers_over_http_and_is_refused_others(engine: Engine) -> None:
    people = {
        "operator": Principal("操作员", AccessRole.OPERATOR, None),
        "hunan": Principal("湖南", AccessRole.INSURED_AGENCY, HUNAN),
        "shanghai": Principal("上海", AccessRole.TREATMENT_AGENCY, SHANGHAI),
    }
    day = timedelta(days=1)
    with engine.begin() as tx:
        _issued(tx, "2026-03")
        tokens = {
            who: access.issue(tx, each, valid_for=day, now=NOON) for who, each in people.items()
        }
    outbox = Outbox(engine, MemoryLog().sender("hub.api"), Noon())
    with served(create_app(engine, outbox, Noon(), Settings())) as client:

        def get(who: str, path: str) -> Response:
            return client.get(path, headers={"Authorization": f"Bearer {tokens[who]}"})

        every = get("operator", "/papers?cycle=2026-03").json()
        seen = {who: get(who, "/papers").json() for who in ("hunan", "shanghai")}
        assert [len(every), len(seen["hunan"]), len(seen["shanghai"])] == [9, 2, 3]
        for one in every:
            answers = {who: get(who, f"/papers/{one['paper_id']}") for who in seen}
            for who, answer in answers.items():
                assert answer.status_code == (200 if one in seen[who] else 403)
            whole = get("operator", f"/papers/{one['paper_id']}")
            assert statement.verify(whole.content, KEY.public_hex)
            names = get("operator", f"/papers/{one['paper_id']}/files").json()
            for name in names:
                path = f"/papers/{one['paper_id']}/files/{name}"
                assert get("operator", path).status_code == 200
        assert get("operator", "/papers?cycle=2026-01").json()["code"] == "5013"
        assert len(get("hunan", "/papers/seals").json()) == 1
    outbox.close()


class Noon:
    def now(self) -> datetime:
        return NOON

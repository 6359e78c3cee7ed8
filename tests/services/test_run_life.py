"""The life of a clearing run on a real database: versions, answers, override, payments, closing."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

import psycopg2
import pytest
from sqlalchemy import Connection, Engine, text

from contracts.access import AccessRole, Principal
from contracts.codes import AreaCode, Role, VisitKind
from contracts.messages.clearing import ClearingIssued
from contracts.refusal import RefusalCode, Refused
from hub.domain.answers import Answer, Verdict, key_of
from hub.domain.clearing import RUN, ClearingRun, RunState
from hub.domain.netting import Netting
from hub.domain.payments import BankEntry
from hub.services import (
    answers,
    clearing,
    overriding,
    payments,
    reconciliation,
    second_person,
)
from hub.store.db import migrate
from tests.support.databases import Databases
from tests.support.hub_books import ANHUI, HUNAN, NOON, SHANGHAI, Case, add_cases, add_days

FIRST, LAST, APRIL = date(2026, 3, 1), date(2026, 3, 31), date(2026, 4, 1)
LATER = NOON + timedelta(days=30)
PAID_ON = date(2026, 4, 20)
SLIP = BankEntry("工商银行长沙分行", "20260420-0001", PAID_ON, 85_00)
FIRST_OPERATOR = Principal("operator-1", AccessRole.OPERATOR, None)
SECOND_OPERATOR = Principal("operator-2", AccessRole.OPERATOR, None)
# Hunan owes Shanghai 50 + 35, Shanghai owes Hunan 10, Anhui owes Shanghai 15.
CASES = (
    Case(1, FIRST, total_fen=100_00),
    Case(2, LAST, total_fen=70_00, visit_kind=VisitKind.PHARMACY),
    Case(3, LAST, insured=SHANGHAI, treatment=HUNAN, total_fen=20_00),
    Case(4, LAST, insured=ANHUI, total_fen=30_00),
)


@dataclass(slots=True)
class Books:
    """A hub whose March has agreed, and its run of March."""

    engine: Engine
    run_id: UUID

    def do(self, act: Callable[[Connection], object]) -> object:
        with self.engine.begin() as tx:
            return act(tx)

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        with self.engine.begin() as tx:
            return [tuple(row) for row in tx.execute(text(statement))]

    def state(self) -> str:
        return str(self.rows("SELECT state FROM clearing_runs")[0][0])

    def all_rows(self) -> list[list[tuple[object, ...]]]:
        """What must not change when something is refused."""
        return [self.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in WRITTEN]  # noqa: S608

    def refuses(self, act: Callable[[Connection], object]) -> RefusalCode:
        before = self.all_rows()
        with pytest.raises(Refused) as refused, self.engine.begin() as tx:
            act(tx)
        assert self.all_rows() == before
        return refused.value.code

    def said(self, area: AreaCode, role: Role, **changes: object) -> list[Answer]:
        """An area's confirmation of all its lines of the current version."""
        with self.engine.begin() as tx:
            run = clearing.find_run(tx, self.run_id)
            lines = clearing.lines_of(tx, self.run_id, run.version)
        given = [Answer(key_of(line), role, Verdict.CONFIRMED, line.payable_fen) for line in lines]
        return [replace(one, **changes) for one in given if one.area == area]  # type: ignore[arg-type]  # a test's own

    def answer(self, said: list[Answer], version: int = 1) -> ClearingRun:
        with self.engine.begin() as tx:
            return _answer(tx, self.run_id, said, version)

    def all_confirm(self, version: int = 1) -> None:
        for area in (HUNAN, SHANGHAI, ANHUI):
            for role in Role:
                said = self.said(area, role)
                if said:
                    self.answer(said, version)

    def confirmed(self) -> None:
        self.all_confirm()
        with self.engine.begin() as tx:
            clearing.confirm(tx, self.run_id, by="operator-1", now=LATER)


WRITTEN = (
    "clearing_runs",
    "clearing_steps",
    "clearing_answers",
    "obligations",
    "clearing_payments",
    "clearing_receipts",
    "clearing_withdrawals",
    "proposals",
)


def _answer(
    tx: Connection,
    run_id: UUID,
    said: list[Answer],
    version: int = 1,
    *,
    total_fen: int | None = None,
    area: AreaCode | None = None,
) -> ClearingRun:
    speaks = area or said[0].area
    total = sum(one.payable_fen for one in said) if total_fen is None else total_fen
    return answers.answer(
        tx,
        run_id,
        said,
        version=version,
        total_fen=total,
        area=speaks,
        by=f"agency of {speaks}",
        now=LATER,
    )


def _agreed(tx: Connection) -> None:
    add_days(tx, FIRST, APRIL)
    add_cases(tx, CASES)
    for _ in range(4):
        reconciliation.begin_due(tx, NOON)
    tx.execute(text("UPDATE reconciliation_sides SET state = 'agreed', agreed_at = now()"))


@pytest.fixture
def engine(databases: Databases) -> Engine:
    engine = databases.fresh("hub", migrate)
    with engine.begin() as tx:
        _agreed(tx)
    return engine


@pytest.fixture
def issued(engine: Engine) -> Books:
    with engine.begin() as tx:
        run, _ = clearing.run(tx, "2026-03", NOON)
    return Books(engine, run.run_id)


def test_a_run_walks_from_open_to_closed_and_its_history_says_so(issued: Books) -> None:
    issued.confirmed()
    assert issued.state() == "confirmed"
    owed = issued.rows("SELECT from_area, to_area, amount_fen FROM obligations ORDER BY position")
    assert owed == [(SHANGHAI, HUNAN, 10_00), (ANHUI, SHANGHAI, 15_00), (HUNAN, SHANGHAI, 85_00)]
    with issued.engine.begin() as tx:
        for number, one in enumerate(payments.obligations_of(tx, issued.run_id)):
            assert clearing.find_run(tx, issued.run_id).state is RunState.CONFIRMED
            sent = BankEntry("工商银行", f"S{number}", PAID_ON, one.amount_fen)
            got = replace(sent, bank_name="建设银行", serial=f"R{number}")
            how = {"by": "agency", "now": LATER}
            paid = payments.pay(tx, one.obligation_id, sent, area=one.from_area, **how)  # type: ignore[arg-type]  # who and when
            payments.receive(tx, paid.payment_id, got, area=one.to_area, **how)  # type: ignore[arg-type]  # the same
    assert issued.state() == "paid"
    with issued.engine.begin() as tx:
        closed = clearing.close(tx, issued.run_id, by="operator-1", now=LATER)
        assert clearing.close(tx, issued.run_id, by="operator-2", now=LATER) == closed
        steps = clearing.history(tx, issued.run_id)
    assert [(step.event.value, step.to_state.value) for step in steps] == [
        ("freeze", "frozen"),
        ("balance", "reconciled"),
        ("issue", "issued"),
        ("confirm", "confirmed"),
        ("pay", "paid"),
        ("close", "closed"),
    ]
    assert [step.position for step in steps] == list(range(1, 7))
    assert {step.version for step in steps} == {1}


def test_the_database_knows_the_same_steps_as_the_table_of_a_run(issued: Books) -> None:
    known = issued.rows("SELECT from_state, event, to_state FROM clearing_legal_steps")
    assert set(known) == {(step.source, step.event, step.target) for step in RUN.steps}


def test_a_wrong_answer_is_refused_by_name_and_changes_nothing(issued: Books) -> None:
    hunan = issued.said(HUNAN, Role.INSURED)
    contest = [replace(hunan[0], verdict=Verdict.CONTESTED)]
    nowhere = [replace(one, line=(HUNAN, ANHUI, *one.line[2:])) for one in hunan]
    code, given = RefusalCode, issued.run_id
    # What is said, what is wrong with it, and what it is called.
    for act, expected in (
        (lambda tx: _answer(tx, given, hunan, total_fen=84_99), code.LINES_DO_NOT_TIE),
        (lambda tx: _answer(tx, given, issued_wrong(hunan)), code.LINES_DO_NOT_TIE),
        (lambda tx: _answer(tx, given, nowhere), code.LINES_DO_NOT_TIE),
        (lambda tx: _answer(tx, given, contest), code.FIELD_MISSING),
        (lambda tx: _answer(tx, given, [*hunan, hunan[0]]), code.FIELD_INVALID),
        (lambda tx: _answer(tx, given, hunan, version=2), code.OUT_OF_STEP),
        (lambda tx: _answer(tx, given, hunan, area=ANHUI), code.NOT_ALLOWED),
        (lambda tx: _answer(tx, UUID(int=1), hunan), code.UNKNOWN_RUN),
    ):
        assert issued.refuses(act) is expected
    assert issued.answer(hunan).state is RunState.ISSUED  # The next good one is taken.


def issued_wrong(said: list[Answer]) -> list[Answer]:
    """One fen more on the first line."""
    return [replace(said[0], payable_fen=said[0].payable_fen + 1), *said[1:]]


def test_an_answer_said_again_is_the_same_answer_and_writes_nothing(issued: Books) -> None:
    hunan = issued.said(HUNAN, Role.INSURED)
    first = issued.answer(hunan)
    before = issued.all_rows()
    assert issued.answer(hunan) == first
    assert issued.all_rows() == before
    issued.all_confirm()
    issued.do(lambda tx: clearing.confirm(tx, issued.run_id, by="operator-1", now=LATER))
    before = issued.all_rows()
    assert issued.answer(hunan).state is RunState.CONFIRMED  # What stands, stands.
    issued.do(lambda tx: clearing.confirm(tx, issued.run_id, by="operator-2", now=LATER))
    assert issued.all_rows() == before
    changed = [replace(hunan[0], verdict=Verdict.CONTESTED, reason="少一笔")]
    assert issued.refuses(lambda tx: _answer(tx, issued.run_id, changed)) is RefusalCode.OUT_OF_STEP


def test_a_run_is_confirmed_only_when_both_areas_of_every_line_have(issued: Books) -> None:
    def confirm(tx: Connection) -> object:
        return clearing.confirm(tx, issued.run_id, by="operator-1", now=LATER)

    assert issued.refuses(confirm) is RefusalCode.NOT_ALL_CONFIRMED
    for area, role in ((HUNAN, Role.INSURED), (ANHUI, Role.INSURED), (SHANGHAI, Role.INSURED)):
        issued.answer(issued.said(area, role))
    assert issued.refuses(confirm) is RefusalCode.NOT_ALL_CONFIRMED
    issued.answer(issued.said(SHANGHAI, Role.TREATMENT))
    issued.answer(issued.said(HUNAN, Role.TREATMENT))
    assert issued.do(confirm).state is RunState.CONFIRMED  # type: ignore[attr-defined]  # a run


def test_a_contest_taken_back_leaves_the_version_as_it_was(issued: Books) -> None:
    hunan = issued.said(HUNAN, Role.INSURED)
    against = [replace(hunan[0], verdict=Verdict.CONTESTED, payable_fen=1, reason="少一笔")]
    assert issued.answer(against).state is RunState.CONTESTED
    assert issued.answer(hunan).state is RunState.ISSUED
    issued.confirmed()
    given = issued.rows("SELECT verdict FROM clearing_answers ORDER BY answer_id")
    assert given[0] == ("contested",)  # It is history, and is not taken away.


def test_a_contested_pair_is_held_over_and_the_rest_stays_confirmed(issued: Books) -> None:
    issued.all_confirm()
    anhui = issued.said(ANHUI, Role.INSURED)
    issued.answer([replace(anhui[0], verdict=Verdict.CONTESTED, payable_fen=0, reason="查无此人")])

    def again(tx: Connection) -> tuple[ClearingRun, list[ClearingIssued]]:
        run, outgoing = clearing.again(
            tx,
            issued.run_id,
            hold_over=[(ANHUI, SHANGHAI)],
            why="安徽异议待查",
            by="operator-1",
            now=LATER,
        )
        return run, [one.message.body for one in outgoing]  # type: ignore[misc]  # statements

    with issued.engine.begin() as tx:
        run, told = again(tx)
    assert (run.state, run.version, run.payable_fen) == (RunState.ISSUED, 2, 95_00)
    assert {body.version for body in told} == {2}
    assert issued.rows("SELECT version, count(*) FROM clearing_lines GROUP BY 1 ORDER BY 1") == [
        (1, 4),
        (2, 3),
    ]
    # What did not change needs no second answer; what was said to the first version is history.
    carried = issued.rows("SELECT count(*) FROM clearing_answers WHERE version = 2")
    assert carried == [(6,)]
    assert issued.refuses(lambda tx: _answer(tx, issued.run_id, anhui)) is RefusalCode.OUT_OF_STEP
    assert issued.refuses(again) is RefusalCode.OUT_OF_STEP
    issued.do(lambda tx: clearing.confirm(tx, issued.run_id, by="operator-1", now=LATER))
    assert issued.rows("SELECT count(*) FROM obligations") == [(2,)]
    # The pair that was held over comes late in the next run.
    with issued.engine.begin() as tx:
        tx.execute(text("UPDATE business_days SET state = 'closed', closed_at = now()"))
        add_days(tx, date(2026, 4, 2), date(2026, 5, 1))
        for _ in range(31):
            reconciliation.begin_due(tx, LATER)
        tx.execute(text("UPDATE reconciliation_sides SET state = 'agreed', agreed_at = now()"))
        april, _ = clearing.run(tx, "2026-04", LATER)
        found = clearing.lines_of(tx, april.run_id, 1)
    assert [(n.insured_area, n.late_fen, n.payable_fen) for n in found] == [(ANHUI, 15_00, 15_00)]


def test_two_persons_may_let_it_stand_against_a_contest_and_the_run_is_marked(
    issued: Books,
) -> None:
    hunan = issued.said(HUNAN, Role.INSURED)
    issued.answer([replace(hunan[0], verdict=Verdict.CONTESTED, payable_fen=0, reason="不认")])
    with issued.engine.begin() as tx:
        proposal = overriding.propose(
            tx, issued.run_id, reason="已核对原始凭证", by=FIRST_OPERATOR, now=LATER
        )
    assert proposal.content["unconfirmed"] == 8

    def decide(by: Principal) -> Callable[[Connection], object]:
        id_ = proposal.proposal_id
        return lambda tx: second_person.decide(tx, id_, approve=True, why="同意", by=by, now=LATER)

    assert issued.refuses(decide(FIRST_OPERATOR)) is RefusalCode.SECOND_PERSON_NEEDED
    assert issued.state() == "contested"
    issued.do(decide(SECOND_OPERATOR))
    issued.do(decide(SECOND_OPERATOR))  # The same word again: the same answer.
    marked = issued.rows("SELECT state, override_reason, override_proposal FROM clearing_runs")
    assert marked == [("confirmed", "已核对原始凭证", proposal.proposal_id)]
    last = issued.rows('SELECT event, "by", why FROM clearing_steps ORDER BY position DESC LIMIT 1')
    assert last == [("override", "operator-2", "已核对原始凭证")]


def test_an_override_of_a_version_that_is_gone_is_refused(issued: Books) -> None:
    hunan = issued.said(HUNAN, Role.INSURED)
    with issued.engine.begin() as tx:
        proposal = overriding.propose(
            tx, issued.run_id, reason="等不到答复", by=FIRST_OPERATOR, now=LATER
        )
    issued.answer([replace(hunan[0], verdict=Verdict.CONTESTED, payable_fen=0, reason="不认")])
    issued.do(
        lambda tx: clearing.again(
            tx, issued.run_id, hold_over=(), why="已复核", by="operator-1", now=LATER
        )
    )
    approve = {"approve": True, "why": "", "by": SECOND_OPERATOR, "now": LATER}
    refused = issued.refuses(
        lambda tx: second_person.decide(tx, proposal.proposal_id, **approve)  # type: ignore[arg-type]  # a person's word
    )
    assert refused is RefusalCode.OUT_OF_STEP


def test_a_payment_is_taken_once_and_never_for_more_than_is_owed(issued: Books) -> None:
    issued.confirmed()
    with issued.engine.begin() as tx:
        owed = {
            (one.from_area, one.to_area): one.obligation_id
            for one in payments.obligations_of(tx, issued.run_id)
        }
    hunan, back = owed[HUNAN, SHANGHAI], owed[SHANGHAI, HUNAN]
    part = replace(SLIP, amount_fen=50_00)

    def pay(
        slip: BankEntry, on: UUID = hunan, area: AreaCode = HUNAN
    ) -> Callable[[Connection], object]:
        return lambda tx: payments.pay(tx, on, slip, area=area, by="agency", now=LATER)

    first = issued.do(pay(part))
    before = issued.all_rows()
    assert issued.do(pay(part)) == first
    assert issued.all_rows() == before
    code = RefusalCode
    future = LATER.date() + timedelta(days=2)
    for act, expected in (
        (pay(replace(part, amount_fen=49_00)), code.PAYMENT_DIFFERS),
        (pay(replace(part, on=part.on - timedelta(days=1))), code.PAYMENT_DIFFERS),
        (pay(replace(part, serial="2", on=date(2016, 1, 2), amount_fen=1)), code.FIELD_INVALID),
        (pay(replace(part, serial="2", amount_fen=35_01)), code.PAID_TOO_MUCH),
        (pay(replace(part, serial="2", amount_fen=0)), code.FIELD_INVALID),
        (pay(replace(part, serial="2", on=future)), code.FIELD_INVALID),
        (pay(replace(part, serial="2"), area=SHANGHAI), code.NOT_ALLOWED),
        (pay(replace(part, serial="2"), area=ANHUI), code.NOT_ALLOWED),
        (pay(part, on=UUID(int=9)), code.UNKNOWN_OBLIGATION),
    ):
        assert issued.refuses(act) is expected
    issued.do(pay(replace(part, serial="2", amount_fen=35_00)))
    # Shanghai's own bank has given the same serial: that is another payment.
    assert issued.do(pay(replace(part, amount_fen=1_00), on=back, area=SHANGHAI)) != first
    assert issued.refuses(pay(part, on=back)) is code.NOT_ALLOWED
    assert issued.rows("SELECT paid_fen FROM obligations WHERE from_area = '430000'") == [(85_00,)]


def test_a_receipt_is_the_payees_word_about_one_whole_payment(issued: Books) -> None:
    issued.confirmed()
    with issued.engine.begin() as tx:
        owed = next(
            one for one in payments.obligations_of(tx, issued.run_id) if one.from_area == HUNAN
        )
        paid = payments.pay(
            tx, owed.obligation_id, SLIP, area=HUNAN, by="agency of hunan", now=LATER
        )
    slip = replace(SLIP, bank_name="建设银行上海分行", serial="R1")

    def receive(
        got: BankEntry, id_: UUID = paid.payment_id, area: AreaCode = SHANGHAI
    ) -> Callable[[Connection], object]:
        return lambda tx: payments.receive(tx, id_, got, area=area, by="agency", now=LATER)

    code = RefusalCode
    for act, expected in (
        (receive(replace(slip, amount_fen=84_99)), code.PAYMENT_DIFFERS),
        (receive(replace(slip, on=SLIP.on - timedelta(days=1))), code.PAYMENT_DIFFERS),
        (receive(slip, area=HUNAN), code.NOT_ALLOWED),
        (receive(slip, id_=UUID(int=9)), code.UNKNOWN_PAYMENT),
    ):
        assert issued.refuses(act) is expected
    first = issued.do(receive(slip))
    before = issued.all_rows()
    assert issued.do(receive(slip)) == first
    assert issued.all_rows() == before
    assert issued.refuses(receive(replace(slip, serial="R2"))) is code.PAYMENT_DIFFERS
    assert issued.state() == "confirmed"  # The other two still owe.


@pytest.mark.parametrize(
    ("netting", "expected"),
    [
        (Netting.GROSS, 110_00),
        (Netting.BILATERAL, 90_00),
        (Netting.MULTILATERAL, 90_00),
    ],
)
def test_what_is_owed_follows_the_way_of_netting(
    engine: Engine, netting: Netting, expected: int
) -> None:
    with engine.begin() as tx:
        run = clearing.open_run(tx, "2026-03", now=NOON, netting=netting)
        assert clearing.open_run(tx, "2026-03", now=LATER) == run
        clearing.freeze(tx, run.run_id, by="operator-1", now=NOON)
        clearing.issue(tx, run.run_id, by="operator-1", now=NOON)
    books = Books(engine, run.run_id)
    books.confirmed()
    assert books.rows("SELECT sum(amount_fen) FROM obligations") == [(expected,)]


def test_a_run_without_a_line_is_paid_as_soon_as_it_is_confirmed(databases: Databases) -> None:
    engine = databases.fresh("hub", migrate)
    with engine.begin() as tx:
        add_days(tx, FIRST, APRIL)
        for _ in range(31):
            reconciliation.begin_due(tx, NOON)
        run, _ = clearing.run(tx, "2026-03", NOON)
        assert clearing.confirm(tx, run.run_id, by="o", now=NOON).state is RunState.PAID


# What is done to a run that is confirmed and partly paid, and what the database says to it.
WRONG = [
    ("UPDATE clearing_runs SET payable_fen = 1, receivable_fen = 1", "refused"),
    ("UPDATE clearing_runs SET state = 'issued', confirmed_at = NULL", "refused"),
    ("UPDATE clearing_runs SET state = 'closed', closed_at = now()", "refused"),
    ("UPDATE clearing_runs SET version = 2", "refused"),
    ("UPDATE clearing_runs SET netting = 'bilateral'", "refused"),
    ("UPDATE clearing_runs SET cycle = '2026-02'", "refused"),
    ("DELETE FROM clearing_runs", "refused"),
    ("UPDATE clearing_lines SET version = 2", "refused"),
    ("DELETE FROM clearing_pair_days", "refused"),
    ("UPDATE obligations SET amount_fen = amount_fen + 1", "refused"),
    ("UPDATE obligations SET paid_fen = 0", "refused"),
    ("UPDATE obligations SET paid_fen = amount_fen + 1", "never_paid_too_much"),
    ("UPDATE obligations SET received_fen = paid_fen + 1", "received_after_paid"),
    ("DELETE FROM obligations", "refused"),
    ("UPDATE clearing_payments SET amount_fen = 1", "append-only"),
    (
        (
            "INSERT INTO clearing_payments SELECT gen_random_uuid(), obligation_id, bank_name,"
            " serial, paid_on, amount_fen, by, at, 2, payer FROM clearing_payments"
        ),
        "refused",
    ),
    ("DELETE FROM clearing_answers", "append-only"),
    ("UPDATE clearing_steps SET why = ''", "append-only"),
    ("UPDATE clearing_legal_steps SET to_state = 'closed'", "append-only"),
    ("TRUNCATE obligations CASCADE", "append-only"),
    (
        (
            "INSERT INTO clearing_steps SELECT run_id, 99, 'confirmed', 'close', 'closed', 1, '',"
            " '', now() FROM clearing_runs"
        ),
        "clearing_steps_are_legal",
    ),
    (
        (
            "INSERT INTO clearing_answers (run_id, version, insured_area, treatment_area,"
            " insurance_kind, visit_kind, role, verdict, payable_fen, reason, by, at) SELECT"
            " run_id, version, insured_area, treatment_area, insurance_kind, visit_kind, 'insured',"
            " 'confirmed', 0, '', '', now() FROM clearing_lines"
        ),
        "refused",
    ),
    (
        (
            "INSERT INTO obligations SELECT gen_random_uuid(), run_id, version, 99, '110000',"
            " '120000', 1, 1, 0 FROM clearing_runs"
        ),
        "refused",
    ),
    (
        (
            "INSERT INTO clearing_runs (run_id, cycle, first_day, last_day, version, state,"
            " netting, opened_at, payable_fen, receivable_fen, override_reason) SELECT"
            " gen_random_uuid(), '2026-03-21..31', '2026-03-21', last_day, 0, 'open', netting,"
            " opened_at, 0, 0, ''"
            " FROM clearing_runs"
        ),
        "clearing_runs_never_overlap",
    ),
]


def test_the_database_refuses_to_change_what_stands(issued: Books) -> None:
    issued.confirmed()
    with issued.engine.begin() as tx:
        owed = next(
            one for one in payments.obligations_of(tx, issued.run_id) if one.from_area == HUNAN
        )
        half = replace(SLIP, amount_fen=1_00)
        payments.pay(tx, owed.obligation_id, half, area=HUNAN, by="agency", now=LATER)
    for statement, words in WRONG:
        with pytest.raises(Exception, match=words) as refused, issued.engine.begin() as tx:
            tx.execute(text(statement))
        assert isinstance(refused.value.__cause__, psycopg2.IntegrityError), statement

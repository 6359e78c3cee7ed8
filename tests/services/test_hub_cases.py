"""Cases on a real database: who may do what with them and when, and what each ends in."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg2
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from contracts.codes import Fund
from contracts.refusal import RefusalCode, Refused
from hub.domain.case_states import CASE, CaseState, CaseType
from hub.domain.cases import Outcome, Reply
from hub.services import case_decisions, case_threads, opening_cases
from hub.services.case_decisions import Judgement
from hub.store import tables_advance, tables_cases, tables_papers  # noqa: F401 - their tables
from hub.store.tables import metadata
from tests.support.databases import Databases
from tests.support.hub_cases import (
    ANHUIS,
    BILL,
    CHRONIC,
    COLLEAGUE,
    INSURED,
    KEYS,
    OF_INSURED,
    OF_TREATMENT,
    OPERATOR,
    OTHER,
    SMALL,
    STRANGER,
    TREATMENT,
    UNDONE,
    WATCHER,
    Desk,
    a_desk,
    a_pdf,
    item,
    said,
)

MONDAY = datetime(2026, 4, 13, 2, 0, tzinfo=UTC)  # ten in the morning in China
DISPUTE, ASSISTANCE, COORDINATION = CaseType
DECISION = "SELECT outcome, basis, amount_fen, penalty_fen FROM case_decisions WHERE case_id = %s"
POSTED = """
    SELECT a.amount_fen, a.reason, p.from_area, p.to_area, p.amount_fen, a.business_date::text
    FROM adjustments AS a JOIN postings AS p USING (adjustment_id) WHERE case_id = %s
    ORDER BY a.amount_fen
"""


@pytest.fixture
def desk(databases: Databases) -> Desk:
    return a_desk(databases, MONDAY)


def refused(code: RefusalCode, call: Any, *arguments: Any, **named: Any) -> None:
    with pytest.raises(Refused) as caught:
        call(*arguments, **named)
    assert caught.value.code is code, caught.value


def test_the_schema_and_the_state_table_are_what_the_code_says(desk: Desk) -> None:
    with desk.engine.connect() as tx:
        differences = compare_metadata(MigrationContext.configure(tx), metadata)
    assert [one for one in differences if "case" in repr(one)] == []
    known = desk.rows("SELECT from_state, event, to_state FROM case_legal_steps")
    assert set(known) == {(s.source, s.event, s.target) for s in CASE.steps}


def test_a_violation_found_reduces_what_the_insured_area_owes_and_the_penalty_stays(
    desk: Desk,
) -> None:
    case = desk.open(ASSISTANCE)
    assert case.state is CaseState.WAITING
    desk.job(case.release_at)
    assert desk.take(case).owner == TREATMENT.subject
    desk.attach(case)
    found = (item(1_000_00), item(50_00, fund=Fund.ACCOUNT))
    desk.answer(case, Reply.ADMITS, *found, penalty_fen=2_000_00)
    assert desk.see(case).state is CaseState.ANSWERED
    desk.job()
    assert desk.see(case).state is CaseState.PROPOSED
    assert desk.rows(POSTED, case.case_id) == []
    desk.second(case, approve=True)
    assert desk.see(case).state is CaseState.DECIDED
    assert desk.rows(DECISION, case.case_id) == [("upheld", "evidence", -1_050_00, 2_000_00)]
    back = ("audit", "310000", "430000")
    assert desk.rows(POSTED, case.case_id) == [
        (-1_000_00, *back, 1_000_00, "2026-04-01"),
        (-50_00, *back, 50_00, "2026-04-01"),
    ]


def test_what_an_audit_took_can_be_claimed_back_and_no_more_than_that(desk: Desk) -> None:
    first = desk.open(DISPUTE, item(1_000_00))
    desk.answer(first, Reply.ADMITS, item(600_00))
    desk.job()
    desk.second(first, approve=True)
    claim = (DISPUTE, item(600_01))
    refused(RefusalCode.FIELD_INVALID, desk.open, *claim, by=TREATMENT)
    back = desk.open(DISPUTE, item(600_00), by=TREATMENT, follows=first.case_id)
    desk.job(back.answer_by)  # the insured area says nothing
    desk.second(back, approve=True)
    assert desk.rows(DECISION, back.case_id) == [("upheld", "silence", 600_00, 0)]
    posted = (600_00, "correction", "430000", "310000", 600_00, "2026-04-01")
    assert desk.rows(POSTED, back.case_id) == [posted]


# What is claimed, what the other side does, and how it ends without anybody's judgement.
ENDINGS: list[tuple[str, CaseType, int, Reply, int, str, str]] = [
    ("admitted in full", DISPUTE, 900, Reply.ADMITS, 900, "proposed", ""),
    ("admitted in part", DISPUTE, 900, Reply.ADMITS, 1, "proposed", ""),
    ("admitted, no money in it", DISPUTE, 0, Reply.ADMITS, 0, "decided", "upheld evidence"),
    ("contested with evidence", DISPUTE, 900, Reply.CONTESTS, 0, "decided", "dismissed evidence"),
    ("silence", DISPUTE, 900, Reply.SILENT, 0, "proposed", ""),
    ("silence, no money in it", DISPUTE, 0, Reply.SILENT, 0, "decided", "upheld silence"),
    ("the bill is true", ASSISTANCE, 0, Reply.CONTESTS, 0, "decided", "dismissed evidence"),
    ("a violation", ASSISTANCE, 0, Reply.ADMITS, 5, "proposed", ""),
    ("no verification", ASSISTANCE, 0, Reply.SILENT, 0, "decided", "unanswered silence"),
    ("done", COORDINATION, 0, Reply.REPLIES, 0, "decided", "resolved evidence"),
    ("never answered", COORDINATION, 0, Reply.SILENT, 0, "decided", "unanswered silence"),
]


def test_every_case_ends_as_the_table_says(desk: Desk) -> None:
    found = []
    for name, kind, claimed_fen, reply, admitted_fen, _, _ in ENDINGS:
        claimed = [item(claimed_fen, OTHER)] if claimed_fen else []
        admitted = [item(admitted_fen, OTHER)] if admitted_fen else []
        to = (OF_TREATMENT,) if kind is COORDINATION else ()
        case = desk.open(kind, *claimed, bills=[OTHER], respondents=to)
        if case.release_at is not None:
            desk.job(case.release_at)
        if reply is Reply.SILENT:
            desk.job(case.answer_by - timedelta(seconds=1))
            assert desk.see(case).state is CaseState.OPEN
            desk.job(case.answer_by)
        else:
            desk.attach(case)
            desk.answer(case, reply, *admitted)
            desk.job()
        decided = " ".join(f"{r[0]} {r[1]}" for r in desk.rows(DECISION, case.case_id))
        found.append((name, desk.see(case).state.value, decided))
        if desk.see(case).state is CaseState.PROPOSED:  # makes room for the next
            desk.second(case, approve=True)
        desk.now = MONDAY + timedelta(days=60 * len(found))
    assert found == [(row[0], row[5], row[6]) for row in ENDINGS]


def test_a_declined_decision_comes_back_to_an_operator_who_decides_once(desk: Desk) -> None:
    case = desk.open(DISPUTE, item(900_00))
    desk.job(case.answer_by)
    assert desk.see(case).state is CaseState.PROPOSED
    desk.second(case, approve=False)
    desk.job()
    assert desk.see(case).state is CaseState.REVIEW
    lower = Judgement(Outcome.UPHELD, said("部分支持"), (item(100_00),))
    refused(RefusalCode.FIELD_INVALID, desk.decide, case, replace(lower, items=(item(900_01),)))
    refused(
        RefusalCode.FIELD_INVALID, desk.decide, case, replace(lower, outcome=Outcome.UNANSWERED)
    )
    desk.decide(case, lower)
    desk.decide(case, lower)  # the same again
    refused(RefusalCode.SECOND_PERSON_NEEDED, desk.second, case, approve=True, by=OPERATOR)
    desk.second(case, approve=True)
    desk.second(case, approve=True)
    assert desk.rows(DECISION, case.case_id) == [("upheld", "operator", -100_00, 0)]
    assert len(desk.rows(POSTED, case.case_id)) == 1


def test_a_second_dispute_that_is_contested_again_is_for_a_person(desk: Desk) -> None:
    first = desk.open(DISPUTE, item(900_00))
    refused(RefusalCode.OUT_OF_STEP, desk.open, DISPUTE, follows=first.case_id, bills=[OTHER])
    desk.attach(first)
    desk.answer(first, Reply.CONTESTS)
    desk.job()
    again = desk.open(DISPUTE, item(900_00), follows=first.case_id)
    desk.attach(again)
    desk.answer(again, Reply.CONTESTS)
    desk.job()
    assert desk.see(again).state is CaseState.REVIEW
    desk.decide(again, Judgement(Outcome.DISMISSED, said("维持")))
    assert desk.rows(DECISION, again.case_id) == [("dismissed", "operator", 0, 0)]


def test_at_the_deadline_it_is_over_whether_the_job_came_or_not(desk: Desk) -> None:
    case = desk.take(desk.open(DISPUTE, item(900_00)))
    desk.attach(case)
    desk.now = case.answer_by
    for call in (desk.extend, desk.withdraw):
        refused(RefusalCode.TOO_LATE, call, case)
    refused(RefusalCode.TOO_LATE, desk.answer, case, Reply.CONTESTS)
    desk.now = case.answer_by - timedelta(microseconds=1)
    desk.answer(case, Reply.CONTESTS)
    desk.job(case.answer_by + timedelta(days=9))
    assert desk.rows(DECISION, case.case_id) == [("dismissed", "evidence", 0, 0)]


def test_one_extension_moves_everybodys_deadline(desk: Desk) -> None:
    case = desk.open()
    refused(RefusalCode.NOT_THE_OWNER, desk.extend, case)
    desk.take(case)
    reason = said("材料尚在调取")
    extended = desk.extend(case, COLLEAGUE, reason)  # of the same party
    assert desk.extend(case, COLLEAGUE, reason) == extended
    assert (extended.answer_by, extended.due_at) == (extended.answer_by, extended.answer_by)
    assert extended.answer_by > case.answer_by
    assert desk.see(case, INSURED).answer_by == extended.answer_by
    refused(RefusalCode.OUT_OF_STEP, desk.extend, case)
    desk.job(case.answer_by)
    assert desk.see(case).state is CaseState.TAKEN
    desk.job(extended.answer_by)
    assert desk.see(case).state is CaseState.DECIDED


def test_the_first_responder_owns_it_and_only_its_party_answers(desk: Desk) -> None:
    to = (OF_TREATMENT, f"insured.{STRANGER.area}")
    case = desk.open(COORDINATION, bills=[], respondents=to)
    refused(RefusalCode.NOT_THE_OWNER, desk.take, case, INSURED)
    taken = desk.take(case)
    assert desk.take(case) == taken
    refused(RefusalCode.OWNED_ALREADY, desk.take, case, COLLEAGUE)
    refused(RefusalCode.OWNED_ALREADY, desk.take, case, STRANGER)
    refused(RefusalCode.NOT_THE_OWNER, desk.answer, case, Reply.REPLIES, by=STRANGER)
    assert desk.answer(case, Reply.REPLIES, by=COLLEAGUE).reply is Reply.REPLIES
    desk.job()
    refused(RefusalCode.OUT_OF_STEP, desk.say, case, said("补充"))


def test_two_who_take_at_once_have_one_owner(desk: Desk) -> None:
    case = desk.open()

    def take(by: Any) -> str:
        try:
            return str(desk.take(case, by).owner)
        except Refused as no:
            return no.code

    with ThreadPoolExecutor(2) as both:
        found = list(both.map(take, [TREATMENT, COLLEAGUE]))
    assert RefusalCode.OWNED_ALREADY in found
    assert desk.see(case).owner in found


def test_assistance_is_of_one_inpatient_bill_over_the_threshold_by_who_insures(desk: Desk) -> None:
    for bills, code in (
        ([SMALL], RefusalCode.UNDER_THE_THRESHOLD),
        ([CHRONIC], RefusalCode.UNDER_THE_THRESHOLD),
        ([BILL, OTHER], RefusalCode.FIELD_INVALID),
        ([], RefusalCode.FIELD_INVALID),
        ([ANHUIS], RefusalCode.UNKNOWN_SETTLEMENT),
        ([uuid4()], RefusalCode.UNKNOWN_SETTLEMENT),
        ([UNDONE], RefusalCode.OUT_OF_STEP),
    ):
        refused(code, desk.open, ASSISTANCE, bills=bills)
    refused(RefusalCode.NOT_ALLOWED, desk.open, ASSISTANCE, by=TREATMENT)
    refused(RefusalCode.FIELD_INVALID, desk.open, ASSISTANCE, by=OPERATOR)
    refused(RefusalCode.FIELD_INVALID, desk.open, ASSISTANCE, item(1))


def test_assistance_waits_for_its_batch_and_nobody_else_sees_it_before(desk: Desk) -> None:
    case, gone = desk.open(ASSISTANCE), desk.open(ASSISTANCE, bills=[OTHER])
    assert case.release_at is not None
    for one in (TREATMENT, WATCHER, STRANGER):
        refused(RefusalCode.UNKNOWN_CASE, desk.see, case, one)
    refused(RefusalCode.UNKNOWN_CASE, desk.take, case)
    desk.withdraw(gone)
    desk.job(case.release_at - timedelta(seconds=1))
    refused(RefusalCode.UNKNOWN_CASE, desk.see, case, TREATMENT)
    desk.job(case.release_at)
    assert desk.see(case, TREATMENT).state is CaseState.OPEN
    refused(RefusalCode.UNKNOWN_CASE, desk.see, gone, TREATMENT)
    assert desk.see(gone, INSURED).state is CaseState.WITHDRAWN


def test_what_the_hub_sends_late_is_not_decided_by_silence_before_it_was_seen(desk: Desk) -> None:
    case = desk.open(ASSISTANCE)
    desk.job(case.answer_by + timedelta(days=3))  # no job ran for weeks
    desk.job()
    sent = desk.see(case, TREATMENT)
    assert (sent.state, sent.due_at) == (CaseState.OPEN, sent.answer_by)
    assert sent.answer_by > desk.now + timedelta(days=13)
    in_time = desk.open(ASSISTANCE, bills=[OTHER])
    assert in_time.release_at is not None
    desk.job(in_time.release_at)
    assert desk.see(in_time, TREATMENT).answer_by == in_time.answer_by


def test_each_party_sees_its_own_cases_only(desk: Desk) -> None:
    dispute = desk.open()
    question = desk.open(COORDINATION, bills=[], respondents=(OF_INSURED, "hub"), by=STRANGER)
    sees = {
        INSURED: {dispute, question},
        TREATMENT: {dispute},
        WATCHER: {dispute},
        STRANGER: {question},
        OPERATOR: {dispute, question},
    }
    for eyes, mine in sees.items():
        for case in (dispute, question):
            if case in mine:
                assert desk.see(case, eyes) == case
            else:
                refused(RefusalCode.UNKNOWN_CASE, desk.see, case, eyes)
                refused(RefusalCode.UNKNOWN_CASE, desk.say, case, said(), eyes)


def test_one_matter_has_one_thread(desk: Desk) -> None:
    case = desk.open()
    refused(RefusalCode.OUT_OF_STEP, desk.open)
    refused(RefusalCode.OUT_OF_STEP, desk.open, by=TREATMENT)
    desk.open(ASSISTANCE)  # another matter
    desk.withdraw(case)
    assert desk.open().state is CaseState.OPEN


def test_the_same_request_again_is_the_same_case_and_another_is_a_clash(desk: Desk) -> None:
    key = uuid4()
    first = desk.open(DISPUTE, item(5), case_id=key)
    assert desk.open(DISPUTE, item(5), case_id=key) == first
    refused(RefusalCode.CONFLICTING_REPLAY, desk.open, DISPUTE, item(6), case_id=key)
    refused(RefusalCode.CONFLICTING_REPLAY, desk.open, DISPUTE, item(5), case_id=key, by=TREATMENT)
    assert desk.rows("SELECT count(*) FROM case_messages") == [(1,)]


def test_amounts_that_do_not_fit_are_refused(desk: Desk) -> None:
    for claimed in (
        [item(30_000_01)],  # more than the fund paid
        [item(1, fund=Fund.OTHER)],
        [item(1), item(2)],
        [item(1, OTHER)],
    ):
        refused(RefusalCode.FIELD_INVALID, desk.open, DISPUTE, *claimed)
    refused(RefusalCode.OUT_OF_STEP, desk.open, DISPUTE, item(1, UNDONE), bills=[UNDONE])
    case = desk.take(desk.open(DISPUTE, item(900)))
    refused(RefusalCode.FIELD_INVALID, desk.answer, case, Reply.ADMITS, item(901))
    refused(RefusalCode.FIELD_MISSING, desk.answer, case, Reply.ADMITS)
    refused(RefusalCode.FIELD_MISSING, desk.answer, case, Reply.CONTESTS)  # without evidence
    refused(RefusalCode.FIELD_INVALID, desk.answer, case, Reply.REPLIES)
    refused(RefusalCode.FIELD_INVALID, desk.answer, case, Reply.SILENT)
    desk.attach(case)
    refused(RefusalCode.FIELD_INVALID, desk.answer, case, Reply.CONTESTS, penalty_fen=1)
    refused(RefusalCode.FIELD_INVALID, desk.answer, case, Reply.CONTESTS, item(1))
    assert desk.see(case).state is CaseState.TAKEN


def test_an_approval_is_refused_when_the_amount_no_longer_fits(desk: Desk) -> None:
    case = desk.open(DISPUTE, item(30_000_00))
    other = desk.open(ASSISTANCE)
    desk.answer(case, Reply.ADMITS, item(30_000_00))
    desk.job(other.release_at)
    desk.answer(other, Reply.ADMITS, item(1))
    desk.job()
    desk.second(case, approve=True)
    refused(RefusalCode.FIELD_INVALID, desk.second, other, approve=True)
    assert desk.see(other).state is CaseState.PROPOSED
    desk.second(other, approve=False)
    desk.job()
    desk.decide(other, Judgement(Outcome.DISMISSED, said("已全额扣减")))
    assert desk.rows(POSTED, other.case_id) == []


def test_texts_and_files_are_sealed_and_hold_no_identity_number(desk: Desk) -> None:
    case = desk.open(text="请核查该笔费用")
    refused(RefusalCode.FIELD_INVALID, desk.say, case, said("患者11010519491231002X"))
    refused(RefusalCode.FIELD_MISSING, desk.say, case, said("  "))
    desk.say(case, said("见附件"))
    one = desk.attach(case, name="张某11010519491231002X小结.pdf")
    assert (one.name, one.size_bytes) == ("张某***小结.pdf", len(a_pdf()))
    stored = desk.rows(
        "SELECT text_sealed FROM case_messages UNION ALL SELECT name_sealed FROM case_attachments"
    )
    assert all(str(row[0]).startswith("k1:") for row in stored)
    ((content,),) = desk.rows("SELECT content_sealed FROM case_attachments")
    assert b"PDF" not in bytes(content)  # type: ignore[call-overload]  # a memoryview
    with desk.engine.begin() as tx:
        found, whole = case_threads.fetch(tx, case, one.attachment_id, KEYS)
    assert (found, whole) == (one, a_pdf())


def test_a_file_is_checked_counted_and_kept_once(desk: Desk) -> None:
    case, key = desk.open(), uuid4()
    refused(RefusalCode.ATTACHMENT_REFUSED, desk.attach, case, content=b"MZ\x90")
    refused(RefusalCode.ATTACHMENT_REFUSED, desk.attach, case, content=b"")
    refused(RefusalCode.ATTACHMENT_REFUSED, desk.attach, case, content=b"%PDF-" + b" " * 5_242_880)
    refused(RefusalCode.ATTACHMENT_REFUSED, desk.attach, case, name="小结.docx")
    first = desk.attach(case, attachment_id=key)
    assert desk.attach(case, attachment_id=key).sha256 == first.sha256
    refused(RefusalCode.CONFLICTING_REPLAY, desk.attach, case, INSURED, attachment_id=key)
    assert desk.rows("SELECT count(*) FROM case_attachments") == [(1,)]
    with desk.engine.begin() as tx:
        other = replace(case, case_id=uuid4())
        refused(RefusalCode.FILE_UNKNOWN, case_threads.fetch, tx, other, key, KEYS)


def test_a_hospital_speaks_through_its_treatment_area(desk: Desk) -> None:
    case = desk.open()
    ((hospital,),) = desk.rows("SELECT DISTINCT hospital_code FROM settlements LIMIT 1")
    for_it = replace(said("医院说明"), institution=str(hospital))
    assert desk.say(case, for_it).institution == hospital
    refused(RefusalCode.FIELD_INVALID, desk.say, case, replace(for_it, entry_id=uuid4()), INSURED)
    strange = replace(said("说明"), institution="H00000000000")
    refused(RefusalCode.FIELD_INVALID, desk.say, case, strange)


def test_the_hub_asks_an_area_as_a_repair_does(desk: Desk) -> None:
    key = UUID(int=7)
    for _ in range(2):
        with desk.engine.begin() as tx:
            case = opening_cases.ask(
                tx,
                key,
                "对账差错，请核实",
                respondents=(OF_TREATMENT,),
                settlements=(BILL,),
                by=OPERATOR,
                keys=KEYS,
                now=desk.now,
            )
    assert (case.case_id, case.opener, case.respondents) == (key, "hub", (OF_TREATMENT,))
    refused(RefusalCode.UNKNOWN_AREA, desk.open, COORDINATION, respondents=("insured.990000",))


# What is done to a dispute that is decided by silence with 9.00 yuan, and what refuses it.
WRONG = [
    ("UPDATE cases SET extensions = 2", "cases_one_extension"),
    ("UPDATE cases SET due_at = now()", "cases_clock_runs_until_the_end"),
    ("UPDATE cases SET state = 'taken', due_at = now()", "cases_taken_has_an_owner"),
    ("UPDATE cases SET reply = 'admits', answered_at = answer_by", "cases_answered_in_time"),
    ("UPDATE cases SET reply = 'silent', answered_at = opened_at", "cases_reply_is_known"),
    ("UPDATE cases SET state = 'waiting', due_at = now()", "cases_only_assistance_waits"),
    ("UPDATE case_settlements SET type = 'x', settlement_id = gen_random_uuid()", "foreign key"),
    ("DELETE FROM case_steps", "append-only"),
    ("UPDATE case_messages SET by = 'x'", "append-only"),
    ("DELETE FROM case_attachments", "append-only"),
    ("UPDATE case_decisions SET amount_fen = 0", "append-only"),
    ("INSERT INTO case_decisions SELECT * FROM case_decisions", "case_decisions_pkey"),
    (
        (
            "INSERT INTO case_steps"
            " SELECT case_id, 99, 'decided', 'take', 'taken', at, party, by FROM case_steps LIMIT 1"
        ),
        "case_steps_are_legal",
    ),
    (
        (
            "INSERT INTO case_items"
            " SELECT case_id, 'decided', gen_random_uuid(), fund, 1 FROM case_items LIMIT 1"
        ),
        "case_items_of_a_settlement_of_the_case",
    ),
]


def test_the_database_refuses_what_must_not_be(desk: Desk) -> None:
    case = desk.open(DISPUTE, item(900))
    desk.job(case.answer_by)
    desk.second(case, approve=True)
    for statement, constraint in WRONG:
        with pytest.raises(psycopg2.IntegrityError, match=constraint):
            desk.rows(statement + " RETURNING 1")


def test_two_jobs_at_once_decide_once(desk: Desk) -> None:
    opened = [desk.open(COORDINATION, bills=[], respondents=(OF_TREATMENT,)) for _ in range(20)]
    at = opened[0].answer_by

    def job(_: int) -> None:
        with desk.engine.begin() as tx:
            case_decisions.decide_due(tx, at, 7)

    with ThreadPoolExecutor(3) as three:
        list(three.map(job, range(9)))
    assert desk.rows("SELECT count(*), count(DISTINCT case_id) FROM case_decisions") == [(20, 20)]

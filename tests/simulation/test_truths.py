"""Every truth holds in an honest country, and each is broken by what contradicts it, and says so."""
# ruff: noqa: E501, S608 - a table: a row stays a row, and the queries are ours

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from hub.services.verification import CHECKS
from simulators import truths
from simulators.truth_checks.hub_books import PROMISES, WAITING
from simulators.truths import FAST, TRUTHS
from simulators.witness import Reply, Verdict, Witness
from tests.simulation.honest_country import CANCELS, SETTLES, country
from tests.simulation.honest_life import lived
from tests.simulation.spoiling import Kept, kept_of
from tests.support import insured, treatment
from tests.support.databases import Databases, given_back

HUB, INSURED, TREATMENT = "hub", f"insured.{insured.AREA}", f"treatment.{treatment.AREA}"
_ONE = (
    "(SELECT settlement_id FROM settlements WHERE state = 'settled' ORDER BY settlement_id LIMIT 1)"
)
_LINE = f"""INSERT INTO fee_lines (visit_id, line_no, charge_batch, item_code, fee_date, count_e4, price_e6,
    total_fen, fully_own_fen, over_ceiling_fen, first_self_pay_fen, in_scope_fen, approval, reason, settlement_id, uploaded_at)
    SELECT visit_id, '1', '1', 'x', admitted_on, 1, 1, 1, 1, 0, 0, 0, '0', '', settlement_id, requested_at
    FROM settlements WHERE settlement_id = {_ONE}"""
_LETTER = """INSERT INTO dead_letters (topic, partition, "offset", value_sha256, key, value, fault, detail, buried_at)
    SELECT topic, 0, 0, sha256(convert_to(value, 'UTF8')), convert_to(key, 'UTF8'), convert_to(value, 'UTF8'), 'bug', '', queued_at
    FROM outbox LIMIT 1"""
_CHANGE = """INSERT INTO advance_changes (change_id, kind, year, insured_area, treatment_area, before_fen, amount_fen,
    basis_fen, state, drafted_at, issue_id, issued_on, finance_by, pay_by)
    VALUES ('00000000-0000-0000-0000-000000000001', 'yearly', 2026, '320000', '310000', 0, 100, 100, 'paid', now(),
    gen_random_uuid(), '2026-01-01', '2026-01-02', '2026-01-03')"""
_ADVANCED = """INSERT INTO advance_postings (change_id, cause, insured_area, treatment_area, from_account, to_account, amount_fen, posted_at)
    VALUES ('00000000-0000-0000-0000-000000000001', 'notice', '320000', '310000', 'granted', 'owed', 100, now())"""
_CASE = """INSERT INTO cases (case_id, type, opener, opened_by, opened_at, fingerprint, state, step_count, take_by, answer_by,
    due_at, extensions, penalty_fen) VALUES (gen_random_uuid(), 'coordination', 'hub', 'x', now(), sha256('x'), 'open', 3, now(), now() + interval '1 day',
    now() + interval '1 day', 0, 0)"""


def _without(table: str, constraint: str, edit: str) -> tuple[str, str]:
    """An edit that the database itself would refuse."""
    return f"ALTER TABLE {table} DROP CONSTRAINT {table}_{constraint}", edit


# fmt: off
EDITS: Mapping[str, tuple[str, Sequence[str]]] = {
    # What contradicts a truth, at whom.
    "hub_and_treatment_agree":     (TREATMENT, (f"UPDATE settlements SET state = 'refused', business_date = NULL WHERE settlement_id = {_ONE}",)),
    "hub_and_insured_agree":       (INSURED, ("UPDATE grants SET state = 'granted', released_at = NULL WHERE state = 'released' AND settled_on IS NULL",)),
    "a_settlement_ends_once":      (HUB, ("INSERT INTO settlement_steps SELECT settlement_id, 90, from_state, 'expire', 'expired', at, NULL FROM settlement_steps WHERE to_state = 'settled'",)),
    "treatment_steps_link_up":     (TREATMENT, ("DELETE FROM settlement_steps WHERE position = 1",)),
    "void_stays_void":             (TREATMENT, (f"UPDATE settlements SET lapsed_at = answer_by WHERE settlement_id = {_ONE}",)),
    "insured_tombstones_hold":     (INSURED, _without("grants", "nothing_moved_without_benefit", "UPDATE grants SET state = 'tombstone', registration_basis = NULL, calculated_at = NULL WHERE state = 'released' AND settled_on IS NULL")),
    "registrations_agree":         (INSURED, ("UPDATE registration_reviews SET state = 'rejected', code = '1001'",)),
    "hub_tombstones_hold":         (HUB, (f"UPDATE settlement_claims SET claimed_by = 'withdrawal' WHERE settlement_id = {_ONE}",)),
    "treatment_tombstones_hold":   (TREATMENT, (f"UPDATE attempts SET content_sha256 = NULL, withdrawn_at = received_at WHERE infno = '2304' AND subject_id = {_ONE}",)),
    "said_as_it_is_decided":       (HUB, ("UPDATE outbox SET queued_at = queued_at WHERE topic LIKE 'treatment.%'",)),
    "booked_as_it_is_decided":     (HUB, ("UPDATE postings SET posted_at = posted_at",)),
    "heard_as_it_is_done":         (HUB, ("UPDATE inbox SET message_id = message_id",)),
    "told_figures_are_booked":     (HUB, (f"UPDATE settlements SET deductible_fen = deductible_fen + 1 WHERE settlement_id = {_ONE}",)),
    "nothing_acknowledged_is_lost": (HUB, (f"DELETE FROM settlements WHERE settlement_id = {_ONE}",)),
    "undone_only_when_asked":      (HUB, ("UPDATE settlement_steps SET message_id = gen_random_uuid() WHERE event = 'cancel'",)),
    "ledger_sums_to_zero":         (HUB, ("DELETE FROM participants WHERE area = '310000'",)),
    "positions_sum_to_zero":       (HUB, ("DELETE FROM participants WHERE area = '310000'",)),
    "postings_match_parts":        (HUB, (f"DELETE FROM postings WHERE settlement_id = {_ONE}",)),
    "steps_end_in_state":          (HUB, (f"DELETE FROM settlement_steps WHERE position = 2 AND settlement_id = {_ONE}",)),
    "days_exist":                  (HUB, ("DELETE FROM business_days WHERE business_date = '2026-03-10'",)),
    "daily_totals_hold":           (HUB, ("UPDATE daily_totals SET digest = repeat('0', 64)",)),
    "issued_runs_hold":            (HUB, ("UPDATE clearing_lines SET payable_fen = payable_fen + 1, late_fen = late_fen + 1",)),
    "adjustments_are_posted":      (HUB, ("DELETE FROM postings WHERE kind = 'adjustment'",)),
    "balances_of_days_hold":       (HUB, ("UPDATE ledger_balances SET balance_fen = balance_fen + 1",)),
    "snapshots_of_days_hold":      (HUB, ("UPDATE ledger_snapshots SET count = count + 1",)),
    "final_states_are_told":       (HUB, ("DELETE FROM outbox WHERE topic = 'treatment.310000.answers'",)),
    "advance_identity":            (HUB, (_CHANGE, _ADVANCED)),
    "advance_states_hold":         (HUB, (_CHANGE,)),
    "cases_money_is_posted":       (HUB, ("UPDATE adjustments SET case_id = gen_random_uuid()",)),
    "cases_steps_end_in_state":    (HUB, (_CASE,)),
    "runs_stand_by_their_answers": (HUB, ("UPDATE clearing_runs SET override_proposal = NULL, override_reason = ''",)),
    "payments_count_once":         (HUB, ("UPDATE obligations SET paid_fen = paid_fen - 1, received_fen = received_fen - 1",)),
    "owed_as_cleared":             (HUB, ("UPDATE obligations SET amount_fen = amount_fen + 1",)),
    "paid_when_all_has_come":      (HUB, ("UPDATE clearing_runs SET state = 'confirmed', paid_at = NULL",)),
    "orders_are_booked_as_given":  (INSURED, ("UPDATE repair_orders SET cash_fen = cash_fen + 1, total_fen = total_fen + 1 WHERE total_fen > 0",)),
    "repairs_are_done_whole":      (HUB, ("UPDATE breaks SET resolved_at = NULL",)),
    "no_money_moves_by_one":       (HUB, _without("adjustments", "second_person_is_another", "UPDATE adjustments SET second = by")),
    "only_poison_is_buried":       (HUB, (_LETTER,)),
    "heard_was_said":              (HUB, ("INSERT INTO inbox VALUES (gen_random_uuid(), sha256('x'), now())",)),
    "queue_has_its_words":         (INSURED, ("INSERT INTO outbox_unsent (message_id, queued_at) VALUES (gen_random_uuid(), now())",)),
    "nobody_is_contradicted":      (HUB, ("INSERT INTO anomalies (area, kind, detail, message_id, at) SELECT '310000', 'nothing_granted', '', message_id, queued_at FROM outbox LIMIT 1",)),
    "settled_within_its_day":      (HUB, ("UPDATE business_days SET opened_at = opened_at + interval '1 day', closed_at = closed_at + interval '1 day' WHERE business_date = '2026-03-10'",)),
    "days_follow_each_other":      (HUB, ("DELETE FROM business_days WHERE business_date = '2026-03-15'",)),
    "one_run_a_pair_day":          (HUB, ("UPDATE clearing_pair_days SET is_late = NOT is_late",)),
    "statements_stay":             (INSURED, ("UPDATE statements_received SET payable_fen = payable_fen + 1",)),
    "agreed_days_stay":            (TREATMENT, ("UPDATE settlements SET business_date = business_date - 1 WHERE business_date = '2026-03-11'",)),
    "runs_can_be_recomputed":      (HUB, ("UPDATE clearing_lines SET count = count + 1",)),
    "expiry_is_punctual":          (HUB, ("UPDATE settlements SET concluded_at = answer_by + interval '2 seconds' WHERE state = 'expired'",)),
    "expiry_releases_at_once":     (HUB, ("UPDATE outbox SET queued_at = queued_at WHERE value LIKE '%release_requested%'",)),
    "treatment_has_the_same_fen":  (TREATMENT, (f"UPDATE settlements SET pool_fen = pool_fen - 1, cash_fen = cash_fen + 1 WHERE settlement_id = {_ONE}",)),
    "ledger_is_what_areas_booked": (TREATMENT, (f"UPDATE settlements SET pool_fen = pool_fen - 1, cash_fen = cash_fen + 1 WHERE settlement_id = {_ONE}",)),
    "insured_has_the_same_fen":    (INSURED, ("UPDATE grants SET pool_fen = pool_fen - 1, cash_fen = cash_fen + 1 WHERE state = 'settled'",)),
    "parts_add_up":                (TREATMENT, _without("settlements", "parts_add_up", f"UPDATE settlements SET cash_fen = cash_fen + 1 WHERE settlement_id = {_ONE}")),
    "fee_lines_add_up":            (TREATMENT, (_LINE,)),
    "accounts_hold_the_rest":      (INSURED, ("UPDATE insurances SET account_balance_fen = account_balance_fen + 1",)),
    "years_are_their_grants":      (INSURED, ("UPDATE person_years SET in_scope_fen = in_scope_fen + 1",)),
    "counters_are_their_grants":   (INSURED, ("UPDATE person_years SET counters = counters || '{\"invented\": 1}'",)),
}
# A truth with two ways to be contradicted, and the second of them.
EDITS_TOO: Mapping[str, tuple[str, Sequence[str]]] = {
    "no_money_moves_by_one":       (HUB, ("UPDATE proposals SET state = 'declined' WHERE kind = 'adjustment'",)),
    "insured_tombstones_hold":     (INSURED, ("""UPDATE outbox SET value = replace(value, 'granted":' || 'true', 'granted":' || 'false')""",)),
    "hub_tombstones_hold":         (HUB, ("""UPDATE outbox SET value = replace(value, '"outcome":"settled"', '"outcome":"withdrawn"'), queued_at = queued_at - interval '1 day'""",)),
    "expiry_is_punctual":          (HUB, (f"UPDATE settlement_steps SET at = at + interval '10 seconds' WHERE to_state = 'settled' AND settlement_id = {_ONE}",)),
}
# What two persons decided, with another word of the second of them, or about something else.
ALONE: Mapping[str, str] = {
    "a repair":                   "UPDATE proposals SET state = 'declined' WHERE kind = 'repair'",
    "another repair":             "UPDATE repairs SET kind = 'reverse'",
    "an undone repair":           "UPDATE proposals SET state = 'declined' WHERE kind = 'undo_repair'",
    "an override":                "UPDATE proposals SET state = 'declined' WHERE kind = 'confirmation_override'",
    "an override of another run": "UPDATE clearing_runs SET version = version + 1",
    "a withdrawn payment":        "UPDATE proposals SET decided_by = '丙' WHERE kind = 'payment_withdrawal'",
    "a receipt":                  "UPDATE clearing_receipts SET by = (SELECT by FROM clearing_payments LIMIT 1)",
}
EDITS_BESIDE: Mapping[str, tuple[str, str, str]] = {
    # Another way to contradict a truth about repairs and payments: at whom, which, and by what.
    "an order that was none":     (INSURED, "orders_are_booked_as_given", "UPDATE repair_orders SET message_id = gen_random_uuid() WHERE message_id = order_id"),
    "an order that is not kept":  (INSURED, "orders_are_booked_as_given", "DELETE FROM repair_orders WHERE message_id <> order_id"),
    "an undo that nobody gave":   (HUB, "repairs_are_done_whole", "DELETE FROM repair_orders WHERE undoes IS NOT NULL"),
    "an undo of what has worked": (HUB, "repairs_are_done_whole", "UPDATE repairs SET state = 'failed'"),
    "a payment that is gone":     (HUB, "payments_count_once", "DELETE FROM clearing_withdrawals"),
    "a receipt of what is gone":  (HUB, "payments_count_once", "INSERT INTO clearing_withdrawals SELECT payment_id, 'x', '甲', '乙', now() FROM clearing_receipts"),
    "what nobody has cleared":    (HUB, "owed_as_cleared", "UPDATE clearing_runs SET state = 'issued', confirmed_at = NULL, paid_at = NULL, override_proposal = NULL, override_reason = ''"),
}
_LATER, _MINUTES = timedelta(seconds=30), timedelta(minutes=2)
# What a hospital would have to be told, of the first settlement, to break the truth.
TOLD: Mapping[str, Callable[[Reply], Sequence[Reply]]] = {
    "same_question_same_answer":   lambda done: [replace(done, verdict=Verdict.REFUSED, code="5001", figures={})],
    "other_content_is_refused":    lambda done: [replace(done, content=b"another bill")],
    "told_figures_add_up":         lambda done: [replace(done, figures={**done.figures, "cash_fen": done.figures["cash_fen"] + 1})],
    "acknowledged_undoing_holds":  lambda done: [replace(done, infno=CANCELS, msgid="another", figures={})],
    "a_no_is_for_good":            lambda done: [replace(done, verdict=Verdict.REFUSED, code="5001", figures={})],
    "what_was_told_is_found":      lambda done: [_not_found(done)],
    "certain_by_is_kept":          lambda done: [_unknown(done), replace(_unknown(done), at=done.at + _LATER)],
}
# fmt: on


def _unknown(done: Reply) -> Reply:
    return replace(
        done, verdict=Verdict.UNKNOWN, figures={}, certain_by=done.at + timedelta(seconds=8)
    )


def _not_found(done: Reply) -> Reply:
    no = replace(done, verdict=Verdict.REFUSED, code="3013", settlement_id=None, figures={})
    return replace(no, infno="5203", msgid="a question", about=done.msgid, at=done.at + _MINUTES)


@pytest.fixture(scope="module")
def kept(database_server: Databases) -> Iterator[Kept]:
    with given_back(Databases(database_server.admin_url, prefix="truths_")) as databases:
        yield kept_of(lived(databases), databases.admin_url)


def test_everything_is_true_of_an_honest_country(kept: Kept) -> None:
    assert kept.broken(kept.sides, kept.here.witness) == []
    assert truths.pending(kept.sides) == []


@pytest.mark.parametrize("truth", EDITS)
def test_a_truth_names_what_contradicts_it(kept: Kept, truth: str) -> None:
    party, statements = EDITS[truth]
    assert kept.spoilt(party, statements, truth) != []


@pytest.mark.parametrize("truth", EDITS_TOO)
def test_a_truth_names_also_the_other_contradiction(kept: Kept, truth: str) -> None:
    party, statements = EDITS_TOO[truth]
    assert kept.spoilt(party, statements, truth) != []


@pytest.mark.parametrize("deed", ALONE)
def test_whoever_acts_alone_is_named(kept: Kept, deed: str) -> None:
    assert kept.spoilt(HUB, [ALONE[deed]], "no_money_moves_by_one") != []


@pytest.mark.parametrize("way", EDITS_BESIDE)
def test_repairs_and_payments_are_contradicted_in_other_ways_too(kept: Kept, way: str) -> None:
    party, truth, statement = EDITS_BESIDE[way]
    assert kept.spoilt(party, [statement], truth) != []


@pytest.mark.parametrize("truth", TOLD)
def test_a_truth_names_what_a_hospital_should_not_have_been_told(kept: Kept, truth: str) -> None:
    done = next(one for one in kept.here.witness.replies if one.infno == SETTLES)
    witness = Witness()
    for reply in (*kept.here.witness.replies, *TOLD[truth](done)):
        witness.heard(reply)
    assert kept.broken(kept.sides, witness, truth) != []


def test_every_truth_is_contradicted_once() -> None:
    assert sorted([*EDITS, *TOLD]) == sorted(TRUTHS)
    assert set(FAST) <= set(TRUTHS)


def test_every_promise_has_its_truths() -> None:
    assert {truth.promise for truth in TRUTHS.values()} == set(range(1, 11))


def test_every_check_of_the_hub_is_a_truth_or_a_waiting() -> None:
    assert {check.name for check in CHECKS} == {*PROMISES, *WAITING}
    assert not PROMISES.keys() & WAITING


def test_lateness_is_forgiven_to_who_was_away(kept: Kept) -> None:
    party, statements = EDITS["expiry_is_punctual"]
    begun, now = insured.NOON, kept.here.clock.at
    away = replace(kept.sides, away={HUB: [(begun, begun + timedelta(hours=1))]})
    assert replace(kept, sides=away).spoilt(party, statements, "expiry_is_punctual") == []
    another = replace(away, away={**away.away, "hub.jobs": []})
    assert replace(kept, sides=another).spoilt(party, statements, "expiry_is_punctual") != []
    assert away.working_time(HUB, begun, now) == now - begun - timedelta(hours=1)


def test_what_is_on_its_way_is_pending_and_breaks_nothing(databases: Databases) -> None:
    here = country(databases)
    here.settle(absent="insured")
    here.clock.at += timedelta(seconds=2)
    here.work(absent="insured")
    assert here.broken() == []
    kinds = {line.partition(":")[0] for line in truths.pending(here.sides)}
    assert {"between states at the hub", "between states at a treatment area", "unread"} <= kinds


def test_at_rest_all_three_sides_have_the_same_end(kept: Kept) -> None:
    """Hub and area may differ while words are on their way; when all were read, never."""
    party, statements = EDITS["hub_and_treatment_agree"]
    with kept.spoiling(party, statements) as sides:
        [line] = truths.pending(sides)
    assert line.startswith("sides not alike: 1 hub settled, treatment refused, insured settled")

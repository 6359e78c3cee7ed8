"""Who may do what over HTTP: a row for every operation, a column for every kind of holder."""

# ruff: noqa: F811  # pytest's way: a fixture has the name of the argument

from typing import Any
from uuid import uuid4

import pytest

from contracts.delivery.engine import engine_of
from contracts.delivery.outbox import Outbox
from hub.api.app import ROUTERS, create_app
from hub.api.who_may import WHO_MAY
from hub.settings import Settings
from tests.support.http import served
from tests.support.hub_api import BODY, PERSON, At, World, agree, code_of, world  # noqa: F401
from tests.support.hub_bodies import A_SLIP, AN_ADJUSTMENT, AN_ANSWER
from tests.support.hub_books import HUNAN, SHANGHAI, settlement_id
from tests.support.tables import rows

# Each operation for each holder; the person is whom the books and BODY are of, the other is not.
# 1012: no token; 1013: may not. Other numbers are HTTP statuses.
WHO = """
    operation               nobody operator hunan shanghai anhui watcher misfit channel person other
    submit_registration     1012   1013     201   201      1013  1013    1013   1013    201    1013
    change_registration     1012   1013     200   1013     1013  1013    1013   1013    200    1013
    find_registration       1012   200      200   200      1013  200     1013   1013    200    1013
    list_registrations      1012   200      200   200      200   200     1013   1013    200    1013
    list_area_registrations 1012   200      200   1013     1013  200     1013   1013    1013   1013
    find_settlement         1012   200      200   200      1013  200     1013   1013    200    1013
    list_costs              1012   200      200   200      200   200     1013   1013    200    1013
    show_cost_totals        1012   200      200   200      200   200     1013   1013    200    1013
    list_institutions       1012   200      200   200      200   200     1013   200     200    200
    list_agencies           1012   200      200   200      200   200     1013   200     200    200
    list_pooling_areas      1012   200      200   200      200   200     1013   200     200    200
    open_person_session     1012   1013     1013  1013     1013  1013    1013   201     1013   1013
    list_business_days      1012   200      200   200      200   200     1013   1013    1013   1013
    close_business_day      1012   200      1013  1013     1013  1013    1013   1013    1013   1013
    show_reconciliation     1012   200      200   200      200   200     1013   1013    1013   1013
    list_breaks             1012   200      200   200      200   200     1013   1013    1013   1013
    ask_sides               1012   200      1013  1013     1013  1013    1013   1013    1013   1013
    show_open_day           1012   200      200   200      200   200     1013   1013    1013   1013
    search_breaks           1012   200      1013  1013     1013  1013    1013   1013    1013   1013
    sum_breaks              1012   200      1013  1013     1013  1013    1013   1013    1013   1013
    show_break              1012   5009     1013  1013     1013  1013    1013   1013    1013   1013
    claim_breaks            1012   5009     1013  1013     1013  1013    1013   1013    1013   1013
    assign_breaks           1012   5009     1013  1013     1013  1013    1013   1013    1013   1013
    release_breaks          1012   5009     1013  1013     1013  1013    1013   1013    1013   1013
    preview_repairs         1012   200      1013  1013     1013  1013    1013   1013    1013   1013
    propose_repairs         1012   5009     1013  1013     1013  1013    1013   1013    1013   1013
    propose_undo_of_repair  1012   5009     1013  1013     1013  1013    1013   1013    1013   1013
    export_breaks           1012   200      1013  1013     1013  1013    1013   1013    1013   1013
    preview_sheet           1012   5012     1013  1013     1013  1013    1013   1013    1013   1013
    propose_sheet           1012   5012     1013  1013     1013  1013    1013   1013    1013   1013
    run_clearing            1012   200      1013  1013     1013  1013    1013   1013    1013   1013
    show_clearing           1012   200      200   200      200   200     1013   1013    1013   1013
    list_clearing_runs      1012   200      200   200      200   200     1013   1013    1013   1013
    open_clearing_run       1012   200      1013  1013     1013  1013    1013   1013    1013   1013
    show_clearing_run       1012   5013     5013  5013     5013  5013    1013   1013    1013   1013
    freeze_clearing_run     1012   5013     1013  1013     1013  1013    1013   1013    1013   1013
    issue_clearing_run      1012   5013     1013  1013     1013  1013    1013   1013    1013   1013
    reissue_clearing_run    1012   5013     1013  1013     1013  1013    1013   1013    1013   1013
    confirm_clearing_run    1012   5013     1013  1013     1013  1013    1013   1013    1013   1013
    override_clearing_run   1012   5013     1013  1013     1013  1013    1013   1013    1013   1013
    close_clearing_run      1012   5013     1013  1013     1013  1013    1013   1013    1013   1013
    list_clearing_lines     1012   5013     5013  5013     5013  5013    1013   1013    1013   1013
    answer_clearing_lines   1012   1013     5013  5013     1013  1013    1013   1013    1013   1013
    list_obligations        1012   5013     5013  5013     5013  5013    1013   1013    1013   1013
    show_obligation         1012   5016     5016  5016     5016  5016    1013   1013    1013   1013
    record_payment          1012   1013     5016  5016     5016  1013    1013   1013    1013   1013
    record_receipt          1012   1013     5019  5019     5019  1013    1013   1013    1013   1013
    propose_payment_withdrawal 1012 5019    5019  5019     5019  1013    1013   1013    1013   1013
    preview_clearing        1012   200      200   200      200   200     1013   1013    1013   1013
    show_clearing_calendar  1012   200      200   200      200   200     1013   1013    1013   1013
    list_dated_work         1012   200      1013  1013     1013  1013    1013   1013    1013   1013
    propose_admission       1012   5001     1013  1013     1013  1013    1013   1013    1013   1013
    list_papers             1012   200      200   200      200   200     1013   1013    1013   1013
    list_seals              1012   200      200   200      200   200     1013   1013    1013   1013
    download_paper          1012   5020     5020  5020     5020  5020    1013   1013    1013   1013
    list_paper_files        1012   5020     5020  5020     5020  5020    1013   1013    1013   1013
    download_paper_file     1012   5020     5020  5020     5020  5020    1013   1013    1013   1013
    list_participants       1012   200      200   200      200   200     1013   200     200    200
    verify                  1012   200      1013  1013     1013  1013    1013   1013    1013   1013
    open_case               1012   201      201   1006     201   1013    1013   1013    1013   1013
    list_cases              1012   200      200   200      200   200     1013   1013    1013   1013
    show_case               1012   5023     5023  5023     5023  5023    1013   1013    1013   1013
    take_case               1012   5023     5023  5023     5023  1013    1013   1013    1013   1013
    say_in_case             1012   5023     5023  5023     5023  1013    1013   1013    1013   1013
    attach_to_case          1012   5023     5023  5023     5023  1013    1013   1013    1013   1013
    fetch_attachment        1012   5023     5023  5023     5023  5023    1013   1013    1013   1013
    extend_case             1012   5023     5023  5023     5023  1013    1013   1013    1013   1013
    withdraw_case           1012   5023     5023  5023     5023  1013    1013   1013    1013   1013
    answer_case             1012   5023     5023  5023     5023  1013    1013   1013    1013   1013
    decide_case             1012   5023     1013  1013     1013  1013    1013   1013    1013   1013
    list_violations         1012   200      1013  1013     1013  1013    1013   1013    1013   1013
    list_proposals          1012   200      1013  1013     1013  1013    1013   1013    1013   1013
    show_proposal           1012   5007     1013  1013     1013  1013    1013   1013    1013   1013
    approve_proposal        1012   5007     1013  1013     1013  1013    1013   1013    1013   1013
    decline_proposal        1012   5007     1013  1013     1013  1013    1013   1013    1013   1013
    withdraw_proposal       1012   5007     1013  1013     1013  1013    1013   1013    1013   1013
    propose_adjustment      1012   202      1013  1013     1013  1013    1013   1013    1013   1013
    list_adjustments        1012   200      200   200      200   200     1013   1013    1013   1013
    list_balances           1012   200      200   200      200   200     1013   1013    1013   1013
    show_advances           1012   200      200   200      200   200     1013   1013    1013   1013
    list_advance_warnings   1012   200      200   200      200   200     1013   1013    1013   1013
    acknowledge_advance_warning 1012 5022   5022  5022     5022  1013    1013   1013    1013   1013
    list_advance_contacts   1012   200      200   200      200   200     1013   1013    1013   1013
    put_advance_contact     1012   1013     1013  200      1013  1013    1013   1013    1013   1013
    list_advance_changes    1012   200      200   200      200   200     1013   1013    1013   1013
    list_advance_notices    1012   200      200   200      200   200     1013   1013    1013   1013
    draft_advance_year      1012   5001     1013  1013     1013  1013    1013   1013    1013   1013
    propose_advances        1012   5022     1013  1013     1013  1013    1013   1013    1013   1013
    propose_opening_advance 1012   200      1013  1013     1013  1013    1013   1013    1013   1013
    ask_for_advance_top_up  1012   1013     1013  5001     1013  1013    1013   1013    1013   1013
    drop_advance_draft      1012   5022     1013  1013     1013  1013    1013   1013    1013   1013
    record_advance_payment  1012   1013     5022  5022     5022  1013    1013   1013    1013   1013
    confirm_advance_receipt 1012   1013     5019  5019     5019  1013    1013   1013    1013   1013
"""
CALLS: dict[str, tuple[str, str, Any]] = {
    "submit_registration": ("POST", "/registrations", BODY),
    "change_registration": (
        "POST",
        "/registrations/{filed}/changes",
        {"change": "supplement", "reason": "补证明", "materials": [{"kind": "residence_proof"}]},
    ),
    "find_registration": ("GET", "/registrations/{filed}", None),
    "list_area_registrations": ("GET", "/registrations/of-area/insured/430000", None),
    "list_registrations": ("GET", f"/registrations?person_id={PERSON}", None),
    "find_settlement": ("GET", f"/settlements/{settlement_id(1)}", None),
    "list_costs": ("GET", f"/costs?person_id={PERSON}", None),
    "show_cost_totals": ("GET", f"/costs/totals?person_id={PERSON}", None),
    "list_institutions": ("GET", "/institutions?area=310000", None),
    "list_agencies": ("GET", "/agencies", None),
    "list_pooling_areas": ("GET", "/pooling-areas", None),
    "open_person_session": (
        "POST",
        "/person-sessions",
        {"certificate_kind": "01", "certificate_number": "43010219800101001X"},
    ),
    "list_business_days": ("GET", "/business-days", None),
    "close_business_day": ("POST", "/business-days/close", {"business_date": "2026-04-01"}),
    "show_reconciliation": ("GET", "/reconciliation/2026-03-31", None),
    "list_breaks": ("GET", "/reconciliation/2026-03-31/breaks", None),
    "ask_sides": ("POST", "/reconciliation/2026-03-31/ask", None),
    "show_open_day": ("GET", "/open-day", None),
    "search_breaks": ("POST", "/breaks/search", {"area": "430000"}),
    "sum_breaks": ("GET", "/breaks/sums", None),
    "show_break": ("GET", "/breaks/7", None),
    "claim_breaks": ("POST", "/breaks/claim", {"break_ids": [7]}),
    "assign_breaks": ("POST", "/breaks/assign", {"break_ids": [7], "to": "李二"}),
    "release_breaks": ("POST", "/breaks/release", {"break_ids": [7]}),
    "preview_repairs": ("POST", "/breaks/repairs/preview", {"query": {"role": "insured"}}),
    "propose_repairs": ("POST", "/breaks/repairs", {"break_ids": [7], "reason": "核对无误"}),
    "propose_undo_of_repair": (
        "POST",
        "/breaks/repairs/00000000-0000-4000-8000-000000000007/undo",
        {"reason": "处理有误"},
    ),
    "export_breaks": ("POST", "/breaks/sheet-exports", {}),
    "preview_sheet": ("POST", "/breaks/sheet-previews", {"content_base64": "AAAA"}),
    "propose_sheet": (
        "POST",
        "/breaks/sheets",
        {"content_base64": "AAAA", "sheet_sha256": "0" * 64},
    ),
    "run_clearing": ("POST", "/clearing/2026-03", None),
    "show_clearing": ("GET", "/clearing/2026-03", None),
    "list_clearing_runs": ("GET", "/clearing-runs", None),
    "open_clearing_run": ("POST", "/clearing-runs", {"cycle": "2026-04"}),
    "show_clearing_run": ("GET", "/clearing-runs/{filed}", None),
    "freeze_clearing_run": ("POST", "/clearing-runs/{filed}/freeze", {}),
    "issue_clearing_run": ("POST", "/clearing-runs/{filed}/issue", None),
    "reissue_clearing_run": ("POST", "/clearing-runs/{filed}/again", {"why": "异议已核"}),
    "confirm_clearing_run": ("POST", "/clearing-runs/{filed}/confirm", None),
    "override_clearing_run": ("POST", "/clearing-runs/{filed}/override", {"reason": "已核"}),
    "close_clearing_run": ("POST", "/clearing-runs/{filed}/close", None),
    "list_clearing_lines": ("GET", "/clearing-runs/{filed}/lines", None),
    "answer_clearing_lines": ("POST", "/clearing-runs/{filed}/answers", AN_ANSWER),
    "list_obligations": ("GET", "/clearing-runs/{filed}/obligations", None),
    "show_obligation": ("GET", "/obligations/{filed}", None),
    "record_payment": ("POST", "/obligations/{filed}/payments", A_SLIP),
    "record_receipt": ("POST", "/payments/{filed}/receipt", A_SLIP),
    "propose_payment_withdrawal": (
        "POST",
        "/payments/{filed}/withdrawal",
        {"reason": "金额录错"},
    ),
    "preview_clearing": ("GET", "/clearing/preview", None),
    "show_clearing_calendar": ("GET", "/clearing/calendar?cycle=2026-03", None),
    "list_dated_work": ("GET", "/clearing/work", None),
    "propose_admission": (
        "POST",
        "/clearing/admissions",
        {
            "business_date": "2026-03-01",
            "insured_area": HUNAN,
            "treatment_area": SHANGHAI,
            "why": "逾期",
        },
    ),
    "list_papers": ("GET", "/papers", None),
    "list_seals": ("GET", "/papers/seals", None),
    "download_paper": ("GET", "/papers/{filed}", None),
    "list_paper_files": ("GET", "/papers/{filed}/files", None),
    "download_paper_file": ("GET", "/papers/{filed}/files/manifest.json", None),
    "list_participants": ("GET", "/participants", None),
    "verify": ("GET", "/verification", None),
    "open_case": (
        "POST",
        "/cases",
        {"type": "coordination", "text": "请核实", "respondents": ["treatment.310000"]},
    ),
    "list_cases": ("GET", "/cases", None),
    "show_case": ("GET", "/cases/{filed}", None),
    "take_case": ("POST", "/cases/{filed}/take", None),
    "say_in_case": ("POST", "/cases/{filed}/messages", {"text": "见附件"}),
    "attach_to_case": (
        "POST",
        "/cases/{filed}/attachments",
        {"name": "小结.pdf", "content_base64": "JVBERi0="},
    ),
    "fetch_attachment": ("GET", "/cases/{filed}/attachments/{filed}", None),
    "extend_case": ("POST", "/cases/{filed}/extension", {"text": "调取病案"}),
    "withdraw_case": ("POST", "/cases/{filed}/withdrawal", {"text": "已核实"}),
    "answer_case": ("POST", "/cases/{filed}/answer", {"text": "已办理", "reply": "replies"}),
    "decide_case": (
        "POST",
        "/cases/{filed}/decision",
        {"text": "维持", "outcome": "dismissed"},
    ),
    "list_violations": ("GET", "/verification/violations", None),
    "list_proposals": ("GET", "/proposals", None),
    "show_proposal": ("GET", "/proposals/{filed}", None),
    "approve_proposal": ("POST", "/proposals/{filed}/approve", {"why": "已复核"}),
    "decline_proposal": ("POST", "/proposals/{filed}/decline", {"why": "不符"}),
    "withdraw_proposal": ("POST", "/proposals/{filed}/withdraw", {}),
    "propose_adjustment": ("POST", "/ledger/adjustments", AN_ADJUSTMENT),
    "list_adjustments": ("GET", "/ledger/adjustments?first=2026-03-01&last=2026-03-31", None),
    "list_balances": ("GET", "/ledger/balances", None),
    "show_advances": ("GET", "/advance", None),
    "list_advance_warnings": ("GET", "/advance/warnings", None),
    "acknowledge_advance_warning": ("POST", "/advance/warnings/{filed}/acknowledge", {}),
    "list_advance_contacts": ("GET", "/advance/contacts", None),
    "put_advance_contact": (
        "POST",
        "/advance/contacts",
        {"role": "treatment", "tier": 1, "office": "异地就医科", "phone": "021-12345678"},
    ),
    "list_advance_changes": ("GET", "/advance/changes", None),
    "list_advance_notices": ("GET", "/advance/notices?year=2026", None),
    "draft_advance_year": ("POST", "/advance/rounds/2026", None),
    "propose_advances": (
        "POST",
        "/advance/proposals",
        {"change_ids": [str(uuid4())], "reason": "核定"},
    ),
    "propose_opening_advance": (
        "POST",
        "/advance/openings",
        {
            "insured_area": HUNAN,
            "treatment_area": SHANGHAI,
            "amount_fen": 100_00,
            "reason": "期初",
        },
    ),
    "ask_for_advance_top_up": ("POST", "/advance/top-ups", {"insured_area": HUNAN}),
    "drop_advance_draft": ("POST", "/advance/changes/{filed}/drop", None),
    "record_advance_payment": (
        "POST",
        "/advance/changes/{filed}/payments",
        {"bank_name": "国库", "bank_serial": "1", "paid_on": "2026-03-31", "amount_fen": 1},
    ),
    "confirm_advance_receipt": (
        "POST",
        "/advance/payments/{filed}/receipt",
        {"received_on": "2026-03-31", "amount_fen": 1},
    ),
}


@pytest.mark.parametrize("case", rows(WHO), ids=lambda c: c["operation"])
def test_who_may_do_what(world: World, case: dict[str, str]) -> None:
    agree(world)
    filed = str(uuid4())
    assert world.submit("hunan", filed).status_code == 201
    method, path, body = CALLS[case["operation"]]
    for who, expected in list(case.items())[1:]:
        headers = world.as_(who) | {"Idempotency-Key": str(uuid4())}
        url = path.format(filed=filed)
        answer = world.client.request(method, url, json=body, headers=headers)
        said = str(answer.status_code) if answer.status_code < 400 else code_of(answer)
        assert (who, said) == (who, expected)


def test_an_institutions_token_is_the_gateways_and_opens_nothing_here(world: World) -> None:
    for name, (method, path, body) in CALLS.items():
        headers = world.as_("hospital") | {"Idempotency-Key": str(uuid4())}
        url = path.format(filed=uuid4())
        answer = world.client.request(method, url, json=body, headers=headers)
        assert (name, code_of(answer)) == (name, "1013")


def test_the_table_holds_every_route_but_health() -> None:
    names = {route.name for router in ROUTERS for route in router.routes}  # type: ignore[attr-defined]  # all are APIRoute
    assert names - {"health"} == set(WHO_MAY) == {case["operation"] for case in rows(WHO)}
    assert names - {"health"} == set(CALLS)


def test_without_a_valid_token_the_answer_names_the_scheme(world: World) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eDp5"}):
        answer = world.client.get("/participants", headers=headers)
        assert (answer.status_code, code_of(answer)) == (401, "1012")
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_request_never_holds_two_connections(world: World) -> None:
    """With a pool of one a second would never come, and the answer would be a 503."""
    url = world.engine.url.render_as_string(hide_password=False)
    engine = engine_of(url, name="one", pool_max=1)
    outbox = Outbox(engine, world.log.sender("one"), At())
    app = create_app(engine, outbox, At(), Settings())
    with served(app) as client:
        for method, path, body in CALLS.values():
            headers = world.as_("hunan" if body is BODY else "operator")
            headers |= {"Idempotency-Key": str(uuid4())}
            url = path.format(filed=uuid4())
            answer = client.request(method, url, json=body, headers=headers)
            assert (path, answer.status_code < 500) == (path, True)
    engine.dispose()

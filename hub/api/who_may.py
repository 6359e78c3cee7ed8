"""Who may do what over HTTP: one row an operation, and which areas a credential speaks for."""

from contracts.access import AccessRole, Principal
from contracts.codes import AreaCode, Role
from contracts.ids import PersonId
from contracts.refusal import RefusalCode, Refused

OPERATOR, WATCHER = AccessRole.OPERATOR, AccessRole.WATCHER
CHANNEL, PERSON = AccessRole.PERSON_CHANNEL, AccessRole.PERSON
AGENCIES = frozenset({AccessRole.INSURED_AGENCY, AccessRole.TREATMENT_AGENCY})
STAFF = AGENCIES | {OPERATOR, WATCHER}
FILES = AGENCIES | {PERSON}
PARTIES = AGENCIES | {OPERATOR}
ANYONE = STAFF | {CHANNEL, PERSON}

# A name is the name of its route. What is not here has no route.
WHO_MAY: dict[str, frozenset[AccessRole]] = {
    "submit_registration": FILES,
    "change_registration": FILES,
    "find_registration": STAFF | {PERSON},
    "list_registrations": STAFF | {PERSON},
    "list_area_registrations": STAFF,
    "find_settlement": STAFF | {PERSON},
    "list_costs": STAFF | {PERSON},
    "show_cost_totals": STAFF | {PERSON},
    "list_institutions": ANYONE,
    "list_agencies": ANYONE,
    "list_pooling_areas": ANYONE,
    "open_person_session": frozenset({CHANNEL}),
    "list_business_days": STAFF,
    "close_business_day": frozenset({OPERATOR}),
    "show_reconciliation": STAFF,
    "list_breaks": STAFF,
    "show_open_day": STAFF,
    "ask_sides": frozenset({OPERATOR}),
    "search_breaks": frozenset({OPERATOR}),
    "sum_breaks": frozenset({OPERATOR}),
    "show_break": frozenset({OPERATOR}),
    "claim_breaks": frozenset({OPERATOR}),
    "assign_breaks": frozenset({OPERATOR}),
    "release_breaks": frozenset({OPERATOR}),
    "preview_repairs": frozenset({OPERATOR}),
    "propose_repairs": frozenset({OPERATOR}),
    "propose_undo_of_repair": frozenset({OPERATOR}),
    "export_breaks": frozenset({OPERATOR}),
    "preview_sheet": frozenset({OPERATOR}),
    "propose_sheet": frozenset({OPERATOR}),
    "run_clearing": frozenset({OPERATOR}),
    "show_clearing": STAFF,
    "list_clearing_runs": STAFF,
    "open_clearing_run": frozenset({OPERATOR}),
    "show_clearing_run": STAFF,
    "freeze_clearing_run": frozenset({OPERATOR}),
    "issue_clearing_run": frozenset({OPERATOR}),
    "reissue_clearing_run": frozenset({OPERATOR}),
    "confirm_clearing_run": frozenset({OPERATOR}),
    "override_clearing_run": frozenset({OPERATOR}),
    "close_clearing_run": frozenset({OPERATOR}),
    "list_clearing_lines": STAFF,
    "answer_clearing_lines": AGENCIES,
    "list_obligations": STAFF,
    "show_obligation": STAFF,
    "record_payment": AGENCIES,
    "record_receipt": AGENCIES,
    "propose_payment_withdrawal": PARTIES,
    "preview_clearing": STAFF,
    "show_clearing_calendar": STAFF,
    "list_dated_work": frozenset({OPERATOR}),
    "propose_admission": frozenset({OPERATOR}),
    "list_papers": STAFF,
    "list_seals": STAFF,
    "download_paper": STAFF,
    "download_paper_file": STAFF,
    "list_paper_files": STAFF,
    "show_advances": STAFF,
    "list_advance_warnings": STAFF,
    "acknowledge_advance_warning": AGENCIES | {OPERATOR},
    "list_advance_contacts": STAFF,
    "put_advance_contact": AGENCIES,
    "list_advance_changes": STAFF,
    "list_advance_notices": STAFF,
    "draft_advance_year": frozenset({OPERATOR}),
    "propose_advances": frozenset({OPERATOR}),
    "propose_opening_advance": frozenset({OPERATOR}),
    "ask_for_advance_top_up": frozenset({AccessRole.TREATMENT_AGENCY}),
    "drop_advance_draft": frozenset({OPERATOR}),
    "record_advance_payment": AGENCIES,
    "confirm_advance_receipt": AGENCIES,
    "list_participants": ANYONE,
    "open_case": PARTIES,
    "list_cases": STAFF,
    "show_case": STAFF,
    "take_case": PARTIES,
    "say_in_case": PARTIES,
    "attach_to_case": PARTIES,
    "fetch_attachment": STAFF,
    "extend_case": PARTIES,
    "withdraw_case": PARTIES,
    "answer_case": PARTIES,
    "decide_case": frozenset({OPERATOR}),
    "verify": frozenset({OPERATOR}),
    "list_violations": frozenset({OPERATOR}),
    "list_proposals": frozenset({OPERATOR}),
    "show_proposal": frozenset({OPERATOR}),
    "approve_proposal": frozenset({OPERATOR}),
    "decline_proposal": frozenset({OPERATOR}),
    "withdraw_proposal": frozenset({OPERATOR}),
    "propose_adjustment": frozenset({OPERATOR}),
    "list_adjustments": STAFF,
    "list_balances": STAFF,
}

# Whether a credential of this role names an area; None: it may or not.
HAS_AREA: dict[AccessRole, bool | None] = {
    AccessRole.OPERATOR: False,
    AccessRole.INSURED_AGENCY: True,
    AccessRole.TREATMENT_AGENCY: True,
    AccessRole.WATCHER: None,
    AccessRole.INSTITUTION: True,
    AccessRole.PERSON_CHANNEL: None,
    AccessRole.PERSON: False,
}

# In which roles of an area a credential sees what concerns it. The hub's own people have no area;
# a channel sees nobody's matters, and a person sees its own, whatever the area.
SEES: dict[AccessRole, frozenset[Role]] = {
    AccessRole.OPERATOR: frozenset(),
    AccessRole.INSURED_AGENCY: frozenset({Role.INSURED}),
    AccessRole.TREATMENT_AGENCY: frozenset({Role.TREATMENT}),
    AccessRole.WATCHER: frozenset(Role),
    AccessRole.INSTITUTION: frozenset(),
    AccessRole.PERSON_CHANNEL: frozenset(),
    AccessRole.PERSON: frozenset(),
}


def may(principal: Principal, name: str) -> bool:
    """Whether the role may; an agency without an area, or an operator with one, may nothing."""
    wants = HAS_AREA[principal.role]
    is_sound = wants is None or wants == (principal.area is not None)
    return is_sound and principal.role in WHO_MAY[name]


def sees_all(principal: Principal) -> bool:
    """The hub's own people: operators, and watchers of no area in particular."""
    return principal.area is None and principal.role in {OPERATOR, WATCHER}


def concerns(principal: Principal, role: Role, area: AreaCode | None) -> bool:
    """Whether something of this area in this role is for these eyes. A person's own: see `owns`."""
    if sees_all(principal):
        return True
    return area is not None and area == principal.area and role in SEES[principal.role]


def sides_seen(principal: Principal) -> tuple[AreaCode | None, frozenset[Role]]:
    """Whose matters are for these eyes: of an area in these roles; of every area for None."""
    if sees_all(principal):
        return None, frozenset(Role)
    return principal.area, SEES[principal.role] if principal.area else frozenset()


def owns(principal: Principal, person_id: str) -> bool:
    """Whether a matter of this person is the caller's own."""
    return principal.role is PERSON and principal.subject == person_id


def person_asked_for(principal: Principal, person_id: str | None) -> PersonId:
    """Whose matters are asked for: a person's own, or whom the others name.

    Refused: NOT_ALLOWED when a person names somebody else, FIELD_MISSING when nobody is named.
    """
    if principal.role is PERSON:
        if person_id is not None and not owns(principal, person_id):
            raise Refused(RefusalCode.NOT_ALLOWED)
        return PersonId(principal.subject)
    if person_id is None:
        raise Refused(RefusalCode.FIELD_MISSING, "person_id")
    return PersonId(person_id)

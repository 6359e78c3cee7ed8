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
    "ask_sides": frozenset({OPERATOR}),
    "run_clearing": frozenset({OPERATOR}),
    "show_clearing": STAFF,
    "list_participants": ANYONE,
    "verify": frozenset({OPERATOR}),
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

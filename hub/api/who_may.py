"""Who may do what over HTTP: one row an operation, and which areas a credential speaks for."""

from contracts.access import AccessRole, Principal
from contracts.codes import AreaCode, Role

OPERATOR, WATCHER = AccessRole.OPERATOR, AccessRole.WATCHER
AGENCIES = frozenset({AccessRole.INSURED_AGENCY, AccessRole.TREATMENT_AGENCY})
ANYONE = frozenset(AccessRole)

# A name is the name of its route. What is not here has no route.
WHO_MAY: dict[str, frozenset[AccessRole]] = {
    "submit_registration": AGENCIES,
    "find_registration": ANYONE,
    "list_registrations": ANYONE,
    "find_settlement": ANYONE,
    "list_business_days": ANYONE,
    "close_business_day": frozenset({OPERATOR}),
    "show_reconciliation": ANYONE,
    "list_breaks": ANYONE,
    "ask_sides": frozenset({OPERATOR}),
    "run_clearing": frozenset({OPERATOR}),
    "show_clearing": ANYONE,
    "list_participants": ANYONE,
    "verify": frozenset({OPERATOR}),
}

# In which roles of an area a credential sees what concerns it. The hub's own people have no area.
SEES: dict[AccessRole, frozenset[Role]] = {
    AccessRole.OPERATOR: frozenset(),
    AccessRole.INSURED_AGENCY: frozenset({Role.INSURED}),
    AccessRole.TREATMENT_AGENCY: frozenset({Role.TREATMENT}),
    AccessRole.WATCHER: frozenset(Role),
}


def may(principal: Principal, name: str) -> bool:
    """Whether the role may; an agency without an area, or an operator with one, may nothing."""
    needs_area = principal.role in AGENCIES
    has_area = principal.area is not None
    is_sound = principal.role is WATCHER or needs_area == has_area
    return is_sound and principal.role in WHO_MAY[name]


def concerns(principal: Principal, role: Role, area: AreaCode | None) -> bool:
    """Whether something of this area in this role is for these eyes."""
    if principal.area is None:
        return True
    return area == principal.area and role in SEES[principal.role]

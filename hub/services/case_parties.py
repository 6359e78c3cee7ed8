"""As whom somebody speaks in a case, and whose cases somebody sees."""

from collections.abc import Mapping

from contracts.access import AccessRole, Principal
from contracts.codes import Role
from contracts.refusal import RefusalCode, Refused
from contracts.topics import HUB, participant

ROLE_OF: Mapping[AccessRole, Role] = {
    AccessRole.INSURED_AGENCY: Role.INSURED,
    AccessRole.TREATMENT_AGENCY: Role.TREATMENT,
}


def party_of(principal: Principal) -> str:
    """As a participant signs ('insured.340000'), or 'hub'. Refused: NOT_ALLOWED for who only reads,
    or has nothing to do with cases.
    """
    role = ROLE_OF.get(principal.role)
    if principal.role is AccessRole.OPERATOR:
        return HUB
    if role is None or principal.area is None:
        raise Refused(RefusalCode.NOT_ALLOWED)
    return participant(role, principal.area)


def parties_seen_by(principal: Principal) -> tuple[str, ...] | None:
    """Whose cases these eyes see; None: everybody's, () nobody's."""
    if principal.area is None:
        return None if principal.role in {AccessRole.OPERATOR, AccessRole.WATCHER} else ()
    if principal.role is AccessRole.WATCHER:
        return tuple(participant(role, principal.area) for role in Role)
    role = ROLE_OF.get(principal.role)
    return () if role is None else (participant(role, principal.area),)

"""An insured area's desk over its books, and everybody who may hold a token of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from contracts import access
from contracts.access import AccessRole, Principal
from contracts.codes import AreaCode, InsuranceKind, RegistrationCategory, VisitKind
from contracts.ids import RegistrationId
from participants.insured import main
from participants.insured.settings import Settings
from participants.insured.store.db import migrate
from participants.policy.benefits import Elsewhere
from tests.fuzz.api import Api, Seasoning
from tests.fuzz.books import commits
from tests.support.databases import Databases
from tests.support.http import served
from tests.support.insured import (
    AREA,
    HOME,
    SEALER,
    InsuredArea,
    concluded,
    person,
    request,
    review,
    row,
    settlement,
)

CALLERS: dict[str, tuple[AccessRole, AreaCode]] = {
    "clerk": (AccessRole.INSURED_AGENCY, AREA),
    "other area": (AccessRole.INSURED_AGENCY, AreaCode("430000")),
    "hospital": (AccessRole.INSTITUTION, AREA),
}
WAITING = 60
SEASONING: Seasoning = {
    "registration_id": [str(UUID(int=n)) for n in range(1, WAITING + 10)],
    "ids": [[str(UUID(int=n))] for n in range(1, WAITING + 10)],
    "settlement_id": [str(settlement(n)) for n in (1, 2, 3)],
    "person_id": [person(1), person(2), person(3)],
    "reason": ["材料齐全", "请补充"],
    "materials": [[], [{"kind": "other", "reference": "沪居2026-7"}]],
    "category": [one.value for one in RegistrationCategory],
    "division": [HOME, "320500"],
    "insurance_kind": [one.value for one in InsuranceKind],
    "visit_kind": [one.value for one in VisitKind],
    "elsewhere": [one.value for one in Elsewhere],
    "total_fen": [0, 1, 10_000_00, 500_000_00],
    "in_scope_fen": [0, 1, 9_000_00],
    "admitted_on": ["2026-03-01", "2025-12-30", None],
    "discharged_on": ["2026-03-10", None],
    "disease_code": ["M03900", None],
    "instead": [{"hospital_level": 3}, {"total_fen": 1}, {"total_fen": "x"}, None],
    "year": [2026, 2025],
    "most": [1, 2],
}


@contextmanager
def desk_door(databases: Databases) -> Iterator[Api]:
    """The desk on a database of its own: persons, some grants, and registrations that wait."""
    engine = databases.fresh("insured", migrate)
    area = InsuredArea(engine)
    area.insure(row(1), row(2))
    _history(area)
    with engine.begin() as tx:
        tokens = {
            who: access.issue(
                tx,
                Principal(who, role, code),
                valid_for=timedelta(days=1),
                now=area.clock.now(),
            )
            for who, (role, code) in CALLERS.items()
        }
    headers = {who: {"Authorization": f"Bearer {token}"} for who, token in tokens.items()}
    callers = {"clerk": headers.pop("clerk"), "nobody": {}, **headers}
    app = main.desk(AREA, engine, area.log, area.clock, Settings(), sealer=SEALER)
    with served(app) as client, commits(engine) as written:
        few = frozenset(callers) - {"clerk"}
        yield Api("insured desk", client.app, client, engine, written, callers, SEASONING, few)


def _history(area: InsuredArea) -> None:
    area.hear(request(1), request(2), concluded(1))
    area.hear(*(review(registration_id=RegistrationId(UUID(int=n))) for n in range(1, WAITING)))

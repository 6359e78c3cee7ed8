"""The hub's API over its books, and everybody who may hold a token of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import Engine

from contracts import access
from contracts.access import AccessRole, Principal
from contracts.codes import AreaCode, InsuranceKind, RegistrationCategory
from contracts.delivery.memory import MemoryLog
from contracts.delivery.outbox import Outbox
from hub.api.app import create_app
from hub.services import reconciliation
from hub.settings import Settings
from hub.store.db import migrate
from tests.fuzz.api import Api, Seasoning
from tests.fuzz.books import commits
from tests.support.databases import Databases
from tests.support.http import served
from tests.support.hub_books import (
    ANHUI,
    HUNAN,
    NOON,
    SHANGHAI,
    Case,
    add_cases,
    add_days,
    add_participants,
    settlement_id,
)

PERSON, STRANGER = "P" * 29, "Q" * 29  # the books are of the first
FIRST, LAST, OPEN = date(2026, 3, 1), date(2026, 3, 31), date(2026, 4, 1)
CALLERS: dict[str, tuple[AccessRole, AreaCode | None]] = {
    "operator": (AccessRole.OPERATOR, None),
    "insured": (AccessRole.INSURED_AGENCY, HUNAN),
    "treatment": (AccessRole.TREATMENT_AGENCY, SHANGHAI),
    "third area": (AccessRole.INSURED_AGENCY, ANHUI),
    "watcher": (AccessRole.WATCHER, HUNAN),
    "misfit": (AccessRole.OPERATOR, HUNAN),
    "hospital": (AccessRole.INSTITUTION, SHANGHAI),
    "channel": (AccessRole.PERSON_CHANNEL, None),
    "person": (AccessRole.PERSON, None),
    "other person": (AccessRole.PERSON, None),
}
WITHOUT_RIGHTS = frozenset({"nobody", "forger", "misfit", "hospital"})
SUBJECTS = {"person": PERSON, "other person": STRANGER}
KEYS = [str(UUID(int=n)) for n in range(1, 40)]  # few, so that many are met again
SEASONING: Seasoning = {
    "registration_id": KEYS,
    "case_id": KEYS,
    "attachment_id": KEYS,
    "follows": [*KEYS[:3], None, None, None],
    "settlements": [[str(settlement_id(1))], [str(settlement_id(2))], []],
    "respondents": [["treatment.310000"], ["insured.430000", "hub"], []],
    "content_base64": ["JVBERi0xLjQKJSVFT0Y=", "TVo=", "***"],
    "Idempotency-Key": KEYS,
    "replaces": [*KEYS, None, None, None],
    "settlement_id": [str(settlement_id(n)) for n in (1, 2, 3)],
    "person_id": [PERSON, STRANGER],
    "insured_division": ["430100", "430000", "340100", "990000"],
    "place": ["310000", "310101", "440100", None],
    "area": [HUNAN, SHANGHAI, "110000"],
    "division": ["430100", "310101"],
    "insurance_kind": ["310", "390", InsuranceKind.EMPLOYEE.value],
    "category": [one.value for one in RegistrationCategory],
    "disease_code": ["M03900", None],
    "certificate_kind": ["01", "02"],
    "certificate_number": ["43010219800101001X", "1"],
    "begins_on": ["2026-04-01", "2026-03-31", "2025-01-01"],
    "ends_on": ["2026-12-31", "2026-03-01", None],
    "channel": ["web", "window", None],
    "business_date": ["2026-03-31", "2026-04-01", "2026-03-01"],
    "month": ["2026-03", "2026-02", "2026-13"],
    "materials": [[], [{"kind": "credential"}, {"kind": "commitment"}]],
    "reason": ["已回参保地", "补证明"],
    "cursor": ["", "WzFd", "bm9uZQ==", "WyIyMDI2LTAzLTMxVDA0OjAwOjAwWiIsbnVsbF0="],
    "count_max": [1, 400],
    "size": [1, 2, 200],
    "year": [2026],
}


class At:
    """The hub's books are of one noon."""

    def now(self) -> datetime:
        return NOON


@contextmanager
def hub_door(databases: Databases) -> Iterator[Api]:
    """The API on a database of its own, with some days, cases, and sides that were asked."""
    engine, log = databases.fresh("hub", migrate), MemoryLog()
    settings = Settings(
        person_token_key=SecretStr("bm90IGEgc2VjcmV0IG9mIGFueWJvZHk="),
        hub_sealing_keys=SecretStr("k1=MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="),
    )
    outbox = Outbox(engine, log.sender("hub.api"), At())
    outbox.tend()
    callers = _books(engine)
    with served(create_app(engine, outbox, At(), settings)) as client, commits(engine) as written:
        yield Api(
            "hub API", client.app, client, engine, written, callers, SEASONING, WITHOUT_RIGHTS
        )
    outbox.close()


def _books(engine: Engine) -> dict[str, dict[str, str]]:
    with engine.begin() as tx:
        add_participants(tx)
        add_days(tx, FIRST, OPEN)
        add_cases(tx, (Case(1, LAST), Case(2, LAST, insured=ANHUI, treatment=HUNAN)))
        for _ in range(4):
            reconciliation.begin_due(tx, NOON)
        tokens = {
            who: access.issue(
                tx,
                Principal(SUBJECTS.get(who, who), role, area),
                valid_for=timedelta(days=1),
                now=NOON,
            )
            for who, (role, area) in CALLERS.items()
        }
    known = {who: {"Authorization": f"Bearer {token}"} for who, token in tokens.items()}
    return {"nobody": {}, "forger": {"Authorization": "Bearer x"}, **known}

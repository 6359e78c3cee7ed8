"""The doors of a country for whoever misuses them: each request, with any part of it wrong."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx

from contracts import access
from contracts.access import AccessRole, Principal
from contracts.ids import new_id
from simulators.agency import wait_for
from simulators.hospital import PATH, Visit
from simulators.stack.servers import Servers
from tests.support.worlds import HOME, PLACE, Country, as_bytes, country, stay_of

REGISTERED, STRANGER, EXPIRED, REFERRED = 0, 1, 2, 3
JSON = {"Content-Type": "application/json"}
IN_THE_ENVELOPE = frozenset(
    {"insuplc_admdvs", "mdtrtarea_admvs", "fixmedins_code", "msgid", "opter_name"}
)
# Sound credentials of the wrong people: at which database, in which role, of which area.
OTHERS = {
    "treatment agency at the desk": (f"insured.{HOME}", AccessRole.TREATMENT_AGENCY, HOME),
    "another area's agency at the desk": (f"insured.{HOME}", AccessRole.INSURED_AGENCY, PLACE),
    "watcher at the hub": ("hub", AccessRole.WATCHER, HOME),
}


@dataclass(frozen=True, slots=True, repr=False)
class Street:
    """A country with a patient in every plight. Methods send a request; keywords change it."""

    country: Country
    registered: Visit
    """Its lines are uploaded: it can be settled."""
    without_lines: Visit
    done: Visit
    """It was settled."""
    unregistered: Visit
    expired: Visit
    filed: str
    """The id of a registration in force."""
    waiting: str
    """The id of a registration that waits at the desk for a clerk."""
    tokens: Mapping[str, str]

    @property
    def operator(self) -> str:
        return self.country.operator.token

    @property
    def agency(self) -> str:
        return self.country.agency().token

    @property
    def agency_of_place(self) -> str:
        return self.country.agency(PLACE).token

    @property
    def clerk(self) -> str:
        return self.country.desk.token

    @property
    def clerk_of_place(self) -> str:
        return self.country.world.tokens.desks[PLACE]

    @property
    def today(self) -> str:
        return self.country.today().isoformat()

    def post(self, content: bytes) -> httpx.Response:
        """Any bytes at the gateway."""
        return self.country.http.post(f"{self.country.world.gateway}{PATH}", content=content)

    def ask(self, infno: str, content: object, **envelope: Any) -> httpx.Response:
        """One transaction of the national interface."""
        person = self.country.person(REGISTERED)
        message = self.country.hospital().request(infno, {}, person)
        return self.post(as_bytes({**message, "input": content, **envelope}))

    def settle(self, visit: Visit, without: str = "", **changes: Any) -> httpx.Response:
        """2304."""
        inner, envelope = _sorted(changes)
        data = {**self.country.hospital()._settlement(visit), **inner}
        data.pop(without, None)
        return self.ask("2304", {"data": data}, **envelope)

    def identify(self, **changes: Any) -> httpx.Response:
        """1101."""
        inner, envelope = _sorted(changes)
        person = self.country.person(REGISTERED)
        data = self.country.hospital().identification(person)["data"]
        return self.ask("1101", {"data": {**data, **inner}}, **envelope)

    def line(self, **changes: Any) -> httpx.Response:
        """2301 of one fee line."""
        visit = self.without_lines
        line = self.country.hospital()._line(visit, 99, visit.bill.lines[0])
        return self.ask("2301", {"feedetail": [{**line, **changes}]})

    def at_hub(self, method: str, path: str, token: str = "", **options: Any) -> httpx.Response:
        return self._at(self.country.world.hub_api, method, path, token, **options)

    def at_desk(self, method: str, path: str, token: str = "", **options: Any) -> httpx.Response:
        return self._at(self.country.world.desk, method, path, token, **options)

    def operate(self, method: str, path: str) -> httpx.Response:
        return self.at_hub(method, path, self.operator)

    def close_day(self, day: str, token: str) -> httpx.Response:
        body = as_bytes({"business_date": day})
        return self.at_hub("POST", "/business-days/close", token, content=body)

    def file(
        self,
        person: int = STRANGER,
        token: str = "",
        key: str | None = None,
        without: str = "",
        **changes: Any,
    ) -> httpx.Response:
        """A registration, filed by the insured area's agency unless another token is given."""
        usual = self.country.registration(self.country.person(person), "posted_worker")
        body = {name: value for name, value in usual.items() if name != without} | changes
        return self.file_bytes(as_bytes(body), token=token, key=key)

    def file_bytes(
        self, content: bytes, *, token: str = "", key: str | None = None
    ) -> httpx.Response:
        """`key`: the registration's id; a new one where it is None, none at all where it is ''."""
        key = str(new_id()) if key is None else key
        headers = {"Idempotency-Key": key} if key else {}
        token = token or self.agency
        return self.at_hub("POST", "/registrations", token, content=content, headers=headers)

    def reject(self, content: bytes, registration_id: str = "") -> httpx.Response:
        """A clerk's no to the registration that waits."""
        path = f"/reviews/{registration_id or self.waiting}/reject"
        return self.at_desk("POST", path, self.clerk, content=content)

    def _at(self, door: str, method: str, path: str, token: str, **options: Any) -> httpx.Response:
        bearer = {"Authorization": f"Bearer {token}"} if token else {}
        headers = JSON | bearer | options.pop("headers", {})
        return self.country.http.request(method, f"{door}{path}", headers=headers, **options)


@contextmanager
def opened(servers: Servers) -> Iterator[Street]:
    """The country comes up, and everybody gets into their plight, at the public doors."""
    with country(servers) as found:
        person, stranger, expired = (found.person(n) for n in (REGISTERED, STRANGER, EXPIRED))
        filed = found.register(person, "retired_resettled")
        found.register(expired, "other_temporary", begins=-400, ends=-30)
        yield Street(
            country=found,
            registered=found.visit(person, stay_of(3)),
            without_lines=found.opened(person, stay_of(2)),
            done=found.settled(person, stay_of(1)),
            unregistered=found.visit(stranger, stay_of(1)),
            expired=found.visit(expired, stay_of(1)),
            filed=str(filed),
            waiting=_waiting_at_the_desk(found),
            tokens=_issued(found),
        )


def _waiting_at_the_desk(found: Country) -> str:
    id_ = new_id()
    found.agency().submit(id_, found.registration(found.person(REFERRED), "referral", ends=300))
    wait_for("the review reaches the desk", lambda: found.desk.get("/reviews"))
    return str(id_)


def _issued(found: Country) -> dict[str, str]:
    issued, now = {}, found.clock.now()
    for name, (database, role, area) in OTHERS.items():
        with found.engines[database].begin() as tx:
            principal = Principal(name, role, area)
            issued[name] = access.issue(tx, principal, valid_for=timedelta(hours=1), now=now)
    return issued


def _sorted(changes: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What belongs into the input, and what into the envelope around it."""
    envelope = {name: value for name, value in changes.items() if name in IN_THE_ENVELOPE}
    return {n: value for n, value in changes.items() if n not in envelope}, envelope

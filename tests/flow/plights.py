"""People in every plight, and what is asked for them, at the doors of a country of two areas."""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from contracts import access
from contracts.access import AccessRole, Principal
from contracts.codes import DivisionCode, InsuranceKind, PersonType, VisitKind
from contracts.delivery.outbox import Writing
from contracts.ids import id_of_short_text, new_id
from contracts.person import person_id_of
from contracts.sealing import Sealer
from participants.insured.domain.person_file import PersonRow
from participants.insured.services import people
from participants.treatment.domain.institution import Institution as Designated
from participants.treatment.services import institutions, publishing
from simulators.agency import Client, wait_for
from simulators.hospital import Hospital, Reply
from simulators.stack.servers import Servers
from simulators.world.population import Resident
from tests.support.worlds import HOME, PLACE, Country, as_bytes, country

HEFEI = "340100"
HOSPITAL, OTHER_HOSPITAL = "H31010000002", "H31010000001"
# What the insured area of these tests chose otherwise than the file that is shipped.
CHOICES = {
    "need_registration = { outpatient = true, chronic = true, pharmacy = true }": (
        "need_registration = { outpatient = false, chronic = true, pharmacy = true }"
    ),
    "lock_in_months = 0": "lock_in_months = 6",
    'policy = "yizheng-employee-2010"\nvalid_from = 2010-09-27': (
        'policy = "suzhou-employee"\nvalid_from = 2023-01-01\n'
        '[[policies]]\ninsurance = "390"\npolicy = "qingyuan-resident"\nvalid_from = 2023-01-01'
    ),
}
RESIDENTS = 10
OF_RESIDENTS = {
    "insurance_kind": InsuranceKind.RESIDENT,
    "person_type": PersonType.RESIDENT_ADULT,
}
PAPERS: Mapping[str, tuple[str, ...]] = {
    "retired_resettled": ("credential", "commitment"),
    "long_term_resident": ("credential", "commitment"),
    "posted_worker": ("credential", "posting_proof"),
    "referral": ("credential", "referral_letter"),
    "emergency": ("credential", "emergency_proof"),
    "other_temporary": ("credential", "commitment"),
    "chronic_disease": ("credential", "diagnosis_proof"),
}
_SAID_AS: Mapping[str, Mapping[str, str]] = {
    "emergency": {"IPT_TYPE": "2"},
    "trauma": {"TRUM_FLAG": "1"},
    "third_party": {"REL_TTP_FLAG": "1"},
    "no_third_party": {"REL_TTP_FLAG": "0"},
}
_MED_TYPE = {"inpatient": "21", "outpatient": "11", "chronic": "14", "pharmacy": "41"}


@dataclass(frozen=True, slots=True)
class Care:
    """What is to be settled; `admitted` and `discharged` count in days from today.

    Out-patients leave the day they come.
    """

    kind: VisitKind = VisitKind.INPATIENT
    admitted: int = -5
    discharged: int = 0
    flags: tuple[str, ...] = ()
    disease: str = ""
    institution: str = HOSPITAL
    division: str = HEFEI
    insurance: str = "310"


@dataclass(frozen=True, slots=True, repr=False)
class Plights:
    """A country with a crowd of people insured at home; each test takes a new one."""

    country: Country
    employees: Iterator[Resident]
    residents: Iterator[Resident]
    _hospitals: dict[str, Hospital] = field(default_factory=dict)

    def person(self) -> Resident:
        """Somebody nobody has done anything with."""
        return next(self.employees)

    def resident(self) -> Resident:
        """The same, insured as a resident 城乡居民: only these are paid for outpatient care."""
        return next(self.residents)

    def day(self, number: int) -> date:
        return self.country.today() + timedelta(days=number)

    def psn_no(self, person: Resident) -> str:
        secrets = self.country.world.deployment.secrets
        key = base64.b64decode(secrets["YIDI_PERSON_TOKEN_KEY"])
        return person_id_of(person.certificate_kind, person.certificate_number, key)

    # The hub's door.

    def wanted(
        self,
        person: Resident,
        category: str,
        begins: int = -90,
        ends: int | None = None,
        **changes: Any,
    ) -> dict[str, Any]:
        """A registration as it is filed; a chronic disease is at no place."""
        is_chronic = category == "chronic_disease"
        body = {
            "certificate_kind": person.certificate_kind,
            "certificate_number": person.certificate_number,
            "insured_division": person.division,
            "insurance_kind": person.insurance_kind.value,
            "category": category,
            "place": None if is_chronic else PLACE,
            "disease_code": "M03900" if is_chronic else None,
            "begins_on": self.day(begins).isoformat(),
            "ends_on": None if ends is None else self.day(ends).isoformat(),
            "materials": [{"kind": kind} for kind in PAPERS[category]],
        }
        return body | changes

    def submit(self, body: object, client: Client | None = None, key: str = "") -> httpx.Response:
        return self.post("/registrations", body, client, key)

    def post(
        self, path: str, body: object, client: Client | None = None, key: str = ""
    ) -> httpx.Response:
        """At the hub, or wherever the client is; the insured area's agency if none is given."""
        client = client or self.country.agency()
        headers = {
            "Authorization": f"Bearer {client.token}",
            "Content-Type": "application/json",
            "Idempotency-Key": key or str(new_id()),
        }
        content = body if isinstance(body, bytes) else as_bytes(body)
        return self.country.http.post(f"{client.url}{path}", content=content, headers=headers)

    def filed(
        self,
        person: Resident,
        category: str,
        begins: int = -90,
        *,
        until: str = "active",
        **of: Any,
    ) -> UUID:
        """Filed by the agency; its id, once it stands so."""
        client = of.pop("client", None)
        answer = self.submit(self.wanted(person, category, begins, **of), client)
        assert answer.status_code == httpx.codes.CREATED, answer.text
        id_ = UUID(answer.json()["registration_id"])
        # What is over when it is accepted expires within a moment.
        self.stands(id_, until, *(["expired"] if until == "active" else []))
        return id_

    def change(
        self, id_: UUID, change: str, client: Client | None = None, **more: Any
    ) -> httpx.Response:
        body = {"change": change, "reason": "本人要求", **more}
        return self.post(f"/registrations/{id_}/changes", body, client)

    def found(self, id_: UUID) -> dict[str, Any]:
        """The registration in full, as the insured area's agency sees it."""
        found: dict[str, Any] = self.country.agency().get(f"/registrations/{id_}")
        return found

    def stands(self, id_: UUID, *states: str) -> None:
        """Wait until the hub says one of these."""

        def is_so() -> bool:
            self.country.world.check()
            return self.found(id_)["state"] in states

        wait_for(f"the registration is {states}", is_so, 20.0)

    def session(self, person: Resident) -> Client:
        """The person's own session, opened by a channel that has authenticated it."""
        body = {
            "certificate_kind": person.certificate_kind,
            "certificate_number": person.certificate_number,
        }
        answer = self.post("/person-sessions", body, self.channel())
        assert answer.status_code == httpx.codes.CREATED, answer.text
        return Client(self.country.world.hub_api, answer.json()["token"], self.country.http)

    def channel(self) -> Client:
        token = self.token("hub", AccessRole.PERSON_CHANNEL)
        return Client(self.country.world.hub_api, token, self.country.http)

    def token(self, database: str, role: AccessRole, area: str | None = None) -> str:
        principal = Principal(f"{role} of a test", role, area)  # type: ignore[arg-type]  # or None
        with self.country.engines[database].begin() as tx:
            valid_for = timedelta(hours=1)
            return access.issue(tx, principal, valid_for=valid_for, now=self.country.clock.now())

    # The desk's.

    def at_desk(self, id_: UUID) -> dict[str, Any]:
        """The registration at the desk, once it has come there."""

        def there() -> Any:
            answer = self.country.http.get(
                f"{self.country.world.desk}/reviews/{id_}",
                headers={"Authorization": f"Bearer {self.country.desk.token}"},
            )
            return answer.json() if answer.is_success else None

        found: dict[str, Any] = wait_for("it comes to the desk", there)
        return found

    def told_at_desk(self, id_: UUID, state: str) -> None:
        """Wait until the hub stands so and the desk has heard it: only then may a clerk go on."""
        self.stands(id_, state)

        def is_so() -> bool:
            return bool(self.at_desk(id_)["review"]["standing"] == state)

        wait_for(f"the desk has heard {state}", is_so, 20.0)

    def decide(self, id_: UUID, word: str = "accept", **body: Any) -> None:
        self.at_desk(id_)
        self.country.desk.post(f"/reviews/{id_}/{word}", body or None)
        self.stands(id_, {"accept": "active", "reject": "rejected"}[word])

    # The hospital's.

    def hospital(self, code: str = HOSPITAL) -> Hospital:
        if code not in self._hospitals:
            known = self.country.hospital()
            institution = known.institution.__class__(PLACE, code, "示例", "310100", 2)
            self._hospitals[code] = Hospital(
                institution, known.gateway_url, known.http, known.clock
            )
        return self._hospitals[code]

    def preflight(self, person: Resident, care: Care) -> dict[str, Any]:
        """What POST /preflight answers."""
        answer = self.country.http.post(
            f"{self.country.world.gateway}/preflight", content=as_bytes(self.question(person, care))
        )
        found: dict[str, Any] = answer.json()
        if answer.status_code == httpx.codes.OK:
            return found
        # No question at all, as an area that does not exist: refused like a settlement.
        no = {"name": "request", "passed": False, "code": found["code"], "fix": found["zh"]}
        return {"will_settle": False, "final": True, "standing": None, "checks": [no]}

    def question(self, person: Resident, care: Care) -> dict[str, Any]:
        body: dict[str, Any] = {
            "psn_no": self.psn_no(person),
            "insutype": care.insurance,
            "insuplc_admdvs": care.division,
            "institution": care.institution,
            "mdtrtarea_admvs": "310100",
            "visit_kind": care.kind.value,
            "admitted_on": self.day(care.admitted).isoformat(),
            "disease_code": care.disease,
            "flags": list(care.flags),
        }
        if care.kind is VisitKind.INPATIENT:
            body["discharged_on"] = self.day(care.discharged).isoformat()
        return body

    def settle(self, person: Resident, care: Care, yuan: str = "1000.00") -> Reply:
        """2304 or 2207 of a visit that was never opened here; all of it is in scope."""
        infno = "2304" if care.kind is VisitKind.INPATIENT else "2207"
        hospital = self.hospital(care.institution)
        request = hospital.request(infno, {"data": self._bill(person, care, yuan)}, person)
        request["insuplc_admdvs"] = care.division
        answer = self.country.http.post(
            f"{self.country.world.gateway}/", content=as_bytes(request), timeout=30.0
        )
        return Reply(infno, request["msgid"], answer.json())

    def basis_of(self, reply: Reply) -> tuple[str, dict[str, Any]]:
        """On what a settlement stands: as the hub recorded it, and the grant as the desk has it."""
        id_ = id_of_short_text(str(reply.setlinfo["setl_id"]))
        statement = "SELECT registration_basis, person_id FROM settlements WHERE settlement_id = :i"
        [row] = self.country.run("hub", statement, i=id_)
        grant = self.country.desk.get(f"/people/{row['person_id']}/grants/{id_}")
        return str(row["registration_basis"]), grant

    def _bill(self, person: Resident, care: Care, yuan: str) -> dict[str, Any]:
        said: dict[str, str] = {}
        for flag in care.flags:
            said |= _SAID_AS[flag]
        bill = {
            "psn_no": self.psn_no(person),
            "mdtrt_cert_type": "02",
            "mdtrt_cert_no": person.certificate_number,
            "psn_cert_type": person.certificate_kind,
            "certno": person.certificate_number,
            "psn_type": "11",
            "psn_name": person.name,
            "med_type": _MED_TYPE[care.kind],
            "medfee_sumamt": yuan,
            "psn_setlway": "01",
            "mdtrt_id": f"V{new_id().hex[:20]}",
            "chrg_bchno": "1",
            "insutype": care.insurance,
            "acct_used_flag": "0",
            "mid_setl_flag": "0",
            "begntime": f"{self.day(care.admitted)} 09:00:00",
            "exp_content": json.dumps(said) if said else "",
            "fulamt_ownpay_amt": "0",
            "overlmt_selfpay": "0",
            "preselfpay_amt": "0",
            "inscp_scp_amt": yuan,
        }
        if care.kind is VisitKind.INPATIENT:
            return bill | {"dscgTime": self.day(care.discharged).isoformat()}
        return bill | {"dise_codg": care.disease}


def row(number: int, **changes: Any) -> PersonRow:
    """An active employee of Hefei, insured since 2010."""
    usual: dict[str, Any] = {
        "line": number + 2,
        "certificate_kind": "01",
        "certificate_number": f"34010019800101{number:03d}X",
        "name": f"示例{number}",
        "gender": "1",
        "born_on": date(1980, 1, 1),
        "insurance_kind": InsuranceKind.EMPLOYEE,
        "person_type": PersonType.ACTIVE,
        "division": DivisionCode(HEFEI),
        "in_force_from": date(2010, 1, 1),
        "in_force_until": None,
        "civil_servant": False,
        "account_balance_fen": 0,
    }
    return PersonRow(**usual | changes)


def resident(one: PersonRow) -> Resident:
    return Resident(
        area=HOME,
        certificate_kind=one.certificate_kind,
        certificate_number=one.certificate_number,
        name=one.name,
        insurance_kind=one.insurance_kind,
        person_type=one.person_type,
        division=one.division,
        in_force=one.in_force_until is None,
    )


def insure(found: Country, rows: Sequence[PersonRow]) -> None:
    """As the agency's file would."""
    secrets = found.world.deployment.secrets
    key = base64.b64decode(secrets["YIDI_PERSON_TOKEN_KEY"])
    with found.engines[f"insured.{HOME}"].begin() as tx:
        people.load(tx, rows, Sealer.from_text(secrets["YIDI_SEALING_KEYS"]), key)


def designate(found: Country, listed: Sequence[Designated]) -> None:
    """The treatment area lists these too, and makes them known, as its command does."""
    with found.engines[f"treatment.{PLACE}"].begin() as tx:
        institutions.load(tx, listed)
        writing = Writing(tx, found.clock.now())
        writing.say(publishing.publish(tx, PLACE, writing.now))


@contextmanager
def plights(servers: Servers, folder: Path, people_max: int = 80) -> Iterator[Plights]:
    """The country with an insured area that chose otherwise (CHOICES), and so many people."""
    rows = [
        row(number, **(OF_RESIDENTS if number < RESIDENTS else {})) for number in range(people_max)
    ]
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("YIDI_INSURED_AREA_FILE", str(_area_file(folder)))
        # What is said must agree, however slow the machine: its limit is another test's matter.
        environment.setenv("YIDI_GATEWAY_PREFLIGHT_WITHIN_S", "20")
        with country(servers) as found:
            insure(found, rows)
            found.settle_down()  # Every area has made known what it has to.
            known = [resident(one) for one in rows]
            yield Plights(found, iter(known[RESIDENTS:]), iter(known[:RESIDENTS]))


def _area_file(folder: Path) -> Path:
    shipped = files("participants.insured").joinpath("data/area.toml").read_text("utf-8")
    for before, after in CHOICES.items():
        assert before in shipped, before
        shipped = shipped.replace(before, after)
    file = folder / "area.toml"
    file.write_text(shipped, encoding="utf-8")
    return file

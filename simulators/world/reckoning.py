"""What the real rules give for a drawn visit: the catalogue's split, then the area's policy.

The same pure functions that the treatment area and the insured area run, without any message.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from contracts.codes import AreaCode, InsuranceKind, VisitKind
from contracts.ids import PersonId
from contracts.messages.settlement import Basis, Care, Standing
from contracts.messages.values import Bill, Shares
from contracts.money import fen_from_yuan
from contracts.person import person_id_of
from participants.insured import area_file
from participants.insured.domain import entitlement
from participants.insured.domain.area import Area
from participants.insured.domain.calculation import Benefit, decide
from participants.insured.domain.eligibility import Eligibility, Source
from participants.insured.domain.entitlement import Known
from participants.insured.domain.insurance import Insurance
from participants.insured.domain.insurance_year import NOTHING, Used
from participants.policy.model import YearToDate
from participants.treatment.domain.catalogue import (
    Catalogue,
    FeeLine,
    HospitalApproval,
    bill_of,
    split,
)
from participants.treatment.domain.catalogue_file import load_catalogue
from simulators.world.country import DrawnVisit
from simulators.world.people import Traveller
from simulators.world.policies import area_file as text_of_area_file
from simulators.world.population import ChargedLine, DrawnBill

KEY = b"the key of nobody at all"
"""Tokens of a reckoning are its own."""


@dataclass(slots=True)
class Reckoner:
    """Keeps what each person has used, as the insured areas would."""

    years: dict[tuple[PersonId, int], YearToDate] = field(default_factory=dict)
    accounts: dict[PersonId, int] = field(default_factory=dict)

    def shares_of(self, visit: DrawnVisit, day: date) -> Shares:
        """Who pays what of a visit that ends on `day`; AssertionError when it is refused."""
        care, known = self._care_and_known(visit, day)
        standing = Standing(basis=Basis.REGISTERED, category=visit.traveller.category)
        area = rules_of(visit.traveller.home)
        facts = entitlement.facts_of(area, care, split_of(visit.bill, day), standing, known)
        key = (PersonId(care.person_id), day.year)
        found = decide(facts, Used(self.years.get(key, NOTHING)))
        assert isinstance(found, Benefit), f"{visit.traveller.home}: {found}"
        self.years[key] = self.years.get(key, NOTHING).plus(found.delta)
        self.accounts[key[0]] -= found.shares.account_fen
        return found.shares

    def _care_and_known(self, visit: DrawnVisit, day: date) -> tuple[Care, Known]:
        row = visit.traveller.row
        person = person_id_of(row.certificate_kind, row.certificate_number, KEY)
        balance = self.accounts.setdefault(person, row.account_balance_fen)
        care = Care(
            person_id=person,
            insured_division=row.division,
            treatment_division=visit.institution.division,
            insurance_kind=row.insurance_kind,
            visit_kind=visit.kind,
            hospital_code=visit.institution.code,
            hospital_level=visit.institution.level,
            admitted_on=day - timedelta(days=visit.bill.days),
            discharged_on=day,
            disease_code=(visit.bill.diagnosis_code if visit.kind is VisitKind.CHRONIC else None),
            use_account=True,
        )
        insurance = Insurance(
            person_id=person,
            born_on=row.born_on,
            insurance_kind=row.insurance_kind,
            person_type=row.person_type,
            division=row.division,
            in_force_from=row.in_force_from,
            in_force_until=None,
            civil_servant=False,
            account_balance_fen=balance,
            policy_id=None,
        )
        known = Known({row.insurance_kind: insurance}, _eligibilities(visit.traveller, person))
        return care, known


@cache
def rules_of(area: AreaCode) -> Area:
    """The area's rules, read from the file that the country writes for it."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"{area}.toml"
        file.write_text(text_of_area_file(area), encoding="utf-8")
        return area_file.load(area, file)


def split_of(bill: DrawnBill, day: date) -> Bill:
    """The bill in its four parts, by the catalogue that every treatment area here uses."""
    lines = [_as_uploaded(number, line) for number, line in enumerate(bill.lines, 1)]
    return bill_of(split(lines, _catalogue(), day))


def fund_fen(shares: Shares) -> int:
    """All but the patient's cash: what the statistics call paid by the funds."""
    return int(sum(shares.model_dump().values())) - shares.cash_fen


@cache
def _catalogue() -> Catalogue:
    return load_catalogue()


def _as_uploaded(number: int, line: ChargedLine) -> FeeLine:
    approval = HospitalApproval.APPROVED if line.approved else HospitalApproval.NONE
    price_e6 = fen_from_yuan(line.price_yuan) * 10_000
    return FeeLine(
        str(number), line.code, line.count * 10_000, price_e6, line.total_fen(), approval
    )


def _eligibilities(one: Traveller, person: PersonId) -> tuple[Eligibility, ...]:
    return tuple(
        Eligibility(
            person_id=person,
            insurance_kind=InsuranceKind(row.insurance_kind),
            disease_code=row.disease_code,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            source=Source.FILE,
        )
        for row in one.eligibilities()
    )

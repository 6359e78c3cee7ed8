"""The people of the pretended country, made by code from a seed: nobody has such a number."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from contracts.codes import (
    AreaCode,
    DivisionCode,
    InsuranceKind,
    MaterialKind,
    PersonType,
    RegistrationCategory,
)
from contracts.money import BASIS_POINTS
from participants.insured.domain.eligibility_file import EligibilityRow
from participants.insured.domain.person_file import PersonRow
from simulators.world.files import table
from simulators.world.flows import flows, sent_from
from simulators.world.kinds import kinds
from simulators.world.places import Place, places

INSURED_SINCE, RECOGNISED_SINCE = date(2010, 1, 1), date(2015, 1, 1)
LEAST_AN_AREA = 3
PROOF = {
    RegistrationCategory.RETIRED_RESETTLED: MaterialKind.RESETTLEMENT_PROOF,
    RegistrationCategory.LONG_TERM_RESIDENT: MaterialKind.RESIDENCE_PROOF,
    RegistrationCategory.POSTED_WORKER: MaterialKind.POSTING_PROOF,
    RegistrationCategory.OTHER_TEMPORARY: MaterialKind.COMMITMENT,
}


@dataclass(frozen=True, slots=True)
class Traveller:
    """Somebody who lives, or is for some months, outside the own area; `row` is the area's file.

    `place`: what the registration names. `diseases`: those the person is recognised for.
    """

    row: PersonRow
    home: AreaCode
    away: AreaCode
    place: DivisionCode
    category: RegistrationCategory
    diseases: tuple[str, ...]

    @property
    def is_employee(self) -> bool:
        return self.row.insurance_kind is InsuranceKind.EMPLOYEE

    def eligibilities(self) -> Iterator[EligibilityRow]:
        for code in self.diseases:
            yield EligibilityRow(
                line=self.row.line,
                certificate_kind=self.row.certificate_kind,
                certificate_number=self.row.certificate_number,
                insurance_kind=self.row.insurance_kind,
                disease_code=code,
                valid_from=RECOGNISED_SINCE,
                valid_to=None,
            )

    def lasts(self, today: date) -> tuple[date, date | None]:
        """From when until when the registration that the person files today holds."""
        begins = today - timedelta(days=90)
        temporary = self.category is RegistrationCategory.OTHER_TEMPORARY
        return begins, today + timedelta(days=365) if temporary else None


def travellers(count: int, random: Random, today: date) -> list[Traveller]:
    """So many people (or LEAST_AN_AREA an area); where from and where to, by the flows."""
    found = []
    for home, number in _numbers(count).items():
        to = {pair[1]: share for pair, share in flows().items() if pair[0] == home}
        away = random.choices(list(to), list(to.values()), k=number)
        found += [
            _traveller(places()[home], places()[there], line, random, today)
            for line, there in enumerate(away, 1)
        ]
    return found


def by_home(people: Sequence[Traveller]) -> Mapping[AreaCode, list[Traveller]]:
    found: dict[AreaCode, list[Traveller]] = defaultdict(list)
    for one in people:
        found[one.home].append(one)
    return found


def _numbers(count: int) -> dict[AreaCode, int]:
    return {area: max(LEAST_AN_AREA, round(count * share)) for area, share in sent_from().items()}


def _traveller(home: Place, away: Place, line: int, random: Random, today: date) -> Traveller:
    terms = table("flows")["people"]
    insurance = InsuranceKind(_drawn(terms["insurance_bp"], random))
    is_employee = insurance is InsuranceKind.EMPLOYEE
    is_retired = is_employee and random.randrange(BASIS_POINTS) < terms["retired_bp"]
    categories = dict(terms["category_bp"])
    if not is_retired:
        categories.pop("retired_resettled")
    return Traveller(
        row=_row(home, line, insurance, is_retired=is_retired, random=random, today=today),
        home=home.area,
        away=away.area,
        place=_place(away, random),
        category=RegistrationCategory(_drawn(categories, random)),
        diseases=_diseases(random) if is_employee else (),
    )


def _row(
    home: Place,
    line: int,
    insurance: InsuranceKind,
    *,
    is_retired: bool,
    random: Random,
    today: date,
) -> PersonRow:
    years = random.randint(60, 88) if is_retired else random.randint(22, 58)
    born_on = date(today.year - years, random.randint(1, 12), random.randint(1, 28))
    is_woman = random.randrange(2)
    city = random.choice(home.cities)
    types = (PersonType.ACTIVE, PersonType.RETIRED)
    least, most = table("flows")["people"]["account_yuan"]
    is_employee = insurance is InsuranceKind.EMPLOYEE
    return PersonRow(
        line=line,
        certificate_kind="01",
        certificate_number=_number(home, born_on, line, is_woman=is_woman),
        name=_name(random),
        gender="2" if is_woman else "1",
        born_on=born_on,
        insurance_kind=insurance,
        person_type=types[is_retired] if is_employee else PersonType.RESIDENT_ADULT,
        division=city.code,
        in_force_from=INSURED_SINCE,
        in_force_until=None,
        civil_servant=False,
        account_balance_fen=random.randint(least * 100, most * 100) if is_employee else 0,
    )


def _number(home: Place, born_on: date, line: int, *, is_woman: int) -> str:
    """Eighteen characters that no register gave out: 'PP9' is no county, and the check is not one.

    Nobody's number begins so, and the last character counts people instead of checking digits.
    """
    many, few = divmod(line, 500)
    return f"{home.area[:2]}9{many:03d}{born_on:%Y%m%d}{2 * few + 1 - is_woman:03d}X"


def _name(random: Random) -> str:
    names = table("names")
    given = "".join(random.choices(names["given"], k=random.choice((1, 2, 2))))
    # Common surnames come first in the file.
    return str(names["surnames"][int(len(names["surnames"]) * random.random() ** 2)]) + given


def _diseases(random: Random) -> tuple[str, ...]:
    if random.randrange(BASIS_POINTS) >= table("flows")["people"]["chronic_bp"]:
        return ()
    chronic = next(one for kind, one in kinds().items() if kind == "chronic")
    codes = sorted({template.diagnosis[0] for template in chronic.templates})
    return tuple(codes)


def _place(away: Place, random: Random) -> DivisionCode:
    named = away.registered_as
    first = table("flows")["people"]["capital_weight"]
    return random.choices(named, [first] + [1] * (len(named) - 1))[0]


def _drawn(weights: Mapping[str, int], random: Random) -> str:
    return random.choices(list(weights), list(weights.values()))[0]

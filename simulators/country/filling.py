"""What the country needs before its first patient: areas, an open day, people, institutions."""

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts import access
from contracts.access import AccessRole, Principal
from contracts.clock import shanghai_date_of
from contracts.codes import AreaCode
from contracts.sealing import Sealer
from hub.services import days, participants
from participants.insured.services import eligibilities, people
from participants.treatment.services import institutions as treatment_institutions
from simulators.running.deployment import Deployment
from simulators.world import institutions
from simulators.world.country import Country
from simulators.world.people import Traveller, by_home

TOKENS_VALID_FOR = timedelta(days=480)


@dataclass(frozen=True, slots=True, repr=False)
class Tokens:
    """Bearer tokens of the hub's two operators."""

    operator: str
    second_operator: str


def fill(deployment: Deployment, country: Country, now: datetime) -> Tokens:
    """Connect all areas, open the first business day, load people and institutions."""
    people_of = by_home(country.people)
    for area in deployment.areas:
        _fill_insured(deployment, area, people_of[area])
        _fill_treatment(deployment, area)
    return _fill_hub(deployment, now)


def _fill_hub(deployment: Deployment, now: datetime) -> Tokens:
    engine = deployment.hub_engine("filling")
    with engine.begin() as tx:
        participants.connect(tx, deployment.areas)
        days.open_first(tx, shanghai_date_of(now), now)
        operator, second = (
            access.issue(
                tx,
                Principal(name, AccessRole.OPERATOR, None),
                valid_for=TOKENS_VALID_FOR,
                now=now,
            )
            for name in ("值班操作员", "复核操作员")
        )
    engine.dispose()
    return Tokens(operator, second)


def _fill_insured(deployment: Deployment, area: AreaCode, insured: list[Traveller]) -> None:
    sealer = Sealer.from_text(deployment.secrets["YIDI_SEALING_KEYS"])
    key = base64.b64decode(deployment.secrets["YIDI_PERSON_TOKEN_KEY"])
    engine = deployment.insured_engine(area, "filling")
    with engine.begin() as tx:
        people.load(tx, [one.row for one in insured], sealer, key)
        recognised = [row for one in insured for row in one.eligibilities()]
        eligibilities.load(tx, recognised, key)
    engine.dispose()


def _fill_treatment(deployment: Deployment, area: AreaCode) -> None:
    engine = deployment.treatment_engine(area, "filling")
    with engine.begin() as tx:
        listed = [institutions.as_listed(one) for one in institutions.of_area(area)]
        treatment_institutions.load(tx, listed)
    engine.dispose()

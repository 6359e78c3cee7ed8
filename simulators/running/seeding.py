"""What a world needs before its first patient: areas, an open day, people, institutions, tokens."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from contracts import access
from contracts.access import AccessRole, Principal
from contracts.clock import shanghai_date_of
from contracts.codes import AreaCode
from contracts.sealing import Sealer
from hub.services import days, participants
from participants.insured.services import eligibilities, people
from participants.treatment.domain.institution import read_list
from participants.treatment.services import institutions
from simulators.running.deployment import Deployment
from simulators.running.joining import JOINING_AREA, join
from simulators.world.population import eligibilities_file, institutions_file, people_file

TOKENS_VALID_FOR = timedelta(days=480)  # a story of many months has one set
AGENCIES = (
    (AccessRole.INSURED_AGENCY, "经办机构"),
    (AccessRole.TREATMENT_AGENCY, "就医地经办机构"),
)


@dataclass(frozen=True, slots=True, repr=False)
class Tokens:
    """Bearer tokens of this run: the operators', each agency's at the hub, each desk's.

    `agencies` speak for insured areas, `treatment_agencies` for treatment areas. `hospitals`: what
    each hospital that is being connected was given, see `joining`.
    """

    operator: str
    second_operator: str
    agencies: Mapping[AreaCode, str]
    treatment_agencies: Mapping[AreaCode, str]
    desks: Mapping[AreaCode, str]
    hospitals: Mapping[str, Any] = field(default_factory=dict)


def seed(deployment: Deployment, now: datetime) -> Tokens:
    """Connect the areas, open the first business day, load every area's files, issue tokens."""
    engine = deployment.hub_engine("seed")
    with engine.begin() as tx:
        participants.connect(tx, deployment.areas)
        days.open_first(tx, shanghai_date_of(now), now)
    operator = _issued(engine, Principal("值班操作员", AccessRole.OPERATOR, None), now)
    second = _issued(engine, Principal("复核操作员", AccessRole.OPERATOR, None), now)
    agencies, treatment_agencies = (
        {
            area: _issued(engine, Principal(f"{name}{area}", role, area), now)
            for area in deployment.areas
        }
        for role, name in AGENCIES
    )
    engine.dispose()
    desks = {area: _insured(deployment, area, now) for area in deployment.areas}
    for area in deployment.areas:
        _treatment(deployment, area)
    joined = _joined(deployment, now)
    return Tokens(operator, second, agencies, treatment_agencies, desks, joined)


def _insured(deployment: Deployment, area: AreaCode, now: datetime) -> str:
    """Load the area's people and who is entitled for what; a token for its desk."""
    sealer = Sealer.from_text(deployment.secrets["YIDI_SEALING_KEYS"])
    token_key = base64.b64decode(deployment.secrets["YIDI_PERSON_TOKEN_KEY"])
    engine = deployment.insured_engine(area, "seed")
    with engine.begin() as tx:
        people.load(tx, people.read(area, people_file(area)), sealer, token_key)
        eligibilities.load(tx, eligibilities.read(eligibilities_file(area)), token_key)
    desk = _issued(engine, Principal("经办员甲", AccessRole.INSURED_AGENCY, area), now)
    engine.dispose()
    return desk


def _treatment(deployment: Deployment, area: AreaCode) -> None:
    engine = deployment.treatment_engine(area, "seed")
    with engine.begin() as tx, institutions_file(area).open(encoding="utf-8", newline="") as lines:
        institutions.load(tx, read_list(lines, area))
    engine.dispose()


def _joined(deployment: Deployment, now: datetime) -> Mapping[str, Any]:
    """The hospitals that are being connected, where their area takes part."""
    if JOINING_AREA not in deployment.areas:
        return {}
    sealer = Sealer.from_text(deployment.secrets["YIDI_SEALING_KEYS"])
    engine = deployment.treatment_engine(JOINING_AREA, "seed")
    with engine.begin() as tx:
        given = join(tx, sealer, now)
    engine.dispose()
    return given


def _issued(engine: Engine, principal: Principal, now: datetime) -> str:
    with engine.begin() as tx:
        return access.issue(tx, principal, valid_for=TOKENS_VALID_FOR, now=now)

"""The country while it is up: its doors, its tokens, and who people are to the interface."""

import base64
from collections.abc import Callable
from dataclasses import dataclass

from contracts.ids import PersonId
from contracts.person import person_id_of
from simulators.country.filling import Tokens
from simulators.running.deployment import Deployment
from simulators.world.country import Country
from simulators.world.people import Traveller


@dataclass(frozen=True, slots=True, repr=False)
class CountryWorld:
    """`check` raises when a part of it has ended by itself."""

    country: Country
    deployment: Deployment
    tokens: Tokens
    hub_api: str
    gateway: str
    check: Callable[[], None]

    def psn_no(self, one: Traveller) -> PersonId:
        """Who this is to the interface; 1101 would tell a hospital the same."""
        key = base64.b64decode(self.deployment.secrets["YIDI_PERSON_TOKEN_KEY"])
        return person_id_of(one.row.certificate_kind, one.row.certificate_number, key)

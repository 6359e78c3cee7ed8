"""Who people are, as far as a screen may show it: sealed identities opened and masked."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from contracts.person import masked
from contracts.sealing import Sealer
from participants.insured.store import people


@dataclass(frozen=True, slots=True)
class Masked:
    """Who it is, as far as a screen may show it."""

    name: str
    certificate_number: str


def masked_of(tx: Connection, person_ids: Iterable[str], sealer: Sealer) -> dict[str, Masked]:
    """By person token; whom nobody knows is not in it."""
    return {
        id_: _masked(sealer.open(card.sealed_identity))
        for id_, card in people.cards_of(tx, set(person_ids)).items()
    }


def _masked(identity: str) -> Masked:
    fields = json.loads(identity)
    return Masked(masked(fields["name"]), masked(fields["certificate_number"]))

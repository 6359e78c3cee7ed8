"""How a benefit was worked out, for the clerk who is asked about it."""

from dataclasses import dataclass

from sqlalchemy import Connection

from contracts.ids import PersonId, SettlementId
from contracts.refusal import RefusalCode, Refused
from contracts.sealing import Sealer
from participants.insured.domain.grant import Grant
from participants.insured.services.identities import Masked, masked_of
from participants.insured.store import grants
from participants.policy.explain import explain_steps, steps_from_json


@dataclass(frozen=True, slots=True)
class Explained:
    """A grant with its working in words, one line a step."""

    grant: Grant
    person: Masked | None
    lines: list[str]


def explained(tx: Connection, person_id: PersonId, id_: SettlementId, sealer: Sealer) -> Explained:
    """What a person was granted and why; NEVER_GRANTED when there is no such grant of theirs."""
    grant = grants.of(tx, [id_]).get(id_)
    if grant is None or grant.person_id != person_id:
        raise Refused(RefusalCode.NEVER_GRANTED)
    lines = explain_steps(steps_from_json(grants.working_of(tx, id_)))
    return Explained(grant, masked_of(tx, [person_id], sealer).get(person_id), lines)

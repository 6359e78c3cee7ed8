"""One treatment area behind the gateway: what it takes to speak in its name."""

from dataclasses import dataclass

from contracts.delivery.outbox import Outbox
from contracts.sealing import Sealer
from participants.treatment.domain.catalogue import Catalogue
from participants.treatment.domain.keeping import KEEPING, Keeping
from participants.treatment.domain.terms import Terms
from participants.treatment.store.listening import Listener


@dataclass(frozen=True, slots=True, repr=False)
class Door:
    """`outbox` holds the engine of the area's database; `listener` a connection of its own to it.

    `person_key` makes person tokens, and seals what tells one request from another.
    """

    terms: Terms
    outbox: Outbox
    listener: Listener
    catalogue: Catalogue
    sealer: Sealer
    person_key: bytes
    keeping: Keeping = KEEPING

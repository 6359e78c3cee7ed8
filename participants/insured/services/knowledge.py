"""What the area's books say about the people of a batch, for the rules to look at."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from contracts.codes import VisitKind
from contracts.messages.settlement import Care
from participants.insured.domain.entitlement import Known
from participants.insured.store import eligibilities
from participants.insured.store.eligibilities import OfPerson
from participants.insured.store.people import Insurances


@dataclass(frozen=True, slots=True)
class Books:
    """By person token; who is not in it is not known."""

    insured: Insurances
    eligible: OfPerson

    def of(self, person_id: str) -> Known:
        return Known(self.insured.get(person_id, {}), self.eligible.get(person_id, ()))


def books_of(tx: Connection, cares: Iterable[Care], insured: Insurances) -> Books:
    """With the eligibilities of those who do not come for a stay; asked only when some do.

    They entitle to chronic care, and raise the yearly cap of other clinics where a policy says so.
    """
    people = {care.person_id for care in cares if care.visit_kind is not VisitKind.INPATIENT}
    return Books(insured, eligibilities.of(tx, people))

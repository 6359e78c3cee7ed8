"""What the area's books say about the people of a batch, for the rules to look at."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection

from contracts.codes import VisitKind
from contracts.messages.settlement import Care
from participants.insured.domain.area import Area
from participants.insured.domain.calculation import CARE_KIND_OF
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


def books_of(area: Area, tx: Connection, cares: Collection[Care], insured: Insurances) -> Books:
    """With the eligibilities of those for whose care they count; asked only when it does for some.

    They entitle to chronic care, and raise the yearly cap of any clinic where a policy says so.
    """
    kinds = {kind for kind in {care.visit_kind for care in cares} if _counts(area, kind)}
    people = {care.person_id for care in cares if care.visit_kind in kinds}
    return Books(insured, eligibilities.of(tx, people))


def _counts(area: Area, kind: VisitKind) -> bool:
    return kind is VisitKind.CHRONIC or area.counts_diseases(CARE_KIND_OF[kind])

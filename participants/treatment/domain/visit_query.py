"""What a hospital may ask about its own visits, and what it is told of them."""

from dataclasses import dataclass
from datetime import date, datetime

from contracts.codes import VisitKind
from contracts.ids import PersonId, SettlementId, VisitId
from participants.treatment.domain.catalogue import FeeLine, Reason
from participants.treatment.domain.settlement import Split
from participants.treatment.domain.visit import Visit


@dataclass(frozen=True, slots=True)
class VisitsWanted:
    """Visits of one hospital that began from `first_on` to `last_on`, both days included.

    `is_in_hospital`: only in-patients who have not left; else cancelled ones are left out.
    """

    hospital_code: str
    first_on: date
    last_on: date
    person_id: PersonId | None = None
    kind: VisitKind | None = None
    is_in_hospital: bool = False


@dataclass(frozen=True, slots=True)
class VisitTold:
    """A visit, and when the hospital opened it."""

    visit: Visit
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class LineTold:
    """A fee line as it is on file. `refunds`: the charge that it takes back from."""

    visit_id: VisitId
    line: FeeLine
    on: date
    split: Split
    reason: Reason
    refunds: str | None
    settlement_id: SettlementId | None
    echo_json: str
    uploaded_at: datetime

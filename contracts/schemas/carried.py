"""Which kinds each topic carries. One row a topic; a test holds it against every processor."""

from contracts import topics
from contracts.codes import AreaCode, Role
from contracts.message import Body
from contracts.messages.clearing import ClearingIssued
from contracts.messages.enquiry import PersonAnswered, PersonEnquired
from contracts.messages.reconciliation import (
    RowsReported,
    RowsRequested,
    TotalsReported,
    TotalsRequested,
)
from contracts.messages.registration import (
    RegistrationDecided,
    RegistrationReviewRequested,
    RegistrationSubmitted,
)
from contracts.messages.settlement import (
    BenefitReleased,
    CalculationRefused,
    CalculationRequested,
    CancellationRequested,
    ReleaseRefused,
    ReleaseRequested,
    SettlementAnswered,
    SettlementCalculated,
    SettlementConcluded,
    SettlementRequested,
    TrialAnswered,
    TrialCalculated,
    TrialCalculationRequested,
    TrialRequested,
    WithdrawalRequested,
)

ANY_AREA = AreaCode("{area}")
"""Stands for the code of an area in the names of its own topics."""

_NOTICES = (TotalsRequested, RowsRequested, ClearingIssued)

CARRIED: dict[str, tuple[type[Body], ...]] = {
    topics.HUB_REGISTRATIONS: (RegistrationSubmitted, RegistrationDecided),
    topics.HUB_SETTLEMENTS: (
        SettlementRequested,
        TrialRequested,
        CancellationRequested,
        WithdrawalRequested,
    ),
    topics.HUB_CALCULATIONS: (
        SettlementCalculated,
        CalculationRefused,
        TrialCalculated,
        BenefitReleased,
        ReleaseRefused,
    ),
    topics.HUB_ENQUIRIES: (PersonEnquired, PersonAnswered),
    topics.HUB_RECONCILIATION: (TotalsReported, RowsReported),
    topics.HUB_CLEARING: (),  # nothing yet: areas do not answer a statement
    topics.insured_work(ANY_AREA): (
        CalculationRequested,
        TrialCalculationRequested,
        ReleaseRequested,
        SettlementConcluded,
        RegistrationReviewRequested,
        PersonEnquired,
    ),
    topics.treatment_answers(ANY_AREA): (SettlementAnswered, TrialAnswered, PersonAnswered),
    topics.notices(Role.INSURED, ANY_AREA): _NOTICES,
    topics.notices(Role.TREATMENT, ANY_AREA): _NOTICES,
}


def rows() -> tuple[topics.Topic, ...]:
    """Every topic of the agreement, those of an area once, with {area} in their names."""
    return (*topics.OF_THE_HUB, *topics.of_insured(ANY_AREA), *topics.of_treatment(ANY_AREA))

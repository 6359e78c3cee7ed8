"""Which kinds each topic carries. One row a topic; a test holds it against every processor."""

from contracts import topics
from contracts.codes import AreaCode, Role
from contracts.message import Body
from contracts.messages.advance import AdvanceNoticed, AdvanceWarned
from contracts.messages.clearing import ClearingIssued
from contracts.messages.directory import (
    AreaTermsPublished,
    DirectoryPublished,
    InstitutionsPublished,
)
from contracts.messages.enquiry import (
    PersonAnswered,
    PersonAsked,
    PersonEnquired,
    PersonTold,
    PreflightAnswered,
    PreflightAsked,
    PreflightForwarded,
    PreflightJudged,
)
from contracts.messages.reconciliation import (
    BreaksTold,
    HospitalBreaksReported,
    PiecesReported,
    PiecesRequested,
    RowsReported,
    RowsRequested,
    SliceReported,
    SliceRequested,
    TotalsReported,
    TotalsRequested,
)
from contracts.messages.registration import (
    RegistrationChangeRequested,
    RegistrationDecided,
    RegistrationReviewRequested,
    RegistrationSubmitted,
    RegistrationTold,
)
from contracts.messages.repair import RepairAnswered, RepairOrdered
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
    StatusAsked,
    TrialAnswered,
    TrialCalculated,
    TrialCalculationRequested,
    TrialRequested,
    WithdrawalRequested,
)
from contracts.messages.weather import CanaryAnswered, CanarySent, RouteWeatherPublished

ANY_AREA = AreaCode("{area}")
"""Stands for the code of an area in the names of its own topics."""

_NOTICES = (
    TotalsRequested,
    PiecesRequested,
    RowsRequested,
    SliceRequested,
    RepairOrdered,
    ClearingIssued,
    AdvanceWarned,
    AdvanceNoticed,
)

CARRIED: dict[str, tuple[type[Body], ...]] = {
    topics.HUB_REGISTRATIONS: (
        RegistrationSubmitted,
        RegistrationDecided,
        RegistrationChangeRequested,
    ),
    topics.HUB_SETTLEMENTS: (
        SettlementRequested,
        TrialRequested,
        CancellationRequested,
        WithdrawalRequested,
        StatusAsked,
    ),
    topics.HUB_CALCULATIONS: (
        SettlementCalculated,
        CalculationRefused,
        TrialCalculated,
        BenefitReleased,
        ReleaseRefused,
        CanaryAnswered,
    ),
    topics.HUB_ENQUIRIES: (
        PersonEnquired,
        PersonAnswered,
        PersonAsked,
        PersonTold,
        PreflightAsked,
        PreflightJudged,
    ),
    topics.HUB_DIRECTORY: (AreaTermsPublished, DirectoryPublished, InstitutionsPublished),
    topics.HUB_RECONCILIATION: (
        TotalsReported,
        PiecesReported,
        RowsReported,
        SliceReported,
        HospitalBreaksReported,
        RepairAnswered,
    ),
    topics.HUB_CLEARING: (),  # nothing yet: areas do not answer a statement
    topics.insured_work(ANY_AREA): (
        CalculationRequested,
        TrialCalculationRequested,
        ReleaseRequested,
        SettlementConcluded,
        RegistrationReviewRequested,
        RegistrationTold,
        PersonEnquired,
        PersonAsked,
        PreflightForwarded,
        CanarySent,
    ),
    topics.treatment_answers(ANY_AREA): (
        SettlementAnswered,
        TrialAnswered,
        PersonAnswered,
        PersonTold,
        PreflightAnswered,
        RegistrationTold,
    ),
    topics.notices(Role.INSURED, ANY_AREA): _NOTICES,
    topics.notices(Role.TREATMENT, ANY_AREA): (*_NOTICES, BreaksTold, RouteWeatherPublished),
}


def rows() -> tuple[topics.Topic, ...]:
    """Every topic of the agreement, those of an area once, with {area} in their names."""
    return (*topics.OF_THE_HUB, *topics.of_insured(ANY_AREA), *topics.of_treatment(ANY_AREA))

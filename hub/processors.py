"""Which message goes to which use case: the hub's inbound surface in one table."""

from datetime import timedelta
from functools import partial

from contracts.delivery.processor import Subscription
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
    PreflightAsked,
    PreflightJudged,
)
from contracts.messages.reconciliation import (
    HospitalBreaksReported,
    PiecesReported,
    RowsReported,
    SliceReported,
    TotalsReported,
)
from contracts.messages.registration import (
    RegistrationChangeRequested,
    RegistrationDecided,
    RegistrationSubmitted,
)
from contracts.messages.repair import RepairAnswered
from contracts.messages.settlement import (
    BenefitReleased,
    CalculationRefused,
    CancellationRequested,
    ReleaseRefused,
    SettlementCalculated,
    SettlementRequested,
    StatusAsked,
    TrialCalculated,
    TrialRequested,
    WithdrawalRequested,
)
from contracts.messages.weather import CanaryAnswered
from contracts.topics import (
    HUB_CALCULATIONS,
    HUB_DIRECTORY,
    HUB_ENQUIRIES,
    HUB_RECONCILIATION,
    HUB_REGISTRATIONS,
    HUB_SETTLEMENTS,
)
from hub.services import (
    calculations,
    canaries,
    changing,
    deciding,
    directory,
    enquiries,
    following_repairs,
    hospital_breaks,
    narrowing,
    preflight,
    questions,
    reconciliation,
    releases,
    settlements,
    slices,
    status,
    submitting,
    trials,
    undoing,
)

GROUP, COMPARING_GROUP = "hub", "hub.comparison"


# fmt: off
def subscriptions(answer_within: timedelta) -> tuple[Subscription, ...]:
    """What somebody waits for.

    `answer_within`: how long an insured area has to answer before a settlement expires.
    """
    accept = partial(settlements.accept, answer_within=answer_within)
    return (
        Subscription(HUB_REGISTRATIONS,  RegistrationSubmitted,       submitting.receive),
        Subscription(HUB_REGISTRATIONS,  RegistrationDecided,         deciding.decide),
        Subscription(HUB_REGISTRATIONS,  RegistrationChangeRequested, changing.receive),
        Subscription(HUB_SETTLEMENTS,    SettlementRequested,         accept),
        Subscription(HUB_SETTLEMENTS,    CancellationRequested,       undoing.cancel),
        Subscription(HUB_SETTLEMENTS,    WithdrawalRequested,         undoing.withdraw),
        Subscription(HUB_SETTLEMENTS,    StatusAsked,                 status.tell),
        Subscription(HUB_SETTLEMENTS,    TrialRequested,              trials.forward),
        Subscription(HUB_CALCULATIONS,   SettlementCalculated,        calculations.record),
        Subscription(HUB_CALCULATIONS,   CalculationRefused,          calculations.refuse),
        Subscription(HUB_CALCULATIONS,   BenefitReleased,             releases.record),
        Subscription(HUB_CALCULATIONS,   ReleaseRefused,              releases.refuse),
        Subscription(HUB_CALCULATIONS,   TrialCalculated,             trials.answer),
        Subscription(HUB_CALCULATIONS,   CanaryAnswered,              canaries.record),
        Subscription(HUB_ENQUIRIES,      PersonEnquired,              enquiries.ask),
        Subscription(HUB_ENQUIRIES,      PersonAnswered,              enquiries.answer),
        Subscription(HUB_ENQUIRIES,      PersonAsked,                 questions.ask),
        Subscription(HUB_ENQUIRIES,      PersonTold,                  questions.answer),
        Subscription(HUB_ENQUIRIES,      PreflightAsked,              preflight.ask),
        Subscription(HUB_ENQUIRIES,      PreflightJudged,             preflight.answer),
        Subscription(HUB_DIRECTORY,      AreaTermsPublished,          directory.record_terms),
        Subscription(HUB_DIRECTORY,      DirectoryPublished,          directory.record_directory),
        Subscription(HUB_DIRECTORY,      InstitutionsPublished,       directory.record_institutions),  # noqa: E501 - a row stays a row
    )


COMPARISONS = (
    Subscription(HUB_RECONCILIATION, TotalsReported,              reconciliation.record_totals),
    Subscription(HUB_RECONCILIATION, PiecesReported,              narrowing.record_pieces),
    Subscription(HUB_RECONCILIATION, RowsReported,                reconciliation.record_rows),
    Subscription(HUB_RECONCILIATION, SliceReported,               slices.record),
    Subscription(HUB_RECONCILIATION, HospitalBreaksReported,      hospital_breaks.record),
    Subscription(HUB_RECONCILIATION, RepairAnswered,              following_repairs.record_answers),
)
"""What sides report of days and of slices. To compare a day of a large area takes a second, and no
patient waits for it: so it has a reader of its own."""
# fmt: on


def topics_read(rows: tuple[Subscription, ...]) -> list[str]:
    """Each topic of the table once, in the table's order."""
    return list(dict.fromkeys(row.topic for row in rows))

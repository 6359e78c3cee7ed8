"""Which message goes to which use case: the hub's inbound surface in one table."""

from datetime import timedelta
from functools import partial

from contracts.delivery.processor import Subscription
from contracts.messages.enquiry import PersonAnswered, PersonEnquired
from contracts.messages.reconciliation import RowsReported, TotalsReported
from contracts.messages.registration import RegistrationDecided, RegistrationSubmitted
from contracts.messages.settlement import (
    BenefitReleased,
    CalculationRefused,
    CancellationRequested,
    ReleaseRefused,
    SettlementCalculated,
    SettlementRequested,
    TrialCalculated,
    TrialRequested,
    WithdrawalRequested,
)
from contracts.topics import (
    HUB_CALCULATIONS,
    HUB_ENQUIRIES,
    HUB_RECONCILIATION,
    HUB_REGISTRATIONS,
    HUB_SETTLEMENTS,
)
from hub.services import (
    calculations,
    enquiries,
    reconciliation,
    registrations,
    releases,
    settlements,
    trials,
    undoing,
)

GROUP = "hub"


# fmt: off
def subscriptions(answer_within: timedelta) -> tuple[Subscription, ...]:
    """`answer_within`: how long an insured area has to answer before a settlement expires."""
    accept = partial(settlements.accept, answer_within=answer_within)
    return (
        Subscription(HUB_REGISTRATIONS,  RegistrationSubmitted, registrations.receive),
        Subscription(HUB_REGISTRATIONS,  RegistrationDecided,   registrations.decide),
        Subscription(HUB_SETTLEMENTS,    SettlementRequested,   accept),
        Subscription(HUB_SETTLEMENTS,    CancellationRequested, undoing.cancel),
        Subscription(HUB_SETTLEMENTS,    WithdrawalRequested,   undoing.withdraw),
        Subscription(HUB_SETTLEMENTS,    TrialRequested,        trials.forward),
        Subscription(HUB_CALCULATIONS,   SettlementCalculated,  calculations.record),
        Subscription(HUB_CALCULATIONS,   CalculationRefused,    calculations.refuse),
        Subscription(HUB_CALCULATIONS,   BenefitReleased,       releases.record),
        Subscription(HUB_CALCULATIONS,   ReleaseRefused,        releases.refuse),
        Subscription(HUB_CALCULATIONS,   TrialCalculated,       trials.answer),
        Subscription(HUB_ENQUIRIES,      PersonEnquired,        enquiries.ask),
        Subscription(HUB_ENQUIRIES,      PersonAnswered,        enquiries.answer),
        Subscription(HUB_RECONCILIATION, TotalsReported,        reconciliation.record_totals),
        Subscription(HUB_RECONCILIATION, RowsReported,          reconciliation.record_rows),
    )
# fmt: on


def topics_read(rows: tuple[Subscription, ...]) -> list[str]:
    """Each topic of the table once, in the table's order."""
    return list(dict.fromkeys(row.topic for row in rows))

"""Who a treatment area is, and how long it may take until an answer is certain."""

from dataclasses import dataclass
from datetime import timedelta

from contracts import topics
from contracts.codes import AreaCode, Role


@dataclass(frozen=True, slots=True)
class Terms:
    """`settle_within`, `reverse_within`: the agreed interval plus the way there and back.

    `status_within`: how long a question may take that changes nothing. `trial_within`: the same
    for a 预结算.
    """

    area: AreaCode
    settle_within: timedelta
    reverse_within: timedelta
    status_within: timedelta = timedelta(seconds=2)
    trial_within: timedelta = timedelta(seconds=8)

    @property
    def sender(self) -> str:
        return topics.participant(Role.TREATMENT, self.area)

"""How often idle loops look for work: often while their party is busy, seldom while it is not.

Virtual time in which nothing can happen costs nothing; that is what makes an hour take seconds.
A party is 'hub', 'insured.340000' or 'treatment.310000'; a gateway belongs to its treatment area.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from simulators.simulation.scheduler import Loop, Scheduler

BUSY_FOR = timedelta(seconds=11)
"""After the last request, message or fault: longer than any deadline of a settlement."""
IDLE_S = 120.0
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def party_of(name: str) -> str:
    """Of a process or a topic: 'gateway.310000' and 'treatment.310000.answers' are one party's."""
    role, _, rest = name.partition(".")
    area = rest.partition(".")[0]
    return "hub" if role == "hub" else f"{'treatment' if role == 'gateway' else role}.{area}"


@dataclass(slots=True)
class Rhythm:
    scheduler: Scheduler
    _busy_until: dict[str, datetime] = field(default_factory=lambda: defaultdict(lambda: LONG_AGO))
    _resting: dict[Loop, tuple[str, float]] = field(default_factory=dict)

    def is_busy(self, party: str) -> bool:
        return self.scheduler.clock.at < self._busy_until[party]

    def stir(self, *names: str) -> None:
        """Something happened to these processes, or on these topics: they look soon."""
        now, parties = self.scheduler.clock.at, set(map(party_of, names))
        asleep = {party for party in parties if not self.is_busy(party)}
        for party in parties:
            self._busy_until[party] = now + BUSY_FOR
        if asleep:
            for loop, (party, often_s) in self._resting.items():
                if party in asleep:
                    self.scheduler.hasten(loop, now + timedelta(seconds=often_s))

    def rest(self, name: str, often_s: float) -> None:
        """Of the loop that runs, which is of this process: sleep until it should look again."""
        loop, party = self.scheduler.running(), party_of(name)
        self._resting[loop] = party, often_s
        try:
            self.scheduler.sleep(often_s if self.is_busy(party) else max(IDLE_S, often_s))
        finally:
            del self._resting[loop]

"""How much may be under way at once: as much as is answered in time. More is turned away early.

Work that is let in beyond what the areas can do is not done sooner: it waits, and what waits
longer than its deadline was done for nothing. So the limit grows by steps while the answers are
quick and shrinks by a share when they are slow, as TCP finds its window.
"""

from dataclasses import dataclass, field
from statistics import median

from participants.gateway.http.fair_use import AdmissionTerms


@dataclass(slots=True)
class Admission:
    """Of one desk. Times are seconds of a clock that only goes forward."""

    terms: AdmissionTerms
    _limit: float = field(init=False)
    _waited: list[float] = field(default_factory=list)
    _was_full: bool = False
    _since_s: float | None = None

    def __post_init__(self) -> None:
        self._limit = self.terms.initial

    @property
    def limit(self) -> int:
        return int(self._limit)

    def admits(self, under_way: int) -> bool:
        """Whether one more may come in."""
        is_full = under_way >= self.limit
        self._was_full = self._was_full or is_full
        return not is_full

    def concluded(self, waited_s: float, now_s: float) -> None:
        """A request got its answer after so long; once an interval, the limit follows."""
        self._waited.append(waited_s)
        if self._since_s is None:
            self._since_s = now_s
        if now_s - self._since_s >= self.terms.interval_s:
            self._adjust()
            self._since_s = now_s

    def _adjust(self) -> None:
        if median(self._waited) > self.terms.target_s:
            self._limit = max(self.terms.least, self._limit * self.terms.cut)
        elif self._was_full:
            self._limit = min(self.terms.most, self._limit + self.terms.step)
        self._waited, self._was_full = [], False

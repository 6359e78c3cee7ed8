"""The gate: who asks too much waits, and new work is shed before it costs anything."""

import re
from dataclasses import dataclass, field
from math import ceil

from contracts.codes import AreaCode, area_of
from contracts.refusal import RefusalCode
from participants.gateway.http.fair_use import Buckets, FairUse
from participants.gateway.wire.envelope import Envelope, Reply, turned_away

_WORD = rb'"%s"\s*:\s*"(\w{1,30})"'
_INFNO = re.compile(_WORD % b"infno")
_INSTITUTION = re.compile(_WORD % b"fixmedins_code")
_DIVISION = re.compile(_WORD % b"mdtrtarea_admvs")


@dataclass(frozen=True, slots=True)
class Glance:
    """What a body says before anybody has parsed it; believed only to turn it away."""

    is_new_work: bool
    institution_code: str
    area: AreaCode | None


@dataclass(slots=True)
class Gate:
    """One for all areas of a gateway; belongs to its event loop."""

    fair_use: FairUse
    _institutions: Buckets = field(init=False)
    _insured: Buckets = field(init=False)
    _treatment: Buckets = field(init=False)

    def __post_init__(self) -> None:
        self._institutions = Buckets(self.fair_use.institution)
        self._insured = Buckets(self.fair_use.insured_area)
        self._treatment = Buckets(self.fair_use.treatment_area)

    def glance(self, body: bytes, path_infno: str) -> Glance:
        """Whether it begins something, rather than end it or find out, and for whom.

        Only as far as three words, so that turning away stays cheaper than serving.
        """
        institution_code = _first(_INSTITUTION, body)
        division = _first(_DIVISION, body) or institution_code[1:7]
        infno = _first(_INFNO, body) or path_infno
        return Glance(self.begins(infno), institution_code, area_of(division))

    def begins(self, infno: str) -> bool:
        """Whether a transaction is new work, or ends or finds out what was begun."""
        return infno not in self.fair_use.exempt

    def full(self) -> Reply:
        """What new work is told while as much is under way as is answered in time."""
        return turned_away(RefusalCode.TOO_BUSY, self.fair_use.admission.retry_after_s)

    def passed(self, envelope: Envelope, now_s: float) -> Reply | None:
        """None for a caller within its share; else when it may ask again.

        The caller has been let in before: nobody empties another's bucket.
        """
        if not self.begins(envelope.infno):
            return None
        waits_s = [self._institutions.take(envelope.institution_code, now_s)]
        if not waits_s[0]:
            waits_s.append(self._treatment.take(str(area_of(envelope.treatment_division)), now_s))
            if insured := area_of(envelope.insured_division):
                waits_s.append(self._insured.take(insured, now_s))
        longest_s = max(waits_s)
        return turned_away(RefusalCode.RATE_LIMITED, ceil(longest_s)) if longest_s else None


def _first(pattern: re.Pattern[bytes], body: bytes) -> str:
    found = pattern.search(body)
    return found.group(1).decode(errors="replace") if found else ""

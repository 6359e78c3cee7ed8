"""The country that a truth looks at: the databases of the hub and of all areas."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Engine

from contracts.codes import AreaCode

Span = tuple[datetime, datetime]
Account = tuple[str, str, str]
"""Area, person, kind of insurance."""


@dataclass(frozen=True, slots=True)
class Sides:
    """A country as its databases: the hub's, and by area the insured and the treatment side's.

    `away`: when a party ('hub', 'insured.340000', 'treatment.310000') could not work, because its
    processes, its database or the broker were down; what is late because of that is not late. Who
    knows more says it of one process ('hub.jobs') as well: the less is excused.
    `accounts`: what every personal account held when it began, fen; see `truths.begun`.
    """

    hub: Engine
    insured: Mapping[AreaCode, Engine]
    treatment: Mapping[AreaCode, Engine]
    away: Mapping[str, Sequence[Span]] = field(default_factory=dict)
    accounts: Mapping[Account, int] = field(default_factory=dict)

    def named(self) -> Iterator[tuple[str, Engine]]:
        """Every database with its party: 'hub', 'insured.340000', 'treatment.310000'."""
        yield "hub", self.hub
        yield from ((f"insured.{area}", self.insured[area]) for area in sorted(self.insured))
        yield from ((f"treatment.{area}", self.treatment[area]) for area in sorted(self.treatment))

    def working_time(self, party: str, since: datetime, until: datetime) -> timedelta:
        """How much of a span a party or process could work; spans of absence may overlap.

        Of a process of which nothing is known alone, its party is taken.
        """
        left, at = timedelta(0), since
        spans = self.away.get(party, self.away.get(party.partition(".")[0], ()))
        for begun, ended in sorted(spans):
            left += max(min(begun, until) - at, timedelta(0))
            at = max(at, min(ended, until))
        return left + max(until - at, timedelta(0))

"""Which party could not work when: what is late because of that is not late."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

from contracts.codes import AreaCode
from simulators.chaos.ground import Dead
from simulators.chaos.outcome import Befallen
from simulators.chaos.plan import PROGRAMS
from simulators.truth_checks.sides import Span

STARTING = timedelta(seconds=15)
"""A program that was started again may need so long on a busy machine, whatever flows past it."""


def absences(
    befallen: Iterable[Befallen], dead: Iterable[Dead], areas: Sequence[AreaCode]
) -> Mapping[str, Sequence[Span]]:
    """By party, as `Sides.away` has it: from each fault on until what it hit worked again."""
    spans = [(one.fault.card.target, _of_fault(one)) for one in befallen]
    spans += [(one.name, (one.found_at, one.found_at + STARTING)) for one in dead]
    found: defaultdict[str, list[Span]] = defaultdict(list)
    for target, span in spans:
        for party in _parties(target, areas):
            found[party].append(span)
    return found


def _of_fault(one: Befallen) -> Span:
    well_at = one.recovered_at or one.given_up_at
    return one.begun_at, max(well_at, one.answered_at + STARTING)


def _parties(target: str, areas: Sequence[AreaCode]) -> Iterator[str]:
    """Whom a program works for; nobody works without the broker or the database."""
    roles = _ROLES.get(target, ("hub", "insured", "treatment"))
    for role in roles:
        yield from ([role] if role == "hub" else (f"{role}.{area}" for area in areas))


_ROLES: Mapping[str, tuple[str, ...]] = {
    "hub work": ("hub",),
    "hub jobs": ("hub",),
    "hub api": ("hub",),
    "insured work": ("insured",),
    "treatment work": ("treatment",),
    "gateway": ("treatment",),
}
assert set(_ROLES) == set(PROGRAMS), "every program works for somebody"

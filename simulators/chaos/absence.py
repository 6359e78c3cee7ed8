"""Which party could not work when: what is late because of that is not late."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

from contracts.codes import AreaCode
from simulators.chaos.ground import Dead
from simulators.chaos.outcome import Befallen
from simulators.chaos.plan import BROKER, PROGRAMS, Kind
from simulators.truth_checks.sides import Span

STARTING = timedelta(seconds=10)
"""A program that was started again may need so long on a busy machine, whatever flows past it."""
WAKING = timedelta(seconds=2)
"""One that only hung is there at once."""
EVERYBODY = ("hub", "insured", "treatment")


def absences(
    befallen: Iterable[Befallen], dead: Iterable[Dead], areas: Sequence[AreaCode]
) -> Mapping[str, Sequence[Span]]:
    """By party, as `Sides.away` has it: from each fault on until what it hit worked again."""
    spans = [
        (_late_by(one.fault.card.kind, one.fault.card.target), _of_fault(one)) for one in befallen
    ]
    spans += [
        (_late_by(Kind.KILLED, one.name), (one.found_at, one.found_at + STARTING)) for one in dead
    ]
    found: defaultdict[str, list[Span]] = defaultdict(list)
    for roles, span in spans:
        for party in _parties(roles, areas):
            found[party].append(span)
    return found


def crowded_out(span: Span, areas: Sequence[AreaCode]) -> Mapping[str, Sequence[Span]]:
    """As `absences`, of a machine without room: nobody is late, though too early is too early."""
    return {party: [span] for party in _parties(EVERYBODY, areas)}


def _of_fault(one: Befallen) -> Span:
    well_at = one.recovered_at or one.given_up_at
    ready = WAKING if one.fault.card.kind is Kind.HANGS else STARTING
    return one.begun_at, max(well_at, one.answered_at + ready)


def _late_by(kind: Kind, target: str) -> tuple[str, ...]:
    """The roles whose deadlines this may pass; nobody works without the database."""
    if kind is Kind.HANGS:
        return _BY_HANGING[target]
    return _BY_ITS_END.get(target, EVERYBODY)


def _parties(roles: Iterable[str], areas: Sequence[AreaCode]) -> Iterator[str]:
    for role in roles:
        yield from ([role] if role == "hub" else (f"{role}.{area}" for area in areas))


# The hub's deadlines are kept by its jobs alone: a worker or an API that is gone excuses nothing.
_BY_ITS_END: Mapping[str, tuple[str, ...]] = {
    "hub work": (),
    "hub jobs": ("hub",),
    "hub api": (),
    "insured work": ("insured",),
    "treatment work": ("treatment",),
    "gateway": ("treatment",),
    # What a hospital was told to be certain at T is so by the treatment area's own clock.
    BROKER: ("hub", "insured"),
}
# One that hangs may do so in the middle of a transaction, with rows in its hands.
_BY_HANGING: Mapping[str, tuple[str, ...]] = {**_BY_ITS_END, "hub work": ("hub",)}
assert set(_BY_ITS_END) == {*PROGRAMS, BROKER}, "every program has its row"

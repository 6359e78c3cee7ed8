"""Everyday care: people who live elsewhere go to a hospital there, every day, and a few cancel."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from contracts.ids import id_of_short_text
from simulators.demo.months.matters import Treated
from simulators.demo.months.rhythm import open_day
from simulators.demo.months.scene import Scene
from simulators.demo.plot import PlannedRegistration
from simulators.demo.stage import must
from simulators.hospital import Hospital, Visit
from simulators.world.population import DrawnBill, draw_bill


@dataclass(frozen=True, slots=True)
class Planned:
    """A visit to come: who goes where, the bill, and whether it is cancelled afterwards."""

    planned: PlannedRegistration
    hospital: Hospital
    psn_no: str
    bill: DrawnBill
    is_cancelled: bool = False


def everyday(scene: Scene) -> None:
    """A day's visits, drawn by the seed."""
    names, weights = zip(*scene.cast.traffic.items(), strict=True)
    random = scene.stage.random
    plans = [
        plan(
            scene,
            random.choice(scene.cast.registrations),
            random.choices(names, weights)[0],
            is_cancelled=random.randrange(10_000) < scene.cast.cancelled_bp,
        )
        for _ in range(scene.cast.visits_a_day)
    ]
    treat(scene, plans)


def plan(
    scene: Scene, planned: PlannedRegistration, bill: str, *, is_cancelled: bool = False
) -> Planned:
    """A visit at a hospital of the place where this person lives; the seed draws which."""
    stage = scene.stage
    hospital = stage.at(stage.random.choice(stage.plot.hospitals_in(planned.place)))
    psn_no = stage.psn_no(hospital, planned.person)
    return Planned(planned, hospital, psn_no, draw_bill(bill, stage.random), is_cancelled)


def treat(scene: Scene, plans: Sequence[Planned]) -> list[Treated]:
    """Settle them: those of one person in order, people beside each other. Those that stand."""
    by_person: dict[str, list[Planned]] = defaultdict(list)
    for one in plans:
        by_person[one.psn_no].append(one)
    done = list(scene.pool.map(_in_order, by_person.values()))
    today, count = open_day(scene), scene.figures.setdefault("visits", 0)
    scene.figures["visits"] = count + len(plans)
    stand = [
        Treated(visit, one.hospital, one.planned, settlement_of(visit), today)
        for group in done
        for one, visit in group
        if not one.is_cancelled
    ]
    cancelled = len(plans) - len(stand)
    scene.figures["cancelled"] = scene.figures.get("cancelled", 0) + cancelled
    scene.treated += stand
    return stand


def settlement_of(visit: Visit) -> UUID:
    return id_of_short_text(visit.setl_id)


def _in_order(group: Sequence[Planned]) -> list[tuple[Planned, Visit]]:
    return [(one, _treated(one)) for one in group]


def _treated(one: Planned) -> Visit:
    opened, visit = one.hospital.open_visit(one.planned.person, one.psn_no, one.bill)
    must(opened)
    must(one.hospital.upload_lines(visit))
    must(one.hospital.settle(visit))
    if one.is_cancelled:
        must(one.hospital.cancel(visit))
    return visit

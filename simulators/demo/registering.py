"""Chapter one: agencies file registrations, and each home area decides."""

from typing import Any
from uuid import UUID

from contracts.clock import shanghai_date_of
from contracts.person import masked
from simulators.agency import Client, wait_for
from simulators.demo.plot import PlannedRegistration
from simulators.demo.stage import Stage, area_name, expect


def register(stage: Stage) -> None:
    """Agencies file; areas decide, by rule or at the desk; each ends as the file expects."""
    stage.narrator.chapter("备案", "Registrations are filed at the hub; each home area decides")
    today = shanghai_date_of(stage.clock.now())
    rows = []
    for planned in stage.plot.registrations:
        person, id_ = planned.person, UUID(int=stage.random.getrandbits(128), version=4)
        agency = Client(stage.world.hub_api, stage.world.tokens.agencies[person.area], stage.http)
        agency.submit(id_, planned.body(today))
        decided = _decided(stage, agency, id_, planned)
        expect(decided["state"] == planned.expect, f"{decided}")
        how = decided["reason"] or decided["zh"] or "自助即时生效"
        rows.append(
            (
                masked(person.name),
                area_name(person.area),
                area_name(planned.place),
                planned.category,
                decided["state"],
                how,
            )
        )
        stage.narrator.step()
    columns = ("参保人", "参保地 insured", "备案地 place", "类别 category", "结果", "说明")
    stage.narrator.table(columns, rows)


def _decided(stage: Stage, agency: Client, id_: UUID, planned: PlannedRegistration) -> Any:
    if planned.category == "referral":
        desk = stage.desk
        wait_for(
            "the review reaches the desk",
            lambda: any(
                one["registration_id"] == str(id_) for one in desk.get("/reviews")["items"]
            ),
        )
        if planned.reject is None:
            desk.post(f"/reviews/{id_}/accept")
        else:
            desk.post(f"/reviews/{id_}/reject", {"reason": planned.reject})

    def decided() -> Any:
        stage.world.check()
        found = agency.get(f"/registrations/{id_}")
        return found if found["state"] != "submitted" else None

    return wait_for("the home area decides", decided)

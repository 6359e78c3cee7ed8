"""The prologue: everybody who lives elsewhere is registered, and known to the hospitals there."""

from contracts.clock import shanghai_date_of
from simulators.agency import Client
from simulators.demo.months.scene import Scene
from simulators.demo.months.words import name_of


def register(scene: Scene) -> None:
    """File all registrations at once, wait until their areas have accepted them."""
    scene.chapter("备案", "Everybody who lives elsewhere is registered at home")
    today = shanghai_date_of(scene.clock.now())
    filed: list[tuple[Client, str]] = []
    for planned in scene.cast.registrations:
        id_, agency = scene.new_id(), scene.insured(planned.person.area)
        agency.submit(id_, planned.body(today))
        filed.append((agency, f"/registrations/{id_}"))
    for agency, path in filed:
        scene.wait("a registration counts", lambda a=agency, p=path: _is_active(a, p))  # type: ignore[misc]
    for planned in scene.cast.registrations:
        hospital = scene.stage.at(scene.stage.plot.hospitals_in(planned.place)[0])
        scene.stage.psn_no(hospital, planned.person)
    names = "、".join(name_of(area) for area in scene.cast.areas)
    scene.say(f"{names}：{len(filed)} 人长期居住在另外五地，备案全部生效。")
    scene.figures["registrations"] = len(filed)


def _is_active(agency: Client, path: str) -> bool:
    return bool(agency.get(path)["state"] == "active")

"""The days of the story, and on which of them what happens."""

from collections.abc import Callable
from dataclasses import dataclass

from simulators.demo.months import (
    advances,
    assistance,
    cycles,
    mending,
    planting,
    rhythm,
    topping_up,
    traffic,
    undoing,
)
from simulators.demo.months.cast import CYCLE_DAYS
from simulators.demo.months.scene import Scene


@dataclass(frozen=True, slots=True)
class Chapter:
    """What happens on the story's day `on`, if the story lasts until day `needs`."""

    on: int
    needs: int
    tell: Callable[[Scene], None]


# fmt: off
CHAPTERS: tuple[Chapter, ...] = (
    Chapter(3,  5,  planting.plant),
    Chapter(4,  5,  mending.mend),
    Chapter(14, 22, undoing.reverse_after_clearing),
    Chapter(15, 18, advances.open_two),
    Chapter(16, 18, advances.grow_yellow),
    Chapter(17, 18, topping_up.grow_red),
    Chapter(22, 30, assistance.open_case),
)
# fmt: on


def tell(scene: Scene) -> None:
    """Day after day: care, what the day has in store, clearing, and the close at midnight."""
    for number in range(1, scene.days + 1):
        today = scene.day(number)
        traffic.everyday(scene)
        if number > 1:
            _compared(scene, number - 1)
        for chapter in CHAPTERS:
            if chapter.on == number and chapter.needs <= scene.days:
                chapter.tell(scene)
        assistance.follow(scene)
        cycles.work(scene)
        rhythm.close(scene, today, by_hand=number % CYCLE_DAYS != 1)
        scene.stage.narrator.step()
    _compared(scene, scene.days)


def _compared(scene: Scene, number: int) -> None:
    day = scene.day(number)
    if day in scene.disputed:
        rhythm.begun(scene, day)
    else:
        rhythm.agreed(scene, day)

"""How days pass: the clock goes on when the world is quiet, days close, three sides agree."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from typing import Any

from contracts.clock import SHANGHAI
from simulators.agency import Refusal
from simulators.demo.months.scene import Scene

AFTER_MIDNIGHT, MORNING, EVENING = time(0, 0, 30), time(8, 30), time(20, 45)
AGREED_TIME = timedelta(hours=12)
"""From the close of a day: what differs then is a break. So nights need nobody to hurry."""
TICK = timedelta(seconds=1)


def at(scene: Scene, day: date, clock: time) -> None:
    """Let it be that time of that day, once the world is quiet."""
    scene.settle_down()
    scene.clock.move_to(datetime.combine(day, clock, tzinfo=SHANGHAI))


def close(scene: Scene, day: date, *, by_hand: bool) -> None:
    """Midnight passes, and the day closes: by an operator, or by the job that looks at it."""
    at(scene, day + timedelta(days=1), AFTER_MIDNIGHT)
    if by_hand:
        # The job may be faster than the operator, who is then told that it is closed already.
        with suppress(Refusal):
            scene.operator.post("/business-days/close", {"business_date": str(day)})
    scene.wait("the day is closed", lambda: open_day(scene) > day)
    scene.clock.move_to(datetime.combine(day + timedelta(days=1), MORNING, tzinfo=SHANGHAI))


def pass_until(scene: Scene, what: str, found: Callable[[], Any]) -> Any:
    """As scene.wait, while the story's time passes second by second."""

    def look() -> Any:
        value = found()
        if not value:
            scene.clock.move_to(scene.clock.now() + TICK)
        return value

    return scene.wait(what, look)


def open_day(scene: Scene) -> date:
    return date.fromisoformat(scene.operator.get("/business-days?count_max=1")[0]["business_date"])


def agreed(scene: Scene, day: date) -> None:
    """Wait until all sides of a closed day agree."""
    scene.wait(f"{day} agrees", lambda: scene.stage.agreed(day))


def begun(scene: Scene, day: date) -> None:
    """Wait until a closed day is being compared, and every side has reported."""

    def has_heard() -> bool:
        found = scene.operator.get(f"/reconciliation/{day}")
        sides = found["sides"]
        return bool(found["begun_at"]) and all(s["reported_count"] is not None for s in sides)

    scene.wait(f"every side has reported {day}", has_heard)

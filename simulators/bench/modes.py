"""What `yidi bench` can measure: one row each, with how long it takes unless told otherwise."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from simulators.bench import hot_pair, hub_workers, overload, run, soak, sweep, time_outs
from simulators.bench.saving import Measured
from simulators.bench.stage import Setting, Way


@dataclass(frozen=True, slots=True)
class Mode:
    """`seconds` is what `run` takes first: how long, servers and registrations not counted."""

    seconds: float
    run: Callable[[float, Setting], Measured]


def _over_http(measure: Callable[[float, Setting], Measured]) -> Callable[..., Measured]:
    return lambda seconds, setting: measure(seconds, replace(setting, way=Way.HTTP))


MODES: Mapping[str, Mode] = {
    "steady": Mode(60, run.run),  # the closed loop, 65 a second, the floor, what one costs
    "http": Mode(60, _over_http(run.run)),  # the same through the hospitals' door
    "overload": Mode(90, _over_http(overload.run)),  # five times what can be done
    "sweep": Mode(15, sweep.run),  # rising rates, so many seconds each
    "hot-pair": Mode(80, hot_pair.run),  # one pair of areas against eight
    "hub-workers": Mode(80, hub_workers.run),  # two in the hub's group against one
    "time-outs": Mode(45, time_outs.run),  # the insured areas are silent
    "soak": Mode(600, soak.run),  # does memory grow?
}

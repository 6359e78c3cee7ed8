"""Fair use: a token bucket for every institution and area, and when each may ask again."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

KEPT_MAX = 20_000


class FairUseUnsound(Exception):
    """The file of limits cannot be used; the text names the key and why."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests a second, and so many at once after a quiet while."""

    per_second: float
    burst: int


@dataclass(frozen=True, slots=True)
class AdmissionTerms:
    """How the number of requests under way follows the time that answers take, in seconds."""

    least: int
    initial: int
    most: int
    target_s: float
    step: int
    cut: float
    interval_s: float
    retry_after_s: int


@dataclass(frozen=True, slots=True)
class FairUse:
    """What the data file says. `exempt` are transactions that undo or find out."""

    exempt: frozenset[str]
    institution: Rate
    insured_area: Rate
    treatment_area: Rate
    admission: AdmissionTerms


@dataclass(slots=True)
class Buckets:
    """One bucket a name, all of one rate; times are seconds of any clock that only goes forward."""

    rate: Rate
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)

    def take(self, name: str, now_s: float) -> float:
        """0.0 where the request may go on; else how many seconds until the next one may."""
        left, at_s = self._left.get(name, (self.rate.burst, now_s))
        left = min(self.rate.burst, left + (now_s - at_s) * self.rate.per_second)
        if left < 1.0:
            return (1.0 - left) / self.rate.per_second
        self._left.pop(name, None)  # Whoever asked last stands last: the oldest go first.
        self._left[name] = (left - 1.0, now_s)
        if len(self._left) > KEPT_MAX:
            del self._left[next(iter(self._left))]
        return 0.0


def load_fair_use(path: Path | None = None) -> FairUse:
    """The limits in `path`, or the ones shipped; FairUseUnsound, OSError."""
    shipped = files("participants.gateway").joinpath("data/fair_use.toml")
    try:
        return _fair_use(tomllib.loads((path or shipped).read_text("utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise FairUseUnsound(str(error)) from error
    except KeyError as error:
        raise FairUseUnsound(f"{error.args[0]} is missing") from error


def _fair_use(data: Mapping[str, Any]) -> FairUse:
    admission = data["admission"]
    names = ("least", "initial", "most", "step", "cut_percent", "interval_ms", "retry_after_s")
    whole = {name: _positive(f"admission.{name}", admission[name]) for name in names}
    if not whole["least"] <= whole["initial"] <= whole["most"] or whole["cut_percent"] >= 100:
        raise FairUseUnsound("admission: least <= initial <= most, and cut_percent below 100")
    return FairUse(
        exempt=frozenset(data["exempt"]),
        institution=_rate("institution", data),
        insured_area=_rate("insured_area", data),
        treatment_area=_rate("treatment_area", data),
        admission=AdmissionTerms(
            least=whole["least"],
            initial=whole["initial"],
            most=whole["most"],
            target_s=_positive("admission.target_ms", admission["target_ms"]) / 1_000,
            step=whole["step"],
            cut=whole["cut_percent"] / 100,
            interval_s=whole["interval_ms"] / 1_000,
            retry_after_s=whole["retry_after_s"],
        ),
    )


def _rate(name: str, data: Mapping[str, Any]) -> Rate:
    row = data[name]
    return Rate(
        _positive(f"{name}.per_second", row["per_second"]), _positive(f"{name}.burst", row["burst"])
    )


def _positive(name: str, value: Any) -> int:
    if type(value) is not int or value <= 0:
        raise FairUseUnsound(f"{name} must be a whole number above 0")
    return value

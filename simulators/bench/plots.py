"""Draws what was measured: waits by rate, memory over a soak, processor time by process."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")  # before pyplot is there: no screen is asked for

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

Figures = Mapping[str, Any]
STYLE: Any = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.use": True,
    "figure.figsize": (8, 4.5),
    "grid.alpha": 0.3,
    "svg.fonttype": "none",
    "svg.hashsalt": "yidi",  # the same figures draw the same file
}
PNG_DPI = 120


def draw(folder: Path, figures: Mapping[str, Any]) -> list[str]:
    """An SVG and a PNG of every part that there is a picture of; their names without ending."""
    drawn = []
    with plt.rc_context(STYLE):
        for part, picture in PICTURES.items():
            if part in figures:
                figure = picture(figures[part])
                figure.savefig(folder / f"{part}.svg", metadata={"Date": None})
                figure.savefig(folder / f"{part}.png", dpi=PNG_DPI)
                plt.close(figure)
                drawn.append(part)
    return drawn


def _sweep(found: Figures) -> Figure:
    figure, axes = plt.subplots()
    steps = found["steps"]
    rates = [step["asked_per_s"] for step in steps]
    for name in ("p50_ms", "p95_ms", "p99_ms"):
        axes.plot(rates, [step[name] for step in steps], marker="o", label=name.removesuffix("_ms"))
    axes.axhline(found["broken_when_p99_above_ms"], color="grey", linestyle="--", linewidth=1)
    for rate, name in ((65, "national peak"), (125, "plan")):
        axes.axvline(rate, color="grey", linestyle=":", linewidth=1)
        axes.annotate(name, (rate, axes.get_ylim()[0]), rotation=90, fontsize=8)
    axes.set(xscale="log", yscale="log", title="From the request's due time to its answer")
    axes.set_xticks(rates, [f"{rate:,}" for rate in rates], rotation=45)
    axes.minorticks_off()
    axes.set(xlabel="settlements asked for a second (open loop)", ylabel="milliseconds")
    axes.legend()
    return figure


def _soak(found: Figures) -> Figure:
    figure, (above, below) = plt.subplots(2, 1, figsize=(8, 7))
    for part, held in found["memory"].items():
        flat = "" if held["is_flat"] else " (not flat)"
        above.plot([at / 60 for at in held["at_s"]], held["own_mib"], label=f"{part}{flat}")
    above.set(ylabel="MiB of its own", ylim=(0, None))
    above.set_title(f"{found['rate_per_s']} settlements a second")
    above.legend(fontsize=8, ncols=2)
    minutes = [row["minute"] for row in found["by_minute"]]
    for name in ("p50_ms", "p99_ms"):
        waits = [row[name] for row in found["by_minute"]]
        below.plot(minutes, waits, marker="o", label=name.removesuffix("_ms"))
    below.set(xlabel="minutes", ylabel="milliseconds", ylim=(0, None))
    below.legend(fontsize=8)
    return figure


def _steady(found: Figures) -> Figure:
    figure, axes = plt.subplots(figsize=(8, 3))
    spent = sorted(found["cpu_s_per_1000_by_process"].items(), key=lambda item: item[1])
    bars = axes.barh([name for name, _ in spent], [seconds for _, seconds in spent])
    axes.bar_label(bars, fmt="%.2f", padding=3, fontsize=8)
    total = found["cpu_s_per_1000"]
    axes.set(xlabel=f"CPU seconds per 1,000 settlements, {total:.2f} together")
    return figure


PICTURES: Mapping[str, Callable[[Figures], Figure]] = {
    "sweep": _sweep,
    "soak": _soak,
    "steady": _steady,
}

"""Tables of a folder of figures, as Markdown; what was not measured is not in them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from simulators.bench.anchors import ANCHORS, Figures

SERVERS = ("broker", "database")


def page(figures: Figures, folder: Path, prefix: str) -> str:
    """The folder's own README.md."""
    head = f"# {folder.name}\n\nWritten by `yidi bench --to`; what each figure means: [Figures]"
    return f"{head}(../../benchmarks.md).\n\n{sections(figures, folder, prefix)}"


def sections(figures: Figures, folder: Path, prefix: str) -> str:
    """Every table that there are figures for; `prefix` leads from the text to the folder."""
    written = [section(figures, folder, prefix) for section in SECTIONS]
    return "\n".join(text for text in written if text)


def _anchors(figures: Figures, folder: Path, prefix: str) -> str:
    rows = [
        (a.what, f"**{a.value(figures[a.part])}**", a.asked, a.goal, _raw(a.part, folder, prefix))
        for a in ANCHORS
        if a.part in figures
    ]
    return _machine(figures) + _table(("figure", "measured", "asked", "goal", "raw"), rows)


def _machine(figures: Figures) -> str:
    """On what, in one line; where parts were measured apart, every day and commit of theirs."""
    machines = [found["machine"] for found in figures.values() if "machine" in found]
    if not machines:
        return ""
    servers = [found[key] for found in figures.values() for key in SERVERS if key in found]
    facts = (
        _every(machine["at"][:10] for machine in machines),
        _every(f"{machine['cores']} cores, {machine['memory_gib']} GiB" for machine in machines),
        _every(f"Python {machine['python']}" for machine in machines),
        _every(f"commit {machine['commit']}" for machine in machines),
        *dict.fromkeys(servers),
    )
    return " · ".join(facts) + ".\n\n"


def _every(facts: Iterable[str]) -> str:
    return " and ".join(dict.fromkeys(facts))


def _rates(figures: Figures, folder: Path, prefix: str) -> str:
    if (found := figures.get("sweep")) is None:
        return ""
    rows = [
        (
            f"{step['asked_per_s']:,}",
            *(f"{step[name]:,}" for name in ("p50_ms", "p95_ms", "p99_ms", "longest_ms")),
            step["cpu_s_per_1000"],
            step["others_cores"],
            _when(step) + (", broken" if step["is_broken"] else ""),
        )
        for step in found["steps"]
    ]
    heads = (
        "asked/s",
        "p50 ms",
        "p95 ms",
        "p99 ms",
        "longest",
        "CPU s per 1,000",
        "others",
        "when",
    )
    picture = _picture("sweep", "Waits by rate", folder, prefix)
    return f"### Rising rates\n\n{picture}{_table(heads, rows)}"


def _processes(figures: Figures, folder: Path, prefix: str) -> str:
    found = {part: figures[part] for part in ("steady", "http") if part in figures}
    if not found:
        return ""
    names = dict.fromkeys(n for one in found.values() for n in one["cpu_s_per_1000_by_process"])
    rows = [
        (name, *(one["cpu_s_per_1000_by_process"].get(name, "") for one in found.values()))
        for name in names
    ]
    rows.append(("**together**", *(one["cpu_s_per_1000"] for one in found.values())))
    picture = _picture("steady", "Processor time by process", folder, prefix)
    table = _table(("process, CPU s per 1,000", *found), rows)
    return f"### Processor time\n\n{picture}{table}{_of_one(figures)}"


def _of_one(figures: Figures) -> str:
    if (found := figures.get("steady", {}).get("per_settlement")) is None:
        return ""
    rows = [
        ("messages", found["messages"]),
        ("bytes of all messages together", f"{found['message_bytes']:,}"),
        ("bytes in Kafka's logs, keys, signatures and frames with it", f"{found['log_bytes']:,}"),
        ("bytes over the network, all that is written and read", f"{found['loopback_bytes']:,}"),
        ("rows that stay, in all three databases", found["rows"]),
        ("bytes of write-ahead log", f"{found['wal_bytes']:,}"),
        ("bytes that the databases grow", f"{found['disk_bytes']:,}"),
    ]
    heads = ("one settlement takes", f"mean of {found['settlements']:,}")
    return f"\n{_table(heads, rows)}"


def _turns(figures: Figures, _folder: Path, _prefix: str) -> str:
    rows = [
        (what, turn[key], f"{turn['per_s']:,}", turn["p99_ms"], turn["cpu_s_per_1000"], _when(turn))
        for part, key, what in (
            ("hot-pair", "load", "pairs of areas"),
            ("hub-workers", "hub_workers", "workers of the hub"),
        )
        for turn in figures.get(part, {}).get("turns", ())
    ]
    heads = ("compared", "turn", "settlements/s", "p99 ms", "CPU s per 1,000", "when")
    return f"### In turns\n\n{_table(heads, rows)}" if rows else ""


def _late(figures: Figures, _folder: Path, _prefix: str) -> str:
    if (found := figures.get("time-outs")) is None:
        return ""
    rows = [
        ("expired while the insured area was silent", f"{found['expired']:,}"),
        ("expired at the hub, p50 · p99 · longest, ms late", _late_by(found)),
        (
            "told in the treatment area, p50 · p99, ms after the deadline",
            f"{found['told_late_p50_ms']} · {found['told_late_p99_ms']}",
        ),
        ("everything released after the area was back, s", found["released_after_s"]),
        ("silent", f"{found['silent_from'][11:19]}–{found['silent_until'][11:19]} UTC"),
    ]
    heads = ("a silent area", f"at {found['rate_per_s']}/s")
    return f"### Time-outs\n\n{_table(heads, rows)}"


def _memory(figures: Figures, folder: Path, prefix: str) -> str:
    if (found := figures.get("soak")) is None:
        return ""
    rows = [
        (
            part,
            *(held[f"{name}_mib"] for name in ("first", "half", "last", "last_resident")),
            f"{held['kept_bytes_per_settlement']:+}",
            held["not_judged"] or ("flat" if held["is_flat"] else "**not flat**"),
        )
        for part, held in found["memory"].items()
    ]
    heads = ("MiB", "first", "half-way", "last", "last, shared too", "bytes a settlement", "judged")
    said = (
        f"{found['rate_per_s']} a second for {found['minutes']:.0f} minutes: p50 {found['p50_ms']},"
        f" p99 {found['p99_ms']} ms. Flat is who keeps at most {found['flat_bytes_per_settlement']}"
        " bytes of each settlement of the second half."
    )
    picture = _picture("soak", "Memory and waits over the soak", folder, prefix)
    return f"### Soak\n\n{said}\n\n{picture}{_table(heads, rows)}"


def _functions(figures: Figures, folder: Path, prefix: str) -> str:
    shown = [name for name in figures if name.startswith("flame-")]
    return "\n".join(_flame(name, figures[name], folder, prefix) for name in shown)


def _flame(name: str, found: Figures, folder: Path, prefix: str) -> str:
    rows = [(f"{share:.1%}", f"`{function}`") for function, share in _first(found["own"], 12)]
    called = [(f"{share:.1%}", f"`{function}`") for function, share in _first(found["whole"], 24)]
    picture = f"{name.removesuffix('-shares')}.svg"
    link = f"[Flame graph]({prefix}{picture}). " if (folder / picture).exists() else ""
    return (
        f"### Where {found['part']} spends its time\n\n{link}Python ran"
        f" {found['held']:.0%} of the time, at {_per_s(found)} settlements a second.\n\n"
        f"{_table(('itself', 'function'), rows)}\n"
        f"{_table(('with what it calls', 'function'), called)}"
    )


def _per_s(found: Figures) -> str:
    return f"{found['windows']['looked into']['per_s']:,.0f}"


def _first(shares: Mapping[str, float], count: int) -> list[tuple[str, float]]:
    return list(shares.items())[:count]


def _late_by(found: Figures) -> str:
    return f"{found['late_p50_ms']} · {found['late_p99_ms']} · {found['late_longest_ms']}"


def _when(window: Figures) -> str:
    return f"{window['started_at'][11:19]}–{window['ended_at'][11:19]}"


def _raw(part: str, folder: Path, prefix: str) -> str:
    files = (f"{part}.json", f"{part}.parquet")
    links = [
        f"[{file.rpartition('.')[2]}]({prefix}{file})" for file in files if (folder / file).exists()
    ]
    return ", ".join(links)


def _picture(part: str, what: str, folder: Path, prefix: str) -> str:
    return f"![{what}]({prefix}{part}.svg)\n\n" if (folder / f"{part}.svg").exists() else ""


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    return "".join(f"{line}\n" for line in _lines(heads, rows))


def _lines(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(str(cell) for cell in row)} |"


SECTIONS = (_anchors, _rates, _processes, _turns, _late, _memory, _functions)

"""Keeps what was measured: figures as JSON, and every single wait as Parquet."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from simulators.bench.load import Answered


class Measured(Protocol):
    """What a part of the benchmark gives back, once it is known to be valid."""

    @property
    def samples(self) -> Mapping[str, Sequence[Answered]]:
        """Every wait, by the phase that it belongs to; may be empty."""

    def as_dict(self) -> dict[str, object]: ...

    def told(self) -> str: ...


def printed(figures: Mapping[str, object]) -> str:
    return json.dumps(figures, ensure_ascii=False, indent=2)


def save(folder: Path, name: str, measured: Measured, machine: Mapping[str, object]) -> None:
    """Write `name`.json, and `name`.parquet where there are samples; each is whole or not there."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(measured.samples.values()):
        _written(folder / f"{name}.parquet", _parquet(measured.samples))
    figures = printed(measured.as_dict() | {"machine": dict(machine)}) + "\n"
    _written(folder / f"{name}.json", figures.encode())


def saved(folder: Path) -> dict[str, Any]:
    """All figures of a folder, by part."""
    return {
        file.stem: json.loads(file.read_text(encoding="utf-8"))
        for file in sorted(folder.glob("*.json"))
    }


def _parquet(samples: Mapping[str, Sequence[Answered]]) -> bytes:
    """Columns phase, at_s (from the first answer on, to the millisecond) and waited_us."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [(phase, one) for phase, answers in samples.items() for one in answers]
    began = min(one.at_s for _, one in rows)
    table = pa.table(
        {
            "phase": pa.array([phase for phase, _ in rows]).dictionary_encode(),
            "at_s": pa.array([round(one.at_s - began, 3) for _, one in rows], pa.float64()),
            "waited_us": pa.array([one.waited_us for _, one in rows], pa.int64()),
        }
    )
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue())


def _written(file: Path, content: bytes) -> None:
    new = file.with_suffix(file.suffix + ".new")
    new.write_bytes(content)
    new.replace(file)

"""The agencies and pooling areas of a treatment area, read from the area's own TOML file."""

import tomllib
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from contracts.codes import AreaCode, area_of
from contracts.messages.directory import ROWS_MAX, Agency, PoolingArea

Row = TypeVar("Row", Agency, PoolingArea)


@dataclass(frozen=True, slots=True)
class Directory:
    """Both lists, in the file's order."""

    agencies: tuple[Agency, ...]
    pooling_areas: tuple[PoolingArea, ...]


class DirectoryUnsound(Exception):
    """The file cannot be used; `faults` name the row and the field."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def read_directory(text: str, area: AreaCode) -> Directory:
    """`[[agencies]]` (division, name, phone, address, hours) and `[[pooling_areas]]` (division,
    name, opened, since); DirectoryUnsound names every bad row.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DirectoryUnsound([str(error)]) from error
    faults: list[str] = []
    agencies = _rows(data.get("agencies", []), Agency, "agencies", area, faults)
    pooling = _rows(data.get("pooling_areas", []), PoolingArea, "pooling_areas", area, faults)
    divisions = [one.division for one in pooling]
    faults += [
        f"pooling_areas: {division} is there twice"
        for division in sorted({one for one in divisions if divisions.count(one) > 1})
    ]
    if faults:
        raise DirectoryUnsound(faults)
    return Directory(tuple(agencies), tuple(pooling))


def _rows(rows: Any, kind: type[Row], name: str, area: AreaCode, faults: list[str]) -> list[Row]:
    if not isinstance(rows, list) or len(rows) > ROWS_MAX:
        faults.append(f"{name}: a list of at most {ROWS_MAX} rows is expected")
        return []
    found: list[Row] = []
    for number, row in enumerate(rows, 1):
        try:
            one = kind.model_validate(row)
        except ValidationError as error:
            fields = sorted({str(one["loc"][0]) if one["loc"] else "?" for one in error.errors()})
            faults.append(f"{name} {number}: {', '.join(fields)}")
            continue
        if area_of(one.division) != area:
            faults.append(f"{name} {number}: division {one.division} is not in {area}")
        found.append(one)
    return found

"""Reads an area's rules from its TOML file; a file that does not make sense is never rules."""

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from contracts.codes import AreaCode, areas
from participants.insured.area_rows import AreaFile
from participants.insured.area_sense import faults_of
from participants.insured.domain.area import Area
from participants.policy.loader import library


class AreaFileWrong(Exception):
    """It cannot be read or contradicts itself; the text is 'file: key: reason', a line each."""


def load(code: AreaCode, path: Path | None = None) -> Area:
    """The rules of `code` from `path`, or the shipped ones; AreaFileWrong says what is wrong."""
    if code not in areas():
        raise AreaFileWrong(f"{code} is no area")
    source = path or Path(str(files("participants.insured").joinpath("data/area.toml")))
    found = _parsed(source, code)
    faults = faults_of(code, found)
    if faults:
        raise _wrong(source, faults)
    return _area(code, found)


def _parsed(source: Path, code: AreaCode) -> AreaFile:
    try:
        content = tomllib.loads(source.read_text(encoding="utf-8"))
        return AreaFile.model_validate(_named(content, code))
    except ValidationError as error:
        keys = [(".".join(map(str, one["loc"])), one["msg"]) for one in error.errors()]
        raise _wrong(source, keys) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise AreaFileWrong(f"{source.name}: {error}") from error


def _named(content: dict[str, Any], code: AreaCode) -> dict[str, Any]:
    """With the area's code and name put in where a row says '{area}' and '{name}'."""

    def put_in(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return value.replace("{area}", code).replace("{name}", areas()[code].name)

    lists = {
        key: [{name: put_in(value) for name, value in row.items()} for row in content[key]]
        for key in ("agencies", "pooling_areas")
        if isinstance(content.get(key), list) and all(isinstance(row, dict) for row in content[key])
    }
    return content | lists


def _wrong(source: Path, faults: list[tuple[str, str]]) -> AreaFileWrong:
    return AreaFileWrong("\n".join(f"{source.name}: {key}: {reason}" for key, reason in faults))


def _area(code: AreaCode, found: AreaFile) -> Area:
    return Area(
        code=code,
        policies=library(),
        assignments=tuple(row.as_assignment() for row in found.policies),
        as_at_home=found.as_at_home,
        handling=dict(found.registrations),
        commitment_counts_as=found.counts_as_of_commitment(),
        not_needed_counts_as=found.counts_as_of_not_needed(),
        terms=tuple(row.as_terms() for row in _by_day(found.terms)),
        deadlines=tuple(row.as_deadline() for row in _by_day(found.desk_deadlines)),
        agencies=found.agencies,
        pooling_areas=found.pooling_areas,
        parameters=tuple(
            row.as_parameter() for row in sorted(found.parameters, key=lambda row: row.valid_from)
        ),
    )


def _by_day(rows: Any) -> Any:
    return sorted(rows, key=lambda row: row.holds_from)

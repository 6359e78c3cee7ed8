"""Reads an area's rules from its TOML file; a file that does not make sense is never rules."""

import tomllib
from collections.abc import Mapping
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contracts.codes import AreaCode, InsuranceKind, RegistrationCategory, areas
from participants.insured.domain.area import Area, Assignment, Handling
from participants.policy.loader import library


class AreaFileWrong(Exception):
    """The file cannot be read or contradicts itself; the text names it and says why."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Assignment(_Strict):
    insurance: InsuranceKind
    policy: str
    valid_from: date
    valid_to: date | None = None
    divisions: frozenset[Annotated[str, Field(pattern=r"^\d{6}$")]] = frozenset()


class _File(_Strict):
    as_at_home: frozenset[RegistrationCategory]
    policies: tuple[_Assignment, ...]
    registrations: Mapping[RegistrationCategory, Handling]


def load(code: AreaCode, path: Path | None = None) -> Area:
    """The rules of `code` from `path`, or the shipped ones; AreaFileWrong says what is wrong."""
    if code not in areas():
        raise AreaFileWrong(f"{code} is no area")
    source = path or Path(str(files("participants.insured").joinpath("data/area.toml")))
    try:
        found = _File.model_validate(tomllib.loads(source.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise AreaFileWrong(f"{source.name}: {error}") from error
    _check(source.name, found)
    return Area(
        code=code,
        policies=library(),
        assignments=tuple(map(_assignment, found.policies)),
        as_at_home=found.as_at_home,
        handling=dict(found.registrations),
    )


def _check(name: str, found: _File) -> None:
    unknown = {row.policy for row in found.policies} - set(library())
    if unknown:
        raise AreaFileWrong(f"{name}: policies: not in the library: {sorted(unknown)}")
    missing = set(RegistrationCategory) - set(found.registrations)
    if missing:
        raise AreaFileWrong(f"{name}: registrations: no rule for {sorted(missing)}")
    wrong = [
        row.policy for row in found.policies if library()[row.policy].insurance != row.insurance
    ]
    if wrong:
        raise AreaFileWrong(f"{name}: policies: for another insurance: {sorted(wrong)}")


def _assignment(row: _Assignment) -> Assignment:
    return Assignment(
        insurance_kind=row.insurance,
        policy_id=row.policy,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        divisions=row.divisions,
    )

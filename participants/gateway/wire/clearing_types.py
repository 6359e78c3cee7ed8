"""Clearing types 清算类别: which of our settlements a code holds, read from its data file."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from contracts.codes import InsuranceKind, VisitKind
from participants.treatment.domain.booking import Scope

INSUTYPE_DIGITS = 3


@dataclass(frozen=True, slots=True)
class ClearingType:
    """The kinds of care and insurance that one code holds."""

    visits: tuple[VisitKind, ...] = ()
    insurances: tuple[InsuranceKind, ...] = tuple(InsuranceKind)


EVERYTHING = ClearingType(tuple(VisitKind))


@cache
def clearing_types() -> Mapping[str, ClearingType]:
    """Every code that holds anything of ours."""
    text = files("participants.gateway").joinpath("data/clearing_types.toml").read_text("utf-8")
    return {
        code: ClearingType(
            tuple(VisitKind(one) for one in row["visits"]),
            tuple(InsuranceKind(one) for one in row.get("insurances", tuple(InsuranceKind))),
        )
        for code, row in tomllib.loads(text).items()
    }


def clearing_type_of(clr_type: str) -> ClearingType:
    """The longest code that begins it decides; what is of no such code holds nothing of ours."""
    lengths = range(len(clr_type), 0, -1)
    found = (clearing_types().get(clr_type[:length]) for length in lengths)
    return next((one for one in found if one is not None), ClearingType())


def scope_of(
    institution_code: str,
    begins_on: date,
    ends_on: date,
    *,
    clr_type: str = "",
    insutype: str = "",
) -> Scope:
    """What a hospital asks about; an empty code asks about every kind."""
    held = clearing_type_of(clr_type) if clr_type else EVERYTHING
    said = insutype[:INSUTYPE_DIGITS]  # Provinces add children: 3101 is a 310.
    insurances = tuple(kind for kind in held.insurances if said in {"", kind.value})
    return Scope(institution_code, begins_on, ends_on, insurances, held.visits)

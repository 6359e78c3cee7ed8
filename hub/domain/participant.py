"""A participant: an area that the hub knows, and the roles in which it is connected."""

from dataclasses import dataclass

from contracts.codes import AreaCode


@dataclass(frozen=True, slots=True)
class Participant:
    """An area is known as soon as it has a row; it settles only in the roles it is connected in."""

    area: AreaCode
    name: str
    insured_connected: bool
    treatment_connected: bool


def area_code_of(division: str) -> AreaCode:
    """PP0000 of a six-digit division, whether or not there is such an area."""
    return AreaCode(f"{division[:2]}0000")

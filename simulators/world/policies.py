"""The rules of each area: which policy of the library it uses, written as the area's own file."""

from importlib.resources import files
from pathlib import Path

from contracts.codes import AreaCode, InsuranceKind
from simulators.world.files import table
from simulators.world.places import places

LISTS = {InsuranceKind.EMPLOYEE: "employees", InsuranceKind.RESIDENT: "residents"}
SINCE = "2023-01-01"


def policy_of(area: AreaCode, insurance: InsuranceKind) -> str:
    """The policy's id in the library."""
    terms, name = table("policies"), LISTS[insurance]
    own: dict[str, str] = terms["own"].get(area, {})
    listed: list[str] = terms[name]
    return own.get(name) or listed[list(places()).index(area) % len(listed)]


def average_wage_yuan(area: AreaCode) -> str:
    wages: dict[str, str] = table("policies")["average_wage_yuan"]
    return wages.get(area, wages["default"])


def area_file(area: AreaCode) -> str:
    """The area's rules as participants/insured reads them: the shipped ones with its own policies.

    No category waits for a clerk: there are none in this country.
    """
    shipped = files("participants.insured").joinpath("data/area.toml").read_text(encoding="utf-8")
    before, _, rest = shipped.partition("[[policies]]")
    _, _, after = rest.partition("[registrations]")
    middle, _, _ = after.partition("[[parameters]]")
    return "".join(
        [
            before,
            *(_policy(area, insurance) for insurance in InsuranceKind),
            "[registrations]",
            middle.replace('"desk"', '"auto"'),
            _wage(area),
        ]
    )


def write_area_files(folder: Path) -> str:
    """One file an area; the name to give as YIDI_INSURED_AREA_FILE, with '{area}' in it."""
    for area in places():
        folder.joinpath(f"{area}.toml").write_text(area_file(area), encoding="utf-8")
    return str(folder / "{area}.toml")


def _policy(area: AreaCode, insurance: InsuranceKind) -> str:
    policy = policy_of(area, insurance)
    return f'[[policies]]\ninsurance = "{insurance}"\npolicy = "{policy}"\nvalid_from = {SINCE}\n\n'


def _wage(area: AreaCode) -> str:
    return (
        f'[[parameters]]\nname = "average_wage"\nvalue = "{average_wage_yuan(area)}"\n'
        'valid_from = 2010-01-01\nsource = "data/world/policies.toml"\n'
    )

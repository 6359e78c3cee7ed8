"""How the story writes areas, amounts and shares."""

from contracts.codes import AreaCode, areas
from contracts.money import yuan_from_fen


def name_of(area: str) -> str:
    """'北京' of '110000', as tables have room for."""
    return areas()[AreaCode(area)].name.removesuffix("省").removesuffix("市")


def yuan(fen: int | None) -> str:
    return "—" if fen is None else yuan_from_fen(fen)


def share(bp: int | None) -> str:
    """'72.5 %' of basis points."""
    return "—" if bp is None else f"{bp / 100:.1f} %"

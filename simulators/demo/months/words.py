"""How the story writes areas, amounts and shares."""

from datetime import datetime

from contracts.clock import SHANGHAI
from contracts.codes import AreaCode, areas
from contracts.money import yuan_from_fen

ROLES_ZH = {"insured": "参保地", "treatment": "就医地"}


def name_of(area: str) -> str:
    """'北京' of '110000', as tables have room for."""
    return areas()[AreaCode(area)].name.removesuffix("省").removesuffix("市")


def side_of(area: str, role: str) -> str:
    """'浙江（就医地）'."""
    return f"{name_of(area)}（{ROLES_ZH[role]}）"


def time_of(instant: str) -> str:
    """'12-04 20:45:01' in China, of an instant as interfaces write it."""
    return f"{datetime.fromisoformat(instant).astimezone(SHANGHAI):%m-%d %H:%M:%S}"


def yuan(fen: int | None) -> str:
    return "—" if fen is None else yuan_from_fen(fen)


def share(bp: int | None) -> str:
    """'72.5 %' of basis points."""
    return "—" if bp is None else f"{bp / 100:.1f} %"

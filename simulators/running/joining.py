"""Hospitals that are being connected 接入联调: one for each way of authentication, with keys."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from contracts.codes import AreaCode, DivisionCode
from contracts.sealing import Sealer
from participants.gateway.security.minting import mint
from participants.treatment.domain.institution import (
    OPENED_BY_KIND,
    Institution,
    InstitutionKind,
)
from participants.treatment.domain.institution_key import KeyScheme
from participants.treatment.services import institution_keys, institutions

JOINING_AREA, DIVISION = AreaCode("310000"), DivisionCode("310100")
PROFILES_FILE = Path(str(files("simulators").joinpath("data/joining.toml")))
KEYS_VALID_FOR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Joining:
    """`auth` as examples/his_client.py names it; the code is the one in data/joining.toml."""

    auth: str
    code: str
    keys: tuple[KeyScheme, ...]

    @property
    def name(self) -> str:
        return f"联调示例医院（{self.auth}）"


HOSPITALS = (
    Joining("none", "H31010090001", ()),
    Joining("hmac", "H31010090002", (KeyScheme.HMAC,)),
    Joining("tif", "H31010090003", (KeyScheme.TIF,)),
    Joining("oauth", "H31010090004", (KeyScheme.OAUTH, KeyScheme.SM2)),
    Joining("sm2", "H31010090005", (KeyScheme.SM2,)),
)


def join(tx: Connection, sealer: Sealer, now: datetime) -> Mapping[str, Any]:
    """Register them and issue their keys; what each is given, by its way."""
    institutions.load(tx, [_institution(one) for one in HOSPITALS])
    return {one.auth: _given(tx, sealer, one, now) for one in HOSPITALS}


def _given(tx: Connection, sealer: Sealer, one: Joining, now: datetime) -> dict[str, Any]:
    given: dict[str, Any] = {"code": one.code, "name": one.name, "division": DIVISION}
    for scheme in one.keys:
        minted = mint(scheme, one.code, sealer=sealer, valid_from=now, valid_for=KEYS_VALID_FOR)
        institution_keys.add(tx, minted.key, now)
        given[scheme.value] = dict(minted.shown)
    return given


def _institution(one: Joining) -> Institution:
    return Institution(
        code=one.code,
        name=one.name,
        division=DIVISION,
        level=2,
        hosp_lv="5",
        kind=InstitutionKind.HOSPITAL,
        opened=OPENED_BY_KIND[InstitutionKind.HOSPITAL],
    )

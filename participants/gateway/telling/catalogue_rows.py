"""The catalogue as the paged queries show it (1304, 1312, 1316, 1318, 1319), row by row."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from contracts.codes import AreaCode, area_of
from participants.gateway.wire.checking import Row
from participants.gateway.wire.codes import said_of_every_item
from participants.gateway.wire.fields import shapes
from participants.gateway.wire.jsontext import Number
from participants.treatment.domain.catalogue import Catalogue, Item
from participants.treatment.domain.catalogue_publication import items_in_order, record_of
from participants.treatment.domain.item_mapping import list_types_of

Facts = Mapping[str, Any]

_BELONGS: dict[str, Callable[[Item], bool]] = {
    "1304": lambda _: False,  # We have no ethnic drugs.
    "1312": lambda _: True,
    "1316": lambda _: True,
    "1318": lambda item: item.ceiling_e6 is not None,
    "1319": lambda _: True,
}
_PAGES_MAX = 64  # five queries of each area in one process
_PAGE_FIELDS = frozenset({"page_num", "page_size", "tabname"})


def rows_asked(
    catalogue: Catalogue, area: AreaCode, infno: str, asked: Row, today: date
) -> list[dict[str, Any]]:
    """Every row that the conditions of a query leave, in the order of the codes."""
    names = [field.name for field in shapes()[infno].nodes[0].fields]
    conditions = [name for name in names if name in asked.values and name not in _PAGE_FIELDS]
    found = (_as_of(row, today) for row in _rows(catalogue, area, infno))
    return [
        row
        for row in found
        if all(_CONDITIONS.get(name, _same)(row, asked, name) for name in conditions)
    ]


def as_the_table_has_it(infno: str, facts: Facts) -> dict[str, Any]:
    """The fields of a row of `data` in the order of their table, what is not known as ''."""
    node = next(one for one in shapes()[infno].out if one.name == "data")
    return {field.name: facts.get(field.name, "") for field in node.fields}


@lru_cache(maxsize=_PAGES_MAX)
def _rows(catalogue: Catalogue, area: AreaCode, infno: str) -> tuple[dict[str, Any], ...]:
    belongs = _BELONGS[infno]
    return tuple(
        as_the_table_has_it(infno, _facts(item, area))
        for item in items_in_order(catalogue)
        if belongs(item)
    )


def _facts(item: Item, area: AreaCode) -> Facts:
    begins = f"{item.valid_from} 00:00:00"
    return {
        **said_of_every_item(),
        "hilist_code": item.code,
        "hilist_name": item.name,
        "med_list_codg": item.code,
        "insu_admdvs": area,
        "poolarea_no": area,
        "begndate": item.valid_from.isoformat(),
        "enddate": item.valid_to.isoformat() if item.valid_to else "",
        "med_chrgitm_type": item.charge_kind,
        "chrgitm_lv": item.level.value,
        "lmt_used_flag": "1" if item.restricted else "0",
        "list_type": list_types_of(item.code)[0],
        "hilist_pric_uplmt_amt": _decimal(item.ceiling_e6 or 0, 6),
        "selfpay_prop": _decimal(item.self_pay_bp, 4),
        "rid": record_of(item),
        "updt_time": begins,
        "crte_time": begins,
    }


def _as_of(row: dict[str, Any], today: date) -> dict[str, Any]:
    return {**row, "vali_flag": "1" if _holds_on(row, today.isoformat()) else "0"}


def _holds_on(row: Facts, day: str) -> bool:
    # Days as yyyy-MM-dd are in order as texts are.
    return bool(row["begndate"] <= day) and (not row["enddate"] or day <= row["enddate"])


def _same(row: Facts, asked: Row, name: str) -> bool:
    return bool(row.get(name, "") == asked.text(name))


def _has_in_it(row: Facts, asked: Row, name: str) -> bool:
    return asked.text(name) in row[name]


def _same_area(row: Facts, asked: Row, name: str) -> bool:
    """Ours, whichever of its regions is named: the catalogue of the treating area applies."""
    return bool(area_of(asked.text(name)) == row[name])


def _day(asked: Row, name: str) -> str:
    day = asked.day(name)
    return day.isoformat() if day else ""


_CONDITIONS: dict[str, Callable[[Facts, Row, str], bool]] = {
    "query_date": lambda row, asked, name: _holds_on(row, _day(asked, name)),
    "begndate": lambda row, asked, name: bool(row["begndate"] >= _day(asked, name)),
    "enddate": lambda row, asked, name: "" < row["enddate"] <= _day(asked, name),
    "updt_time": lambda row, asked, name: bool(row["updt_time"] >= _day(asked, name)),
    "hilist_name": _has_in_it,
    "insu_admdvs": _same_area,
    "poolarea_no": _same_area,
    # 1316 calls it the institution's code of the item, and it is the national one.
    "medins_list_codg": lambda row, asked, name: bool(row["med_list_codg"] == asked.text(name)),
}


def _decimal(value: int, scale: int) -> Number:
    return Number(f"{value // 10**scale}.{value % 10**scale:0{scale}d}")

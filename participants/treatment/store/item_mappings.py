"""What hospitals call the items of the catalogue, with everything that was said before."""
# ruff: noqa: S608 - the columns are ours; values always travel as parameters

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from contracts.delivery import bulk
from participants.treatment.domain.item_mapping import (
    Ending,
    ItemMapping,
    MappingQuery,
    MappingWish,
)

Key = tuple[str, str, str]

_COLUMNS = """
    mapping_id, hospital_code, item_code, item_name, list_type, national_code,
    valid_from, valid_to, details, uploaded_at
"""
_LOCK = f"""
    SELECT {_COLUMNS}, ended_at, ending FROM item_mappings
    WHERE ended_at IS NULL AND (hospital_code, item_code, list_type) IN
        (SELECT * FROM unnest(%s::text[], %s::text[], %s::text[]))
    ORDER BY mapping_id FOR UPDATE
"""
# Two transactions that map an item for the first time find no row to lock.
_LOCK_HOSPITALS = (
    "SELECT code FROM institutions WHERE code = ANY(%s) ORDER BY code FOR NO KEY UPDATE"
)
_ADD = f"INSERT INTO item_mappings ({_COLUMNS}) VALUES %s"
_ADD_TEMPLATE = "(%s::uuid, %s, %s, %s, %s, %s, %s::date, %s::date, %s::jsonb, %s)"
_END = """
    UPDATE item_mappings SET ended_at = greatest(%s, uploaded_at), ending = %s
    WHERE mapping_id = ANY(%s::uuid[])
"""
_WHERE = """
    FROM item_mappings WHERE hospital_code = %(institution)s
      AND (coalesce(ended_at, uploaded_at) AT TIME ZONE 'Asia/Shanghai')::date >= %(since)s
      AND (%(on_day)s::date IS NULL OR %(on_day)s::date BETWEEN valid_from AND valid_to)
      AND (%(from_day)s::date IS NULL OR valid_from >= %(from_day)s::date)
      AND (%(item_code)s = '' OR item_code = %(item_code)s)
      AND (%(item_name)s = '' OR strpos(item_name, %(item_name)s) > 0)
      AND (%(list_type)s = '' OR list_type = %(list_type)s)
      AND (%(national_code)s = '' OR national_code = %(national_code)s)
      AND (%(in_force)s::boolean IS NULL OR (ended_at IS NULL) = %(in_force)s::boolean)
"""
_COUNT = f"SELECT count(*) {_WHERE}"
_PAGE = f"""
    SELECT {_COLUMNS}, ended_at, ending {_WHERE}
    ORDER BY item_code, uploaded_at, mapping_id OFFSET %(first_row)s LIMIT %(rows_max)s
"""


def lock(tx: Connection, keys: Iterable[Key]) -> dict[Key, ItemMapping]:
    """The mappings in force of these items; nobody else changes them until the end."""
    wanted = sorted(set(keys))
    bulk.fetch(tx, _LOCK_HOSPITALS, (sorted({key[0] for key in wanted}),))
    columns = [list(column) for column in zip(*wanted, strict=True)] or [[], [], []]
    found = (_mapping(row) for row in bulk.fetch(tx, _LOCK, columns))
    return {one.wish.key: one for one in found}


def add(tx: Connection, mappings: Sequence[ItemMapping]) -> None:
    bulk.write_rows(tx, _ADD, _ADD_TEMPLATE, [_row(one) for one in mappings])


def end(tx: Connection, ids: Sequence[UUID], ending: Ending, now: datetime) -> None:
    if ids:
        bulk.run(tx, _END, (now, ending.value, list(ids)))


def page(tx: Connection, query: MappingQuery) -> tuple[int, list[ItemMapping]]:
    """How many rows the query has, and those of its page."""
    asked = {
        "institution": query.institution,
        "since": query.updated_since,
        "on_day": query.on_day,
        "from_day": query.from_day,
        "item_code": query.item_code,
        "item_name": query.item_name,
        "list_type": query.list_type,
        "national_code": query.national_code,
        "in_force": query.in_force,
        "first_row": query.first_row,
        "rows_max": query.rows_max,
    }
    [(count,)] = bulk.fetch(tx, _COUNT, asked)
    return count, [_mapping(row) for row in bulk.fetch(tx, _PAGE, asked)]


def _row(one: ItemMapping) -> tuple[Any, ...]:
    wish = one.wish
    item = (wish.institution, wish.item_code, wish.item_name, wish.list_type, wish.national_code)
    details = json.dumps(dict(wish.details), ensure_ascii=False)
    return (one.mapping_id, *item, wish.valid_from, wish.valid_to, details, one.uploaded_at)


def _mapping(row: tuple[Any, ...]) -> ItemMapping:
    mapping_id, *said, uploaded_at, ended_at, ending = row
    return ItemMapping(
        mapping_id=mapping_id,
        wish=MappingWish(*said),
        uploaded_at=uploaded_at,
        ended_at=ended_at,
        ending=Ending(ending) if ending else None,
    )

"""What hospitals call the items of the catalogue: uploaded 3301, withdrawn 3302, read 1317."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts.ids import new_id
from contracts.refusal import RefusalCode
from participants.treatment.domain.catalogue import Catalogue
from participants.treatment.domain.item_mapping import (
    Ending,
    ItemMapping,
    MappingQuery,
    MappingWish,
    MappingWithdrawal,
    mapping_refusal,
)
from participants.treatment.domain.results import Done, Refusal
from participants.treatment.store import item_mappings as store


def upload(
    tx: Connection, wishes: Sequence[MappingWish], now: datetime, catalogue: Catalogue
) -> list[Done | Refusal]:
    """Keep these mappings, 3301; one uploaded again replaces what was said before.

    Refusals: DATES_IMPOSSIBLE, UNKNOWN_DICTIONARY (not in the catalogue), FIELD_INVALID,
    OUT_OF_STEP (the item stands for another national code: withdraw that first).
    """
    known = store.lock(tx, (one.key for one in wishes))
    codes = {key: one.wish.national_code for key, one in known.items()}
    results: list[Done | Refusal] = []
    added: dict[tuple[str, str, str], ItemMapping] = {}
    for one in wishes:
        no = mapping_refusal(one, codes.get(one.key), catalogue)
        results.append(no or Done())
        if no is None:
            codes[one.key] = one.national_code
            added[one.key] = ItemMapping(new_id(), one, now)
    replaced = [known[key].mapping_id for key in added if key in known]
    store.end(tx, replaced, Ending.REPLACED, now)
    store.add(tx, list(added.values()))
    return results


def withdraw(
    tx: Connection, wishes: Sequence[MappingWithdrawal], now: datetime
) -> list[Done | Refusal]:
    """Take these mappings back, 3302. Refusals: UNKNOWN_MAPPING."""
    known = store.lock(tx, (one.key for one in wishes))
    results: list[Done | Refusal] = []
    gone: list[ItemMapping] = []
    for one in wishes:
        found = known.get(one.key)
        if found is None or found.wish.national_code != one.national_code:
            told = f"定点医药机构目录编号(fixmedins_hilist_id){one.item_code}"
            results.append(Refusal(RefusalCode.UNKNOWN_MAPPING, told))
            continue
        gone.append(known.pop(one.key))
        results.append(Done())
    store.end(tx, [one.mapping_id for one in gone], Ending.WITHDRAWN, now)
    return results


def page(tx: Connection, query: MappingQuery) -> tuple[int, list[ItemMapping]]:
    """How many mappings fit, and one page of them, in the order of the hospital's codes."""
    return store.page(tx, query)

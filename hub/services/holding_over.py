"""Pairs that are left out of a run 暂缓清算: their days wait for a later one."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Connection

from contracts.refusal import RefusalCode, Refused
from hub.domain.clearing import Pair
from hub.domain.pair_day import Span
from hub.store import clearing as store
from hub.store import pair_days


def hold_over(tx: Connection, run_id: UUID, pairs: Collection[Pair], span: Span) -> None:
    """Give back what a run of this span took of these pairs. Refused: FIELD_INVALID for strangers.

    Two areas exchanged would leave in what was to be left out, and nobody would notice. A pair that
    has days, of which none is ready, is left out anyway.
    """
    unknown = set(pairs) - store.hold_over(tx, run_id, pairs)
    if not unknown:
        return
    held = {one.pair_day.pair for one in pair_days.held(tx, span)}
    if strange := unknown - held:
        named = _named(strange)
        raise Refused(RefusalCode.FIELD_INVALID, f"hold_over：本期无此参保地、就医地：{named}")


def told(why: str, pairs: Collection[Pair]) -> str:
    """The reason as it stands in the history of the run, with what was left out."""
    return f"{why}（暂缓清算：{_named(pairs)}）" if pairs else why


def _named(pairs: Collection[Pair]) -> str:
    return "、".join(f"{insured}→{treatment}" for insured, treatment in sorted(pairs))

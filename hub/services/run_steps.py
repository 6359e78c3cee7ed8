"""One step of a clearing run, written with its history; what every service of a run begins with."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from contracts.refusal import RefusalCode, Refused
from hub.domain.clearing import RUN, STATE_ZH, ClearingRun, RunEvent, RunStep
from hub.store import clearing as store

WHY_MAX = 500
NOTHING_ELSE: Mapping[str, Any] = MappingProxyType({})


def locked(tx: Connection, run_id: UUID) -> ClearingRun:
    """The run, for this transaction alone. Refused: UNKNOWN_RUN."""
    found = store.lock(tx, run_id)
    if found is None:
        raise Refused(RefusalCode.UNKNOWN_RUN)
    return found


def take(
    tx: Connection,
    run: ClearingRun,
    event: RunEvent,
    *,
    by: str,
    now: datetime,
    why: str = "",
    changes: Mapping[str, Any] = NOTHING_ELSE,
) -> ClearingRun:
    """Move a locked run along its table, with what else the step changes. Refused: OUT_OF_STEP."""
    if not RUN.allows(run.state, event):
        raise Refused(RefusalCode.OUT_OF_STEP, f"清算批次{run.cycle}{STATE_ZH[run.state]}")
    after = replace(run, state=RUN.after(run.state, event), **changes)
    store.move(tx, run, after)
    path = (run.state, event, after.state, after.version)
    store.add_step(tx, run.run_id, RunStep(0, *path, by, why[:WHY_MAX], now))
    return after

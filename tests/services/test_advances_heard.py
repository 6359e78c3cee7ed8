"""What areas hear of the advance fund: noted without names or cards, and only from the hub."""

import logging
from datetime import date
from typing import Any

import pytest

from contracts.codes import AreaCode
from contracts.ids import new_id
from contracts.messages.advance import (
    AdvanceNoticed,
    AdvanceWarned,
    Direction,
    Level,
    NoticeKind,
)
from contracts.topics import HUB
from participants.insured.services import advances as insured
from participants.insured.store.db import migrate as migrate_insured
from participants.treatment.services import advances as treatment
from tests.support.databases import Databases
from tests.support.hub import NOW, said

WARNED = AdvanceWarned(
    warning_id=new_id(),
    insured_area="340000",
    treatment_area="310000",
    level=Level.RED,
    cycle_first=date(2026, 3, 1),
    cycle_last=date(2026, 3, 31),
    spent_fen=950_00,
    held_fen=1_000_00,
    chance_yellow_bp=10_000,
    chance_red_bp=9_876,
    days_left=1,
    top_up_fen=500_00,
    tier=1,
    contacts=(),
    raised_at=NOW,
)
NOTICED = AdvanceNoticed(
    number="预付〔2026〕急付340000-00000001",
    title_zh="预付金紧急调增付款通知书",
    kind=NoticeKind.EMERGENCY,
    direction=Direction.PAY,
    area="340000",
    year=2026,
    issued_on=date(2026, 3, 2),
    finance_by=date(2026, 3, 9),
    pay_by=date(2026, 3, 23),
    total_fen=500_00,
    lines=(),
)


def test_both_sides_note_what_the_hub_says_and_nobody_else(
    databases: Databases, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    area: Any = type("Area", (), {"code": AreaCode("340000")})()
    engine = databases.fresh("insured", migrate_insured)
    for sender, lines in ((HUB, 4), ("treatment.310000", 0)):
        caplog.clear()
        warned, noticed = said(WARNED, sender), said(NOTICED, sender)
        with engine.begin() as tx:
            assert insured.warned(area, tx, [warned], NOW) == []
            assert insured.noticed(area, tx, [noticed], NOW) == []
            assert treatment.warned(tx, [warned], NOW) == []
            assert treatment.noticed(tx, [noticed], NOW) == []
        assert len(caplog.records) == lines, caplog.text
        ahead = "95000 of 100000 fen used; chance of yellow 10000 and red 9876 bp"
        assert caplog.text.count(ahead) == lines // 2

"""What hospitals and their treatment area disagree on stands among the hub's breaks."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from contracts.codes import InsuranceKind, Role, VisitKind
from contracts.delivery import bulk
from contracts.ids import MessageId, new_id
from contracts.message import Head, Message
from contracts.messages.reconciliation import HospitalBreak, HospitalBreaksReported
from hub.domain.reconciliation import BreakClass
from hub.services import hospital_breaks, reconciliation
from hub.services.day_summary import summary
from hub.store import breaks
from hub.store.db import migrate
from tests.support.databases import Databases
from tests.support.hub_books import HUNAN, NOON, SHANGHAI, Case, add_cases, add_days

DAY = date(2026, 3, 30)
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def engine(databases: Databases) -> Engine:
    engine = databases.fresh("hub", migrate)
    with engine.begin() as tx:
        add_days(tx, DAY, DAY + timedelta(days=1))
        add_cases(tx, [Case(1, DAY)])
        reconciliation.begin(tx, DAY, NOON)
    return engine


def _break(number: int, **changes: Any) -> HospitalBreak:
    usual: dict[str, Any] = {
        "number": number,
        "hospital_code": "H31000000001",
        "business_date": DAY,
        "counterpart": HUNAN,
        "insurance_kind": InsuranceKind.EMPLOYEE,
        "visit_kind": VisitKind.INPATIENT,
        "settlement_id": Case(1, DAY).settlement_id,
        "sign": 1,
        "break_class": "amount",
        "area_fen": 100_00,
        "hospital_fen": 101_00,
        "found_at": NOON,
        "resolved_at": None,
    }
    return HospitalBreak(**usual | changes)


def _hears(
    engine: Engine, *found: HospitalBreak, sender: str = "treatment.310000", now: datetime = NOON
) -> None:
    body = HospitalBreaksReported(area=SHANGHAI, breaks=found)
    head = Head(
        message_id=MessageId(new_id()), cause_id=None, kind=body.KIND, sender=sender, sent_at=now
    )
    with engine.begin() as tx:
        assert hospital_breaks.record(tx, [Message(head, body)], now) == []


def _stored(engine: Engine) -> list[tuple[str, int | None, int | None, bool]]:
    with engine.begin() as tx:
        return [
            (
                one.found.break_class.value,
                one.found.hub_fen,
                one.found.side_fen,
                bool(one.resolved_at),
            )
            for one in summary(tx, DAY).breaks
        ]


def test_a_difference_with_a_hospital_is_found_and_resolved_once(engine: Engine) -> None:
    stranger = {"settlement_id": None, "counterpart": None, "area_fen": None}
    kinds = {"insurance_kind": None, "visit_kind": None, "break_class": "only_at_hospital"}
    _hears(engine, _break(1), _break(2, **stranger, **kinds))
    _hears(engine, _break(1))
    assert _stored(engine) == [
        ("amount", 100_00, 101_00, False),
        ("only_at_hospital", None, 101_00, False),
    ]
    _hears(engine, _break(1, resolved_at=LATER), now=LATER)
    assert [row[3] for row in _stored(engine)] == [True, False]


def test_the_three_way_comparison_goes_its_own_way(engine: Engine) -> None:
    """A day that agrees between the areas resolves nothing between a hospital and its area."""
    _hears(engine, _break(1, business_date=date(2026, 5, 1)), _break(2))
    with engine.begin() as tx:
        key = (DAY, Role.TREATMENT, SHANGHAI)
        assert breaks.open_of(tx, [key]) == {key: {}}


def test_a_hospitals_difference_does_not_explain_a_provinces(engine: Engine) -> None:
    """A row that a hospital lacks, or has on another day, is not the treatment area's row."""
    _hears(
        engine,
        _break(1, break_class="day", business_date=DAY + timedelta(days=1)),
        _break(2, break_class="only_at_hub"),
    )
    key, id_ = (DAY, Role.TREATMENT, SHANGHAI), Case(1, DAY).settlement_id
    with engine.begin() as tx:
        bulk.run(tx, "UPDATE reconciliation_sides SET reported_attempt = 1")
        assert breaks.side_days(tx, key, [(id_, 1)]) == {}
        assert breaks.side_settled(tx, key, [id_]) == {id_}


def test_strangers_and_unknown_classes_are_not_kept(engine: Engine) -> None:
    _hears(engine, _break(1), sender="treatment.320000")
    _hears(engine, _break(2, break_class="haunted"))
    assert _stored(engine) == []
    assert BreakClass.ONLY_AT_HOSPITAL.value == "only_at_hospital"

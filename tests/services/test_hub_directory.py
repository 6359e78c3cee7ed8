"""Publications at the hub: only the area itself, only the newest, and nothing that contradicts."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.codes import Role, VisitKind, areas
from contracts.messages.directory import (
    Agency,
    AreaTermsPublished,
    DirectoryPublished,
    InstitutionsPublished,
    Listed,
    PoolingArea,
)
from hub.services import directory as services
from hub.services import participants
from hub.store import directory, known_areas, listings
from hub.store.db import migrate
from hub.store.listings import OfficesWanted, PooledWanted
from tests.support.databases import Databases
from tests.support.hub import INSURED, NOW, THIRD, TREATMENT, Hub, said
from tests.support.tables import rows

FROM_INSURED, FROM_TREATMENT = f"insured.{INSURED}", f"treatment.{TREATMENT}"
YEAR = date(2026, 1, 1)
HOSPITAL = "H31011500001"


@pytest.fixture
def hub(databases: Databases) -> Hub:
    return a_hub(databases)


def a_hub(databases: Databases) -> Hub:
    engine = databases.fresh("hub", migrate)
    with engine.begin() as tx:
        participants.connect(tx, [INSURED, TREATMENT, THIRD])
    return Hub(engine)


def at(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


def terms(minutes: int = 0, **changes: Any) -> AreaTermsPublished:
    usual: dict[str, Any] = {
        "area": INSURED,
        "published_at": at(minutes),
        "holds_from": YEAR,
        "need_registration": (VisitKind.CHRONIC,),
        "lock_in_months": 6,
    }
    return AreaTermsPublished(**usual | changes)


def listed(code: str = HOSPITAL, **changes: Any) -> Listed:
    usual: dict[str, Any] = {
        "code": code,
        "name": "浦江示例医院",
        "division": "310115",
        "level": 3,
        "kind": "hospital",
        "opened": (VisitKind.INPATIENT, VisitKind.OUTPATIENT),
        "since": YEAR,
    }
    return Listed(**usual | changes)


def institutions(*told: Listed, minutes: int = 0, area: str = TREATMENT) -> InstitutionsPublished:
    return InstitutionsPublished(area=area, published_at=at(minutes), institutions=told)


def office(name: str, division: str = "340100") -> Agency:
    return Agency(division=division, name=name, phone="0551-12393", address="示例路1号")


def pooling(division: str = "340100", name: str = "合肥市") -> PoolingArea:
    opened = (VisitKind.INPATIENT,)
    return PoolingArea(division=division, name=name, opened=opened, since=YEAR)


def published(*names: str, minutes: int = 0, **changes: Any) -> DirectoryPublished:
    usual: dict[str, Any] = {
        "area": INSURED,
        "role": Role.INSURED,
        "published_at": at(minutes),
        "agencies": tuple(office(name) for name in names),
        "pooling_areas": (pooling(),),
    }
    return DirectoryPublished(**usual | changes)


def lock_in(hub: Hub, day: date = YEAR) -> int | None:
    with hub.engine.begin() as tx:
        found = known_areas.on(tx, day, areas()).terms.get(INSURED)
    return found.lock_in_months if found else None


def names(hub: Hub) -> list[str]:
    with hub.engine.begin() as tx:
        return [one.name for one in listings.offices(tx, OfficesWanted(), 100)]


def name_of(hub: Hub, code: str = HOSPITAL) -> str | None:
    with hub.engine.begin() as tx:
        found = directory.institutions_of(tx, [code]).get(code)
    return found.name if found else None


def test_the_terms_in_force_are_those_of_the_last_day_that_has_come(hub: Hub) -> None:
    hub.hear(services.record_terms, said(terms(), FROM_INSURED))
    next_year = terms(1, holds_from=date(2027, 1, 1), lock_in_months=12, need_registration=())
    hub.hear(services.record_terms, said(next_year, FROM_INSURED))
    days = [date(2025, 12, 31), YEAR, date(2026, 12, 31), date(2027, 1, 1)]
    assert [lock_in(hub, day) for day in days] == [None, 6, 6, 12]
    with hub.engine.begin() as tx:
        found = known_areas.on(tx, YEAR, areas()).terms
    assert set(found) == {INSURED}
    assert found[INSURED].need_registration == frozenset({VisitKind.CHRONIC})


def test_an_older_publication_never_replaces_a_newer(hub: Hub) -> None:
    hub.hear(services.record_terms, said(terms(5), FROM_INSURED))
    hub.hear(services.record_terms, said(terms(4, lock_in_months=1), FROM_INSURED))
    hub.hear(services.record_directory, said(published("新", minutes=5), FROM_INSURED))
    hub.hear(services.record_directory, said(published("旧", minutes=4), FROM_INSURED))
    newer, older = institutions(listed(), minutes=5), institutions(listed(name="旧"), minutes=4)
    hub.hear(services.record_institutions, said(newer, FROM_TREATMENT))
    hub.hear(services.record_institutions, said(older, FROM_TREATMENT))
    assert (lock_in(hub), names(hub), name_of(hub)) == (6, ["新"], "浦江示例医院")
    assert hub.anomalies() == []


def test_a_newer_directory_replaces_the_whole_last_one_of_its_role(hub: Hub) -> None:
    other = published("就医", role=Role.TREATMENT)
    hub.hear(services.record_directory, said(other, f"treatment.{INSURED}"))
    hub.hear(services.record_directory, said(published("甲", "乙"), FROM_INSURED))
    hub.hear(services.record_directory, said(published("丙", minutes=1), FROM_INSURED))
    assert names(hub) == ["丙", "就医"]
    emptied = published(minutes=2, pooling_areas=())
    hub.hear(services.record_directory, said(emptied, FROM_INSURED))
    with hub.engine.begin() as tx:
        left = listings.pooled(tx, PooledWanted(), 10)
    assert [(one.area, one.role) for one in left] == [(INSURED, Role.TREATMENT)]


def test_institutions_that_a_publication_does_not_name_stay(hub: Hub) -> None:
    first, second = listed(), listed("H31011500002", name="静安")
    hub.hear(services.record_institutions, said(institutions(first, second), FROM_TREATMENT))
    closed = listed(until=date(2026, 6, 30))
    hub.hear(services.record_institutions, said(institutions(closed, minutes=1), FROM_TREATMENT))
    with hub.engine.begin() as tx:
        found = directory.institutions_of(tx, [HOSPITAL, "H31011500002", "unknown"])
        assert known_areas.on(tx, YEAR, areas()).listing == {TREATMENT}
    assert set(found) == {HOSPITAL, "H31011500002"}
    assert found["H31011500002"].opens(VisitKind.INPATIENT, date(2030, 1, 1))


OPENS = """
    visit_kind  day         opens
    inpatient   2026-01-01  yes
    inpatient   2025-12-31  no
    inpatient   2026-06-30  yes
    inpatient   2026-07-01  no
    outpatient  2026-03-01  yes
    chronic     2026-03-01  no
"""


@pytest.mark.parametrize("case", rows(OPENS), ids=lambda c: f"{c['visit_kind']} {c['day']}")
def test_an_institution_opens_for_its_kinds_between_its_days(
    hub: Hub, case: dict[str, str]
) -> None:
    closed = institutions(listed(until=date(2026, 6, 30)))
    hub.hear(services.record_institutions, said(closed, FROM_TREATMENT))
    with hub.engine.begin() as tx:
        one = directory.institutions_of(tx, [HOSPITAL])[HOSPITAL]
    opens = one.opens(VisitKind(case["visit_kind"]), date.fromisoformat(case["day"]))
    assert opens == (case["opens"] == "yes")


# Who says what, and the anomaly it is; everything was published once before, by its own area.
ODD: dict[str, tuple[Any, Any, str, str]] = {
    "terms in another name": (services.record_terms, terms(1), f"insured.{THIRD}", "wrong_sender"),
    "terms by a treatment area": (
        services.record_terms,
        terms(1),
        f"treatment.{INSURED}",
        "wrong_sender",
    ),
    "terms of an area we do not know": (
        services.record_terms,
        terms(1, area="110000"),
        "insured.110000",
        "wrong_sender",
    ),
    "other terms of the same instant": (
        services.record_terms,
        terms(lock_in_months=1),
        FROM_INSURED,
        "contradictory",
    ),
    "terms from the far future": (
        services.record_terms,
        terms(60 * 24 * 2, lock_in_months=1),
        FROM_INSURED,
        "out_of_step",
    ),
    "offices in another area": (
        services.record_directory,
        published(minutes=1, agencies=(office("外", "310100"),)),
        FROM_INSURED,
        "wrong_sender",
    ),
    "a directory of the other role": (
        services.record_directory,
        published("外", minutes=1),
        f"treatment.{INSURED}",
        "wrong_sender",
    ),
    "another directory of the same instant": (
        services.record_directory,
        published("外"),
        FROM_INSURED,
        "contradictory",
    ),
    "one pooling area told twice": (
        services.record_directory,
        published("外", minutes=1, pooling_areas=(pooling(), pooling(name="另"))),
        FROM_INSURED,
        "contradictory",
    ),
    "an institution elsewhere": (
        services.record_institutions,
        institutions(listed(name="外", division="320100"), minutes=1),
        FROM_TREATMENT,
        "wrong_sender",
    ),
    "another unit's national code": (
        services.record_institutions,
        institutions(listed("H32011500009"), minutes=1),
        FROM_TREATMENT,
        "wrong_sender",
    ),
    "another institution of the same instant": (
        services.record_institutions,
        institutions(listed(name="外")),
        FROM_TREATMENT,
        "contradictory",
    ),
    "one institution told twice": (
        services.record_institutions,
        institutions(listed(), listed(name="外"), minutes=1),
        FROM_TREATMENT,
        "contradictory",
    ),
    "an institution that another area listed first": (
        services.record_institutions,
        institutions(listed("SHARED", name="外", division="320100"), minutes=1, area=THIRD),
        f"treatment.{THIRD}",
        "contradictory",
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_what_is_foreign_or_contradictory_is_kept_as_an_anomaly(hub: Hub, name: str) -> None:
    hub.hear(services.record_terms, said(terms(), FROM_INSURED))
    hub.hear(services.record_directory, said(published("甲"), FROM_INSURED))
    first = institutions(listed(), listed("SHARED", name="共"))
    hub.hear(services.record_institutions, said(first, FROM_TREATMENT))
    handler, body, sender, kind = ODD[name]
    assert hub.hear(handler, said(body, sender)) == []
    assert hub.anomalies() == [kind]
    kept = (lock_in(hub), names(hub), name_of(hub), name_of(hub, "SHARED"))
    assert kept == (6, ["甲"], "浦江示例医院", "共")


def test_the_same_publication_again_changes_nothing(hub: Hub) -> None:
    for _ in range(2):
        hub.hear(services.record_terms, said(terms(), FROM_INSURED))
        hub.hear(services.record_directory, said(published("甲"), FROM_INSURED))
        hub.hear(services.record_institutions, said(institutions(listed()), FROM_TREATMENT))
    assert hub.anomalies() == []
    assert names(hub) == ["甲"]


@given(order=st.permutations(range(5)), cuts=st.sets(st.integers(1, 4)))
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_newest_wins_whatever_the_order_and_the_batches(
    hub: Hub, order: list[int], cuts: set[int]
) -> None:
    with hub.engine.begin() as tx:
        tx.exec_driver_sql("TRUNCATE area_terms, directories, agencies, pooling_areas")
    bounds = [0, *sorted(cuts), 5]
    for first, last in pairwise(bounds):
        batch = order[first:last]
        hub.hear(
            services.record_terms,
            *(said(terms(n, lock_in_months=n), FROM_INSURED) for n in batch),
        )
        hub.hear(
            services.record_directory,
            *(said(published(f"{n}", minutes=n), FROM_INSURED) for n in batch),
        )
    assert (lock_in(hub), names(hub)) == (4, ["4"])

"""Where registrations stand: heard from the hub, kept, and what it means for chronic diseases."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from contracts.codes import InsuranceKind, MaterialKind, RegistrationCategory, VisitKind
from contracts.messages.registration import (
    Material,
    RegistrationDecided,
    RegistrationReviewRequested,
    RegistrationStanding,
    RegistrationTold,
)
from contracts.messages.settlement import (
    Basis,
    CalculationRefused,
    SettlementCalculated,
)
from contracts.refusal import RefusalCode
from participants.insured.domain.cells import FileWrong
from participants.insured.domain.eligibility_file import HEADER
from participants.insured.services import eligibilities
from participants.insured.store.db import migrate
from tests.support.databases import Databases
from tests.support.insured import (
    NOON,
    TOKEN_KEY,
    InsuredArea,
    care,
    person,
    release,
    request,
    review,
    row,
    standing,
    told,
)
from tests.support.tables import rows

Row = dict[str, str]
S = RegistrationStanding
STANDS = "SELECT state, standing, ended_on, decided_by FROM registration_reviews"
ENTITLED = "SELECT valid_from, valid_to FROM chronic_eligibilities ORDER BY valid_from"
ANOMALIES = "SELECT kind FROM anomalies ORDER BY anomaly_id"
MARCH = [date(2026, 3, day) if day else date(2026, 1, 1) for day in range(32)]


@pytest.fixture
def area(databases: Databases) -> InsuredArea:
    found = InsuredArea(databases.fresh("insured", migrate))
    found.insure()
    return found


def chronic() -> RegistrationReviewRequested:
    return review(
        category=RegistrationCategory.CHRONIC_DISEASE,
        place=None,
        disease_code="M03900",
        begins_on=MARCH[10],
        ends_on=MARCH[31],
    )


def on_day(state: RegistrationStanding, day: int, **fields: Any) -> RegistrationTold:
    return told(state, at=NOON + timedelta(days=day - 10), **fields)


def accepted(area: InsuredArea) -> None:
    """A registration that waits for the desk, and gets its yes."""
    area.hear(chronic())
    with area.engine.begin() as tx:
        tx.exec_driver_sql(
            "UPDATE registration_reviews SET state = 'accepted', decided_by = '王芳',"
            " decided_at = asked_at"
        )


def test_what_the_hub_tells_is_kept_with_the_papers(area: InsuredArea) -> None:
    area.hear(review(category=RegistrationCategory.OTHER_TEMPORARY))
    papers = (Material(kind=MaterialKind.RESIDENCE_PROOF, reference="A-1"),)
    area.hear(told(S.ACTIVE, materials=papers), told(S.CANCELLED, ended_on=MARCH[11]))
    assert area.rows(STANDS) == [("accepted", "cancelled", MARCH[11], "自助备案")]
    area.hear(on_day(S.ACTIVE, 9))
    assert area.rows(STANDS)[0][1] == "cancelled", "what is older changes nothing"
    assert area.rows("SELECT count(*) FROM registration_history") == [(5,)], "but it is kept"


@pytest.mark.parametrize("state", [S.CANCELLED, S.EXPIRED, S.REJECTED])
def test_what_ends_before_anybody_decided_leaves_the_desk(
    area: InsuredArea, state: RegistrationStanding
) -> None:
    area.hear(review(), told(state, by="上海市第一人民医院", detail="患者不再就医"))
    assert area.rows(STANDS)[0][0::3] == ("withdrawn", "上海市第一人民医院")
    assert area.hear(review()) == [], "and asked again it is not decided"


def test_in_force_without_our_yes_is_noted_and_entitles_to_nothing(area: InsuredArea) -> None:
    area.hear(chronic(), told(S.ACTIVE))
    area.hear(told(S.ACTIVE, registration_id=UUID(int=99)))
    assert area.rows(ANOMALIES) == [("out_of_step",)] * 2
    assert area.rows(ENTITLED) == []
    area.hear(told(S.ACTIVE), sender="treatment.310000")
    assert area.rows("SELECT fault FROM dead_letters") == [("wrong_sender",)]


# Steps with the day of March they were told on; the registration asks for 10 to 31 March.
ENTITLEMENTS = """
    told                                        | entitled
    submitted:10                                | -
    active:10                                   | 10-31
    active:10,active:12                         | 10-31
    active:20                                   | 10-31
    active:10,suspended:15                      | 10-14
    active:10,suspended:15,resumed:20           | 10-14,20-31
    active:10,suspended:10,resumed:12           | 12-31
    active:10,suspended:15,cancelled:18=17      | 10-14
    active:10,cancelled:15=14                   | 10-14
    active:10,cancelled:10=9                    | -
    active:10,superseded:15=19                  | 10-19
    active:10,expired:31=31                     | 10-31
    active:10,suspended:15,resumed:20,expired:31=31 | 10-14,20-31
"""


@pytest.mark.parametrize("case", rows(ENTITLEMENTS), ids=lambda case: case["told"])
def test_a_registration_in_force_entitles_and_its_end_ends_that(
    area: InsuredArea, case: Row
) -> None:
    accepted(area)
    for said in case["told"].split(","):
        state, _, when = said.partition(":")
        day, _, ended = when.partition("=")
        last = MARCH[int(ended)] if ended else None
        area.hear(on_day(S(state.replace("resumed", "active")), int(day), ended_on=last))
    found = [f"{first.day}-{last.day}" for first, last in area.rows(ENTITLED)]
    assert (",".join(found) or "-") == case["entitled"]
    assert area.rows("SELECT count(*) FROM dead_letters") == [(0,)]


def test_who_is_entitled_is_settled_and_who_is_not_is_refused(area: InsuredArea) -> None:
    seen = care(
        visit_kind=VisitKind.CHRONIC,
        disease_code="M03900",
        admitted_on=MARCH[10],
        discharged_on=MARCH[10],
    )
    assert _code(area, 1, seen) is RefusalCode.CHRONIC_NOT_ELIGIBLE
    accepted(area)
    area.hear(on_day(S.ACTIVE, 10))
    assert _code(area, 2, seen) is None
    early = seen.model_copy(update={"admitted_on": MARCH[9]})
    assert _code(area, 3, early) is RefusalCode.CHRONIC_NOT_ELIGIBLE
    closed = seen.model_copy(update={"disease_code": "M99900"})
    assert _code(area, 4, closed) is RefusalCode.CHRONIC_DISEASE_NOT_OPEN


ARREARS = """
    since      | settled | registered
    2026-02-28 | 4019    | 4019
    2026-03-01 | 4019    | 4019
    2026-03-02 | -       | 4019
    2026-03-10 | -       | 4019
    2026-03-11 | -       | 4019
    2026-03-16 | -       | -
"""


@pytest.mark.parametrize("case", rows(ARREARS), ids=str)
def test_who_owes_premiums_is_refused_from_that_day_on(area: InsuredArea, case: Row) -> None:
    """Admitted on 1 March; the registration is decided on the 10th and begins on the 15th."""
    area.insure(row(arrears_since=date.fromisoformat(case["since"])))
    code = _code(area, 1, care())
    assert (code or "-") == case["settled"]
    (said,) = area.hear(review(category=RegistrationCategory.OTHER_TEMPORARY, begins_on=MARCH[15]))
    assert isinstance(said, RegistrationDecided)
    assert (said.code or "-") == case["registered"]


BASES = """
    basis      | category           | flags     | basis_kept | category_kept      | paid_as
    registered | long_term_resident | -         | registered | long_term_resident | long_term
    registered | other_temporary    | emergency | registered | other_temporary    | emergency
    deemed     | emergency          | emergency | deemed     | emergency          | emergency
    not_needed | -                  | -         | not_needed | -                  | other
"""


@pytest.mark.parametrize("case", rows(BASES), ids=str)
def test_a_grant_remembers_on_what_it_stood(area: InsuredArea, case: Row) -> None:
    category = None if case["category"] == "-" else RegistrationCategory(case["category"])
    flags = () if case["flags"] == "-" else (case["flags"],)
    on = standing(category, Basis(case["basis"]))
    (answer,) = area.hear(request(1, care(flags=flags), on=on))
    assert isinstance(answer, SettlementCalculated)
    area.hear(release(2))
    kept, tombstone = area.rows(
        "SELECT registration_basis, registration_category, paid_as FROM grants"
        " ORDER BY settlement_id"
    )
    expected = tuple(case[name] for name in ("basis_kept", "category_kept", "paid_as"))
    assert tuple(one or "-" for one in kept) == expected
    assert tombstone == (None, None, None)


LINE = f"01,{'32108119800101001X'},310,M01600,2020-01-01,2030-12-31"


def test_the_file_of_recognitions_is_taken_over_once(area: InsuredArea, tmp_path: Path) -> None:
    path = _file(tmp_path, LINE, LINE.replace("M01600", "M03900").replace("2030-12-31", ""))
    assert _load(area, path) == 2
    assert _load(area, path) == 0
    assert _load(area, _file(tmp_path, LINE.replace("2030-12-31", "2027-12-31"))) == 1
    found = area.rows("SELECT person_id, disease_code, valid_to FROM chronic_eligibilities")
    assert sorted(found) == sorted(
        [(person(1), "M01600", date(2027, 12, 31)), (person(1), "M03900", None)]
    )


WRONG_LINES = [
    ("01", "应有 6 列"),
    (LINE.replace("M01600", "E11.9"), "病种代码"),
    (LINE.replace("2020-01-01", "2020-1-1"), "待遇开始日期"),
    (LINE.replace("2030-12-31", "2019-12-31"), "早于"),
    (LINE.replace(",310,", ",390,"), "查无此人"),
    (LINE.replace("001X", "009X"), "查无此人"),
    (LINE.replace(",310,", ",999,"), "险种"),
    (f"{LINE}\n{LINE}", "第 3 行重复"),
]


@pytest.mark.parametrize(("line", "reason"), WRONG_LINES, ids=[r for _, r in WRONG_LINES])
def test_one_wrong_recognition_refuses_the_whole_file(
    area: InsuredArea, tmp_path: Path, line: str, reason: str
) -> None:
    good = LINE.replace("M01600", "M05300")
    with pytest.raises(FileWrong) as refused:
        _load(area, _file(tmp_path, good, line))
    assert reason in refused.value.faults[0].reason
    assert "3210811980" not in str(refused.value.faults)
    assert area.rows(ENTITLED) == []


def test_arrears_come_with_a_column_of_their_own(area: InsuredArea) -> None:
    since: datetime | date | None = date(2026, 1, 1)
    area.insure(row(arrears_since=since))
    area.insure(row())
    assert area.rows("SELECT arrears_since FROM insurances") == [(since,)], "an old file is silent"
    area.insure(row(arrears_since=None))
    assert area.rows("SELECT arrears_since FROM insurances") == [(None,)]
    assert area.rows("SELECT insurance_kind FROM insurances") == [(InsuranceKind.EMPLOYEE,)]


def _code(area: InsuredArea, settlement: int, about: Any) -> RefusalCode | None:
    (answer,) = area.hear(request(settlement, about))
    return answer.code if isinstance(answer, CalculationRefused) else None


def _load(area: InsuredArea, path: Path) -> int:
    with area.engine.begin() as tx:
        return eligibilities.load(tx, eligibilities.read(path), TOKEN_KEY)


def _file(folder: Path, *lines: str) -> Path:
    path = folder / "recognitions.csv"
    path.write_text("\n".join([",".join(HEADER), *lines]) + "\n", encoding="utf-8")
    return path

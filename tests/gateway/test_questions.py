"""5206, 5301, 5302, 5304 and 90100: asked of whoever knows, told in the interface's columns."""

from datetime import date
from typing import Any

import pytest

from contracts.codes import Channel, InsuranceKind, RegistrationCategory
from contracts.ids import RegistrationId, id_of_short_text, new_id
from contracts.messages.enquiry import (
    Accumulated,
    Contributed,
    OnRecord,
    PersonAsked,
    PersonTold,
    Question,
)
from contracts.refusal import RefusalCode
from participants.gateway.wire.fields import shapes
from tests.gateway.cases import PSN_NO, TODAY, chronic_disease, designation, referral
from tests.gateway.other_party import WANG
from tests.gateway.street import HOSPITAL, PERSON, Street, envelope, opened
from tests.support.databases import Databases
from tests.support.tables import rows

EMPLOYEE = InsuranceKind.EMPLOYEE
THIS_MONTH = f"{date.today():%Y%m}"  # noqa: DTZ011 - the machine's own day
QUESTIONS: dict[str, dict[str, str]] = {
    "5206": {"psn_no": PSN_NO},
    "5301": {"psn_no": PSN_NO},
    "5302": {"psn_no": PSN_NO, "biz_appy_type": "08"},
    "5304": {"psn_no": PSN_NO, "begntime": f"{TODAY} 00:00:00"},
    "90100": {"psn_no": PSN_NO},
}


def answers(street: Street, **what: Any) -> list[PersonAsked]:
    """Let the other party answer with this; the questions that it will have heard."""
    heard: list[PersonAsked] = []

    def knows(asked: PersonAsked, told: PersonTold) -> PersonTold:
        heard.append(asked)
        return told.model_copy(update=what)

    street.other.knows = knows
    return heard


def recorded(**changes: Any) -> OnRecord:
    usual: dict[str, Any] = {
        "registration_id": RegistrationId(new_id()),
        "insured_division": "340100",
        "insurance_kind": EMPLOYEE,
        "category": RegistrationCategory.REFERRAL,
        "place": "440100",
        "disease_code": None,
        "begins_on": date(2024, 3, 1),
        "ends_on": date(2024, 8, 31),
        "channel": Channel.APP,
        "submitted_at": "2024-02-29T16:30:00Z",
        "has_letter": True,
    }
    return OnRecord.model_validate(usual | changes)


def columns(infno: str) -> list[str]:
    [node] = shapes()[infno].out
    return [one.name for one in node.fields]


def used(name: str, value: int, month: str = THIS_MONTH) -> Accumulated:
    return Accumulated(
        insurance_kind=EMPLOYEE, year=int(month[:4]), month=month, name=name, value=value
    )


def test_what_the_year_has_used_is_told_in_the_codes_of_the_interface(street: Street) -> None:
    counted = (
        used("deductible_fen", 50_000),
        used("pool_fen", 1_234_56),
        used("stays", 2),
        used("disease_pool.M01600", 700),
        used("nobody knows", 1),
    )
    heard = answers(street, accumulated=counted)
    told = street.call("5206", QUESTIONS["5206"])
    assert told["infcode"] == 0, told
    found = told["output"]["cuminfo"]
    assert [(row["cum_type_code"], row["cum"]) for row in found] == [
        ("Q0000", 500), ("D310101", 1234.56), ("C0000", 2), ("DM01600", 7),
    ]  # fmt: skip
    assert [list(row) for row in found] == [columns("5206")] * 4
    assert (found[0]["year"], found[0]["cum_ym"]) == (THIS_MONTH[:4], THIS_MONTH)
    assert [(one.question, one.insured_division, one.ends_on) for one in heard] == [
        (Question.ACCUMULATORS, "340100", None)
    ]


MONTHS = rows(
    """
    cum_ym | until
    202402 | 2024-02-29
    202312 | 2023-12-31
    2023   | 2023-12-31
    202313 | refused
    299901 | refused
    2999   | refused
    2024-1 | refused
    199901 | refused
    """
)


@pytest.mark.parametrize("row", MONTHS, ids=lambda row: row["cum_ym"])
def test_a_month_is_asked_for_up_to_its_last_day(street: Street, row: dict[str, str]) -> None:
    heard = answers(street)
    told = street.call("5206", {"psn_no": PSN_NO, "cum_ym": row["cum_ym"]})
    if row["until"] == "refused":
        assert told["err_msg"].startswith(f"[{RefusalCode.FIELD_INVALID}]"), told
        assert not heard
    else:
        assert told["infcode"] == 0, told
        assert [str(one.ends_on) for one in heard] == [row["until"]]


def test_what_was_paid_and_what_is_owed_is_told_as_a_list_without_a_node(street: Street) -> None:
    spans = (("2023-01-01", "2024-01-31", True), ("2024-02-01", "2024-03-01", False))
    answers(
        street,
        contributed=tuple(
            Contributed(
                insurance_kind=EMPLOYEE,
                division="340100",
                begins_on=date.fromisoformat(begins),
                ends_on=date.fromisoformat(ends),
                is_paid=is_paid,
            )
            for begins, ends, is_paid in spans
        ),
    )
    told = street.call("90100", QUESTIONS["90100"])
    assert told["infcode"] == 0, told
    found = told["output"]
    assert [list(row) for row in found] == [columns("90100")] * 2
    shown = ("insutype", "clct_flag", "accrym_begn", "accrym_end", "clct_time")
    assert [tuple(row[name] for name in shown) for row in found] == [
        ("310", "1", "202301", "202401", "2024-01-31"),
        ("310", "0", "202402", "202403", ""),
    ]
    answers(street)
    assert street.call("90100", QUESTIONS["90100"])["output"] == []


def test_a_referral_filed_here_is_told_in_the_words_of_whoever_filed_it(street: Street) -> None:
    street.call("1101", PERSON)
    filed = street.call("2501", referral(refl_date="2024-02-27"))["output"]["result"]
    ours = RegistrationId(id_of_short_text(filed["trt_dcla_detl_sn"]))
    heard = answers(street, on_record=(recorded(registration_id=ours), recorded(has_letter=False)))
    told = street.call("5304", QUESTIONS["5304"])
    assert told["infcode"] == 0, told
    mine, other = told["output"]["refmedin"]
    assert [list(mine), list(other)] == [columns("5304")] * 2
    who = {"psn_no": PSN_NO, "psn_name": WANG.name, "certno": WANG.certno, "gend": "2"}
    assert who.items() <= mine.items()
    assert mine["reflin_medins_name"] == "广州市示例医院"
    shown = ("refl_date", "refl_rea", "tel", "diag_code", "hosp_agre_refl_flag", "out_flag")
    assert [mine[name] for name in shown] == [
        "2024-02-27", "本院无放疗设备", "13900000000", "C34.900", "1", "1",
    ]  # fmt: skip
    assert (mine["begndate"], mine["enddate"]) == ("2024-03-01", "2024-08-31")
    assert other["reflin_medins_name"] == "广东省定点医疗机构"
    assert [other[name] for name in shown] == ["2024-03-01", "异地转诊", "", "", "0", "1"]
    assert (other["dcla_souc"], other["opt_time"]) == ("04", "2024-03-01 00:30:00")
    assert [(one.question, str(one.begins_on), one.ends_on) for one in heard] == [
        (Question.REFERRALS, TODAY, None)
    ]


def test_names_and_numbers_are_told_only_to_who_has_read_the_card(street: Street) -> None:
    answers(street, on_record=(recorded(),))
    told = street.call("5304", QUESTIONS["5304"])
    assert told["err_msg"].startswith(f"[{RefusalCode.FIELD_INVALID}]"), told
    assert "1101" in told["err_msg"]


def test_a_recognised_chronic_disease_is_told_with_its_name(street: Street) -> None:
    kinds = {"category": RegistrationCategory.CHRONIC_DISEASE, "place": None}
    filed = street.call("2503", chronic_disease(opsp_dise_name="高血压病"))["output"]["result"]
    ours = RegistrationId(id_of_short_text(filed["trt_dcla_detl_sn"]))
    answers(
        street,
        on_record=(
            recorded(**kinds, disease_code="M03900", registration_id=ours),
            recorded(**kinds, disease_code="M01600", ends_on=None),
            recorded(**kinds, disease_code="M99999"),
        ),
    )
    told = street.call("5301", QUESTIONS["5301"])
    assert told["infcode"] == 0, told
    found = told["output"]["feedetail"]
    assert [list(row) for row in found] == [columns("5301")] * 3
    assert [row["opsp_dise_name"] for row in found] == ["高血压病", "糖尿病", "M99999"]
    assert [row["enddate"] for row in found] == ["2024-08-31", "", "2024-08-31"]


def test_where_a_person_may_go_is_told_as_what_was_asked_for(street: Street) -> None:
    filed = street.call("2505", designation())["output"]["result"]
    ours = RegistrationId(id_of_short_text(filed["trt_dcla_detl_sn"]))
    answers(
        street,
        on_record=(
            recorded(
                registration_id=ours, category=RegistrationCategory.RETIRED_RESETTLED, ends_on=None
            ),
            recorded(category=RegistrationCategory.POSTED_WORKER, place="310000"),
            recorded(category=RegistrationCategory.LONG_TERM_RESIDENT, place="440100"),
            recorded(category=RegistrationCategory.EMERGENCY),
        ),
    )
    told = street.call("5302", QUESTIONS["5302"])
    assert told["infcode"] == 0, told
    found = told["output"]["psnfixmedin"]
    assert [list(row) for row in found] == [columns("5302")] * 3
    # Registered to this city without an institution: every one here will do, so this one too.
    assert [row["fixmedins_code"] for row in found] == [HOSPITAL, HOSPITAL, "440100"]
    assert [row["fix_srt_no"] for row in found] == ["1", "2", "3"]
    assert "均可就医" in found[2]["memo"]
    emergencies = street.call("5302", {"psn_no": PSN_NO, "biz_appy_type": "07"})
    assert len(emergencies["output"]["psnfixmedin"]) == 1
    nothing = street.call("5302", {"psn_no": PSN_NO, "biz_appy_type": "13"})
    assert nothing["output"] == {"psnfixmedin": []}


@pytest.mark.parametrize("infno", QUESTIONS)
def test_a_refusal_is_told_and_changes_nothing(street: Street, infno: str) -> None:
    street.call("1101", PERSON)
    before = street.counts()[:-1]  # The outbox is emptied in its own time.
    answers(street, code=RefusalCode.PERSON_UNKNOWN)
    told = street.call(infno, QUESTIONS[infno])
    assert told["err_msg"].startswith(f"[{RefusalCode.PERSON_UNKNOWN}]"), told
    wrong = street.call(infno, QUESTIONS[infno] | {"psn_no": "12345"})
    assert wrong["err_msg"].startswith(f"[{RefusalCode.FIELD_INVALID}]"), wrong
    assert street.counts()[:-1] == before


def test_a_silence_ends_in_time_and_the_next_question_is_answered(databases: Databases) -> None:
    with opened(databases, status_within_s=0.3) as street:
        street.call("1101", PERSON)
        street.other.silent = True
        told = street.at_once([envelope(infno, node) for infno, node in QUESTIONS.items()])
        code = RefusalCode.AREA_UNAVAILABLE
        assert all(one["err_msg"].startswith(f"[{code}]") for one in told), told
        street.other.silent = False
        assert street.call("1101", PERSON)["infcode"] == 0


def test_whom_to_ask_is_known_from_the_card_where_the_message_does_not_say(
    street: Street,
) -> None:
    unknown = street.call("5206", QUESTIONS["5206"], insuplc_admdvs="")
    assert unknown["err_msg"].startswith(f"[{RefusalCode.FIELD_MISSING}]"), unknown
    street.call("1101", PERSON)
    heard = answers(street)
    assert street.call("5206", QUESTIONS["5206"], insuplc_admdvs="")["infcode"] == 0
    assert [one.insured_division for one in heard] == ["340100"]


def test_many_questions_at_once_share_transactions_and_each_gets_its_own_answer(
    street: Street,
) -> None:
    answers(street, accumulated=(used("pool_fen", 100),))
    asked = [envelope("5206", QUESTIONS["5206"]) for _ in range(30)]
    told = street.at_once(asked)
    assert all(one["output"]["cuminfo"][0]["cum"] == 1 for one in told)


def test_an_answer_is_forgotten_within_hours(street: Street) -> None:
    answers(street, accumulated=(used("pool_fen", 100),))
    street.call("5206", QUESTIONS["5206"])
    with street.engine.begin() as tx:
        tx.exec_driver_sql("UPDATE questions SET asked_at = asked_at - interval '1 day'")
    street.call("5206", QUESTIONS["5206"])
    assert street.rows("SELECT count(*) FROM questions") == [(1,)]

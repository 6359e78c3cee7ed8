"""A visit is settled once, by whatever name, as what it is, and not before its end."""

from collections.abc import Callable
from datetime import timedelta
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.clock import SystemClock, shanghai_date_of
from contracts.delivery import bulk
from contracts.ids import PersonId, short_text_of
from contracts.refusal import RefusalCode
from participants.gateway.serving.requests import Awaiting
from participants.gateway.wire.envelope import Reply
from participants.gateway.wire.visit_ids import is_like_ours, visit_id_of
from participants.treatment.domain.settlement import OwnVisit
from participants.treatment.domain.visit_life import Settled
from participants.treatment.store import own_visits
from tests.gateway.cases import admission, inpatient_bill, outpatient_bill, own_visit, split
from tests.gateway.stays import Stay, admitted, code_of, registered
from tests.gateway.street import Street
from tests.support import insured, treatment
from tests.support.databases import Databases
from tests.support.three_parties import World, world

OURS = "AGMB7KQ2ZNH3PLT4VXWYAEIO5Q"
ITS_SPELLINGS = {
    "lower_case": (str.lower, "3012"),
    "cut_to_twenty": (lambda one: one[:20], "3010"),
    "last_letter_gone": (lambda one: one[:-1], "3010"),
    "one_letter_more": (lambda one: f"x{one}", "3010"),
    "a_prefix": (lambda one: f"MZ-{one}", "3010"),
    "another_ending": (lambda one: one[:-1] + "B", "3010"),
    "zero_for_a_letter": (lambda one: f"{one[:9]}0{one[10:]}", "3010"),
}
# Numbers of the hospitals' own: counted, dated, and random ones in the alphabets that are in use.
OF_HOSPITALS = (
    "22223333444455556666", "ZYBH-MZ-2234-5672-3456-77", "vytxeTZskVKR7C7WgdSP3d",
    "9m4e2mr0ui3e8a215n4g", "V1StGXR8_Z5jdHi6B-myT", "0ujsswThIGTUYm2K8FjOOfXtY1K",
    "MZ000001", "20240301000012345678", "H31010100001202403010001", "ZY2024-03-01-0000123456",
    "A31010100001202403010001", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "门诊号二〇二四〇三〇一〇〇〇一",
)  # fmt: skip


@pytest.mark.parametrize("spelling", ITS_SPELLINGS)
def test_our_id_misspelt_does_not_settle_the_visit_again(street: Street, spelling: str) -> None:
    misspelt, code = ITS_SPELLINGS[spelling]
    for stay in (registered(street), admitted(street)):
        again = Stay(street, misspelt(stay.mdtrt_id), stay.is_inpatient)
        assert code_of(stay.settle("1840.00")) == "ok"
        assert code_of(again.settle("1840.00")) == code
        infno = "2303" if stay.is_inpatient else "2206"
        assert code_of(street.call(infno, again.bill("1840.00"))) == code
    assert street.rows("SELECT count(*) FROM settlements") == [(2,)]


def test_our_id_in_lower_case_is_the_visit_with_its_lines(street: Street) -> None:
    stay = registered(street)
    small = Stay(street, stay.mdtrt_id.lower(), stay.is_inpatient)
    assert code_of(small.lines(small.line(1))) == "ok"
    assert code_of(small.settle("1.00")) == "3011"
    assert code_of(small.settle("1840.00")) == "ok"
    assert street.rows("SELECT count(*) FROM visits") == [(1,)]


@given(st.uuids(), st.sampled_from((str.lower, str.upper, str.title)))
def test_an_id_of_ours_is_read_in_any_case(id_: UUID, spelt: Callable[[str], str]) -> None:
    assert visit_id_of(spelt(short_text_of(id_))) == id_


@pytest.mark.parametrize("number", OF_HOSPITALS)
def test_a_hospitals_own_number_is_none_of_ours(number: str) -> None:
    assert not is_like_ours(number)
    assert is_like_ours(OURS)


@pytest.mark.parametrize("is_inpatient", [True, False], ids=["2401", "2201"])
def test_the_number_that_a_visit_was_opened_under_names_that_visit(
    street: Street, *, is_inpatient: bool
) -> None:
    number = own_visit()
    stay = (
        admitted(street, ipt_no=number) if is_inpatient else registered(street, ipt_otp_no=number)
    )
    by_number = Stay(street, number, is_inpatient)
    trial = street.call("2303" if is_inpatient else "2206", by_number.bill("1840.00"))
    for reply in (trial, by_number.settle("1840.00")):
        assert code_of(reply) == "1006"
        assert stay.mdtrt_id in reply["err_msg"]
    assert code_of(stay.settle("1840.00")) == "ok"
    assert code_of(by_number.settle("1840.00")) == "1006"
    # Undone, there is no such visit; and another hospital's number is another's.
    assert code_of(stay.cancel()) == "ok"
    elsewhere = street.call(
        "2304" if is_inpatient else "2207",
        by_number.bill("1840.00"),
        fixmedins_code="H31010100002",
    )
    assert code_of(elsewhere) == "ok"
    undone = stay.say("2404" if is_inpatient else "2202", ipt_otp_no=number)
    assert code_of(undone) == "ok"
    assert code_of(by_number.settle("1840.00")) == "ok"


def test_a_corrected_number_names_the_visit(street: Street) -> None:
    before, after = own_visit(), own_visit()
    stay = admitted(street, ipt_no=before)
    assert code_of(stay.change(ipt_otp_no=after)) == "ok"
    assert code_of(Stay(street, after, is_inpatient=True).settle("1840.00")) == "1006"


def _day(ahead: int) -> str:
    return (shanghai_date_of(SystemClock().now()) + timedelta(days=ahead)).isoformat()


def test_nobody_has_left_tomorrow(street: Street) -> None:
    """A day ahead the next year's limits would count."""
    number = own_visit()
    for mdtrt_id in (admitted(street).mdtrt_id, number):
        bill = inpatient_bill(mdtrt_id, "1840.00", **split(0, 0, 0, "1840.00"))
        for infno in ("2303", "2304"):
            assert code_of(street.call(infno, bill | {"dscgTime": _day(2)})) == "3006"
        assert code_of(street.call("2304", bill | {"dscgTime": _day(0)})) == "ok"
    stay = admitted(street)
    assert code_of(stay.discharge(endtime=f"{_day(2)} 10:00:00")) == "3006"
    assert code_of(stay.discharge()) == "ok"
    assert code_of(stay.change(endtime=f"{_day(2)} 10:00:00")) == "3006"


def test_the_hospitals_clock_does_not_say_when_somebody_left(street: Street) -> None:
    stay = admitted(street)
    bill = inpatient_bill(stay.mdtrt_id, "1840.00", **split(0, 0, 0, "1840.00"))
    for year in ("2099", "2020"):
        visit = admitted(street)
        named = bill | {"mdtrt_id": visit.mdtrt_id}
        reply = street.call("2304", named, inf_time=f"{year}-01-02 08:00:00")
        assert code_of(reply) == "ok"
    [(left_on,)] = street.rows("SELECT DISTINCT discharged_on FROM settlements")
    assert left_on.isoformat() in {_day(0), _day(-1)}  # Midnight may pass meanwhile.


def test_a_bill_is_of_the_kind_of_its_visit(street: Street) -> None:
    """As a stay it would be paid as one; and neither 2208 nor 2305 would undo it."""
    cases = (
        (registered(street).mdtrt_id, "21", "1006"),
        (admitted(street).mdtrt_id, "11", "1006"),
        (own_visit(), "21", "1006"),
        (registered(street).mdtrt_id, "14", "ok"),
        (own_visit(), "14", "ok"),
    )
    for mdtrt_id, med_type, code in cases:
        bill = outpatient_bill(mdtrt_id, "1840.00", **split(0, 0, 0, "1840.00"))
        for infno in ("2206", "2207"):
            reply = street.call(infno, bill | {"med_type": med_type, "dise_codg": "M03900"})
            assert code_of(reply) == code, (mdtrt_id, med_type, reply)
    kinds = street.rows("SELECT DISTINCT visit_kind FROM settlements")
    assert kinds == [("chronic",)]


def test_while_a_void_bill_is_being_undone_the_visit_is_not_called_settled(
    databases: Databases,
) -> None:
    here = world(databases, Random(7))
    named = (_admitted(here), "ZY1")
    here.is_up["hub"] = False
    for visit in named:
        here.ask(here.document("2304", here.bill(visit=visit)))
    here.pass_time(8)
    again = [here.document(infno, here.bill(visit=one)) for one in named for infno in _BILLS]
    for document in again:
        _assert_being_undone(here.ask(document)[1])
    person = {"mdtrt_id": named[0], "psn_no": insured.person(0)}
    _assert_being_undone(here.ask(here.document("2404", person))[1])
    here.end()
    # The same message, once the hub has undone it: the refusal was of the moment.
    for document in again[1::2]:
        request, step = here.ask(document)
        assert isinstance(step, Awaiting), step
        here.drain()
        answer = here.look(request, step)
        assert isinstance(answer, Reply)
        assert answer.code is None


def test_while_a_refund_is_certain_but_not_confirmed_the_visit_is_not_called_settled(
    databases: Databases,
) -> None:
    here = world(databases, Random(7))
    request, step = here.ask(here.document("2304", here.bill(visit="ZY1")))
    assert isinstance(step, Awaiting)
    here.drain()
    settled = here.look(request, step)
    assert isinstance(settled, Reply)
    assert settled.output is not None
    here.is_up["hub"] = False
    setl_id = settled.output["setlinfo"]["setl_id"]
    cancel = {"psn_no": insured.person(0), "mdtrt_id": "ZY1", "setl_id": setl_id}
    here.ask(here.document("2305", cancel))
    again = here.document("2304", here.bill(visit="ZY1"))
    step = here.ask(again)[1]
    assert isinstance(step, Reply)
    assert step.code is RefusalCode.ALREADY_SETTLED  # It may come to nothing: T is not there yet.
    here.pass_time(8)
    document = here.document("2304", here.bill(visit="ZY1"))
    _assert_being_undone(here.ask(document)[1])
    with here.treatment.begin() as tx:  # What the hub kept after all is settled, for good.
        back = "UPDATE settlements SET state = %s WHERE undone_at IS NOT NULL"
        assert bulk.run(tx, back, ("settled",)) == 1
        kept = own_visits.of(tx, [OwnVisit(treatment.HOSPITAL, PersonId(insured.person(0)), "ZY1")])
        assert [one.settled for one in kept.values()] == [Settled.WHOLLY]
        assert bulk.run(tx, back, ("reversing",)) == 1
    here.end()
    assert isinstance(here.ask(document)[1], Awaiting)


_BILLS = ("2303", "2304")


def _admitted(here: World) -> str:
    node = admission(psn_no=insured.person(0), insuplc_admdvs=insured.HOME)
    _, step = here.ask(here.document("2401", node))
    assert isinstance(step, Reply)
    assert step.output is not None, step
    return str(step.output["result"]["mdtrt_id"])


def _assert_being_undone(step: object) -> None:
    assert isinstance(step, Reply), step
    assert step.code is RefusalCode.TOO_BUSY, step
    assert "上一笔结算作废处理中，请稍后重试" in step.code.told(step.detail)
    assert step.retry_after_s > 0

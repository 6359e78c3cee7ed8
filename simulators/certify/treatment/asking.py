"""Asking: who a person is, pre-flight, registrations, the weather of routes, what is published."""

import json
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import partial

from contracts.clock import SystemClock
from contracts.codes import InsuranceKind, PersonType
from contracts.ids import EnquiryId
from contracts.messages.directory import InstitutionsPublished
from contracts.messages.enquiry import (
    Check,
    CheckName,
    Insurance,
    PersonAnswered,
    PersonCard,
    PersonEnquired,
    PreflightAnswered,
    PreflightAsked,
)
from contracts.messages.reconciliation import BreaksTold
from contracts.messages.registration import (
    RegistrationStanding,
    RegistrationSubmitted,
    RegistrationTold,
)
from contracts.messages.weather import Condition, Route, RouteWeatherPublished
from contracts.refusal import RefusalCode
from simulators.certify.cases import NotMet, expect, expect_same
from simulators.certify.people import ID_CARD, hospital_code, people
from simulators.certify.treatment.outside import Told
from simulators.certify.treatment.stage import Stage

REGISTERED_WITHIN = timedelta(seconds=10)
TRIES = 5


def _identified(stage: Stage, *, known: bool) -> Told:
    since = stage.hub.mark()
    waiting = stage.calling(stage.outside.identify, stage.insured_division)
    asked = stage.hub.hear(PersonEnquired, lambda _body: True, since=since).body
    expect_same("参保地区划", stage.insured_division, asked.insured_division)
    stage.hub.say(
        PersonAnswered(
            enquiry_id=asked.enquiry_id,
            treatment_area=stage.hub.area,
            card=_card(stage, asked.person_id) if known else None,
            code=None if known else RefusalCode.PERSON_UNKNOWN,
        )
    )
    return stage.told(waiting)


def _card(stage: Stage, person_id: str) -> PersonCard:
    person = people(stage.counterpart)["insured"]
    identity = {
        "name": person.name,
        "certificate_kind": ID_CARD,
        "certificate_number": person.certificate_number,
    }
    return PersonCard(
        person_id=person_id,
        sealed_identity=stage.sealer.seal(json.dumps(identity, ensure_ascii=False)),
        gender="2",
        born_on=person.born_on,
        insurances=(
            Insurance(
                insurance_kind=InsuranceKind.EMPLOYEE,
                person_type=PersonType.RETIRED,
                in_force=True,
                division=stage.insured_division,
                civil_servant=False,
                account_balance_fen=5_000_00,
            ),
        ),
    )


def identifies(stage: Stage) -> None:
    told = _identified(stage, known=True)
    expect(told.ok, f"应答人员信息，实为：{told.text}")


def nobody(stage: Stage) -> None:
    told = _identified(stage, known=False)
    expect_same("代码", RefusalCode.PERSON_UNKNOWN.value, told.code)


def _preflight(stage: Stage, *, passes: bool) -> Told:
    """A hospital waits half a second for a pre-flight: what was told without us is asked again."""
    for _ in range(TRIES):
        wish = stage.wish()
        waiting = stage.calling(stage.outside.preflight, wish)
        asked = stage.hub.hear(PreflightAsked, partial(_is_about, wish.person_id)).body
        stage.hub.say(_judged(asked.enquiry_id, passes=passes))
        told = stage.told(waiting)
        expect(not stage.requests_of(wish), "预检不应引起结算请求")
        if told.is_final:
            return told
    raise NotMet(f"枢纽的预检答复 {TRIES} 次均未及时告知医院")


def _is_about(person_id: str, body: PreflightAsked) -> bool:
    return body.care.person_id == person_id


def _judged(enquiry_id: EnquiryId, *, passes: bool) -> PreflightAnswered:
    code = None if passes else RefusalCode.REGISTRATION_NOT_FOUND
    first = Check(name=CheckName.REGISTRATION, passed=passes, code=code)
    others = (CheckName.INSURANCE, CheckName.POLICY, CheckName.ROUTE)
    return PreflightAnswered(
        enquiry_id=enquiry_id,
        final=True,
        will_settle=passes,
        standing=None,
        checks=(first, *(Check(name=name, passed=True) for name in others)),
    )


def preflight_yes(stage: Stage) -> None:
    expect(_preflight(stage, passes=True).ok, "预检应通过")


def preflight_no(stage: Stage) -> None:
    expect(not _preflight(stage, passes=False).ok, "预检应不通过")


def registers(stage: Stage) -> None:
    wish = stage.wish()
    waiting = stage.calling(stage.outside.register, wish)
    asked = stage.hub.hear(
        RegistrationSubmitted, lambda body: body.wanted.person_id == wish.person_id
    ).body.wanted
    for state in (RegistrationStanding.SUBMITTED, RegistrationStanding.ACTIVE):
        stage.hub.say(
            RegistrationTold(
                registration_id=asked.registration_id,
                person_id=asked.person_id,
                insured_area=stage.counterpart,
                state=state,
                materials=asked.materials,
                at=SystemClock().now(),
                by=f"insured.{stage.counterpart}",
            )
        )
    told = stage.told(waiting, REGISTERED_WITHIN)
    expect(told.ok, f"备案已生效，医院却被告知：{told.text}")


def _weather(stage: Stage, condition: Condition) -> None:
    now = SystemClock().now()
    is_down = condition is Condition.DOWN
    route = Route(
        insured_area=stage.counterpart,
        condition=condition,
        since=now,
        tried=9,
        success_bp=0 if is_down else 10_000,
        p50_ms=None if is_down else 40,
        p95_ms=None if is_down else 90,
        lag_ms=60_000 if is_down else 0,
    )
    stage.hub.say(RouteWeatherPublished(observed_at=now, routes=(route,)))


def route_down(stage: Stage) -> None:
    """While the way is down hospitals are told so at once; one a while is let through to probe."""
    _weather(stage, Condition.DOWN)
    stage.hub.settle_down()
    probes = [stage.wish() for _ in range(3)]
    waiting = [stage.calling(stage.outside.settle, one) for one in probes]
    stage.hub.settle_down()
    for one in probes:
        for request in stage.requests_of(one):
            stage.answer_probe(request.body)
    codes = {stage.told(one).code for one in waiting}
    _weather(stage, Condition.CLEAR)
    stage.hub.settle_down()
    expect(RefusalCode.ROUTE_DOWN.value in codes, f"中断期间应告知 [2008]，实为 {sorted(codes)}")
    stage.settled()


def breaks_told(stage: Stage) -> None:
    """Breaks of other days are heard, and nothing is answered or held up."""
    day = date(2001, 1, 1)
    stage.hub.say(
        BreaksTold(
            business_date=day,
            role=stage.hub.role,
            area=stage.hub.area,
            at=SystemClock().now(),
            breaks=(),
        )
    )
    stage.settled()


def published(stage: Stage) -> None:
    """The area has made its institutions known, among them the hospital of these cases."""
    found = stage.hub.all(InstitutionsPublished, lambda body: body.area == stage.hub.area)
    codes = {one.code for message in found for one in message.body.institutions}
    expect(hospital_code(stage.hub.area) in codes, "没有公布定点医药机构（institutions_published）")


RUNS: Mapping[str, Callable[[Stage], None]] = {
    "T-401": identifies,
    "T-402": nobody,
    "T-403": preflight_yes,
    "T-404": preflight_no,
    "T-405": registers,
    "T-406": route_down,
    "T-407": breaks_told,
    "T-408": published,
}

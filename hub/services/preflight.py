"""Pre-flight 结算预检: judged by the rules of a settlement, forwarded, answered; none is kept."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from contracts import topics
from contracts.codes import AreaCode, Role
from contracts.message import Message, Outgoing, effect_of
from contracts.messages.enquiry import (
    Check,
    CheckName,
    PreflightAnswered,
    PreflightAsked,
    PreflightForwarded,
    PreflightJudged,
)
from contracts.messages.settlement import Standing
from contracts.messages.weather import Condition
from hub.domain.acceptance import Facts
from hub.domain.participant import Participant, area_code_of
from hub.domain.preflight import (
    changed_meanwhile,
    checks_of,
    of_the_area,
    route_check,
    standing_of,
    together,
)
from hub.domain.route import condition_of, having_answered, thresholds
from hub.services.decided import from_the_area
from hub.services.judging import areas_of, facts_of
from hub.store import routes

log = logging.getLogger(__name__)

Preflight = Message[PreflightAsked] | Message[PreflightJudged]


@dataclass(frozen=True, slots=True)
class Looked:
    """A care as the hub sees it now: the facts, what they come to, and the insured area's route."""

    message: Preflight
    facts: Facts
    standing: Standing | None
    route: Condition

    def says(self, route: Condition) -> list[Check]:
        """The hub's own checks. An area that is not there has no route to speak of."""
        checks = checks_of(self.facts)
        if any(one.name is CheckName.AREAS and not one.passed for one in checks):
            return checks
        return [*checks, route_check(route, self.facts.today)]


def ask(tx: Connection, batch: Sequence[Message[PreflightAsked]], now: datetime) -> list[Outgoing]:
    """Answer at once what the hub knows, and ask the insured area unless a rule refuses already.

    A route that looks down is asked all the same: if it answers, it is up.
    """
    outgoing = []
    for one in _looked(tx, batch, Role.TREATMENT, now):
        outgoing.append(_answer(one, one.says(one.route), now, final=one.standing is None))
        if one.standing is not None:
            outgoing.append(_question(one, one.standing, now))
    return outgoing


def answer(
    tx: Connection, batch: Sequence[Message[PreflightJudged]], now: datetime
) -> list[Outgoing]:
    """Judge our own side again and tell both: what a settlement sent now would meet."""
    outgoing = []
    for one in _looked(tx, batch, Role.INSURED, now):
        assert isinstance(one.message.body, PreflightJudged)
        said = one.message.body
        checks = one.says(having_answered(one.route)) + of_the_area(said.checks)
        if one.standing is not None and one.standing != said.standing:
            checks.append(changed_meanwhile(one.facts.today))
        outgoing.append(_answer(one, checks, now, final=True))
    return outgoing


def _looked(
    tx: Connection, batch: Sequence[Preflight], speaks: Role, now: datetime
) -> list[Looked]:
    """The facts of those that the right area sent; four queries whatever the batch."""
    areas = areas_of(tx, batch, now)
    heard = [message for message in batch if _may_speak(message, speaks, areas.participants)]
    if not heard:
        return []
    facts = facts_of(tx, [message.body.care for message in heard], areas, now)
    traffic = routes.traffic_of(tx, {one.insured_area for one in facts}, thresholds(), now)
    return [
        Looked(message, one, standing_of(one), condition_of(traffic[one.insured_area], now))
        for message, one in zip(heard, facts, strict=True)
    ]


def _may_speak(message: Preflight, speaks: Role, everyone: Mapping[AreaCode, Participant]) -> bool:
    care, treatment = message.body.care, AreaCode(message.body.treatment_area)
    area = treatment if speaks is Role.TREATMENT else area_code_of(care.insured_division)
    is_consistent = area_code_of(care.treatment_division) == treatment
    if is_consistent and treatment in everyone and from_the_area(message, speaks, area):
        return True
    # Nobody's state is touched and there is nobody to answer, so a line in the log is enough.
    log.warning("pre-flight %s: sent by %s", message.head.message_id, message.head.sender)
    return False


def _question(one: Looked, standing: Standing, now: datetime) -> Outgoing:
    said = one.message.body
    body = PreflightForwarded(
        enquiry_id=said.enquiry_id,
        treatment_area=said.treatment_area,
        care=said.care,
        standing=standing,
    )
    topic, key = topics.insured_work(one.facts.insured_area), said.care.person_id
    return effect_of(one.message, body, topic=topic, key=key, sender=topics.HUB, at=now)


def _answer(one: Looked, checks: Sequence[Check], now: datetime, *, final: bool) -> Outgoing:
    told = together(checks)
    body = PreflightAnswered(
        enquiry_id=one.message.body.enquiry_id,
        final=final,
        will_settle=all(check.passed for check in told),
        standing=one.standing,
        checks=told,
    )
    topic = topics.treatment_answers(AreaCode(one.message.body.treatment_area))
    key = str(one.message.body.enquiry_id)
    return effect_of(one.message, body, topic=topic, key=key, sender=topics.HUB, at=now)

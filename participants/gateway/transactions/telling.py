"""What a hospital is told of a settlement or a trial, whichever transaction asks."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.clock import shanghai_date_of
from contracts.codes import InsuranceKind, VisitKind
from contracts.ids import PersonId, short_text_of
from contracts.messages.enquiry import Insurance, PersonCard
from contracts.messages.values import Bill, Shares
from contracts.refusal import RefusalCode
from participants.gateway.serving.requests import Facts, Request, Work
from participants.gateway.telling.identity import Identity, identity_in, opened, person_block
from participants.gateway.telling.settlement_block import Settled, output_of
from participants.gateway.transactions.settling import kind_and_med_type
from participants.gateway.wire.codes import med_type_of, person_type_of
from participants.gateway.wire.envelope import Reply, refusal
from participants.treatment.domain.settlement import Settlement, State

PSN_TYPE_OTHER = "99"
# Why a settlement that did not come about did not: the code where the settlement itself has none.
_ENDED_BADLY = {
    State.REFUSED: RefusalCode.OUT_OF_STEP,
    State.EXPIRED: RefusalCode.EXPIRED,
    State.WITHDRAWN: RefusalCode.WITHDRAWN_BEFORE,
    State.REVERSED: RefusalCode.WITHDRAWN_BEFORE,
}


def no_settlement(settlement: Settlement) -> Reply:
    """The refusal of a settlement that ended without being settled.

    What was void at T is told so from then on, whatever became of it between the areas.
    """
    if settlement.is_void:
        return refusal(RefusalCode.EXPIRED)
    if settlement.undone_at is not None:
        return refusal(RefusalCode.WITHDRAWN_BEFORE)
    assert settlement.state in _ENDED_BADLY, settlement.state
    return refusal(settlement.code or _ENDED_BADLY[settlement.state], settlement.detail)


def certain_by(work: Work, settlement: Settlement) -> datetime:
    """When its end is certain. Never in the past: our own job takes care of what is due."""
    return max(settlement.answer_by, work.now + work.door.terms.status_within)


def settlement_output(
    work: Work, request: Request, facts: Facts, settlement: Settlement, *, sign: int = 1
) -> dict[str, Any]:
    """Setlinfo and setldetail of a settlement that was settled; negative where `sign` is -1."""
    assert settlement.shares is not None, "settled without shares"
    visit = facts.visits.get(settlement.visit_id)
    echo = echo_of_settlement(settlement, visit.echo_json if visit else "{}")
    card = facts.cards.get(settlement.person_id)
    kept = opened(visit.sealed_identity if visit else None, work.door.sealer)
    identity = kept.completed_by(identity_in(request.row))  # 2401 says no name, 2304 does.
    return output_of(
        _settled(
            work,
            request,
            mdtrt_id=request.row.text("mdtrt_id") or mdtrt_id_of(settlement, echo),
            setl_id=short_text_of(settlement.settlement_id),
            person_id=settlement.person_id,
            identity=identity,
            card=card,
            kinds=(settlement.insurance_kind, settlement.visit_kind),
            echo=echo,
            concluded_at=_concluded_at(settlement, sign),
            money=(settlement.bill, settlement.shares, settlement.deductible_fen),
            balance_fen=_balance(settlement, sign),
            sign=sign,
        )
    )


def _concluded_at(settlement: Settlement, sign: int) -> datetime:
    """When it was settled, or undone: hospitals reconcile by these times."""
    at = settlement.settled_at if sign > 0 else settlement.undone_at
    return at or settlement.answered_at or settlement.requested_at


def _balance(settlement: Settlement, sign: int) -> int | None:
    """Of the account after the settlement, or with what came back once it is undone."""
    if settlement.balance_fen is None or settlement.shares is None or sign > 0:
        return settlement.balance_fen
    return settlement.balance_fen + settlement.shares.account_fen


def trial_output(
    work: Work, request: Request, facts: Facts, trial_id: UUID, otherwise: VisitKind
) -> dict[str, Any]:
    """As for a settlement; a trial has no setl_id, its caller takes it out."""
    trial, row = facts.trials[trial_id], request.row
    assert trial.answer is not None, "a trial without an answer"
    assert trial.shares is not None, "a trial without shares"
    visit = facts.visits.get(trial.visit_id) if trial.visit_id else None
    kind, med_type = kind_and_med_type(request, visit.visit_kind if visit else otherwise)
    names = ("psn_type", "mdtrt_cert_type")
    echo = {"med_type": med_type, **{name: row.text(name) for name in names}}
    return output_of(
        _settled(
            work,
            request,
            mdtrt_id=row.text("mdtrt_id"),
            setl_id="",
            person_id=PersonId(row.text("psn_no")),
            identity=identity_in(row),
            card=facts.cards.get(PersonId(row.text("psn_no"))),
            kinds=(InsuranceKind(row.text("insutype")), kind),
            echo=echo,
            concluded_at=work.now,
            money=(trial.bill, trial.shares, trial.answer.deductible_fen),
            balance_fen=trial.answer.balance_fen,
            sign=1,
        )
    )


def echo_of_settlement(settlement: Settlement, visit_echo: str) -> dict[str, str]:
    """What the hospital said when it settled, and before that when it opened the visit."""
    said: dict[str, str] = {**json.loads(visit_echo), **json.loads(settlement.echo_json)}
    return said


def mdtrt_id_of(settlement: Settlement, echo: Mapping[str, str]) -> str:
    return echo.get("mdtrt_id") or short_text_of(settlement.visit_id)


def insurance_of(card: PersonCard | None, kind: InsuranceKind) -> Insurance | None:
    """The insurance of that kind on a card that came for 1101, if one ever came."""
    found = (one for one in (card.insurances if card else ()) if one.insurance_kind is kind)
    return next(found, None)


def psn_type_of(echo: Mapping[str, str], insurance: Insurance | None) -> str:
    """The insured area's word before the hospital's; 99 other where nobody said anything."""
    if insurance is not None:
        return person_type_of(insurance.person_type)
    return echo.get("psn_type") or PSN_TYPE_OTHER


def named(identity: Identity, card: PersonCard | None, work: Work) -> Identity:
    """The identity with the name from the card, where the hospital did not send one (2207)."""
    if identity.name or card is None:
        return identity
    on_card = opened(card.sealed_identity, work.door.sealer)
    kind = identity.certificate_kind or on_card.certificate_kind
    number = identity.certificate_number or on_card.certificate_number
    return Identity(on_card.name, kind, number)


def _settled(
    work: Work,
    request: Request,
    *,
    mdtrt_id: str,
    setl_id: str,
    person_id: PersonId,
    identity: Identity,
    card: PersonCard | None,
    kinds: tuple[InsuranceKind, VisitKind],
    echo: Mapping[str, str],
    concluded_at: datetime,
    money: tuple[Bill, Shares, int],
    balance_fen: int | None,
    sign: int,
) -> Settled:
    insurance = insurance_of(card, kinds[0])
    on = shanghai_date_of(concluded_at)
    born_on, gender = (card.born_on, card.gender) if card else (None, "")
    person = person_block(named(identity, card, work), on, born_on=born_on, gender=gender)
    return Settled(
        mdtrt_id=mdtrt_id,
        setl_id=setl_id,
        msgid=request.envelope.msgid,
        person_id=person_id,
        person=person,
        insurance_kind=kinds[0],
        visit_kind=kinds[1],
        psn_type=psn_type_of(echo, insurance),
        civil_servant=insurance is not None and insurance.civil_servant,
        med_type=echo.get("med_type") or med_type_of(kinds[1]),
        mdtrt_cert_type=echo.get("mdtrt_cert_type", ""),
        clearing_office=work.institution_of(request).division,
        concluded_at=concluded_at,
        bill=money[0],
        shares=money[1],
        deductible_fen=money[2],
        balance_fen=balance_fen or 0,  # An empty number is sent as 0.
        sign=sign,
    )

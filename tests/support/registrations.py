"""Registrations as they travel: filed, decided on, changed; for the hub's usual two areas."""

from datetime import date
from typing import Any

from contracts.codes import Channel, InsuranceKind, MaterialKind, RegistrationCategory
from contracts.ids import MessageId, RegistrationId, new_id
from contracts.message import Message, Outgoing
from contracts.messages.registration import (
    Change,
    Material,
    RegistrationChangeRequested,
    RegistrationDecided,
    RegistrationSubmitted,
    RegistrationTold,
    Wanted,
)
from contracts.refusal import RefusalCode
from hub.services import changing, deciding, submitting
from tests.support.hub import FROM_INSURED, FROM_TREATMENT, Hub, person, said

OTHER = person(2)  # The usual person has a registration in force already.
CREDENTIAL = Material(kind=MaterialKind.CREDENTIAL)
LETTER = Material(kind=MaterialKind.REFERRAL_LETTER, reference="转诊2026-1")
COMMITMENT = Material(kind=MaterialKind.COMMITMENT)
PROOF = Material(kind=MaterialKind.RESIDENCE_PROOF, reference="沪居2026-7")


def wanted(**changes: Any) -> Wanted:
    """A referral to Shanghai from 2026-03-01 on, for the shortest term."""
    usual: dict[str, Any] = {
        "registration_id": RegistrationId(new_id()),
        "person_id": OTHER,
        "insured_division": "340100",
        "insurance_kind": InsuranceKind.EMPLOYEE,
        "category": RegistrationCategory.REFERRAL,
        "place": "310115",
        "begins_on": date(2026, 3, 1),
        "ends_on": None,
        "materials": (CREDENTIAL, LETTER),
        "channel": Channel.HOSPITAL,
    }
    return Wanted(**usual | changes)


def long_term(**changes: Any) -> Wanted:
    """A long-term one by mere commitment, from 2026-03-01 on."""
    usual: dict[str, Any] = {
        "category": RegistrationCategory.LONG_TERM_RESIDENT,
        "materials": (CREDENTIAL, COMMITMENT),
    }
    return wanted(**usual | changes)


def submission(what: Wanted, sender: str = FROM_TREATMENT) -> Message[Any]:
    return said(RegistrationSubmitted(wanted=what, by="H31011500001"), sender)


def decision(what: Wanted, *, accepted: bool = True, **changes: Any) -> Message[Any]:
    usual: dict[str, Any] = {
        "registration_id": what.registration_id,
        "person_id": what.person_id,
        "accepted": accepted,
        "code": None,
        "reason": "" if accepted else "材料不符",
        "decided_by": "经办员007",
    }
    return said(RegistrationDecided(**usual | changes), FROM_INSURED)


def wish(
    what: Wanted, change: Change, sender: str = FROM_TREATMENT, **changes: Any
) -> Message[Any]:
    usual: dict[str, Any] = {
        "change_id": MessageId(new_id()),
        "registration_id": what.registration_id,
        "person_id": what.person_id,
        "change": change,
        "materials": (PROOF,) if change is Change.SUPPLEMENT else (),
        "reason": "本人要求",
        "by": "H31011500001",
    }
    return said(RegistrationChangeRequested(**usual | changes), sender)


def filed(hub: Hub, what: Wanted | None = None, sender: str = FROM_TREATMENT) -> Wanted:
    what = what or wanted()
    hub.hear(submitting.receive, submission(what, sender))
    return what


def in_force(hub: Hub, what: Wanted | None = None) -> Wanted:
    """Filed and accepted."""
    what = filed(hub, what)
    hub.hear(deciding.decide, decision(what))
    assert states(hub, what) == ["active"]
    return what


def changed(
    hub: Hub, what: Wanted, change: Change, sender: str = FROM_INSURED, **changes: Any
) -> list[Outgoing]:
    return hub.hear(changing.receive, wish(what, change, sender, **changes))


def states(hub: Hub, *of: Wanted) -> list[str]:
    statement = "SELECT state FROM registrations WHERE registration_id = %s"
    return [row[0] for one in of for row in hub.rows(statement, one.registration_id)]


def history(hub: Hub, one: Wanted) -> list[str]:
    """Every step as one line: what it did, and who did it."""
    statement = """
        SELECT from_state || ' ' || event || ' ' || to_state || ' ' || "by" FROM registration_steps
        WHERE registration_id = %s ORDER BY position
    """
    return [row[0] for row in hub.rows(statement, one.registration_id)]


def told(outgoing: list[Outgoing]) -> list[str]:
    """What was said, one line a message: to whom, the kind, and the state and code told."""
    lines = []
    for one in outgoing:
        body: Any = one.message.body
        is_told = isinstance(body, RegistrationTold)
        code: RefusalCode | None = body.code if is_told else None
        state = body.state if is_told else ""
        lines.append(" ".join(filter(None, (one.topic.partition(".")[0], body.KIND, state, code))))
    return lines

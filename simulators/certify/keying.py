"""The Kafka key of every kind: the field whose state the reader guards. One table for both ways."""

from collections.abc import Mapping
from typing import Any

from contracts import topics
from contracts.codes import AreaCode, Role
from contracts.message import Body
from contracts.schemas.carried import ANY_AREA, CARRIED

# fmt: off
FIELD: Mapping[str, str] = {
    topics.HUB_REGISTRATIONS:        "person_id",
    topics.HUB_SETTLEMENTS:          "settlement_id",
    topics.HUB_CALCULATIONS:         "settlement_id",
    topics.HUB_ENQUIRIES:            "enquiry_id",
    topics.HUB_DIRECTORY:            "area",
    topics.HUB_RECONCILIATION:       "area",
    topics.insured_work(ANY_AREA):   "person_id",
    topics.treatment_answers(ANY_AREA): "settlement_id",
    topics.notices(Role.INSURED, ANY_AREA): "area",
    topics.notices(Role.TREATMENT, ANY_AREA): "area",
}
# fmt: on
_ANSWERS, _WORK = topics.treatment_answers(ANY_AREA), topics.insured_work(ANY_AREA)
EXCEPT: Mapping[tuple[str, str], str] = {
    (_WORK, "canary_sent"): "canary_id",
    (topics.HUB_CALCULATIONS, "canary_answered"): "canary_id",
    (_ANSWERS, "person_answered"): "enquiry_id",
    (_ANSWERS, "person_told"): "enquiry_id",
    (_ANSWERS, "preflight_answered"): "enquiry_id",
    (_ANSWERS, "registration_told"): "registration_id",
}
"""Kinds that lie on a topic of another noun."""
_INSIDE = ("care", "wanted")


def topic_of(kind: str, role: Role) -> str:
    """Where the hub says this to an area of this role, with {area} in it; KeyError."""
    own = (name for name in CARRIED if name.startswith(f"{role}."))
    found = {body.KIND: name for name in own for body in CARRIED[name]}
    return found[kind]


def field_of(topic: str, kind: str) -> str:
    """The name of the field that is the key of this kind on this topic, with {area} in it."""
    return EXCEPT.get((topic, kind), FIELD[topic])


def key_of(topic: str, body: Body, area: AreaCode) -> str:
    """The Kafka key under which this is said on a topic, with {area} in its name."""
    field = field_of(topic, body.KIND)
    if field == "area":
        return area
    holders: list[Any] = [body, *(getattr(body, name, None) for name in _INSIDE)]
    return next(str(getattr(one, field)) for one in holders if hasattr(one, field))

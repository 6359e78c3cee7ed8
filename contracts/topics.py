"""The topics: who writes them, who reads them, and what their key guards. One table."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from contracts.codes import AreaCode, Role

HUB = "hub"

HUB_REGISTRATIONS = "hub.registrations"
HUB_SETTLEMENTS = "hub.settlements"
HUB_CALCULATIONS = "hub.calculations"
HUB_ENQUIRIES = "hub.enquiries"
HUB_DIRECTORY = "hub.directory"
HUB_RECONCILIATION = "hub.reconciliation"
HUB_CLEARING = "hub.clearing"


def insured_work(area: AreaCode) -> str:
    return f"insured.{area}.work"


def treatment_answers(area: AreaCode) -> str:
    return f"treatment.{area}.answers"


def notices(role: Role, area: AreaCode) -> str:
    return f"{role}.{area}.notices"


def participant(role: Role, area: AreaCode) -> str:
    """How a participant signs its messages: 'insured.340000'."""
    return f"{role}.{area}"


@dataclass(frozen=True, slots=True)
class Topic:
    name: str
    key: str
    written_by: str
    read_by: str
    partitions: int
    why: str


# fmt: off
OF_THE_HUB: tuple[Topic, ...] = (
    Topic(HUB_REGISTRATIONS,  "person",     "areas",     HUB, 4, "registrations and the insured area's decisions"),
    Topic(HUB_SETTLEMENTS,    "settlement", "treatment", HUB, 4, "settle, try, cancel, withdraw, ask how it stands"),
    Topic(HUB_CALCULATIONS,   "settlement", "insured",   HUB, 4, "what the insured area pays, or why not"),
    Topic(HUB_ENQUIRIES,      "enquiry",    "areas",     HUB, 2, "look-ups and their answers; they change nothing"),
    Topic(HUB_DIRECTORY,      "area",       "areas",     HUB, 1, "what areas make known: rules, offices, institutions"),
    Topic(HUB_RECONCILIATION, "area",       "areas",     HUB, 1, "control totals and rows of a business day"),
    Topic(HUB_CLEARING,       "area",       "areas",     HUB, 1, "what areas say about clearing statements"),
)
# fmt: on

EVERY_AREA = "areas"
WRITTEN_BY: Mapping[str, str] = {row.name: row.written_by for row in OF_THE_HUB}


def of_insured(area: AreaCode) -> tuple[Topic, ...]:
    me = participant(Role.INSURED, area)
    return (
        Topic(insured_work(area), "person", HUB, me, 4, "calculate, release, review, look up"),
        Topic(notices(Role.INSURED, area), "area", HUB, me, 1, "days to report, statements issued"),
    )


def of_treatment(area: AreaCode) -> tuple[Topic, ...]:
    me = participant(Role.TREATMENT, area)
    return (
        Topic(treatment_answers(area), "settlement", HUB, me, 4, "answers to what it asked"),
        Topic(
            notices(Role.TREATMENT, area),
            "area",
            HUB,
            me,
            1,
            "days to report, breaks, statements issued, the weather of routes",
        ),
    )


def account_of(topic: str, sender: str) -> str:
    """Whose key signs: the area's own, and for what the hub says the key of who reads it."""
    return topic.rpartition(".")[0] if sender == HUB else sender


def speaker(topic: str, account: str) -> str | None:
    """Who speaks where this participant's key signed; None when it may not on this topic.

    On a topic of the hub the participant itself, if its role writes there; on the participant's
    own topics the hub.
    """
    role = account.partition(".")[0]
    if topic in WRITTEN_BY:
        return account if WRITTEN_BY[topic] in {role, EVERY_AREA} else None
    return HUB if topic.rpartition(".")[0] == account else None


def all_topics(areas: Iterable[AreaCode]) -> dict[str, Topic]:
    """Every topic that these participants need, by name."""
    rows = list(OF_THE_HUB)
    for area in areas:
        rows += [*of_insured(area), *of_treatment(area)]
    return {row.name: row for row in rows}

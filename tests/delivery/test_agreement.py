"""What is written down is what is said: every processor's table against the agreement."""

from datetime import timedelta

from contracts import topics
from contracts.codes import AreaCode, Role
from contracts.message import Body
from contracts.messages import kinds
from contracts.schemas.carried import ANY_AREA, CARRIED, rows
from hub import processors as hub
from participants.insured import processors as insured
from participants.treatment import processors as treatment

Pair = tuple[str, type[Body]]


def read_by_anybody() -> set[Pair]:
    read = (*hub.subscriptions(timedelta(seconds=1)), *hub.COMPARISONS)
    found = {(s.topic, s.body) for s in read}
    found |= {(s.topic, s.body) for s in treatment.subscriptions(ANY_AREA)}
    found |= {(topics.insured_work(ANY_AREA), body) for body, _ in insured.WORK}
    return found | {(topics.notices(Role.INSURED, ANY_AREA), body) for body, _ in insured.NOTICES}


def test_everything_that_a_topic_carries_has_a_reader_and_nothing_else_has() -> None:
    carried = {(topic, body) for topic, bodies in CARRIED.items() for body in bodies}
    assert read_by_anybody() == carried


def test_every_kind_travels_on_some_topic() -> None:
    assert {body for bodies in CARRIED.values() for body in bodies} == set(kinds().values())


def test_every_topic_of_the_agreement_has_its_row() -> None:
    assert {row.name for row in rows()} == set(CARRIED)
    real = topics.all_topics([AreaCode("340000")])
    assert {name.replace("340000", "{area}") for name in real} == set(CARRIED)

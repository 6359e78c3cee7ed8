"""The worker of an insured area: it reads its own topics, and ends when told or when one dies."""

import threading

import pytest

from contracts import topics
from contracts.clock import SystemClock
from contracts.codes import AreaCode
from contracts.delivery.memory import MemoryLog
from contracts.programs import loops
from contracts.programs.ending import LoopDied
from participants.insured import main
from participants.insured.settings import Settings
from participants.insured.store.db import migrate
from tests.support.databases import Databases
from tests.support.insured import InsuredArea, person, request

OTHER = AreaCode("340000")


def test_an_area_reads_its_own_topics_as_a_group_of_its_own_name(databases: Databases) -> None:
    area = InsuredArea(databases.fresh("insured", migrate))
    area.hear(request(1))
    committed = area.log.committed("insured.320000")
    assert {topic for topic, _ in committed} == {"insured.320000.work"}
    assert {one.topic for one in area.worker.subscriptions} == {
        "insured.320000.work",
        "insured.320000.notices",
    }


def test_the_areas_of_a_process_work_side_by_side_and_stop_when_told(
    databases: Databases,
) -> None:
    first = InsuredArea(databases.fresh("insured", migrate))
    second = main.worker(
        OTHER, databases.fresh("insured", migrate), first.log, SystemClock(), Settings()
    )
    first.put(request(1))
    stop = threading.Event()
    workers = {"insured.320000": first.worker, "insured.340000": second}
    thread = threading.Thread(target=loops.work, args=(workers, stop))
    thread.start()
    while not first.log.records(topics.HUB_CALCULATIONS):
        stop.wait(0.01)
    stop.set()
    thread.join()
    assert first.rows("SELECT person_id FROM grants") == [(person(1),)]
    assert first.rows("SELECT count(*) FROM outbox_unsent") == [(0,)]


def test_the_first_area_that_dies_ends_them_all(databases: Databases) -> None:
    sound = InsuredArea(databases.fresh("insured", migrate))
    ruined = databases.fresh("insured", migrate)
    broken = main.worker(OTHER, ruined, MemoryLog(), SystemClock(), Settings())
    with ruined.begin() as tx:
        tx.exec_driver_sql("DROP TABLE outbox_unsent")
    workers = {"insured.320000": sound.worker, "insured.340000": broken}
    with pytest.raises(LoopDied, match=r"insured\.340000"):
        loops.work(workers, threading.Event())

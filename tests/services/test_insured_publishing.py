"""What an area makes known: when its worker starts, and only when something changed."""

import threading
from pathlib import Path

import pytest

from contracts import topics
from contracts.codes import Role, VisitKind
from contracts.message import Body
from contracts.messages.directory import AreaTermsPublished, DirectoryPublished
from participants.insured import area_file, main
from participants.insured.services import publishing
from participants.insured.settings import Settings
from participants.insured.store.db import migrate
from tests.support.databases import Databases
from tests.support.insured import AREA, NOON, InsuredArea, on_the_wire


@pytest.fixture
def area(databases: Databases) -> InsuredArea:
    return InsuredArea(databases.fresh("insured", migrate))


def published(area: InsuredArea) -> list[Body]:
    while area.worker.run_once():
        pass
    return list(on_the_wire(area.log, topics.HUB_DIRECTORY))


def test_a_worker_that_starts_makes_the_areas_rules_known(area: InsuredArea) -> None:
    terms, directory = published(area)
    assert isinstance(terms, AreaTermsPublished)
    assert isinstance(directory, DirectoryPublished)
    assert terms.need_registration == (VisitKind.OUTPATIENT, VisitKind.CHRONIC, VisitKind.PHARMACY)
    assert (terms.area, terms.lock_in_months, terms.published_at) == (AREA, 0, NOON)
    assert (directory.role, directory.agencies[0].name) == (
        Role.INSURED,
        "江苏省医疗保障经办机构",
    )
    assert [one.division for one in directory.pooling_areas] == [AREA]


def test_a_worker_that_starts_again_says_nothing_new(area: InsuredArea) -> None:
    _starts_again(area)
    assert len(published(area)) == 2


def test_only_what_changed_is_published(area: InsuredArea, tmp_path: Path) -> None:
    shipped = Path(area_file.__file__).with_name("data") / "area.toml"
    path = tmp_path / "area.toml"
    text = shipped.read_text(encoding="utf-8")
    path.write_text(text.replace("outpatient = true", "outpatient = false"), encoding="utf-8")
    settings = Settings(insured_area_file=str(path))
    _starts_again(area, settings)
    *_, last = published(area)
    assert isinstance(last, AreaTermsPublished)
    assert last.need_registration == (VisitKind.CHRONIC, VisitKind.PHARMACY)
    assert len(published(area)) == 3
    _starts_again(area)
    assert len(published(area)) == 4, "and back again is a change too"


def test_everything_is_published_again_when_asked_for(area: InsuredArea) -> None:
    with area.worker.outbox.transaction() as writing:
        again = publishing.publish(area_file.load(AREA), writing.tx, writing.now, again=True)
        writing.say(again)
    assert len(published(area)) == 4
    ids = {one.message.head.message_id for one in again}
    assert len(ids) == 2


def test_two_that_start_at_once_publish_once(databases: Databases) -> None:
    engine, rules, said = databases.fresh("insured", migrate), area_file.load(AREA), []

    def second() -> None:
        with engine.begin() as tx:
            said.extend(publishing.publish(rules, tx, NOON))

    thread = threading.Thread(target=second)
    with engine.begin() as tx:
        said.extend(publishing.publish(rules, tx, NOON))
        thread.start()
        thread.join(0.05)
    thread.join()
    assert len(said) == 2


def _starts_again(area: InsuredArea, settings: Settings | None = None) -> None:
    published(area)
    area.worker = main.worker(AREA, area.engine, area.log, area.clock, settings or Settings())

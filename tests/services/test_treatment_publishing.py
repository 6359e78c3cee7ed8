"""What a treatment area makes known: once, again when it changes, in parts that fit a message."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from contracts import topics
from contracts.codes import DivisionCode, VisitKind
from contracts.delivery.codec import encode
from contracts.delivery.outbox import VALUE_BYTES_MAX
from contracts.messages.directory import DirectoryPublished, InstitutionsPublished, PoolingArea
from participants.treatment.domain.directory_file import Directory
from participants.treatment.services import institutions, publishing
from tests.support.databases import Databases
from tests.support.treatment import AREA, HOSPITAL, NOW, hospital, treatment_database

DAY = timedelta(days=1)
OFFICES = Directory(
    agencies=(),
    pooling_areas=(
        PoolingArea(
            division=DivisionCode("310000"),
            name="上海市",
            opened=(VisitKind.INPATIENT,),
            since=date(2017, 1, 1),
        ),
    ),
)


@pytest.fixture
def engine(databases: Databases) -> Engine:
    return treatment_database(databases)


@pytest.fixture
def tx(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as tx:
        yield tx


def said(tx: Connection, **more: Any) -> list[Any]:
    at = more.pop("at", NOW)
    return [one.message.body for one in publishing.publish(tx, AREA, at, **more)]


def test_institutions_are_made_known_once_as_the_area_itself(tx: Connection) -> None:
    [outgoing] = publishing.publish(tx, AREA, NOW)
    body = outgoing.message.body
    assert isinstance(body, InstitutionsPublished)
    assert (outgoing.topic, outgoing.key) == (topics.HUB_DIRECTORY, AREA)
    assert outgoing.message.head.sender == "treatment.310000"
    assert (body.area, body.published_at, len(body.institutions)) == (AREA, NOW, 2)
    assert publishing.publish(tx, AREA, NOW + DAY) == []


def test_what_changed_is_made_known_anew_and_never_looks_older(tx: Connection) -> None:
    said(tx)
    closed = replace(hospital(HOSPITAL), until=date(2024, 12, 31))
    institutions.load(tx, [closed])
    [body] = said(tx, at=NOW - DAY)  # The clock was set back.
    assert body.published_at == NOW + timedelta(microseconds=1)
    listed = {one.code: one for one in body.institutions}
    assert listed[HOSPITAL].until == date(2024, 12, 31)
    institutions.load(tx, [hospital(HOSPITAL)])
    [back] = said(tx, at=NOW + DAY)
    assert back.published_at == NOW + DAY


def test_the_same_again_is_another_message_with_a_later_instant(tx: Connection) -> None:
    first = publishing.publish(tx, AREA, NOW)
    second = publishing.publish(tx, AREA, NOW, again=True)
    ids = {one.message.head.message_id for one in (*first, *second)}
    assert len(ids) == 2
    assert publishing.publish(tx, AREA, NOW) == []


def test_offices_are_told_only_where_there_is_a_file(tx: Connection) -> None:
    assert [type(one) for one in said(tx)] == [InstitutionsPublished]
    [body] = said(tx, directory=OFFICES)
    assert isinstance(body, DirectoryPublished)
    assert (body.role.value, body.pooling_areas) == ("treatment", OFFICES.pooling_areas)
    assert said(tx, directory=OFFICES) == []
    assert said(tx) == []


def test_a_long_list_is_told_in_messages_that_fit(tx: Connection) -> None:
    many = [
        replace(hospital(f"H310106{number:05d}"), name="长" * 200) for number in range(3, 1_200)
    ]
    institutions.load(tx, many)
    outgoing = publishing.publish(tx, AREA, NOW)
    bodies = [one.message.body for one in outgoing]
    assert [len(one.institutions) for one in bodies if isinstance(one, InstitutionsPublished)] == [
        500,
        500,
        199,
    ]
    assert all(len(encode(one.message).encode()) < VALUE_BYTES_MAX for one in outgoing)

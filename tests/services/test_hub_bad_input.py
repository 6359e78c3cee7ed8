"""What nobody should send to the hub is answered by its code, and changes nothing."""

# ruff: noqa: F811  # pytest's way: a fixture has the name of the argument

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from tests.support.hub_api import BODY, World, code_of, world  # noqa: F401 - the fixture

SECRET = "张三丰的病"
BAD = {
    "not JSON": (b"{", 400, "1001"),
    "not UTF-8": (b"\xff\xfe{}", 400, "1001"),
    "a huge number": (b'{"begins_on": ' + b"9" * 4_000 + b"}", 422, "1004"),
    "deep nesting": (b"[" * 3_000, 400, "1001"),
    "too large": (b" " * 4_097, 413, "1002"),
    "a list": (b"[]", 422, "1006"),
    "null": (b"null", 422, None),
    "nothing": (b"", 422, None),
}


@pytest.mark.parametrize("name", BAD)
def test_a_malformed_body_is_answered_and_changes_nothing(world: World, name: str) -> None:
    content, status, code = BAD[name]
    headers = world.as_("hunan") | {
        "Idempotency-Key": str(uuid4()),
        "Content-Type": "application/json",
    }
    answer = world.client.post("/registrations", content=content, headers=headers)
    assert answer.status_code == status
    assert code_of(answer) == (code or code_of(answer))
    assert world.submit("hunan", str(uuid4())).status_code == 201


def test_a_body_without_a_declared_length_is_cut_off_too(world: World) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 100

    headers = world.as_("hunan") | {"Idempotency-Key": str(uuid4())}
    answer = world.client.post("/registrations", content=endless(), headers=headers)
    assert (answer.status_code, code_of(answer)) == (413, "1002")


FIELDS: dict[str, tuple[dict[str, Any], str]] = {
    "unknown area": ({"insured_division": "430100", "place": "990000"}, "3001"),
    "the same area": ({"place": "430200"}, "3002"),
    "ends first": ({"ends_on": "2026-03-01"}, "3006"),
    "too short": ({"category": "referral", "ends_on": "2026-04-02"}, "4015"),
    "unknown kind": ({"insurance_kind": SECRET}, "1006"),
    "no such date": ({"begins_on": "2026-02-30"}, "1006"),
    "year 9999": ({"begins_on": "9999-12-31"}, "1006"),
    "no person": ({"person_id": None}, "1004"),
    "two persons": ({"certificate_kind": "01", "certificate_number": "1"}, "1006"),
    "half a certificate": ({"person_id": None, "certificate_kind": "01"}, "1006"),
    "bad token": ({"person_id": "A\x00" + "A" * 27}, "1006"),
    "NUL": ({"materials": [{"kind": "other", "reference": "a\x00b"}]}, "1006"),
    "long material": ({"materials": [{"kind": "other", "reference": "长" * 201}]}, "1005"),
    "many materials": ({"materials": [{"kind": "other"}] * 21}, "1005"),
    "another field": ({SECRET: SECRET}, "1006"),
    "division of letters": ({"insured_division": "43O100"}, "1006"),
    "full-width digits": ({"insured_division": "４３０１００"}, "1006"),
}


@pytest.mark.parametrize("name", FIELDS)
def test_a_bad_field_is_named_in_chinese_and_never_said_back(world: World, name: str) -> None:
    changes, code = FIELDS[name]
    answer = world.submit("hunan", str(uuid4()), **changes)
    assert code_of(answer) == code
    assert SECRET not in answer.text
    with world.engine.connect() as tx:
        assert tx.execute(text("SELECT count(*) FROM registrations")).scalar() == 0


def test_a_lone_surrogate_is_refused(world: World) -> None:
    headers = world.as_("hunan") | {"Idempotency-Key": str(uuid4())}
    content = b'{"materials": ["\\ud800"], "person_id": "\\ud800"}'
    headers["Content-Type"] = "application/json"
    answer = world.client.post("/registrations", content=content, headers=headers)
    assert answer.status_code == 422


ODD = {
    "/settlements/x": "1006",
    f"/settlements/{UUID(int=0)}": "3013",
    f"/registrations/{UUID(int=0)}": "4018",
    "/registrations": "1004",
    "/registrations?person_id=%00": "1006",
    "/reconciliation/2026-02-30": "1006",
    "/reconciliation/0001-01-01": "1006",
    "/clearing/2026-13": "1006",
    "/clearing/%00": "1006",
    "/business-days?count_max=0": "1006",
    "/business-days?count_max=99999999999999999999": "1006",
    "/nothing": "1003",
    "/business-days/close": "1003",
}


@pytest.mark.parametrize("path", ODD)
def test_an_odd_address_has_its_code(world: World, path: str) -> None:
    assert code_of(world.client.get(path, headers=world.as_("operator"))) == ODD[path]


def test_a_key_that_is_no_id_or_is_missing_is_refused(world: World) -> None:
    assert code_of(world.submit("hunan", "x")) == "1006"
    answer = world.client.post("/registrations", json=BODY, headers=world.as_("hunan"))
    assert code_of(answer) == "1004"

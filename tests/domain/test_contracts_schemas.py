"""The documents on the wire format are what the code says, sound, and fit what we send."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from referencing import Registry, Resource

import contracts.schemas
from contracts.codes import InsuranceKind, VisitKind
from contracts.delivery.codec import encode
from contracts.ids import MessageId, PersonId, SettlementId, new_id
from contracts.message import originate
from contracts.messages import kinds
from contracts.messages.settlement import Care, SettlementRequested
from contracts.messages.values import Bill
from contracts.schemas.documents import asyncapi, documents

FOLDER = Path(contracts.schemas.__file__).parent
AGAIN = "run `python -m contracts.schemas` and look at the difference"
KINDS = sorted(kinds())


def test_the_documents_are_up_to_date() -> None:
    checked_in = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.json")}
    expected = documents()
    assert sorted(checked_in) == sorted(expected), AGAIN
    stale = [name for name, text in expected.items() if checked_in[name] != text]
    assert not stale, f"{stale}: {AGAIN}"


@pytest.mark.parametrize("name", ["head", *KINDS])
def test_a_schema_is_a_json_schema_and_closed(name: str) -> None:
    schema = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    objects = [schema, *schema.get("$defs", {}).values()]
    assert all(o["additionalProperties"] is False for o in objects if o.get("type") == "object")


def validator(kind: str) -> Draft202012Validator:
    """Reads whole messages of a kind, as the AsyncAPI document describes them."""
    resources = [
        (f"./{path.name}", Resource.from_contents(json.loads(path.read_text("utf-8"))))
        for path in FOLDER.glob("*.json")
        if path.name != "asyncapi.json"
    ]
    registry: Registry[Any] = Registry().with_resources(resources)
    payload = asyncapi()["components"]["messages"][kind]["payload"]
    return Draft202012Validator(payload, registry=registry, format_checker=FormatChecker())


def a_request() -> dict[str, Any]:
    body = SettlementRequested(
        settlement_id=SettlementId(new_id()),
        care=Care(
            person_id=PersonId("A" * 29),
            insured_division="321081",
            treatment_division="310100",
            insurance_kind=InsuranceKind.EMPLOYEE,
            visit_kind=VisitKind.INPATIENT,
            hospital_code="H31010000001",
            hospital_level=2,
            admitted_on=date(2026, 3, 1),
            discharged_on=date(2026, 3, 9),
        ),
        bill=Bill(
            total_fen=1_200_000,
            fully_own_fen=0,
            over_ceiling_fen=0,
            first_self_pay_fen=0,
            in_scope_fen=1_200_000,
        ),
    )
    said = originate(
        body,
        message_id=MessageId(new_id()),
        topic="hub.settlements",
        key="k",
        sender="treatment.310000",
        at=datetime(2026, 3, 9, tzinfo=UTC),
    )
    found: dict[str, Any] = json.loads(encode(said.message))
    return found


def test_what_we_send_fits_its_schema() -> None:
    validator("settlement_requested").validate(a_request())


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "negative amount": lambda m: m["body"]["bill"].update(total_fen=-1),
    "half a fen": lambda m: m["body"]["bill"].update(total_fen=0.5),
    "field more": lambda m: m["body"].update(more=1),
    "field less": lambda m: m["body"].pop("care"),
    "another kind": lambda m: m["head"].update(kind="trial_requested"),
    "area that is none": lambda m: m["body"]["care"].update(insured_division="٣٢١٠٨١"),
    "no head": lambda m: m.pop("head"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_we_would_not_take_does_not_fit(change: Callable[[dict[str, Any]], object]) -> None:
    message = a_request()
    change(message)
    with pytest.raises(ValidationError):
        validator("settlement_requested").validate(message)


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    document = asyncapi()
    for reference in references(document):
        if reference.startswith("./"):
            assert (FOLDER / reference).is_file(), reference
            continue
        place: Any = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
        assert isinstance(place, dict), reference


def test_the_asyncapi_document_has_the_shape_of_version_3() -> None:
    document = asyncapi()
    assert document["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= set(document["info"])
    addresses = [channel["address"] for channel in document["channels"].values()]
    assert len(addresses) == len(set(addresses))
    for name, channel in document["channels"].items():
        assert name.isidentifier()
        assert set(channel.get("parameters", {})) == ({"area"} & set(words(channel["address"])))
        assert {f"{name}_write", f"{name}_read"} <= set(document["operations"])
    for operation in document["operations"].values():
        assert operation["action"] in {"send", "receive"}
        assert operation["channel"]["$ref"].startswith("#/channels/")
    for kind, message in document["components"]["messages"].items():
        assert (message["name"], bool(message["summary"])) == (kind, True)


def words(address: str) -> list[str]:
    return address.replace("{", "").replace("}", "").split(".")

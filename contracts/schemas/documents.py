"""Writes the agreement down: a JSON Schema for each body, and one AsyncAPI document for all topics.

The AsyncAPI document speaks of every party at once, so it has an operation for the writer and one
for the reader of each topic.
"""

import inspect
import json
import re
from typing import Any

from pydantic import BaseModel

from contracts.codes import areas
from contracts.message import Body, Head
from contracts.messages import kinds
from contracts.schemas.carried import CARRIED, rows
from contracts.topics import Topic

DIALECT = "https://json-schema.org/draft/2020-12/schema"
VERSION = "1.0.0"

Document = dict[str, Any]


def documents() -> dict[str, str]:
    """File name → content, the same for the same code: every body, the head, and asyncapi.json."""
    schemas = {body.KIND: body for body in kinds().values()}
    found = {f"{kind}.json": _text(_schema(kind, body)) for kind, body in schemas.items()}
    found["head.json"] = _text(_schema("head", Head))
    found["asyncapi.json"] = _text(asyncapi())
    return found


def asyncapi() -> Document:
    """The AsyncAPI 3 document: channels are topics, messages are a head and a body."""
    carried = {body.KIND: body for bodies in CARRIED.values() for body in bodies}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Yidi: cross-province settlement of medical treatment",
            "version": VERSION,
            "description": "What the hub, insured areas and treatment areas say to each other. "
            "At least once on the wire: who reads must know message_id again.",
        },
        "defaultContentType": "application/json",
        "channels": {_name(topic): _channel(topic) for topic in rows()},
        "operations": {
            name: operation for topic in rows() for name, operation in _operations(topic).items()
        },
        "components": {
            "messages": {kind: _message(kind, body) for kind, body in sorted(carried.items())}
        },
    }


def _text(document: Document) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _schema(name: str, model: type[BaseModel]) -> Document:
    return {
        "$schema": DIALECT,
        "$id": f"urn:yidi:{name}:1",
        **model.model_json_schema(mode="validation"),
    }


def _channel(topic: Topic) -> Document:
    channel: Document = {
        "address": topic.name,
        "title": topic.why,
        "description": f"Key: {topic.key}. Written by: {topic.written_by}. "
        f"Read by: {topic.read_by}. All that is said about one key keeps its order.",
        "messages": {
            body.KIND: {"$ref": f"#/components/messages/{body.KIND}"}
            for body in CARRIED[topic.name]
        },
        "bindings": {"kafka": {"partitions": topic.partitions, "bindingVersion": "0.5.0"}},
        "x-key": topic.key,
    }
    if "{area}" in topic.name:
        codes = [str(code) for code in areas()]
        channel["parameters"] = {"area": {"description": "The area's code.", "enum": codes}}
    return channel


def _operations(topic: Topic) -> dict[str, Document]:
    name = _name(topic)
    channel = {"$ref": f"#/channels/{name}"}
    return {
        f"{name}_write": {
            "action": "send",
            "channel": channel,
            "title": f"{topic.written_by} → {topic.name}",
            "x-party": topic.written_by,
        },
        f"{name}_read": {
            "action": "receive",
            "channel": channel,
            "title": f"{topic.name} → {topic.read_by}",
            "x-party": topic.read_by,
        },
    }


def _message(kind: str, body: type[Body]) -> Document:
    head = {"allOf": [{"$ref": "./head.json"}, {"properties": {"kind": {"const": kind}}}]}
    return {
        "name": kind,
        "title": body.__name__,
        "summary": inspect.getdoc(body) or "",
        "payload": {
            "type": "object",
            "properties": {"head": head, "body": {"$ref": f"./{kind}.json"}},
            "required": ["head", "body"],
            "additionalProperties": False,
        },
    }


def _name(topic: Topic) -> str:
    return re.sub(r"[^a-z]+", "_", topic.name).strip("_")

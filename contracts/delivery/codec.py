"""Messages and signatures to bytes and back. The only place that knows the wire is JSON."""

import re
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from contracts.delivery.broker import Headers
from contracts.message import Body, Head, Message
from contracts.signing import Signature

KEY_HEADER = "yidi-key"  # '<participant>/<key id>', ASCII
SIGNATURE_HEADER = "yidi-signature"  # the MAC, raw

# `encode` writes the head first, and no name needs escaping.
_SENDER = re.compile(rb'"sender":"([a-z0-9.]*)"')
_BOTH = (KEY_HEADER, SIGNATURE_HEADER)
_KEY = re.compile(rb"[A-Za-z0-9._-]{1,64}/[A-Za-z0-9_-]{1,32}")


class NotAMessage(Exception):
    """The bytes are not a head and a body; the text says why, without quoting the content."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message of which only the head has been read."""

    head: Head
    body: Any


def encode(message: Message[Body]) -> str:
    head = message.head.model_dump_json()
    return f'{{"head":{head},"body":{message.body.model_dump_json()}}}'


def sender_in(value: bytes) -> str:
    """Who says it, of bytes that `encode` made, without reading them; '' when they are others."""
    found = _SENDER.search(value)
    return found[1].decode() if found else ""


def headers_of(signature: Signature) -> Headers:
    return ((KEY_HEADER, signature.key.encode()), (SIGNATURE_HEADER, signature.mac))


def signature_of(headers: Headers) -> Signature | None:
    """What came with a record; None when it is not there once and in full, or is no text."""
    found = [[value for name, value in headers if name == wanted] for wanted in _BOTH]
    if [len(values) for values in found] != [1, 1]:
        return None
    (key,), (mac,) = found
    return Signature(key.decode(), mac) if _KEY.fullmatch(key) else None


def decode(value: bytes) -> Letter:
    """Read the head; NotAMessage when there is none."""
    if b"\\u0000" in value:  # PostgreSQL has no room for it in a text.
        raise NotAMessage("a NUL character")
    try:
        parts = from_json(value)
    except ValueError as error:
        raise NotAMessage("not JSON") from error
    if not isinstance(parts, dict) or set(parts) != {"head", "body"}:
        raise NotAMessage("not a head and a body")
    try:
        return Letter(Head.model_validate(parts["head"]), parts["body"])
    except ValidationError as error:
        raise NotAMessage(f"head: {without_content(error)}") from error


def body_of(letter: Letter, body_type: type[Body]) -> Message[Body]:
    """Read the body as `body_type`; NotAMessage when it does not fit."""
    try:
        return Message(letter.head, body_type.model_validate(letter.body))
    except ValidationError as error:
        raise NotAMessage(f"body: {without_content(error)}") from error


def without_content(error: ValidationError) -> str:
    """Where and what is wrong, never the value: it may be somebody's illness."""
    faults = error.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, f['loc']))}: {f['type']}" for f in faults[:5])

"""Writes an answer's document as text: numbers as wanted, the output locked, all of it signed."""

from collections.abc import Mapping
from typing import Any

from participants.gateway.security import signed, sm2, sm4
from participants.gateway.security.guard import Seal
from participants.gateway.wire import jsontext
from participants.gateway.wire.jsontext import Number
from participants.gateway.wire.profiles import AmountType, Signing


def text_of(document: Mapping[str, Any], seal: Seal) -> str:
    """The answer as JSON text. Its last member is the output, where it has one."""
    quoted = seal.profile.amounts is AmountType.TEXT
    told = dict(document)
    output = jsontext.encode(told["output"], quoted=quoted) if "output" in told else None
    if seal.pair is not None:
        told |= {"cainfo": _signature(told, output, seal), "signtype": "SM2"}
    if output is not None:
        # Spliced as it stands: what is signed and what is sent are the same characters.
        told["output"] = (
            Number(output) if seal.sm4_key is None else sm4.sealed(seal.sm4_key, output)
        )
    if seal.sm4_key is not None:
        told["enctype"] = "SM4"
    return jsontext.encode(told)


def _signature(told: Mapping[str, Any], output: str | None, seal: Seal) -> str:
    """Over the output's text, or the rest of the document sorted; nothing where nothing is."""
    profile = seal.profile
    assert seal.pair is not None, "asked for only where there is one"
    if profile.signing is Signing.INPUT and output is None:
        return ""
    if profile.signing is Signing.INPUT:
        text = str(output).encode(errors="replace")
    else:
        text = signed.sorted_text(
            {**told, "signtype": "SM2"}, signed.UNSIGNED_OF_REPLY, signs_empty=profile.signs_empty
        )
    signature = sm2.sign(seal.pair, seal.user_id, text)
    return sm2.written(signature, profile.signature_form, profile.signature_text)

"""What the hospitals' door may answer to anything at all, and what kind of answer one is."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from httpx import Response

from contracts.refusal import RefusalCode
from tests.fuzz.gateway_requests import PREFLIGHT, Wire
from tests.fuzz.schemes import TOKEN_PATH

SAID = re.compile(r"\[(\d{4})\] .*[\u4e00-\u9fff]", re.DOTALL)
CHINESE = re.compile(r"[\u4e00-\u9fff]")
NAMES = [
    "infcode", "inf_refmsgid", "refmsg_time", "respond_time", "err_msg", "warn_msg", "cainfo",
    "signtype",
]  # fmt: skip
UNKNOWN = RefusalCode.OUTCOME_UNKNOWN.value
STATUS_OF_A_QUESTION = {200, 400, 401, 403, 413, 422, 503}


@dataclass(frozen=True, slots=True)
class Judged:
    """`kind` for the table; `refused`: certainly a no; `wrong`: what must not be, or ''."""

    kind: str
    refused: bool
    wrong: str = ""
    output: Any = None
    reference: str = ""


def judged(wire: Wire, answer: Response) -> Judged:
    """One answer, by the door that it came from."""
    if answer.headers.get("content-type", "").startswith("application/octet-stream"):
        wrong = "" if answer.status_code == 200 and answer.content else "an empty file"
        return Judged("a file", refused=False, wrong=wrong)
    try:
        said = json.loads(answer.content.decode("utf-8"))
    except ValueError:
        return Judged("?", refused=False, wrong=f"not JSON: {answer.content[:200]!r}")
    if not isinstance(said, dict):
        return Judged("?", refused=False, wrong=f"not an object: {answer.text[:200]}")
    return _DOORS.get(wire.path, _transaction)(wire, answer, said)


def _transaction(wire: Wire, answer: Response, said: dict[str, Any]) -> Judged:
    if answer.status_code == 401 and wire.speaker.scheme == "hunan":
        return _gateway_headers(said)
    if answer.status_code != 200:
        return Judged("?", refused=False, wrong=f"HTTP {answer.status_code}: {answer.text[:200]}")
    missing = [name for name in NAMES if name not in said]
    if missing or str(said["infcode"]) not in {"0", "-1"}:
        return Judged("?", refused=False, wrong=f"not an envelope: {answer.text[:300]}")
    if str(said["infcode"]) == "0":
        wrong = "" if said["err_msg"] == "" and "output" in said else "a yes with a message"
        return Judged(
            "done",
            refused=False,
            wrong=wrong,
            output=said.get("output"),
            reference=said["inf_refmsgid"],
        )
    code, wrong = _told(said["err_msg"])
    return Judged(_family(code), refused=code != UNKNOWN, wrong=wrong)


def _gateway_headers(said: dict[str, Any]) -> Judged:
    fits = list(said) == ["code", "message"] and said["code"] == 401
    wrong = "" if fits and CHINESE.search(str(said["message"])) else f"a strange 401: {said}"
    return Judged("headers", refused=True, wrong=wrong)


def _question(_wire: Wire, answer: Response, said: dict[str, Any]) -> Judged:
    if answer.status_code not in STATUS_OF_A_QUESTION:
        return Judged("?", refused=False, wrong=f"HTTP {answer.status_code}: {answer.text[:200]}")
    if answer.status_code == 200:
        wrong = "" if "will_settle" in said else f"no verdict: {answer.text[:200]}"
        return Judged("done", refused=False, wrong=wrong)
    if answer.status_code == 401 and "message" in said:
        return _gateway_headers(said)
    code, wrong = _told(said.get("zh"))
    return Judged(_family(code), refused=True, wrong=wrong)


def _token(_wire: Wire, answer: Response, said: dict[str, Any]) -> Judged:
    if answer.status_code == 200 and "access_token" in said:
        return Judged("done", refused=False)
    if answer.status_code == 200 and "infcode" in said:
        return _transaction(_wire, answer, said)
    fits = answer.status_code in {400, 401} and CHINESE.search(said.get("error_description", ""))
    wrong = "" if fits else f"HTTP {answer.status_code}: {answer.text[:200]}"
    return Judged("no token", refused=True, wrong=wrong)


_DOORS: dict[str, Callable[[Wire, Response, dict[str, Any]], Judged]] = {
    PREFLIGHT: _question,
    TOKEN_PATH: _token,
}


def _told(message: Any) -> tuple[str, str]:
    """The code of a message, and what is wrong with it."""
    found = SAID.match(message) if isinstance(message, str) else None
    if found is None:
        return "?", f"no code, or no Chinese: {message!r}"
    code = found.group(1)
    if len(message) > 200:
        return code, f"{len(message)} characters: {message}"
    return code, "INTERNAL_FAULT" if code == RefusalCode.INTERNAL_FAULT.value else ""


def _family(code: str) -> str:
    return "unknown" if code == UNKNOWN else f"{code[0]}xxx"

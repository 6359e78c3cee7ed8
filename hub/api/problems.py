"""How a considered no, bad input and a fault of ours look over HTTP: RFC 9457, code, zh, en."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from contracts.refusal import RefusalCode, Refused

MEDIA_TYPE = "application/problem+json"
FIELDS_MAX = 20

# Every code that is not a plain 422.
STATUS_OF: dict[RefusalCode, int] = {
    RefusalCode.NOT_JSON: 400,
    RefusalCode.NOT_AUTHENTICATED: 401,
    RefusalCode.NOT_ALLOWED: 403,
    RefusalCode.UNKNOWN_TRANSACTION: 404,
    RefusalCode.UNKNOWN_VISIT: 404,
    RefusalCode.UNKNOWN_SETTLEMENT: 404,
    RefusalCode.UNKNOWN_MESSAGE: 404,
    RefusalCode.UNKNOWN_REGISTRATION: 404,
    RefusalCode.CONFLICTING_REPLAY: 409,
    RefusalCode.ALREADY_SETTLED: 409,
    RefusalCode.NOT_CANCELLABLE: 409,
    RefusalCode.REGISTRATION_OVERLAPS: 409,
    RefusalCode.DECIDED_ALREADY: 409,
    RefusalCode.LOCKED_IN: 409,
    RefusalCode.OUT_OF_STEP: 409,
    RefusalCode.DAY_NOT_CLOSED: 409,
    RefusalCode.DAY_NOT_RECONCILED: 409,
    RefusalCode.MONTH_CLEARED_ALREADY: 409,
    RefusalCode.SECOND_PERSON_NEEDED: 403,
    RefusalCode.UNKNOWN_PROPOSAL: 404,
    RefusalCode.DECIDED_BY_ANOTHER: 409,
    RefusalCode.UNKNOWN_BREAK: 404,
    RefusalCode.BREAK_RESOLVED: 409,
    RefusalCode.REPAIR_NOT_FITTING: 409,
    RefusalCode.UNKNOWN_RUN: 404,
    RefusalCode.LINES_DO_NOT_TIE: 409,
    RefusalCode.NOT_ALL_CONFIRMED: 409,
    RefusalCode.UNKNOWN_OBLIGATION: 404,
    RefusalCode.PAID_TOO_MUCH: 409,
    RefusalCode.PAYMENT_DIFFERS: 409,
    RefusalCode.UNKNOWN_PAYMENT: 404,
    RefusalCode.PAPER_NOT_READY: 409,
    RefusalCode.TOO_LATE: 409,
    RefusalCode.UNKNOWN_NOTICE: 404,
    RefusalCode.UNKNOWN_CASE: 404,
    RefusalCode.FILE_UNKNOWN: 404,
    RefusalCode.NOT_THE_OWNER: 403,
    RefusalCode.OWNED_ALREADY: 409,
    RefusalCode.BODY_TOO_LARGE: 413,
    RefusalCode.INTERNAL_FAULT: 500,
    RefusalCode.AREA_UNAVAILABLE: 503,
    RefusalCode.TOO_BUSY: 503,
}
HEADERS_OF: dict[RefusalCode, dict[str, str]] = {
    RefusalCode.NOT_AUTHENTICATED: {"WWW-Authenticate": 'Bearer realm="yidi-hub"'},
    RefusalCode.TOO_BUSY: {"Retry-After": "2"},
}
# What a field did wrong, by pydantic's name for it; anything else is FIELD_INVALID.
FIELD_CODES: dict[str, RefusalCode] = {
    "missing": RefusalCode.FIELD_MISSING,
    "string_too_short": RefusalCode.FIELD_MISSING,
    "string_too_long": RefusalCode.FIELD_TOO_LONG,
    "too_long": RefusalCode.FIELD_TOO_LONG,
}


class FieldProblem(BaseModel):
    """Which field, and what is wrong with it; never its value."""

    field: str
    code: str
    zh: str
    en: str


class Problem(BaseModel):
    """RFC 9457 problem details with our stable code and both languages."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    zh: str
    en: str
    fields: list[FieldProblem] = []


def problem(code: RefusalCode, detail: str = "", fields: Sequence[FieldProblem] = ()) -> Problem:
    return Problem(
        type=f"urn:yidi:problem:{code.value}",
        title=code.zh,
        status=STATUS_OF.get(code, 422),
        detail=code.told(detail),
        code=code.value,
        zh=code.zh,
        en=code.en,
        fields=list(fields),
    )


def answer(
    code: RefusalCode, detail: str = "", fields: Sequence[FieldProblem] = ()
) -> JSONResponse:
    said = problem(code, detail, fields)
    headers = HEADERS_OF.get(code, {})
    content = said.model_dump()
    return JSONResponse(content, said.status, headers=headers, media_type=MEDIA_TYPE)


def titles(status: int) -> list[str]:
    """What this status may mean, in Chinese; for documents."""
    return [code.zh for code in RefusalCode if STATUS_OF.get(code, 422) == status]


def of_refusal(_request: Request, error: Exception) -> JSONResponse:
    """A rule said no."""
    assert isinstance(error, Refused)
    return answer(error.code, error.detail)


def of_validation(_request: Request, error: Exception) -> JSONResponse:
    """The request does not fit: not JSON, or fields that are missing, too long or not allowed."""
    assert isinstance(error, RequestValidationError)
    faults = error.errors()
    if any(fault["type"] == "json_invalid" for fault in faults):
        return answer(RefusalCode.NOT_JSON)
    codes = [FIELD_CODES.get(fault["type"], RefusalCode.FIELD_INVALID) for fault in faults]
    fields = [_field(fault, code) for fault, code in zip(faults, codes, strict=True)]
    named = "、".join(dict.fromkeys(field.field for field in fields[:FIELDS_MAX]))
    return answer(codes[0], named, fields[:FIELDS_MAX])


def of_http(_request: Request, error: Exception) -> JSONResponse:
    """What the framework refuses by itself: no such route, another method, an unreadable body."""
    assert isinstance(error, HTTPException)
    if error.status_code in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}:
        return answer(RefusalCode.UNKNOWN_TRANSACTION)
    return answer(RefusalCode.NOT_JSON)


def _field(fault: Mapping[str, Any], code: RefusalCode) -> FieldProblem:
    # The name of an undeclared field is the caller's own text, so it is not said back.
    where = fault["loc"][:-1] if fault["type"] == "extra_forbidden" else fault["loc"]
    name = ".".join(str(part) for part in where if part != "body") or "body"
    return FieldProblem(field=name, code=code.value, zh=code.zh, en=code.en)

"""How a refusal looks over HTTP: problem+json (RFC 9457), a stable code, Chinese first."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from contracts.delivery.passing import is_passing
from contracts.refusal import RefusalCode, Refused

# fmt: off
STATUS_OF: Mapping[RefusalCode, HTTPStatus] = {
    RefusalCode.NOT_JSON:             HTTPStatus.BAD_REQUEST,
    RefusalCode.BODY_TOO_LARGE:       HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    RefusalCode.UNKNOWN_TRANSACTION:  HTTPStatus.NOT_FOUND,
    RefusalCode.FIELD_MISSING:        HTTPStatus.UNPROCESSABLE_ENTITY,
    RefusalCode.FIELD_TOO_LONG:       HTTPStatus.UNPROCESSABLE_ENTITY,
    RefusalCode.FIELD_INVALID:        HTTPStatus.UNPROCESSABLE_ENTITY,
    RefusalCode.NOT_AUTHENTICATED:    HTTPStatus.UNAUTHORIZED,
    RefusalCode.NOT_ALLOWED:          HTTPStatus.FORBIDDEN,
    RefusalCode.UNKNOWN_REGISTRATION: HTTPStatus.NOT_FOUND,
    RefusalCode.PERSON_UNKNOWN:       HTTPStatus.NOT_FOUND,
    RefusalCode.NEVER_GRANTED:        HTTPStatus.NOT_FOUND,
    RefusalCode.DECIDED_ALREADY:      HTTPStatus.CONFLICT,
    RefusalCode.INTERNAL_FAULT:       HTTPStatus.SERVICE_UNAVAILABLE,
}
# What a body or parameter fails on, by pydantic's kind of error; anything else is FIELD_INVALID.
CODE_OF_ERROR = {
    "json_invalid":    RefusalCode.NOT_JSON,
    "missing":         RefusalCode.FIELD_MISSING,
    "string_too_long": RefusalCode.FIELD_TOO_LONG,
}
# fmt: on

MEDIA_TYPE = "application/problem+json"
_TEXTS = {name: {"type": "string"} for name in ("type", "title", "title_en", "code", "detail")}
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": _TEXTS | {"status": {"type": "integer"}},
    "required": [*_TEXTS, "status"],
}
DOCUMENTED: dict[int | str, dict[str, Any]] = {
    status: {"description": said, "content": {MEDIA_TYPE: {"schema": _SCHEMA}}}
    for status, said in (("4XX", "未办理，见code和title"), ("5XX", "系统暂不可用"))
}
"""What every route of the desk may answer besides its yes, for the document."""


def problem(code: RefusalCode, detail: str = "", *, status: int | None = None) -> JSONResponse:
    """One refusal as a response; without a row of its own it is a 409."""
    said: dict[str, Any] = {
        "type": "about:blank",
        "title": code.zh,
        "title_en": code.en,
        "status": status or int(STATUS_OF.get(code, HTTPStatus.CONFLICT)),
        "code": code.value,
        "detail": detail,
    }
    headers = {"WWW-Authenticate": "Bearer"} if said["status"] == HTTPStatus.UNAUTHORIZED else None
    return JSONResponse(said, status_code=said["status"], headers=headers, media_type=MEDIA_TYPE)


def add_to(app: FastAPI) -> None:
    """Every refusal and fault of this app becomes a problem; none quotes what was sent."""
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _fault)


def _refused(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refused), type(error)
    return problem(error.code, error.detail)


def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError), type(error)
    first = error.errors()[0]
    code = CODE_OF_ERROR.get(first["type"], RefusalCode.FIELD_INVALID)
    where = ".".join(str(part) for part in first["loc"] if isinstance(part, str))
    return problem(code, where if code is not RefusalCode.NOT_JSON else "")


def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException), type(error)
    unread = error.status_code == HTTPStatus.BAD_REQUEST
    code = RefusalCode.NOT_JSON if unread else RefusalCode.UNKNOWN_TRANSACTION
    return problem(code, status=error.status_code)


def _fault(_request: Request, error: Exception) -> JSONResponse:
    passes = is_passing(error)
    status = HTTPStatus.SERVICE_UNAVAILABLE if passes else HTTPStatus.INTERNAL_SERVER_ERROR
    return problem(RefusalCode.INTERNAL_FAULT, status=status)

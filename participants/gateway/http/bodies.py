"""Reads the body of a call: all of it, in time, and no more than its transaction may bring."""

import asyncio
import re

from fastapi import Request
from starlette.requests import ClientDisconnect

from contracts.refusal import RefusalCode, Refused
from participants.gateway.settings import GatewaySettings

# 9101 brings a file. It is known by its path, as a form, or by the beginning of its text.
_UPLOAD = "9101"
_SAYS_UPLOAD = re.compile(rb'"infno"\s*:\s*"9101"')


class BodyTooLarge(Exception):
    """The body is longer than the gateway takes; the rest of it was not read."""


async def whole(request: Request, settings: GatewaySettings) -> bytes:
    """The body; Refused BODY_TOO_LARGE, or NOT_JSON when it does not come to its end in time."""
    limits = (settings.body_max_bytes, settings.upload_max_bytes)
    try:
        async with asyncio.timeout(settings.read_within_s):
            return await _body(request, *limits)
    except BodyTooLarge as error:
        detail = f"最大{settings.body_max_bytes // 1024}KB，上传文件最大{limits[1] // 1024}KB"
        raise Refused(RefusalCode.BODY_TOO_LARGE, detail) from error
    except (TimeoutError, ClientDisconnect) as error:
        raise Refused(RefusalCode.NOT_JSON) from error


async def _body(request: Request, max_bytes: int, upload_max_bytes: int) -> bytes:
    parts: list[bytes] = []
    total, limit = 0, max_bytes
    async for part in request.stream():
        if not parts and _is_upload(request, part):
            limit = upload_max_bytes
        total += len(part)
        if total > limit:
            raise BodyTooLarge
        parts.append(part)
    return b"".join(parts)


def _is_upload(request: Request, beginning: bytes) -> bool:
    as_a_form = request.headers.get("content-type", "").lower().startswith("multipart/")
    by_its_path = request.path_params.get("infno") == _UPLOAD
    return as_a_form or by_its_path or _SAYS_UPLOAD.search(beginning) is not None

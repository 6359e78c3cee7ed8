"""Pages over HTTP: so many rows, and a cursor that asks for those after them."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, TypeAdapter

from contracts.refusal import RefusalCode, Refused

PAGE_MAX = 200
T = TypeVar("T")
K = TypeVar("K")
R = TypeVar("R")

Size = Annotated[int, Query(ge=1, le=PAGE_MAX, description=f"每页条数，最多{PAGE_MAX}")]
Cursor = Annotated[
    str | None,
    Query(
        max_length=400, description="上一页的next_cursor；首页不填", pattern=r"^[0-9A-Za-z_=-]+$"
    ),
]


class Page(BaseModel, Generic[T]):
    """Some rows in an order that stays; `next_cursor` None: these were the last."""

    items: list[T]
    next_cursor: str | None


def after(cursor: str | None, key: TypeAdapter[K]) -> K | None:
    """The key that a page ended with. Refused: FIELD_INVALID when it is no cursor of ours."""
    if cursor is None:
        return None
    try:
        return key.validate_json(urlsafe_b64decode(cursor))
    except ValueError as error:  # pydantic's own is one, and so is that of base64
        raise Refused(RefusalCode.FIELD_INVALID, "cursor") from error


def page(  # each row is shown by one function, and has its place by another
    rows: Sequence[R],
    size: int,
    show: Callable[[R], T],
    key: TypeAdapter[Any],
    key_of: Callable[[R], Any],
) -> Page[T]:
    """`rows` holds one more than `size` when there are more."""
    shown = rows[:size]
    more = len(rows) > size
    cursor = urlsafe_b64encode(key.dump_json(key_of(shown[-1]))).decode() if more else None
    return Page(items=[show(row) for row in shown], next_cursor=cursor)

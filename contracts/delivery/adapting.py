"""How psycopg2 reads what we keep: ids and JSON, each the quickest way that gives the same."""

from typing import Any
from uuid import UUID

from psycopg2.extensions import new_array_type, new_type, register_type
from psycopg2.extras import register_default_json, register_default_jsonb, register_uuid
from pydantic_core import from_json

_UUID, _UUIDS = 2950, 2951  # pg_type.oid


def adapt(connection: Any, _record: object = None) -> None:
    """Of one connection: SQLAlchemy says for each what psycopg2 says for all."""
    register_type(_READ_UUID, connection)
    register_type(_READ_UUIDS, connection)
    register_default_json(connection, loads=from_json)
    register_default_jsonb(connection, loads=from_json)


def _read_uuid(text: Any, _cursor: Any) -> UUID | None:
    """Half the time of `UUID(text)`, which looks for forms that PostgreSQL never writes."""
    return None if text is None else UUID(int=int(text.replace("-", ""), 16))


_READ_UUID = new_type((_UUID,), "UUID", _read_uuid)
_READ_UUIDS = new_array_type((_UUIDS,), "UUID[]", _READ_UUID)
register_uuid()  # type: ignore[no-untyped-call]  # psycopg2's stubs leave it untyped

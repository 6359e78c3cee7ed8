"""What hospitals said of a period, and what we said to that."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from contracts.delivery import bulk
from participants.treatment.domain.hospital_statement import NewStatement, Stated

_ADD = """
    INSERT INTO hospital_statements (statement_id, hospital_code, msgid, infno, clr_type, insutype,
        office, begins_on, ends_on, said_count, our_count, said_total_fen, said_fund_fen,
        our_total_fen, our_fund_fen, said_account_fen, said_cash_fen, our_account_fen,
        our_cash_fen, is_equal, told, asked_at)
    VALUES %s
"""
_TEMPLATE = "(%s::uuid" + ", %s" * 21 + ")"


def add(tx: Connection, made: Sequence[tuple[UUID, NewStatement, Stated]], now: datetime) -> None:
    bulk.write_rows(tx, _ADD, _TEMPLATE, [_row(*one, now) for one in made])


def _row(id_: UUID, one: NewStatement, said: Stated, now: datetime) -> tuple[object, ...]:
    return (
        id_,
        one.scope.hospital_code,
        one.msgid,
        one.infno,
        one.clr_type,
        one.insutype,
        one.office,
        one.scope.begins_on,
        one.scope.ends_on,
        one.said.count,
        said.ours.count,
        one.said.total_fen,
        one.said.fund_fen,
        said.ours.total_fen,
        said.ours.fund_fen,
        one.said.account_fen,
        one.said.cash_fen,
        said.ours.account_fen,
        said.ours.cash_fen,
        said.is_equal,
        said.told,
        now,
    )

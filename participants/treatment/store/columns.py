"""Kinds of columns that several tables have."""

from sqlalchemy import BigInteger, Column, DateTime

BILL_PARTS = ("fully_own_fen", "over_ceiling_fen", "first_self_pay_fen", "in_scope_fen")


def at(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def fen(name: str, *, default: str | None = None) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default=default)

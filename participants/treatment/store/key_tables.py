"""The table of the institutions' keys."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
)

from participants.treatment.domain.institution_key import KEYS_AT_ONCE_MAX, KeyScheme
from participants.treatment.store.columns import at


def add_to(metadata: MetaData) -> None:
    """Declare institution_keys. `slot` is what holds the number of live keys to two."""
    schemes = ", ".join(f"'{scheme.value}'" for scheme in sorted(KeyScheme))
    keys = Table(
        "institution_keys",
        metadata,
        Column("scheme", String(20), primary_key=True),
        Column("key_id", String(64), primary_key=True),
        Column("institution_code", String(30), ForeignKey("institutions.code"), nullable=False),
        Column("slot", SmallInteger, nullable=False),
        Column("sealed_secret", Text, nullable=False),
        Column("public_key", String(128)),
        at("valid_from"),
        at("valid_until"),
        at("issued_at"),
        at("revoked_at", nullable=True),
        CheckConstraint(f"scheme IN ({schemes})", name="institution_keys_scheme"),
        CheckConstraint(f"slot BETWEEN 1 AND {KEYS_AT_ONCE_MAX}", name="institution_keys_slot"),
        CheckConstraint("valid_from < valid_until", name="institution_keys_dates"),
        CheckConstraint(
            "(scheme = 'sm2') = (public_key IS NOT NULL)", name="institution_keys_public"
        ),
    )
    Index(
        "institution_keys_live",
        keys.c.institution_code,
        keys.c.scheme,
        keys.c.slot,
        unique=True,
        postgresql_where="revoked_at IS NULL",
    )

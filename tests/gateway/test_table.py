"""The table of transactions and the tables of fields say the same."""

from participants.gateway.transactions.table import TRANSACTIONS
from participants.gateway.wire.fields import PREFLIGHT, shapes


def test_every_transaction_has_its_fields_and_every_field_table_its_transaction() -> None:
    assert set(TRANSACTIONS) == set(shapes()) - {"envelope", PREFLIGHT}

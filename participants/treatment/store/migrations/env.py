"""How Alembic runs here: on the connection it is handed, with nothing of its own."""

from alembic import context

config = context.config
context.configure(
    connection=config.attributes["connection"],
    target_metadata=config.attributes["metadata"],
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()

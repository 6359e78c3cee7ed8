"""Alembic's entry: runs the scripts on the connection that `store.db.migrate` opened."""

# ruff: noqa: INP001 - Alembic runs this file by its path.

from alembic import context

from participants.insured.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()

"""Runs the migrations on the connection that `hub.store.db.migrate` opened, in its transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()

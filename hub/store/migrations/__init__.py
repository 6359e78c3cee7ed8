"""Alembic's scripts; `hub.store.db.migrate` runs them."""

"""Alembic scripts of a treatment area's database."""

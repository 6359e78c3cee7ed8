"""Alembic's entry, which it runs by its path."""

from contracts.programs.migrating import run_scripts

run_scripts()

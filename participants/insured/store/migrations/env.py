"""Alembic's entry, which it runs by its path."""

# ruff: noqa: INP001

from contracts.programs.migrating import run_scripts

run_scripts()

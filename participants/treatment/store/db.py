"""A treatment area's database, brought up to date by migrations that travel inside the package."""

from contracts.programs import migrating


def migrate(url: str) -> None:
    """Upgrade to the newest schema; safe to run again, and when two start at once."""
    migrating.migrate(url, "participants.treatment.store")
